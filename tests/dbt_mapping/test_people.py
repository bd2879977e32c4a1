"""People as the payload models make them: shared documents, telephones, states, codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
from dbt.artifacts.schemas.run import RunExecutionResult

from omie_pipeline.catalog import REGISTRY, reference
from tests.dbt_mapping.always import ALWAYS
from tests.dbt_mapping.billing_clinic import TABLES as BILLING
from tests.dbt_mapping.scenario import PROJECT, SAMPLE_DEFAULTS, Row, Scenario, ScenarioFactory
from tests.dbt_mapping.test_canonica import METHOD, PATIENT, PROCEDURE, RECEIPT, SALE

START = "2026-01-01"
OWN = "where empresa = 'principal'"
UUID = "550e8400-e29b-41d4-a716-446655440000"
PROFESSIONAL: Mapping[str, object] = {
    **BILLING["profissionais"][0], "cpf_cnpj": "390.533.447-05", "telefone": None,
}  # fmt: skip
SUPPLIER: Mapping[str, object] = {
    **{name: PATIENT[name] for name in (
        "empresa", "id", "email", "telefone", "logradouro", "numero", "complemento", "bairro",
        "cidade", "uf", "cep", "data_cadastro", "atualizado_em", "_empresa",
    )},
    "razao_social": "Clara Serviços", "nome_fantasia": None, "cpf_cnpj": "11144477735",
    "inscricao_estadual": "123",
}  # fmt: skip

PHONES: Mapping[str, tuple[str | None, str | None, str | None]] = {
    "(11) 98765-4321": ("11", "987654321", None),
    "11987654321": ("11", "987654321", None),
    "11 3333-4444": ("11", "33334444", None),
    "+55 11 98765-4321": ("11", "987654321", None),
    "+5511987654321": ("11", "987654321", None),
    "5511987654321": ("11", "987654321", None),
    "551133334444": ("11", "33334444", None),
    "0055 11 98765-4321": ("11", "987654321", None),
    "055 11 98765-4321": ("11", "987654321", None),
    "+55 (011) 3333-4444": ("11", "33334444", None),
    "(011) 98765-4321": ("11", "987654321", None),
    "0xx11 3333-4444": ("11", "33334444", None),
    "0 15 11 3333-4444": ("11", "33334444", None),
    "0xx21 (11) 98765-4321": ("11", "987654321", None),
    "11 3333-4444 ramal 12": ("11", "33334444", None),
    "(11) 3333-4444 R. 201": ("11", "33334444", None),
    "11 98765-4321 (recado com Maria)": ("11", "987654321", None),
    "55 99123-4567": ("55", "991234567", None),
    "+55 55 99123-4567": ("55", "991234567", None),
    "11/98765-4321": ("11", "987654321", None),
    "11 98765-4321 / 11 3333-4444": ("11", "987654321", "several_telephones"),
    "(11) 3333-4444 ou 98765-4321": ("11", "33334444", "several_telephones"),
    "3333-4444": (None, "3333-4444", None),
    "98765-4321": (None, "98765-4321", None),
    "+55 98765-4321": (None, "987654321", None),
    "+1 305 555 1234": (None, None, "foreign_telephone"),
    "+1 (305) 555-1234": (None, None, "foreign_telephone"),
    "001 305 555 1234": (None, None, "foreign_telephone"),
    "1-305-555-1234": (None, None, "unreadable_telephone"),
    "13055551234": (None, None, "unreadable_telephone"),
    "(212) 555-1234": (None, None, "foreign_telephone"),
    "+351 912 345 678": (None, None, "foreign_telephone"),
    "351912345678": (None, None, "unreadable_telephone"),
    "00351 912 345 678": (None, None, "foreign_telephone"),
    "+54 9 11 2345-6789": (None, None, "foreign_telephone"),
    "+595 981 123456": (None, None, "foreign_telephone"),
    "9175551234": (None, None, "unreadable_telephone"),
    "20 98765-4321": (None, None, "unreadable_telephone"),
    "11 8765-4321": (None, None, "unreadable_telephone"),
    "0800 777 1234": (None, None, "unreadable_telephone"),
    "(11) 99999-9999": (None, None, "unreadable_telephone"),
    "11 98765-4321 11 3333-4444": (None, None, "unreadable_telephone"),
    "não tem": (None, None, "unreadable_telephone"),
    "1234567890123456789": (None, None, "unreadable_telephone"),
}  # fmt: skip
STATES = {
    "São Paulo": "SP", "sao paulo": "SP", "S.P.": "SP", "sp": "SP", "Estado de São Paulo": "SP",
    "SP - São Paulo": "SP", "São Paulo (SP)": "SP", "PARÁ": "PA", "Estado do Rio de Janeiro": "RJ",
    "Brasília": "BRASÍLIA", "SP1": "SP1", "XX": "XX",
}  # fmt: skip


def _patient(key: str, **changes: object) -> Mapping[str, object]:
    return {**PATIENT, "id": key, "cpf": None, "telefone": None, **changes}


MOTHER, CHILD, DOCTOR, SELLER = (
    "529.982.247-25", "52998224725", "39053344705", "111.444.777-35"
)  # fmt: skip
PATIENTS = [
    _patient("mae", cpf=MOTHER, nome="Ana Souza", data_nascimento="1980-02-01"),
    _patient("filha", cpf=CHILD, nome="Bia Souza", data_nascimento="2015-02-01"),
    _patient("filho", cpf=CHILD, nome="Caio Souza", data_nascimento="2018-02-01"),
    _patient("doutora", cpf=DOCTOR, nome="Dra. Lia", data_nascimento="1970-01-01"),
    _patient("vendedora", cpf=SELLER, nome="Clara", data_nascimento="1990-01-01"),
    _patient("errado-1", cpf="12345678900"),
    _patient("errado-2", cpf="12345678900"),
    _patient("zeros-1", cpf="00000000000"),
    _patient("zeros-2", cpf="00000000000"),
    _patient("outra-empresa", cpf=MOTHER, empresa="filial"),
    _patient("nfd", nome=unicodedata.normalize("NFD", "João Conceição")),
    *(_patient(f"fone-{n}", telefone=phone) for n, phone in enumerate(PHONES)),
    *(_patient(f"uf-{n}", uf=state, cidade="Centro") for n, state in enumerate(STATES)),
]
TABLES: Mapping[str, list[Mapping[str, object]]] = {
    "pacientes": PATIENTS,
    "profissionais": [PROFESSIONAL, {**PROFESSIONAL, "id": UUID, "cpf_cnpj": "11222333000181"}],
    "fornecedores": [SUPPLIER],
    "procedimentos": [PROCEDURE],
    "formas_pagamento": [METHOD],
    "recebimentos": [
        {**RECEIPT, "paciente_id": "mae"},
        {**RECEIPT, "id": "2", "paciente_id": "filha"},
        {**RECEIPT, "id": "3", "paciente_id": "vendedora"},
    ],
    "vendas_produtos": [{**SALE, "paciente_id": "filho"}],
    "repasses": [{**BILLING["repasses"][0], "recebimento_id": None}],
    "contratos": [{**BILLING["contratos"][0], "id": UUID, "paciente_id": "filha",
                   "profissional_id": UUID, "projeto_id": UUID}],
    "contratos_itens": [{**BILLING["contratos_itens"][0], "contrato_id": UUID, "id": UUID}],
    "projetos": [{**BILLING["projetos"][0], "id": UUID}],
    "pagamentos": [{**BILLING["pagamentos"][0], "id": UUID, "parcela": None,
                    "forma_pagamento_id": "1"}],
}  # fmt: skip
NUMBERS = ("1234567890", "191", "360305000104", "12345678909", "529982247")
"""CPFs and CNPJs that a column of numbers keeps, some of them without the zeros they begin with."""


def build_people(scenarios: ScenarioFactory) -> Scenario:
    """A clinic of odd people, and beside it the empresa of ``always.py``."""
    header, *ours = SAMPLE_DEFAULTS.replace(
        "professionals_are_sellers,N", "professionals_are_sellers,S"
    ).splitlines()
    others = [
        line.replace("principal", empresa) for empresa in ("sempre", "filial") for line in ours
    ]
    defaults = "\n".join([header, *ours, *others, ""])
    scenario = scenarios.new("canonica", defaults=(defaults,))
    suppliers = [
        {**SUPPLIER, "id": f"numero-{n}", "cpf_cnpj": number, "cep": "1310100"}
        for n, number in enumerate(NUMBERS)
    ]
    tables = {**TABLES, "fornecedores": [{**SUPPLIER, "cep": "13450000"}, *suppliers]}
    for table in {**tables, **ALWAYS}:
        rows = [*tables.get(table, ()), *ALWAYS.get(table, ())]
        columns = dict.fromkeys(name for row in rows for name in row)
        scenario.load("clinic_raw", table, [{**columns, **row} for row in rows])
    with scenario.connect() as connection:
        connection.execute(
            "alter table clinic_raw.fornecedores alter cpf_cnpj type numeric using"
            " cpf_cnpj::numeric, alter cep type integer using cep::integer"
        )
    outcome = scenario.build(
        "--select", "+path:models/omie", "nenhuma_linha_perdida", "--exclude",
        "test_type:generic", OMIE_PIPELINE_START_DATE=START,
    )  # fmt: skip
    assert isinstance(outcome.result, RunExecutionResult)
    told = {r.node.name: str(r.status) for r in outcome.result.results}
    # An item of no contract is lost, and the test says so.
    assert told["nenhuma_linha_perdida"] == "warn"
    return scenario


@pytest.fixture(scope="session")
def clientes(people: Scenario) -> dict[str, Row]:
    return _by_key(people, "omie_clientes", "codigo_cliente_integracao")


def _by_key(people: Scenario, table: str, key: str) -> dict[str, Row]:
    return {row[key]: row for row in people.rows(f"select * from omie_payload.{table} {OWN}")}


def test_people_of_one_document_are_one_cliente_the_oldest(
    people: Scenario, clientes: dict[str, Row]
) -> None:
    assert "PAC-mae" in clientes
    other = people.row("select * from omie_payload.omie_clientes where empresa = 'filial'")
    assert other["codigo_cliente_integracao"] == "PAC-outra-empresa"
    assert not {"PAC-filha", "PAC-filho"} & set(clientes)
    assert clientes["PAC-mae"]["razao_social"] == "Ana Souza"
    shared = {
        row["codigo"]: (row["titular"], row["nome_difere"])
        for row in people.rows(
            f"select * from omie_payload.clientes_codigos {OWN} and codigo <> titular"
        )
    }
    assert shared == {
        "PAC-filha": ("PAC-mae", True),
        "PAC-filho": ("PAC-mae", True),
        "PAC-doutora": ("PRO-5", False),
        "PAC-vendedora": ("FOR-1", True),
    }


def test_the_one_cliente_has_the_roles_and_the_bank_account_of_all(
    clientes: dict[str, Row],
) -> None:
    assert clientes["PRO-5"]["tags"] == [{"tag": "Fornecedor"}, {"tag": "Cliente"}]
    assert clientes["PRO-5"]["dadosBancarios"]["codigo_banco"] == "341"
    assert clientes["FOR-1"]["tags"] == [{"tag": "Fornecedor"}, {"tag": "Cliente"}]
    assert clientes["PAC-mae"]["tags"] == [{"tag": "Cliente"}]


def test_a_document_with_wrong_digits_is_shared_by_nobody(clientes: dict[str, Row]) -> None:
    """Each of them is refused for it, under its own name."""
    assert {"PAC-errado-1", "PAC-errado-2", "PAC-zeros-1", "PAC-zeros-2"} <= set(clientes)


def test_everything_of_a_shared_person_names_the_holder(people: Scenario) -> None:
    titles = _by_key(people, "omie_contas_receber", "codigo_lancamento_integracao")
    named = {key: row["codigo_cliente_fornecedor_integracao"] for key, row in titles.items()}
    assert named == {
        "REC-1": "PAC-mae", "REC-2": "PAC-mae", "REC-3": "FOR-1", "VEN-1": "PAC-mae"
    }  # fmt: skip
    assert {row["_missing"] for key, row in titles.items() if key != "VEN-1"} == {None}
    (contract,) = people.rows(
        "select cabecalho from omie_payload.omie_contratos where empresa = 'principal'"
    )
    assert contract["cabecalho"]["nCodCli"] == {"$omie_id": ["clientes", "PAC-mae"]}


@pytest.mark.parametrize("number", range(len(PHONES)), ids=list(PHONES))
def test_only_a_brazilian_telephone_is_sent(clientes: dict[str, Row], number: int) -> None:
    row = clientes[f"PAC-fone-{number}"]
    ddd, rest, problem = list(PHONES.values())[number]
    assert (row["telefone1_ddd"], row["telefone1_numero"]) == (ddd, rest)
    told = [] if problem is None else [
        {"table": "pacientes", "column": "telefone", "kind": problem}
    ]  # fmt: skip
    assert (row["_warnings"] or []) == told


@pytest.mark.parametrize("number", range(len(STATES)), ids=list(STATES))
def test_a_state_written_out_is_its_two_letters(clientes: dict[str, Row], number: int) -> None:
    assert clientes[f"PAC-uf-{number}"]["estado"] == list(STATES.values())[number]


def test_a_text_in_two_signs_is_the_same_text_in_one(clientes: dict[str, Row]) -> None:
    assert clientes["PAC-nfd"]["razao_social"] == "João Conceição"


@pytest.mark.parametrize(
    ("number", "document"),
    list(enumerate(("01234567890", "191", "00360305000104", "12345678909", "00529982247"))),
    ids=NUMBERS,
)
def test_the_zeros_that_a_column_of_numbers_loses_are_put_back(
    clientes: dict[str, Row], number: int, document: str
) -> None:
    """191 is a right CPF and a right CNPJ with its zeros: nobody knows which."""
    row = clientes[f"FOR-numero-{number}"]
    assert (row["cnpj_cpf"], row["cep"]) == (document, "01310100")


def test_a_code_that_omie_cannot_keep_is_shortened_the_same_everywhere(people: Scenario) -> None:
    (project,) = people.rows(f"select * from omie_payload.omie_projetos {OWN}")
    assert re.fullmatch("PRJ-[0-9a-f]{16}", project["codInt"])
    assert project["_origem_id"] == UUID
    (contract,) = people.rows(
        "select * from omie_payload.omie_contratos where empresa = 'principal'"
    )
    assert re.fullmatch("CTR-[0-9a-f]{16}", contract["cabecalho"]["cCodIntCtr"])
    assert contract["infAdic"]["nCodProj"] == {"$omie_id": ["projetos", project["codInt"]]}
    (item,) = contract["itensContrato"]
    assert re.fullmatch("ITC-[0-9a-f]{26}", item["itemCabecalho"]["codIntItem"])
    (situation,) = people.rows(f"select * from omie_payload.omie_situacao_contratos {OWN}")
    assert situation["cCodIntCtr"] == contract["cabecalho"]["cCodIntCtr"]
    sellers = _by_key(people, "omie_vendedores", "codInt")
    assert "PRO-5" in sellers, "a code that fits stays as it is"
    (long,) = [key for key in sellers if key != "PRO-5"]
    assert re.fullmatch("PRO-[0-9a-f]{26}", long)
    assert contract["infAdic"]["nCodVend"] == {"$omie_id": ["vendedores", long]}
    (paid,) = people.rows(f"select * from omie_payload.omie_baixas_receber {OWN}")
    assert re.fullmatch("BXR-[0-9a-f]{16}", paid["codigo_baixa_integracao"])


def test_the_lengths_of_codes_are_the_catalogs() -> None:
    text = (PROJECT / "macros/codigos.sql").read_text()
    given = {name: int(size) for name, size in re.findall(r"'(\w+)': (\d+)", text)}
    assert given == {
        "projetos": _length("projetos", "codInt"),
        "vendedores": _length("vendedores", "codInt"),
        "contratos": _length("contratos", "cCodIntCtr"),
        "itens_de_contratos": _length("contratos", "codIntItem"),
        "baixas": _length("baixas_receber", "codigo_baixa_integracao"),
    }
    assert given["baixas"] == _length("baixas_pagar", "codigo_baixa_integracao")


def _length(endpoint: str, name: str) -> int:
    types: Any = REGISTRY[endpoint].service.types.values()
    (found,) = {f.max_length for kind in types for f in kind.fields if f.name == name}
    assert isinstance(found, int)
    return found


def test_states_and_area_codes_are_those_of_the_reference() -> None:
    text = (PROJECT / "macros/estados.sql").read_text()
    named = dict(re.findall(r"'([A-Z]{2})': '([A-Z ]+)'", text))
    assert named == {
        state.uf: unicodedata.normalize("NFD", state.nome)
        .encode("ascii", "ignore")
        .decode()
        .upper()
        for state in reference.estados().values()
    }
    pattern = re.search(r"\(\?:1\[.*\)", (PROJECT / "macros/telefones.sql").read_text())
    assert pattern is not None
    codes = {f"{n:02}" for n in range(100) if re.fullmatch(pattern[0], f"{n:02}")}
    assert codes == {str(code) for ones in reference.ddds_por_uf().values() for code in ones}
