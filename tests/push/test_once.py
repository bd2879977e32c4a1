"""Fields that count when a record is made and are no change afterwards."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.push.world import EMPRESA, World, cliente, titulo

COLUMNS: dict[str, Any] = {
    "empresa": sa.Text,
    "data_particao": sa.Date,
    "codigo_baixa_integracao": sa.Text,
    "codigo_lancamento_integracao": sa.Text,
    "codigo_conta_corrente": sa.BigInteger,
    "valor": sa.Numeric(15, 2),
    "data": sa.Date,
    "conciliar_documento": sa.Text,
}


def baixa(**changes: Any) -> dict[str, Any]:
    return {
        "empresa": EMPRESA,
        "data_particao": date(2026, 1, 6),
        "codigo_baixa_integracao": "BXR-1",
        "codigo_lancamento_integracao": "REC-1",
        "codigo_conta_corrente": 9100000001,
        "valor": Decimal("150.10"),
        "data": date(2026, 1, 6),
        **changes,
    }


@pytest.mark.usefixtures("unvalidated")
def test_a_payment_reconciled_later_is_no_other_payment(world: World) -> None:
    world.model("clientes", [cliente(1)])
    world.push()
    world.model("contas_receber", [titulo(1)])
    world.push("contas_receber")
    world.model("baixas_receber", [baixa()], COLUMNS)
    assert world.push("baixas_receber").total.created == 1
    world.model("baixas_receber", [baixa(conciliar_documento="S")], COLUMNS)
    assert world.push("baixas_receber").total.unchanged == 1
    world.model("baixas_receber", [baixa(valor=Decimal("150.00"))], COLUMNS)
    assert world.push("baixas_receber").total.quarantined == 1
