"""The model company's past is the same each time, lies in the past, and its money adds up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from omie_pipeline.simulator import check_digits
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.server import running_simulator
from omie_pipeline.simulator.past import give_a_past

_NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)


def test_a_company_with_a_past() -> None:
    with running_simulator(clock=ManualClock(_NOW)) as simulator:
        control = simulator.control
        give_a_past(control, 60)
        clientes = control.records("clientes")
        assert all(check_digits.is_valid(record["cnpj_cpf"]) for record in clientes)
        receivables = control.records("contas_receber")
        words = {record["status_titulo"] for record in receivables}
        assert {"RECEBIDO", "ATRASADO", "A VENCER"} <= words
        assert all(record["info"]["dInc"] != "01/04/2026" for record in receivables)
        moved = sum(
            row["detalhes"]["nValorMovCC"]
            * (1 if row["detalhes"]["cGrupo"].endswith("REC") else -1)
            for row in control.records("movimentacoes")
            if row["detalhes"].get("nCodMovCC")
        )
        opening = Decimal("500") + Decimal("12345.67")
        held = control.balance(9_100_000_001) + control.balance(9_100_000_002)
        assert held == opening + moved
