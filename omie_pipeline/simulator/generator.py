"""Many títulos at once, for benchmarks and demonstrations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from omie_pipeline.simulator.engine.state import AppState, Record
from omie_pipeline.simulator.rules.base import BY_PERSON

_SECONDS_OF_WORK = 36_000
_CATEGORIES = ("1.01.01", "1.01.02", "1.01.03")
_ACCOUNTS = (9_100_000_001, 9_100_000_002)


def receivables(app: AppState, count: int, days: int, now: datetime) -> Iterator[Record]:
    """``count`` títulos a receber, included evenly over the ``days`` before ``now``.

    Every one has an id and a code of its own; records share what they can, so that half a
    million of them fit into memory.

    Args:
        app: the app that gets them.
        count: how many.
        days: over which they are spread.
        now: their last moment.
    """
    shares = {
        (code, value): [{"codigo_categoria": code, "percentual": 100, "valor": value}]
        for code in _CATEGORIES
        for value in (Decimal(5000 + cents) / 100 for cents in range(97))
    }
    prices = list(shares.items())
    for number in range(count):
        past = days - 1 - number * days // max(1, count)
        second = number * 7 % _SECONDS_OF_WORK
        included = now - timedelta(days=past)
        day, due = f"{included:%d/%m/%Y}", f"{included + timedelta(days=30):%d/%m/%Y}"
        (category, value), share = prices[number % len(prices)]
        hour = f"{8 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        omie_id = app.new_id()
        yield {
            "codigo_lancamento_omie": omie_id,
            "codigo_lancamento_integracao": f"GERADO-{omie_id}",
            "codigo_cliente_fornecedor": 0,
            "data_emissao": day,
            "data_registro": day,
            "data_vencimento": due,
            "data_previsao": due,
            "valor_documento": value,
            "codigo_categoria": category,
            "categorias": share,
            "id_conta_corrente": _ACCOUNTS[number % len(_ACCOUNTS)],
            "numero_parcela": "001/001",
            "numero_documento": str(number + 1),
            "id_origem": "MANR",
            "operacao": "01",
            "info": {
                "dInc": day, "hInc": hour, "uInc": BY_PERSON,
                "dAlt": day, "hAlt": hour, "uAlt": BY_PERSON, "cImpAPI": "N",
            },
        }  # fmt: skip
