"""Codes made of an id and something more must not be two rows' code."""

from __future__ import annotations

import pytest

from tests.dbt_mapping.billing_clinic import ACCOUNTS, DEFAULTS, START, TABLES
from tests.dbt_mapping.scenario import Scenario, ScenarioFactory

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(scenarios: ScenarioFactory) -> Scenario:
    """Receipt 501 in two parts and receipt 501-1; a rule's repasse of one and a repasse R<id>."""
    scenario = scenarios.new("canonica", defaults=(DEFAULTS, ACCOUNTS))
    tables = {name: list(rows) for name, rows in TABLES.items()}
    receipt, payment, repasse = (
        tables["recebimentos"][1], tables["pagamentos"][0], tables["repasses"][0],
    )  # fmt: skip
    tables["recebimentos"] += [
        {**receipt, "id": "501", "parcelas": "2", "valor": "100", "profissional_id": None},
        *({**receipt, "id": id, "profissional_id": None} for id in ("501-1", "501-3", "502-1")),
    ]
    tables["pagamentos"] += [
        {**payment, "id": "whole", "origem_id": "501-1", "parcela": None},
        {**payment, "id": "part", "origem_id": "501", "parcela": "1"},
        {**payment, "id": "second", "origem_id": "501", "parcela": "2"},
    ]
    tables["repasses"] += [{**repasse, "id": "Rsimples", "recebimento_id": None}]
    for table, rows in tables.items():
        scenario.load("clinic_raw", table, rows)
    scenario.build(
        "--select",
        "+omie_contas_receber +omie_contas_pagar +omie_baixas_receber",
        "--exclude",
        "resource_type:test",
        OMIE_PIPELINE_START_DATE=START,
    )
    return scenario


def test_each_of_the_two_is_named_and_no_other(shared: Scenario) -> None:
    query = "select codigo_lancamento_integracao as c, _colisao as s from omie_payload.{}"
    found = shared.rows(query.format("omie_contas_receber"))
    named = [row for row in found if row["s"]]
    assert [row["c"] for row in named] == ["REC-501-1", "REC-501-1"]
    assert {row["s"] for row in named} == {"o recebimento 501-1 e a parcela 1 do recebimento 501"}
    assert {"REC-501-2", "REC-501-3", "REC-502-1"} <= {row["c"] for row in found if not row["s"]}
    to_pay = [row for row in shared.rows(query.format("omie_contas_pagar")) if row["s"]]
    assert [row["c"] for row in to_pay] == ["REP-Rsimples", "REP-Rsimples"]
    assert "o repasse Rsimples e o repasse por regra do recebimento simples" in to_pay[0]["s"]


def test_what_pays_either_is_named_too(shared: Scenario) -> None:
    query = (
        "select codigo_baixa_integracao as c, _colisao as s from omie_payload.omie_baixas_receber"
    )
    found = {row["c"]: row["s"] for row in shared.rows(query)}
    assert (
        found["BXR-whole"]
        == found["BXR-part"]
        == ("o recebimento 501-1 e a parcela 1 do recebimento 501")
    )
    assert found["BXR-second"] is None
