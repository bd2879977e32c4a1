"""From a change of the records to Omie's events (omie-api.md#webhook-events; shapes as recorded).

A webhook is no API record: dates are ISO with offset, the status is a word, and the event of a
settlement is an ARRAY.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from omie_pipeline.simulator import wire
from omie_pipeline.simulator.engine.day_index import day_of
from omie_pipeline.simulator.engine.state import Change, Record, hash_of
from omie_pipeline.simulator.money.book_rows import title_rules
from omie_pipeline.simulator.order_events import note_refused, order_events
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.titulos import SETTLEMENTS
from omie_pipeline.simulator.webhooks import Message

_TITLES = {"contas_receber": ("ContaReceber", "R"), "contas_pagar": ("ContaPagar", "P")}
_TOPICS: dict[str, tuple[str, str]] = {
    "clientes": ("ClienteFornecedor", "o"),
    "contas_correntes": ("Financas.ContaCorrente", "o"),
    "lancamentos_conta_corrente": ("Financas.ContaCorrente.Lancamento", "o"),
    "categorias": ("Categoria", "a"),
    "departamentos": ("Departamento", "o"),
    "projetos": ("Projeto", "o"),
    "vendedores": ("Vendedor", "o"),
    "servicos": ("Servico", "o"),
}
_SECRET = frozenset({"info", "boleto"})
Event = tuple[str, Any]
"""Topic and event."""


def events_of(context: Context, change: Change) -> Iterator[Event]:
    """What Omie would announce of one change; nothing for lists without topics."""
    name = change.collection.endpoint.name
    if name in _TITLES:
        yield from _title_events(context, change, *_TITLES[name])
    elif name == "ordens_servico":
        yield from order_events(change)
        yield from note_refused(change)
    elif name == "contratos":
        yield f"ContratoServico.{_verb(change)}o", _keys(change)
    elif name in {"notas_servico", "notas_produto"}:
        yield from _note_events(change, name)
    elif name in _TOPICS:
        topic, ending = _TOPICS[name]
        record = change.after or change.before or {}
        if _is_transfer(record):
            topic = "Financas.ContaCorrente.Transferencia"
        yield f"{topic}.{_verb(change)}{ending}", _plain(record)


def _verb(change: Change) -> str:
    if change.before is None:
        return "Incluid"
    return "Excluid" if change.after is None else "Alterad"


def _is_transfer(record: Record) -> bool:
    origin = (record.get("diversos") or {}).get("cOrigem", "")
    return str(origin).startswith("TRA")


def _keys(change: Change) -> Record:
    return dict(change.collection.endpoint.keys_of(change.after or change.before or {}))


def _plain(record: Record) -> Record:
    return {tag: value for tag, value in record.items() if tag[0] != "_" and tag not in _SECRET}


def _title_events(context: Context, change: Change, word: str, side: str) -> Iterator[Event]:
    topic = f"Financas.{word}"
    before, after = _settlements(change.before), _settlements(change.after)
    made = [item for key, item in after.items() if key not in before]
    undone = [item for key, item in before.items() if key not in after and change.after]
    record = change.after or change.before or {}
    if change.before is None or change.after is None or not (made or undone):
        yield f"{topic}.{_verb(change)}o", _title_event(context, record, side)
    for item in made:
        yield f"{topic}.BaixaRealizada", [_settlement_event(record, item, side)]
    for item in undone:
        yield f"{topic}.BaixaCancelada", _settlement_event(record, item, side)


def _settlements(record: Record | None) -> dict[int, Record]:
    items = (record or {}).get(SETTLEMENTS) or ()
    return {item["codigo_baixa"]: item for item in items}


def iso(text: object) -> str:
    """``2023-02-18T00:00:00-03:00`` from dd/mm/aaaa (seen)."""
    day = day_of(str(text or ""))
    return f"{day.isoformat()}T00:00:00-03:00" if day else ""


_TITLE_TEXTS = (
    *("baixa_bloqueada", "bloqueado", "chave_nfe", "codigo_categoria"),
    *("codigo_lancamento_integracao", "codigo_tipo_documento", "id_origem", "nsu"),
    *("numero_documento", "numero_documento_fiscal", "numero_parcela", "numero_pedido"),
    *("observacao", "operacao"),
)
_TITLE_NUMBERS = (
    *("codigo_cliente_fornecedor", "codigo_lancamento_omie", "codigo_projeto", "codigo_vendedor"),
    *("id_conta_corrente", "valor_documento"),
)
_TITLE_DAYS = ("data_emissao", "data_previsao", "data_registro", "data_vencimento")


def _title_event(context: Context, record: Record, side: str) -> Record:
    word = title_rules("R" if side == "R" else "P").status_of(context, record)
    return {
        **{tag: record.get(tag) or "" for tag in _TITLE_TEXTS},
        **{tag: record.get(tag) or 0 for tag in _TITLE_NUMBERS},
        **{tag: iso(record.get(tag)) for tag in _TITLE_DAYS},
        "situacao": word.capitalize(),
    }


def _settlement_event(record: Record, item: Record, side: str) -> Record:
    title = {
        "codigo_lancamento_integracao": record.get("codigo_lancamento_integracao") or "",
        "codigo_lancamento_omie": record["codigo_lancamento_omie"],
        "data_emissao": iso(record.get("data_emissao")),
        "data_vencimento": iso(record.get("data_vencimento")),
        "numero_documento": record.get("numero_documento") or "",
        "numero_documento_fiscal": record.get("numero_documento_fiscal") or "",
        "numero_parcela": record.get("numero_parcela") or "",
        "valor_documento": record.get("valor_documento") or 0,
    }
    if side == "R":
        title["codigo_ordem_servico"] = record.get("nCodOS") or 0
    return {
        "codigo_baixa": item["codigo_baixa"],
        "codigo_baixa_integracao": item.get("codigo_baixa_integracao") or "",
        "codigo_cliente_fornecedor": record.get("codigo_cliente_fornecedor") or 0,
        "codigo_conta_corrente": item.get("codigo_conta_corrente") or 0,
        f"conta_a_{'receber' if side == 'R' else 'pagar'}": [title],
        "data": iso(item.get("data")),
        "data_cred": iso(item.get("data")),
        **{tag: item.get(tag) or 0 for tag in ("desconto", "juros", "multa", "valor")},
        "observacao": item.get("observacao") or "",
        "tarifa": 0,
    }


def _note_events(change: Change, name: str) -> Iterator[Event]:
    record = change.after or change.before or {}
    cancelled = (
        bool((record.get("Cancelamento") or {}).get("cDataCancelamento"))
        or bool((record.get("ide") or {}).get("dCan"))
        or change.after is None
    )
    if change.before is not None and not cancelled:
        return
    head, ide = record.get("Cabecalho") or {}, record.get("ide") or {}
    topic = "NFSe" if name == "notas_servico" else "NFe"
    event = {"id_nf": record["_id"], "numero_nf": head.get("nNumeroNFSe") or ide.get("nNF") or ""}
    if order := (record.get("OrdemServico") or {}).get("nCodigoOS"):
        event["id_os"] = order
    yield f"{topic}.Nota{'Cancelada' if cancelled else 'Autorizada'}", event


def message_of(app_key: str, topic: str, event: Any, *, by_person: bool, now: datetime) -> Message:
    """The whole body, with an author as Omie names them.

    Args:
        app_key: key of the simulated app.
        topic: the topic of the event.
        event: its content.
        by_person: whether a person made the change.
        now: time of the change.
    """
    author = (
        {"email": "financeiro@clinicamodelo.com.br", "name": "Financeiro", "userId": 12}
        if by_person
        else {"email": "no-reply@omie.com.br", "name": "Integração", "userId": 89}
    )
    message_id = str(uuid.uuid4())
    body = {
        "messageId": message_id,
        "topic": topic,
        "event": event,
        "author": author,
        "appKey": app_key,
        "appHash": hash_of(f"webhook:{app_key}")[:32],
        "origin": "omie-connect-2.0",
    }
    return Message(message_id, app_key, topic, wire.dumps(body).encode(), now.timestamp())


def ping(app_key: str, now: datetime) -> Message:
    """The test body, without a topic (official)."""
    body = wire.dumps({"ping": "omie"}).encode()
    return Message(str(uuid.uuid4()), app_key, "", body, now.timestamp())
