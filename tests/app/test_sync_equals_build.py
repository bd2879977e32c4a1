"""``sync`` of a record decides what a build and a push of it decide: the same payload, the same
body of the call, the same line of the ledger, whatever was edited at the clinic.

Two deployments over the same files: one syncs each edited record, the other builds and pushes it.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from omie_pipeline.app.build import BuildListener, BuildRequest, build
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.push_all import PushRequest, push_all
from omie_pipeline.app.sync_one import SyncListener, SyncRequest, sync_one
from omie_pipeline.catalog import REGISTRY, WRITABLE
from omie_pipeline.clinic.tables import CLINIC_TABLES
from omie_pipeline.config.settings import Settings
from omie_pipeline.payload import load_payload_model, rows_of_code
from omie_pipeline.push.report import PushOptions
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.push.world import cpf

pytestmark = pytest.mark.slow

EMPRESA = "sul"
EDITS = 16
ADDRESS = {
    "logradouro": "Rua das Palmeiras",
    "numero": "12",
    "bairro": "Centro",
    "cidade": "São Paulo",
    "uf": "SP",
    "cep": "01310-100",
}
Row = dict[str, str]
Edited = tuple[str, str]
"""Endpoint and code of what was edited."""


@dataclass
class Clinic:
    """The clinic's files, and edits of them."""

    folder: Path
    chance: random.Random
    tables: dict[str, list[Row]] = field(default_factory=dict)
    next_id: int = 100

    def begin(self) -> None:
        self.tables = {name: [] for name in CLINIC_TABLES}
        for number in range(1, 7):
            self.tables["pacientes"].append(self._person(number))
        self.tables["profissionais"] = [
            {"id": "2", "nome": "Dra. Célia", "cpf_cnpj": cpf(2), **ADDRESS},
            {"id": "9", "nome": "Dr. Rui", "cpf_cnpj": cpf(9), **ADDRESS},
        ]
        self.tables["fornecedores"] = [
            {"id": "1", "razao_social": "Luvas Ltda", "cpf_cnpj": "11222333000181", **ADDRESS}
        ]
        self.tables["procedimentos"] = [
            {"id": "C1", "nome": "Consulta", "codigo_categoria": "1.01.01", "valor": "200.00"},
            {"id": "C2", "nome": "Retorno", "codigo_categoria": "1.01.02", "valor": "90.00"},
        ]
        self.tables["formas_pagamento"] = [
            {"id": "PIX", "tipo": "PIX", "codigo_conta_corrente": "9100000001"}
        ]
        self.tables["recebimentos"] = [self._receipt(501, "1"), self._receipt(502, "2", "3")]
        self.tables["despesas"] = [
            {
                "id": "1",
                "fornecedor_id": "1",
                "codigo_categoria": "2.01.01",
                "forma_pagamento_id": "PIX",
                "data": "2026-01-05",
                "data_vencimento": "2026-02-05",
                "valor": "80.00",
            }
        ]
        self.tables["regras_repasse"] = [{"id": "1", "percentual": "40", "ativo": "S"}]
        self.tables["contratos"] = [
            {
                "id": "1",
                "paciente_id": "1",
                "numero": "2026/1",
                "situacao": "10",
                "vigencia_inicial": "2026-01-01",
                "vigencia_final": "2026-12-31",
                "dia_faturamento": "5",
                "tipo_faturamento": "01",
                "tipo_vencimento": "001",
                "dias_vencimento": "10",
                "codigo_conta_corrente": "9100000001",
            }
        ]
        self.tables["contratos_itens"] = [self._item("1")]
        self.write()

    def write(self) -> None:
        """Write every file anew."""
        for name, rows in self.tables.items():
            names = [column.name for column in CLINIC_TABLES[name].columns]
            with (self.folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, names)
                writer.writeheader()
                writer.writerows({"empresa": EMPRESA, **row} for row in rows)

    def edit(self) -> Edited:
        """One edit, of one row; what it makes of Omie's records."""
        edited = self.chance.choice(self._edits)(self)
        self.write()
        return edited

    def _person(self, number: int) -> Row:
        return {
            "id": str(number),
            "nome": f"Paciente {number}",
            "cpf": cpf(number),
            "rg": "12.345.678-9",
            "rg_orgao_emissor": "SSP/SP",
            **ADDRESS,
            "data_nascimento": f"19{60 + number % 40}-01-01",
        }

    def _receipt(self, number: int, patient: str, instalments: str = "") -> Row:
        return {
            "id": str(number),
            "paciente_id": patient,
            "procedimento_id": "C1",
            "profissional_id": "2",
            "forma_pagamento_id": "PIX",
            "data": "2026-01-05",
            "data_vencimento": "2026-02-05",
            "valor": "150.10",
            "parcelas": instalments,
        }

    def _item(self, number: str) -> Row:
        return {
            "id": number,
            "contrato_id": "1",
            "procedimento_id": "C1",
            "quantidade": "1",
            "valor_unitario": "200.00",
            "codigo_categoria": "1.01.01",
        }

    def _some(self, table: str) -> Row:
        return self.chance.choice(self.tables[table])

    def _new_id(self) -> int:
        self.next_id += 1
        return self.next_id

    def renamed(self) -> Edited:
        row = self._some("pacientes")
        row["nome"] = f"Nome {self._new_id()}"
        row["telefone"] = self.chance.choice(["", "(11) 98765-4321", "123"])
        return "clientes", f"PAC-{row['id']}"

    def other_document(self) -> Edited:
        """Now and then that of another person, or a wrong one."""
        row = self._some("pacientes")
        row["cpf"] = self.chance.choice([cpf(2), cpf(3), cpf(self._new_id()), "11111111111"])
        return "clientes", f"PAC-{row['id']}"

    def new_patient(self) -> Edited:
        row = self._person(self._new_id())
        self.tables["pacientes"].append(row)
        return "clientes", f"PAC-{row['id']}"

    def patient_gone(self) -> Edited:
        row = self._some("pacientes")
        self.tables["pacientes"].remove(row)
        return "clientes", f"PAC-{row['id']}"

    def twice(self) -> Edited:
        """Two different rows of one id: the copy stays as it was."""
        row = self._some("pacientes")
        self.tables["pacientes"].append({**row, "nome": f"Outro nome {self._new_id()}"})
        return "clientes", f"PAC-{row['id']}"

    def new_receipt(self) -> Edited:
        patient = self._some("pacientes")["id"]
        row = self._receipt(self._new_id(), patient, self.chance.choice(["", "1", "2"]))
        self.tables["recebimentos"].append(row)
        return "contas_receber", f"REC-{row['id']}" + ("-1" if row["parcelas"] == "2" else "")

    def receipt_changed(self) -> Edited:
        row = self._some("recebimentos")
        row["valor"] = self.chance.choice(["10.00", "99.99", "abc", ""])
        row["procedimento_id"] = self.chance.choice(["C1", "C2", "C9"])
        many = row["parcelas"] not in ("", "1")
        return "contas_receber", f"REC-{row['id']}" + ("-1" if many else "")

    def procedure_changed(self) -> Edited:
        """A receipt names it: its category is the título's."""
        self._some("procedimentos")["codigo_categoria"] = self.chance.choice(["1.01.01", "1.01.02"])
        row = self._some("recebimentos")
        many = row["parcelas"] not in ("", "1")
        return "contas_receber", f"REC-{row['id']}" + ("-1" if many else "")

    def rule_changed(self) -> Edited:
        self._some("regras_repasse")["percentual"] = str(self.chance.randint(10, 60))
        return "contas_pagar", f"REP-R{self._some('recebimentos')['id']}"

    def expense_changed(self) -> Edited:
        row = self._some("despesas")
        row["valor"] = f"{self.chance.randint(10, 90)}.00"
        return "contas_pagar", f"DES-{row['id']}"

    def paid(self) -> Edited:
        receipt, row_id = self._some("recebimentos"), str(self._new_id())
        many = receipt["parcelas"] not in ("", "1")
        self.tables["pagamentos"].append(
            {
                "id": row_id,
                "origem": "recebimentos",
                "origem_id": receipt["id"],
                "parcela": "1" if many else "",
                "data": "2026-01-20",
                "valor": "10.00",
                "forma_pagamento_id": "PIX",
            }
        )
        return "baixas_receber", f"BXR-{row_id}"

    def item_added(self) -> Edited:
        self.tables["contratos_itens"].append(self._item(str(self._new_id())))
        return "contratos", "CTR-1"

    def professional_changed(self) -> Edited:
        row = self._some("profissionais")
        row["nome"] = f"Dra. {self._new_id()}"
        row["cpf_cnpj"] = self.chance.choice([cpf(int(row["id"])), cpf(3)])
        return "clientes", f"PRO-{row['id']}"

    _edits: tuple[Callable[[Clinic], Edited], ...] = (
        *(renamed, other_document, other_document, new_patient, patient_gone, twice),
        *(new_receipt, new_receipt, receipt_changed, procedure_changed, rule_changed),
        *(expense_changed, paid, paid, item_added, professional_changed),
    )


@dataclass(frozen=True)
class Side:
    """One deployment with an Omie of its own."""

    deployment: Deployment
    omie: Simulator

    def build(self) -> None:
        with _quiet():
            result = build(self.deployment, BuildRequest((EMPRESA,)))
        assert result.succeeded

    def push(self, endpoint: str, key: str | None = None) -> None:
        chosen = WRITABLE if endpoint == "tudo" else (REGISTRY[endpoint],)
        start = self.deployment.settings.start_date
        request = PushRequest((EMPRESA,), chosen, PushOptions(), date_from=start, key=key)
        list(push_all(self.deployment, request))

    def sync(self, endpoint: str, key: str) -> list[Edited]:
        listener = SyncListener(build=BuildListener(running=lambda _: _quiet()), on_build=_never)
        request = SyncRequest(EMPRESA, REGISTRY[endpoint], key, PushOptions())
        done = list(sync_one(self.deployment, request, listener))
        assert all(one.result.error is None for one in done)
        return [(one.endpoint.name, one.key) for one in done]

    def bodies(self) -> list[str]:
        """What was asked of Omie since the last time, in its order."""
        calls = self.omie.control.calls()
        self.omie.control.clear_calls()
        return [
            f"{one.method} {json.dumps(one.param, sort_keys=True, default=str)}" for one in calls
        ]

    def stand(self, endpoint: str, key: str) -> tuple[Any, ...]:
        """The payload of a code, and what ledger, quarantine and the list of refusals say of it."""
        engine = self.deployment.engine
        model = load_payload_model(engine, REGISTRY[endpoint])
        made = rows_of_code(engine, model, EMPRESA, key)
        said = [
            self.rows(
                f"SELECT {columns} FROM omie_sync.{table} WHERE endpoint = :endpoint"
                " AND codigo_integracao = :key ORDER BY 1",
                endpoint=endpoint,
                key=key,
            )
            for table, columns in (
                ("ledger", "state, payload_hash, omie_id, partition, error_code, filled"),
                ("quarantine", "partition, reasons, row_masked"),
                ("rejected", "fault_text, payload_hash"),
            )
        ]
        payloads = sorted(
            json.dumps([row.payload, row.extra], sort_keys=True, default=str) for row in made
        )
        return (payloads, *said)

    def rows(self, statement: str, **values: str) -> list[tuple[Any, ...]]:
        with self.deployment.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement), values)]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def _never() -> None:
    raise AssertionError("the models stand: nothing is to be built")


@pytest.fixture
def sides(
    database_url: str, _administration: sa.Engine, tmp_path: Path
) -> Iterator[tuple[Side, Side, Clinic]]:
    """What syncs, what builds and pushes, and the clinic; both have built and pushed everything."""
    folder = tmp_path / "clinica"
    folder.mkdir()
    clinic = Clinic(folder, random.Random(20260105))
    clinic.begin()
    config = tmp_path / "empresas.yaml"
    config.write_text(
        "empresas: [{nome: sul, app_key_env: K, app_secret_env: S}]\n"
        "endpoints: {contas_receber: {guardrails: {max_changed_codes: 1000}}}\n",
        "utf-8",
    )
    twin = f"{sa.make_url(database_url).database}_gemeo"
    twin_url = sa.make_url(database_url).set(database=twin).render_as_string(hide_password=False)
    off = Limits.off()
    with running_simulator(limits=off) as first, running_simulator(limits=off) as second:

        def side(url: str, omie: Simulator) -> Side:
            settings: dict[str, Any] = {
                "warehouse_url": SecretStr(url),
                "base_url": omie.base_url,
                "home": tmp_path / "home",
                "config": config,
                "clinic_url": SecretStr(str(folder)),
                "staging": "canonica",
                "models": tmp_path / "modelos",
                "start_date": "2026-01-01",
                "calls_per_minute": 100_000,
                "calls_per_minute_ip": 100_000,
            }
            variables = {"K": omie.app_key, "S": omie.app_secret}
            return Side(Deployment(Settings(**settings), variables=variables), omie)

        synced = side(database_url, first)
        synced.build()
        synced.deployment.engine.dispose()
        with _administration.connect() as connection:
            source = sa.make_url(database_url).database
            connection.exec_driver_sql(f"CREATE DATABASE {twin} TEMPLATE {source}")
        built = side(twin_url, second)
        for one in (synced, built):
            one.push("tudo")
            one.omie.control.clear_calls()
        try:
            yield synced, built, clinic
        finally:
            for one in (synced, built):
                one.deployment.engine.dispose()
            with _administration.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {twin} WITH (FORCE)")


def test_a_sync_decides_what_a_build_and_a_push_decide(
    sides: tuple[Side, Side, Clinic],
) -> None:
    synced, built, clinic = sides
    calls = 0
    for _ in range(EDITS):
        endpoint, key = clinic.edit()
        records = synced.sync(endpoint, key)
        built.build()
        for record in records:
            built.push(*record)
        bodies = synced.bodies()
        assert bodies == built.bodies(), (endpoint, key)
        calls += len(bodies)
        for record in records:
            assert synced.stand(*record) == built.stand(*record), record
    assert calls > EDITS // 2
    synced.build()
    for endpoint in WRITABLE:
        table = f"omie_payload.{endpoint.model}"
        statement = f"SELECT to_jsonb(t)::text FROM {table} AS t ORDER BY 1"
        assert synced.rows(statement) == built.rows(statement), table
