"""Every column that the tables call "always": a row without it is refused, with its reason."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.payload import Selection, load_payload_model, source_rows
from omie_pipeline.validation import CandidateRow, ClinicRules, Reason, References, Validator
from tests.dbt_mapping.always import EMPRESA, always_columns, key_of
from tests.dbt_mapping.scenario import Scenario

ENDPOINTS: Mapping[str, str] = {
    "pacientes": "clientes", "profissionais": "clientes", "fornecedores": "clientes",
    "procedimentos": "servicos", "formas_pagamento": "contas_receber",
    "recebimentos": "contas_receber", "vendas_produtos": "contas_receber",
    "repasses": "contas_pagar", "despesas": "contas_pagar", "compras_produtos": "contas_pagar",
    "pagamentos": "baixas_receber", "contratos": "contratos", "contratos_itens": "contratos",
    "projetos": "projetos", "categorias": "categorias",
}  # fmt: skip
LOST = {("contratos_itens", "contrato_id")}
"""An item of no contract is part of no record: the dbt test nenhuma_linha_perdida tells of it."""
Told = Mapping[tuple[str, str, str], tuple[Reason, ...]]


@pytest.fixture(scope="session")
def told(people: Scenario) -> Told:
    """Reasons of every row, by endpoint, table of the clinic and its id."""
    url = sa.make_url(people.server_url).set(database=people.database)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    found: dict[tuple[str, str, str], tuple[Reason, ...]] = {}
    for name in dict.fromkeys(ENDPOINTS.values()):
        model = load_payload_model(engine, REGISTRY[name])
        query = sa.select(source_rows(model, Selection(EMPRESA), "upsert"))
        with engine.connect() as connection:
            rows = [
                CandidateRow(number, row.codigo_integracao, row.payload, row.extra)
                for number, row in enumerate(connection.execute(query))
            ]
        accounts = {
            int(row.payload[field]): True
            for row in rows
            for field in ("id_conta_corrente", "codigo_conta_corrente")
            if field in row.payload
        } | {77: True}
        codes = ("1.01", "1.01.01", "2.01.01", "5.05", "5.06", "9.01")
        categories = {
            **dict.fromkeys(codes, True),
            **{str(row.payload.get("codigo_categoria")): True for row in rows},
        }
        validator = Validator(REGISTRY[name], ClinicRules(), References(categories, accounts))
        reasons = {one.row: one.reasons for one in validator.validate(rows).failures}
        for row in rows:
            key = (name, row.extra["_origem_tabela"], row.extra["_origem_id"] or "")
            found[key] = reasons.get(row.row, ())
    return found


def _refused(told: Told, table: str, column: str) -> tuple[Reason, ...]:
    endpoint, key = ENDPOINTS[table], key_of(column)
    if table == "formas_pagamento":
        return told[endpoint, "recebimentos", "forma-sem-tipo"]
    if table == "contratos_itens":
        return told[endpoint, "contratos", f"item-{key}"]
    return told[endpoint, table, "" if column == "id" else key]


@pytest.mark.parametrize(("table", "column"), [one for one in always_columns() if one not in LOST])
def test_a_row_without_an_always_column_is_refused(told: Told, table: str, column: str) -> None:
    assert _refused(told, table, column) != ()


@pytest.mark.parametrize("table", [name for name in ENDPOINTS if name != "formas_pagamento"])
def test_the_row_with_everything_is_not(told: Told, table: str) -> None:
    good = "1" if table not in ("profissionais", "projetos", "categorias") else {
        "profissionais": "5", "projetos": "A", "categorias": "9"
    }[table]  # fmt: skip
    owner = "contratos" if table == "contratos_itens" else table
    assert told[ENDPOINTS[table], owner, good] == ()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        one
        for one in always_columns()
        if one[1].endswith("_id") or one[1] in ("data", "produto", "tipo", "origem")
        if one not in LOST and one != ("pagamentos", "data") and one[0] != "contratos_itens"
    ],
)
def test_the_reason_names_the_clinics_column_and_nothing_else(
    told: Told, table: str, column: str
) -> None:
    (reason,) = _refused(told, table, column)
    assert (reason.field, reason.rule) == (f"{table}.{column}", "origem_vazia")
    assert f"({table}.{column})" in reason.reason
