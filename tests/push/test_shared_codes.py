"""Two rows of the clinic under one code: both are refused by name, and what pays either."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.effects import rows
from tests.effects.rows import push, quarantined
from tests.push.world import TITULO_COLUMNS, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

TWO = "o recebimento 501-1 e a parcela 1 do recebimento 501"


def test_both_and_their_payment_are_refused_by_name(world: World) -> None:
    world.confirmed(1)
    key = "codigo_lancamento_integracao"
    both = [titulo(1, **{key: "REC-501-1", "_colisao": TWO}) for _ in range(2)]
    columns = {**TITULO_COLUMNS, "_colisao": sa.Text}
    world.model("contas_receber", [*both, titulo(2)], columns)
    report = push(world, "contas_receber")
    assert (report.total.quarantined, report.total.created) == (2, 1)
    (reason,) = quarantined(world, "contas_receber")["REC-501-1"]
    assert reason["reason"] == f"O código REC-501-1 seria de dois: {TWO}."
    paid = {**rows.baixa(1), key: "REC-501-1", "_colisao": TWO}
    world.model("baixas_receber", [paid], {**rows.COLUMNS["baixas"], "_colisao": sa.Text})
    assert push(world, "baixas_receber").total.quarantined == 1
    assert "REC-501-1" in quarantined(world, "baixas_receber")["BXR-1"][0]["reason"]
