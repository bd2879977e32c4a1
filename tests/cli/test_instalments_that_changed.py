"""What becomes of a receipt whose number of instalments changes after it was delivered."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.cli.conftest import Terminal
from tests.push.world import TITULO_COLUMNS, World, cliente, titulo

KEY = "codigo_lancamento_integracao"
COLUMNS = {**TITULO_COLUMNS, "numero_parcela": sa.Text()}


def receipt(parts: int) -> list[dict[str, Any]]:
    """Receipt 7 of R$ 300 in so many instalments."""
    if parts == 1:
        return [titulo(7, valor_documento=Decimal(300))]
    return [
        {
            **titulo(7, valor_documento=Decimal(300) / parts),
            KEY: f"REC-7-{k}",
            "numero_parcela": f"{k:03}/{parts:03}",
        }
        for k in range(1, parts + 1)
    ]


def held(clinic: World) -> Mapping[str, Decimal]:
    found = clinic.control.records("contas_receber")
    return {one[KEY]: Decimal(str(one["valor_documento"])) for one in found}


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(3, 2), (3, 1), (1, 3), (2, 5)])
def test_the_money_is_never_there_twice(
    terminal: Terminal, clinic: World, before: int, after: int
) -> None:
    clinic.model("clientes", [cliente(1)])
    other = titulo(8)
    clinic.model("contas_receber", [*receipt(before), other], COLUMNS)
    assert terminal("push", "clientes", "contas_receber").code == 0
    delivered = held(clinic)
    clinic.model(
        "contas_receber", [*receipt(after), {**other, "valor_documento": Decimal(9)}], COLUMNS
    )
    said = terminal("push", "contas_receber")
    # Two become five: the codes of the two are among those of the five, and nothing is left over.
    if (before, after) == (2, 5):
        assert said.code == 0
        assert sum(held(clinic).values()) == 309
        return
    assert said.code == 3
    assert held(clinic) == {**delivered, "REC-8": Decimal(9)}
    assert "O número de parcelas mudou na clínica" in said.out
    told = {line["code"] for line in terminal("quarantine", "--json").lines}
    assert told == {row[KEY] for row in receipt(after)}
    clinic.model("contas_receber", [*receipt(before), other], COLUMNS)
    clinic.forget_requests()
    assert terminal("push", "contas_receber").code == 0
    assert terminal("quarantine", "--json").lines == []
