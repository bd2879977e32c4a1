"""Sending events as Omie does: one queue in order, three tries, then a second, slow queue.

omie-api.md#webhook-delivery: success is any 2xx; main queue 7 s and 3 tries, second queue 20 s
every 10 minutes for up to 5 days. Waits between tries are simulated time: nothing sleeps.
"""

from __future__ import annotations

import ssl
import threading
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator import wire
from omie_pipeline.simulator.clock import Clock
from omie_pipeline.simulator.engine.state import Change, Record, day_of, hash_of
from omie_pipeline.simulator.money.book import title_rules
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.ordens import RPS, flags, is_billed, is_cancelled
from omie_pipeline.simulator.rules.titulos import SETTLEMENTS

TRIES = 3
MAIN_TIMEOUT_SECONDS = 7.0
SECOND_TIMEOUT_SECONDS = 20.0
SECOND_EVERY_SECONDS = 600.0
SECOND_FOR_SECONDS = 5 * 86_400.0
_LOOK_SECONDS = 0.2
"""Real seconds between two checks of a clock that sends no signal (``SystemClock``)."""
_KEPT_DELIVERIES = 20_000
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Message:
    """One event, ready to be sent."""

    id: str
    app_key: str
    topic: str
    body: bytes = field(repr=False)
    made_at: float = 0.0
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try. ``status`` is the HTTP status, 0 when no answer came; ``at`` simulated seconds."""

    message_id: str
    topic: str
    queue: str
    attempt: int
    status: int
    at: float


@dataclass(frozen=True, slots=True)
class WebhookStats:
    """Messages by outcome."""

    waiting: int
    retrying: int
    delivered: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Target:
    """Where events go, and which (``topics`` empty for all)."""

    url: str
    topics: frozenset[str] = frozenset()
    timeout_seconds: float | None = None

    def wants(self, topic: str) -> bool:
        return not self.topics or topic.casefold() in self.topics


class Webhooks:
    """The sender; a thread of its own, started with the first message."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._targets: dict[str, Target] = {}
        self._sent: dict[str, Message] = {}
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._start_over()

    def _start_over(self) -> None:
        self._main: deque[Message] = deque()
        self._second: deque[Message] = deque()
        self._log: deque[Delivery] = deque(maxlen=_KEPT_DELIVERIES)
        self._sent.clear()
        self._busy = False
        self._delivered = self._dropped = 0

    def aim(self, app_key: str, target: Target | None) -> None:
        """Send the events of ``app_key`` there; ``None`` sends none.

        Raises:
            ConfigurationError: the address is not on this machine.
        """
        if target is not None:
            parts = urlsplit(target.url)
            if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
                raise ConfigurationError("o simulador só envia webhooks por http a esta máquina")
        with self._changed:
            if target is None:
                self._targets.pop(app_key, None)
            else:
                self._targets[app_key] = target

    def wanted(self, app_key: str, topic: str) -> bool:
        """Is anybody listening?"""
        target = self._targets.get(app_key)
        return target is not None and target.wants(topic)

    @property
    def silent(self) -> bool:
        """No address at all."""
        return not self._targets

    def send(self, message: Message) -> None:
        """Put one message at the end of the main queue."""
        with self._changed:
            self._sent[message.id] = message
            self._main.append(message)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def resend(self, message_id: str) -> None:
        """Deliver once more what was sent before: Omie promises at least once, not once.

        Raises:
            ConfigurationError: no such message.
        """
        message = self._sent.get(message_id)
        if message is None:
            raise ConfigurationError(f"no webhook message {message_id!r}")
        self.send(message)

    def wake(self) -> None:
        """The clock has jumped."""
        with self._changed:
            self._changed.notify_all()

    def flush(self, *, retry_now: bool, timeout_seconds: float) -> WebhookStats:
        """Wait (real seconds) until nothing is due; ``retry_now`` makes the second queue due."""
        with self._changed:
            if retry_now:
                self._second = deque(replace(message, due=0.0) for message in self._second)
                self._changed.notify_all()
            self._changed.wait_for(self._idle, timeout_seconds)
            return self._stats()

    def stats(self) -> WebhookStats:
        """Counts of now."""
        with self._changed:
            return self._stats()

    def _stats(self) -> WebhookStats:
        waiting = len(self._main) + self._busy
        return WebhookStats(waiting, len(self._second), self._delivered, self._dropped)

    def deliveries(self) -> tuple[Delivery, ...]:
        """Every try, oldest first."""
        with self._changed:
            return tuple(self._log)

    def forget(self) -> None:
        """Drop messages, tries and addresses."""
        with self._changed:
            self._targets.clear()
            self._start_over()

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    # -- the thread -------------------------------------------------------------------------------

    def _idle(self) -> bool:
        return self._stopped or not (self._busy or self._main or self._due() is not None)

    def _due(self) -> Message | None:
        now = self._clock.seconds()
        return next((message for message in self._second if message.due <= now), None)

    def _work(self) -> None:
        # Addresses are ``http``: a context that trusts nobody costs nothing.
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with httpx.Client(trust_env=False, follow_redirects=False, verify=trust) as http:
            while (taken := self._take()) is not None:
                message, is_first = taken
                self._settle(message, delivered=self._deliver(http, message, is_first))

    def _take(self) -> tuple[Message, bool] | None:
        with self._changed:
            while not self._stopped:
                late = None if self._main else self._due()
                if self._main or late is not None:
                    self._busy = True
                    if late is None:
                        return self._main.popleft(), True
                    self._second.remove(late)
                    return late, False
                self._changed.wait(_LOOK_SECONDS if self._second else None)
            return None

    def _deliver(self, http: httpx.Client, message: Message, is_first: bool) -> bool:
        target = self._targets.get(message.app_key)
        if target is None:
            return False
        usual = MAIN_TIMEOUT_SECONDS if is_first else SECOND_TIMEOUT_SECONDS
        timeout_seconds = target.timeout_seconds or usual
        for attempt in range(1, (TRIES if is_first else 1) + 1):
            status = _post(http, target.url, message.body, timeout_seconds)
            queue = "principal" if is_first else "segunda"
            tried = Delivery(
                message.id, message.topic, queue, attempt, status, self._clock.seconds()
            )
            with self._changed:
                self._log.append(tried)
            if 200 <= status < 300:
                return True
        return False

    def _settle(self, message: Message, *, delivered: bool) -> None:
        now = self._clock.seconds()
        with self._changed:
            self._busy = False
            if message.id not in self._sent:
                pass  # everything was forgotten while it was under way
            elif delivered:
                self._delivered += 1
            elif now - message.made_at >= SECOND_FOR_SECONDS:
                self._dropped += 1
            else:
                self._second.append(replace(message, due=now + SECOND_EVERY_SECONDS))
            self._changed.notify_all()


def _post(http: httpx.Client, url: str, body: bytes, timeout_seconds: float) -> int:
    try:
        answer = http.post(
            url,
            content=body,
            headers={"content-type": "application/json"},
            timeout=timeout_seconds,
        )
    except httpx.HTTPError:
        return 0
    return answer.status_code


# Webhooks of service orders (omie-api.md#webhook-events; shapes as recorded).

Event = tuple[str, Any]


def order_events(change: Change) -> Iterator[Event]:
    """What one change of an order announces; a note decided by the city hall is no change of it."""
    before, after = change.before, change.after
    if after is None:
        yield "OrdemServico.Excluida", _order(before or {})
        return
    info = flags(after)
    if before is None:
        yield "OrdemServico.Incluida", _with(after, "Inclusao", info, "dDtInc", "cHrInc", "uInc")
        return
    told = False
    if is_billed(after) and _lots(after) > _lots(before):
        fields = _with(after, "Faturado", info, "dDtFat", "cHrFat", "uAlt")
        yield "OrdemServico.Faturada", {**fields, "faturada": "S"}
        told = True
    if is_cancelled(after) and not is_cancelled(before):
        fields = _with(after, "Cancelado", info, "dDtCanc", "cHrCanc", "uAlt")
        yield "OrdemServico.Cancelada", {**fields, "cancelada": "S"}
        told = True
    if not told and _stage(before) != _stage(after):
        yield "OrdemServico.EtapaAlterada", _order(after)
        told = True
    if not told and _without_rps(before) != _without_rps(after):
        fields = _with(after, "Alteracao", info, "dDtAlt", "cHrAlt", "uAlt")
        yield "OrdemServico.Alterada", fields


def note_refused(change: Change) -> Iterator[Event]:
    """``NFSe.NotaRejeitada`` (a guess) of every RPS that the city hall refused just now."""
    before = {item["nLote"]: item["state"] for item in (change.before or {}).get(RPS) or ()}
    for item in (change.after or {}).get(RPS) or ():
        if item["state"] == "rejected" and before.get(item["nLote"]) == "processing":
            head = (change.after or {})["Cabecalho"]
            event = {"id_os": head["nCodOS"], "codigo_integracao": head.get("cCodIntOS") or ""}
            yield "NFSe.NotaRejeitada", {**event, "lote": item["nLote"]}


def _lots(record: Record) -> int:
    return len(record.get(RPS) or ())


def _stage(record: Record) -> object:
    return record["Cabecalho"].get("cEtapa")


def _without_rps(record: Record) -> Record:
    return {tag: value for tag, value in record.items() if tag != RPS}


def _order(record: Record) -> Record:
    head, more = record.get("Cabecalho") or {}, record.get("InformacoesAdicionais") or {}
    return {
        "codigoCategoria": more.get("cCodCateg") or "",
        "codigoIntegracao": head.get("cCodIntOS") or "0",
        "dataPrevisao": head.get("dDtPrevisao") or "",
        "etapa": head.get("cEtapa") or "",
        "idCliente": head.get("nCodCli") or 0,
        "idContaCorrente": more.get("nCodCC") or 0,
        "idOrdemServico": head.get("nCodOS") or 0,
        "numeroOrdemServico": head.get("cNumOS") or "",
        "valorOrdemServico": head.get("nValorTotal") or 0,
    }


def _with(record: Record, word: str, info: Record, day: str, hour: str, user: str) -> Record:
    return {
        **_order(record),
        f"data{word}": info.get(day) or "",
        f"hora{word}": info.get(hour) or "",
        f"usuario{word}": info.get(user) or "",
    }


# From a change of the records to Omie's events (omie-api.md#webhook-events; shapes as recorded).
#
# A webhook is no API record: dates are ISO with offset, the status is a word, and the event of a
# settlement is an ARRAY.

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
