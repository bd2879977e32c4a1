"""The contas a receber that billing an order makes, and takes back."""

from __future__ import annotations

from decimal import Decimal

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.base import stamp
from omie_pipeline.simulator.rules.linked import cents
from omie_pipeline.simulator.rules.ordens import amount_of
from omie_pipeline.simulator.rules.titulos import CANCELLED, SETTLEMENTS


def make_titles(context: Context, order: Record) -> list[int]:
    """One título per parcela for the items that do not say cNaoGerarFinanceiro; answers ids."""
    collection = context.other("contas_receber")
    charged = [
        item for item in order["ServicosPrestados"] if item.get("cNaoGerarFinanceiro") != "S"
    ]
    total = sum(map(amount_of, charged), Decimal(0))
    if collection is None or total <= 0:
        return []
    parts, left, made = order["Parcelas"], total, []
    for number, part in enumerate(parts, 1):
        percent = Decimal(part.get("nPercentual") or 0)
        value = left if number == len(parts) else cents(total * percent / 100)
        left -= value
        record = _title(context, order, part, value, f"{number:03d}/{len(parts):03d}")
        context.app.put(collection, record)
        made.append(int(record["codigo_lancamento_omie"]))
    return made


def _title(context: Context, order: Record, part: Record, value: Decimal, place: str) -> Record:
    head, more = order["Cabecalho"], order["InformacoesAdicionais"]
    category = more["cCodCateg"]
    return {
        "codigo_lancamento_omie": context.app.new_id(),
        "codigo_lancamento_integracao": "",
        "codigo_cliente_fornecedor": head["nCodCli"],
        "codigo_cliente_fornecedor_integracao": head.get("cCodIntCli") or "",
        "data_vencimento": part.get("dDtVenc") or head.get("dDtPrevisao"),
        "data_previsao": part.get("dDtVenc") or head.get("dDtPrevisao"),
        "data_emissao": f"{context.now:%d/%m/%Y}",
        "data_registro": f"{context.now:%d/%m/%Y}",
        "valor_documento": value,
        "codigo_categoria": category,
        "categorias": [{"codigo_categoria": category, "percentual": 100, "valor": value}],
        "id_conta_corrente": more["nCodCC"],
        "numero_parcela": place,
        "numero_documento": head.get("cNumOS") or "",
        "id_origem": "VENR",
        "operacao": "01",
        "nCodOS": head["nCodOS"],
        "info": stamp(context),
    }


def cancel_titles(context: Context, ids: list[int], *, forced: bool) -> None:
    """The títulos of an order that is cancelled.

    Raises:
        SimulatedFaultError: one of them is settled; when ``forced`` that one stays as it is.
    """
    collection = context.other("contas_receber")
    for omie_id in ids:
        record = collection.get(omie_id) if collection is not None else None
        if collection is None or record is None:
            continue
        if record.get(SETTLEMENTS):
            if forced:
                continue
            raise faults.settled("cancelar")
        today = f"{context.now:%d/%m/%Y}"
        changed = {CANCELLED: True, "_data_cancelamento": today, "info": stamp(context)}
        context.app.put(collection, {**record, **changed})


def drop_titles(context: Context, ids: list[int]) -> None:
    """The títulos of a note that the city hall refused: gone, but for what was paid."""
    collection = context.other("contas_receber")
    for omie_id in ids:
        record = collection.get(omie_id) if collection is not None else None
        if collection is not None and record is not None and not record.get(SETTLEMENTS):
            context.app.remove(collection, omie_id)
