"""What the terminal says when the clinic's ids come in another form than the day before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.cli.conftest import Terminal
from tests.push.world import World, cliente, titulo

KEY = "codigo_lancamento_integracao"


@pytest.mark.slow
def test_nothing_leaves_and_the_screen_names_old_and_new(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1)])
    days = [titulo(n, valor_documento=Decimal(70 + n)) for n in (701, 702, 703)]
    clinic.model("contas_receber", days)
    assert terminal("push", "clientes", "contas_receber").code == 0
    clinic.control.clear_calls()
    moved = [{**row, KEY: f"{row[KEY]}.0"} for row in days]
    clinic.model("contas_receber", moved)
    said = terminal("push", "contas_receber")
    assert said.code == 1
    assert "os identificadores mudaram de forma" in said.err
    assert "REC-701 → REC-701.0" in said.err
    assert clinic.writes() == []
    assert len(clinic.control.records("contas_receber")) == 3
