"""Títulos of a company with a past, as a person typed them."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.push.world import World


def title(number: int, day: date, **changes: Any) -> dict[str, Any]:
    """A receivable of ``number`` reais included on ``day``, at noon."""
    written = day.strftime("%d/%m/%Y")
    return {
        "codigo_lancamento_integracao": "",
        "codigo_cliente_fornecedor": 1,
        "data_vencimento": written,
        "data_previsao": written,
        "valor_documento": number,
        "codigo_categoria": "1.01.01",
        "id_conta_corrente": 9100000001,
        "info": info(day),
        **changes,
    }


def info(day: date, *, changed: date | None = None, by: str = "P000116932") -> dict[str, str]:
    """The audit block of a record typed on ``day`` at noon."""
    first, last = day.strftime("%d/%m/%Y"), (changed or day).strftime("%d/%m/%Y")
    made = {"dInc": first, "hInc": "12:00:00", "uInc": by, "cImpAPI": "N"}
    return {**made, "dAlt": last, "hAlt": "12:00:00", "uAlt": by}


def seed(
    world: World, count: int, day: date, name: str = "contas_receber", **changes: Any
) -> tuple[Any, ...]:
    """``count`` títulos of one day, of 1, 2, ... reais; their ids."""
    rows = [title(n, day, **changes) for n in range(1, count + 1)]
    return world.control.seed(name, rows)
