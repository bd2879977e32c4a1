"""Clinics as they are, through the commands: a shared CPF, no RG, no payment method."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres import all_tables
from omie_pipeline.postgres.tables import SYNC
from omie_pipeline.simulator.engine.server import Simulator
from tests.cli.conftest import Terminal
from tests.conftest import TEMPLATE
from tests.dbt_mapping.scenario import Scenario, ScenarioFactory
from tests.dbt_mapping.test_canonica import METHOD, PATIENT, PROCEDURE, RECEIPT

pytestmark = pytest.mark.slow

START = "2026-01-01"
CHOSEN = ("clientes_codigos", "omie_clientes", "omie_contas_receber", "omie_ordens_servico")
MOTHER, OWN = "529.982.247-25", "390.533.447-05"
_PATIENT = {**PATIENT, "rg": None, "rg_orgao_emissor": None, "cidade": "São Paulo",
            "cep": "01310-100"}  # fmt: skip
PATIENTS = [
    {**_PATIENT, "id": "mae", "nome": "Ana Souza", "cpf": MOTHER, "data_nascimento": "1980-01-01"},
    {**_PATIENT, "id": "filha", "nome": "Bia Souza", "cpf": MOTHER,
     "data_nascimento": "2015-01-01", "telefone": "+1 305 555 1234"},
]  # fmt: skip
_RECEIPT = {**RECEIPT, "procedimento_id": None, "gerar_os": None}
RECEIPTS = [
    {**_RECEIPT, "id": "da-mae", "paciente_id": "mae"},
    {**_RECEIPT, "id": "da-filha", "paciente_id": "filha", "valor": "70"},
    {**_RECEIPT, "id": "sem-forma", "paciente_id": "mae", "forma_pagamento_id": None},
    {**_RECEIPT, "id": "forma-99", "paciente_id": "mae", "forma_pagamento_id": "99"},
    {**_RECEIPT, "id": "de-ninguem", "paciente_id": "404"},
    {**_RECEIPT, "id": "com-os", "paciente_id": "mae", "procedimento_id": "1", "gerar_os": "S"},
]


@dataclass(frozen=True)
class Clinic:
    """A clinic whose tables change, with the commands over it and what Omie has."""

    scenario: Scenario
    terminal: Terminal
    sim: Simulator

    def execute(self, statement: str) -> None:
        with self.scenario.connect() as connection:
            connection.execute(statement.encode())

    def values(self, query: str) -> list[Any]:
        with self.scenario.connect() as connection:
            return [value for row in connection.execute(query.encode()) for value in row.values()]

    def build(self) -> None:
        result = self.scenario.dbt(
            "run", "--select", *CHOSEN, OMIE_PIPELINE_START_DATE=START
        )  # fmt: skip
        assert result.success, result.exception
        self.execute("truncate omie_sync.quota_request")

    def push(self) -> dict[str, dict[str, Any]]:
        said = self.terminal("push", "clientes", "contas_receber", "ordens_servico", "--json")
        return {line["endpoint"]: line for line in said.lines}

    def quarantined(self) -> dict[str, list[str]]:
        lines = self.terminal("quarantine", "--json").lines
        return {line["code"]: line["reasons"] for line in lines}

    def omie(self, kind: str) -> dict[str, dict[str, Any]]:
        records = self.sim.control.records(kind)
        key = "codigo_cliente_integracao" if kind == "clientes" else "codigo_lancamento_integracao"
        return {str(record[key]): dict(record) for record in records}

    def customers(self) -> dict[str, str]:
        """Our code of each título's customer, as Omie has it."""
        by_id = {c["codigo_cliente_omie"]: code for code, c in self.omie("clientes").items()}
        titles = self.omie("contas_receber")
        return {code: by_id[t["codigo_cliente_fornecedor"]] for code, t in titles.items()}


@pytest.fixture(scope="module")
def _built(
    postgres_url: str, _administration: sa.Engine, tmp_path_factory: pytest.TempPathFactory
) -> Scenario:
    factory = ScenarioFactory(postgres_url, TEMPLATE, tmp_path_factory.mktemp("dbt"))
    scenario = factory.new("canonica")
    tables: Mapping[str, list[Any]] = {
        "pacientes": PATIENTS,
        "formas_pagamento": [{**METHOD, "codigo_conta_corrente": "9100000001"}],
        "procedimentos": [{**PROCEDURE, "codigo_categoria": "1.01.01"}],
        "recebimentos": RECEIPTS,
    }
    for table, rows in tables.items():
        scenario.load("clinic_raw", table, rows)
    result = scenario.dbt(
        "build", "--exclude-resource-type", "test", "--select", *(f"+{name}" for name in CHOSEN),
        OMIE_PIPELINE_START_DATE=START,
    )  # fmt: skip
    assert result.success, result.exception
    return scenario


@pytest.fixture
def clinic(
    _built: Scenario, terminal: Terminal, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Clinic]:
    """Two people with one CPF; the defaults are codes that the simulator's company has."""
    url = sa.make_url(_built.server_url).set(database=_built.database)
    monkeypatch.setenv("WAREHOUSE_URL", url.render_as_string(hide_password=False))
    one = Clinic(_built, terminal, sim)
    one.execute("drop table if exists omie_payload.clientes_codigos cascade")
    one.execute("delete from clinic_raw.pacientes")
    for patient in PATIENTS:
        columns = ", ".join(patient)
        with _built.connect() as connection:
            places = ", ".join(["%s"] * len(patient))
            connection.execute(
                f"insert into clinic_raw.pacientes ({columns}) values ({places})".encode(),
                list(patient.values()),
            )
    one.execute(
        "insert into omie_sync.empresa_default (empresa, receipt_category, account) "
        "values ('principal', '1.01.01', 9100000001) on conflict (empresa) do update "
        "set receipt_category = excluded.receipt_category, account = excluded.account"
    )
    one.build()
    assert terminal("import", "empresas", "categorias", "contas_correntes", "--full").code == 0
    yield one
    tables = [str(t) for t in all_tables.tables.metadata.sorted_tables if t.schema == SYNC]
    one.execute(f"truncate {', '.join(tables)}")
    one.execute("truncate omie.categorias, omie.contas_correntes, omie.empresas")


def test_people_of_one_cpf_are_one_cliente_and_all_their_money_is_delivered(
    clinic: Clinic,
) -> None:
    told = clinic.push()
    clients = told["clientes"]
    assert (clients["selected"], clients["delivered"], clients["rejected"]) == (1, 1, 0)
    assert set(clinic.omie("clientes")) == {"PAC-mae"}
    assert clinic.customers() == dict.fromkeys(
        ("REC-da-mae", "REC-da-filha", "REC-com-os"), "PAC-mae"
    )
    again = clinic.push()
    assert (again["clientes"]["unchanged"], again["clientes"]["calls"]) == (1, 0)


def test_what_is_missing_at_the_clinic_is_refused_in_its_own_words(clinic: Clinic) -> None:
    clinic.push()
    told = clinic.quarantined()
    assert told["REC-sem-forma"] == [
        "Forma de pagamento (recebimentos.forma_pagamento_id): falta preencher na clínica."
    ]
    assert told["REC-forma-99"] == [
        "Forma de pagamento '99' (recebimentos.forma_pagamento_id): não existe na clínica."
    ]
    assert told["REC-de-ninguem"] == [
        "Paciente '404' (recebimentos.paciente_id): não existe na clínica."
    ]
    assert [reason.split(":")[0] for reason in told["OS-com-os"]] == [
        "RG do paciente não foi preenchido.", "Órgão emissor do RG não foi preenchido.",
    ]  # fmt: skip
    assert set(told) == {"REC-sem-forma", "REC-forma-99", "REC-de-ninguem", "OS-com-os"}


def test_the_rules_of_the_file_hold_for_a_push(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "empresas.yaml"
    off = "require_payment_method: false, require_rg: false, require_document: false"
    file.write_text(f"rules: {{{off}}}")
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    clinic.execute("update clinic_raw.pacientes set cpf = null where id = 'filha'")
    clinic.build()
    clinic.push()
    assert set(clinic.omie("clientes")) == {"PAC-mae", "PAC-filha"}, "a foreigner, say"
    assert "REC-sem-forma" in clinic.omie("contas_receber")
    told = clinic.quarantined()
    assert "REC-forma-99" not in told
    assert "OS-com-os" not in told


def test_a_telephone_left_out_and_a_shared_cpf_are_listed(clinic: Clinic) -> None:
    (shared,) = clinic.terminal("warnings", "--json").lines
    assert (shared["code"], shared["holder"]) == ("PAC-filha", "PAC-mae")
    assert shared["kind"] == "shared_document_other_name"
    clinic.execute("update clinic_raw.pacientes set telefone = '+1 305 555 1234'")
    clinic.build()
    phone = next(
        line for line in clinic.terminal("warnings", "--json").lines if line["code"] == "PAC-mae"
    )
    assert phone["kind"] == "foreign_telephone"
    clinic.push()
    assert not clinic.omie("clientes")["PAC-mae"].get("telefone1_numero")
    assert "305" not in clinic.terminal("warnings").out


def test_a_child_whose_cpf_is_corrected_gets_a_record_and_its_money_follows(
    clinic: Clinic,
) -> None:
    clinic.push()
    clinic.execute(f"update clinic_raw.pacientes set cpf = '{OWN}' where id = 'filha'")
    clinic.build()
    clinic.push()
    assert set(clinic.omie("clientes")) == {"PAC-mae", "PAC-filha"}
    assert clinic.customers()["REC-da-filha"] == "PAC-filha"
    assert clinic.customers()["REC-da-mae"] == "PAC-mae"
    kinds = [line["kind"] for line in clinic.terminal("warnings", "--json").lines]
    assert kinds == ["foreign_telephone"], "nobody shares a document any more"


def test_a_holder_whose_cpf_is_corrected_keeps_the_record(clinic: Clinic) -> None:
    """The CPF was the child's all along: the mother's record is corrected, the child gets one."""
    clinic.push()
    mother = clinic.omie("clientes")["PAC-mae"]["codigo_cliente_omie"]
    clinic.execute(f"update clinic_raw.pacientes set cpf = '{OWN}' where id = 'mae'")
    clinic.build()
    clinic.push()
    clinic.execute("truncate omie_sync.quota_request")
    clinic.push()
    clients = clinic.omie("clientes")
    assert clients["PAC-mae"]["codigo_cliente_omie"] == mother
    assert {code: one["cnpj_cpf"] for code, one in clients.items()} == {
        "PAC-mae": OWN, "PAC-filha": MOTHER
    }  # fmt: skip
    assert clinic.customers()["REC-da-filha"] == "PAC-filha"


def test_a_holder_who_leaves_the_clinic_keeps_the_record_for_the_child(clinic: Clinic) -> None:
    clinic.push()
    clinic.execute("delete from clinic_raw.pacientes where id = 'mae'")
    for _ in range(2):
        clinic.build()
        told = clinic.push()
        assert told["clientes"]["selected"] == 0
        assert clinic.customers()["REC-da-filha"] == "PAC-mae"
        assert clinic.omie("clientes")["PAC-mae"]["razao_social"] == "Ana Souza"
    (left,) = clinic.terminal("warnings", "--json").lines
    assert left["kind"] == "shared_document_holder_left"


def test_who_comes_later_takes_no_record_from_the_one_omie_has(clinic: Clinic) -> None:
    """The child was there alone at first, under the mother's CPF: its record stays the holder."""
    clinic.execute("update clinic_raw.pacientes set cpf = null where id = 'mae'")
    clinic.build()
    clinic.push()
    assert set(clinic.omie("clientes")) == {"PAC-filha"}
    clinic.execute(f"update clinic_raw.pacientes set cpf = '{MOTHER}' where id = 'mae'")
    clinic.build()
    clinic.push()
    assert set(clinic.omie("clientes")) == {"PAC-filha"}
    assert set(clinic.customers().values()) == {"PAC-filha"}
    assert clinic.terminal("nfse", "register", "PAC-mae").code == 0


def test_export_finds_everybody_who_shares_the_record(clinic: Clinic, tmp_path: Path) -> None:
    clinic.push()
    found = []
    for n, asked in enumerate((("--key", "PAC-filha"), ("--key", "PAC-mae"), ("--cpf", MOTHER))):
        file = tmp_path / f"{n}.json"
        assert clinic.terminal("lgpd", "export", *asked, "--output", str(file)).code == 0
        (sections,) = json.loads(file.read_text())["empresas"].values()
        found.append({one["table"]: one["rows"] for one in sections})
    assert found[0] == found[1] == found[2]
    codes = [row["codigo_integracao"] for row in found[0]["omie_sync.ledger"]]
    assert {"PAC-mae", "REC-da-mae", "REC-da-filha"} <= set(codes)
    assert {row["codigo"] for row in found[0]["omie_payload.clientes_codigos"]} == {
        "PAC-mae", "PAC-filha"
    }  # fmt: skip
    assert {row["id"] for row in found[0]["clinica.pacientes"]} == {"mae", "filha"}


def test_an_erased_person_who_left_leaves_no_digest(clinic: Clinic) -> None:
    """Neither of the document nor of the name; as long as a child is there under that CPF, it is
    the child's as well."""
    clinic.push()
    said = clinic.terminal("lgpd", "erase", "--key", "PAC-mae", "--yes")
    assert (said.code, "PAC-filha, PAC-mae" in said.out) == (0, True)
    assert clinic.values("select likeness from omie_sync.ledger where endpoint = 'clientes'") == [
        None
    ]
    titles = "select count(likeness) from omie_sync.ledger where endpoint = 'contas_receber'"
    assert clinic.values(titles) == [3], "money is never sent twice"
    digest = "select resumo_documento is null from omie_payload.clientes_codigos where codigo = "
    clinic.execute("delete from clinic_raw.pacientes where id = 'mae'")
    clinic.build()
    assert clinic.values(f"{digest}'PAC-mae'") == [False]
    assert clinic.push()["clientes"]["selected"] == 0
    clinic.execute("delete from clinic_raw.pacientes")
    clinic.build()
    assert clinic.values(f"{digest}'PAC-mae'") == [True]


def test_erasing_takes_the_digest_of_who_left_before(clinic: Clinic) -> None:
    clinic.push()
    clinic.execute("delete from clinic_raw.pacientes")
    clinic.build()
    digest = "select resumo_documento is null from omie_payload.clientes_codigos"
    assert clinic.values(digest) == [False]
    assert clinic.terminal("lgpd", "erase", "--key", "PAC-mae").code == 0
    assert clinic.values(digest) == [False], "only shown"
    assert clinic.terminal("lgpd", "erase", "--key", "PAC-mae", "--yes").code == 0
    assert clinic.values(digest) == [True]
    clinic.build()
    assert clinic.values(digest) == [True]
