"""Which orders may be billed now: those that Omie holds as the clinic wants them, and of the notes
that the city hall refused, those whose cause was corrected since.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ConfigurationError, ModelError
from omie_pipeline.nfse.ledger import REFUSED_CODE, refuse_in_ledger
from omie_pipeline.nfse.orders import (
    ORDERS,
    BilledOrder,
    Obstacle,
    Part,
    billed,
    corrected_at,
    obstacles,
)
from omie_pipeline.omie.masking import mask
from omie_pipeline.payload import PayloadModel, PlanRow, RowOutcome, load_payload_model
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import SYNC, billing_request, ledger, nfse
from omie_pipeline.texts import nfse as texts

# What a person does about a note that the city hall refused, from the city hall's own words, and
# which corrections make it worth billing once more.

_ORDER: frozenset[Part] = frozenset({"order"})
_CLIENTE: frozenset[Part] = frozenset({"order", "client"})
_SERVICE: frozenset[Part] = frozenset({"order", "service"})
_PERSON: frozenset[Part] = frozenset()
# The first rule that knows the words counts.
_RULES: tuple[tuple[str, str, frozenset[Part]], ...] = (
    (
        r"duplic|j[áa] (?:existe|foi|est[áa]|utilizad|convertid|emitid|informad|processad|consta"
        r"|possui|cadastrad)|convertid[oa] em|rps.*(?:usad|utilizad)",
        texts.RPS_KNOWN_FIX,
        _PERSON,
    ),
    (
        r"endere[çc]o|logradouro|\bcep\b|bairro|munic[ií]pio do tomador",
        texts.ADDRESS_FIX,
        _CLIENTE,
    ),
    (
        r"\bcpf\b|\bcnpj\b|tomador",
        texts.PERSON_FIX,
        _CLIENTE,
    ),
    (
        r"c[óo]digo (?:d[eo] )?servi[çc]o|lc ?-?116|item da lista|c[óo]digo de tributa|atividade"
        r"|\bcnae\b|\bnbs\b",
        texts.SERVICE_CODE_FIX,
        _SERVICE,
    ),
    (
        r"al[íi]quota|\biss\b|reten[çc][ãa]o|base de c[áa]lculo|dedu[çc]",
        texts.RATE_FIX,
        _SERVICE,
    ),
    (
        r"certificado|assinatura|senha|autentica|inscri[çc][ãa]o municipal do prestador"
        r"|n[ãa]o (?:est[áa] )?autorizado|credencia",
        texts.CERTIFICATE_FIX,
        _ORDER,
    ),
    (
        r"compet[êe]ncia|data d[ea] emiss|per[íi]odo|data do rps|encerrad",
        texts.PERIOD_FIX,
        _ORDER,
    ),
)
_COMPILED = tuple((re.compile(rule[0], re.IGNORECASE), *rule[1:]) for rule in _RULES)


def correction_for(words: str) -> str:
    """The fix, in Portuguese; a general one if no rule knows the words."""
    return _rule(words)[0]


def opens_with(words: str) -> frozenset[Part]:
    """Parts of a note whose change in Omie makes a refused one worth billing once more.

    Always the order itself, but for words that say the city hall knows the RPS already: then a
    note may stand, and only a person opens it. The cliente if the words are about address or
    document; the service if they are about its code or its rate.
    """
    return _rule(words)[1]


def _rule(words: str) -> tuple[str, frozenset[Part]]:
    known = ((fix, parts) for pattern, fix, parts in _COMPILED if pattern.search(words))
    return next(known, (texts.ANY_REASON_FIX, _ORDER))


WAITS_FOR_ORDER = "reference"
"""``error_code`` of a billing that waits for its order."""

_WHY: Mapping[Obstacle, Callable[[str], str]] = {
    "unknown": texts.order_unconfirmed,
    "quarantined": texts.order_quarantined,
    "refused": texts.order_rejected,
    "different": texts.order_differs,
}


def withheld(engine: sa.Engine, empresa: str, rows: Sequence[PlanRow]) -> list[RowOutcome]:
    """Outcomes of those rows of ``faturar_os`` that must not leave.

    A note that the city hall refused stays ``rejected`` until it opens (:func:`opens`); a billing
    whose order is not in Omie as the clinic wants it is held under :data:`WAITS_FOR_ORDER`.
    """
    orders = [_code(row) for row in rows]
    if not orders:
        return []
    model = orders_model(engine)
    notes = billed(engine, empresa, orders)
    refused = [code for code, note in notes.items() if note.state == "rejected"]
    corrected = corrected_at(engine, model, empresa, refused) if refused else {}
    closed = {code for code in refused if not opens(notes[code], corrected.get(code, {}))}
    waiting = obstacles(engine, model, empresa, orders)
    return list(_outcomes(rows, notes, closed, waiting))


def opens(note: BilledOrder, corrected: Mapping[Part, datetime]) -> bool:
    """Whether a refused note may be billed once more: a person said so after the refusal, or
    something that its words are about was changed in Omie since it was billed."""
    if note.requested_at is not None and note.requested_at > note.changed_at:
        return True
    parts = opens_with(note.message)
    return any(at > note.billed_at for part, at in corrected.items() if part in parts)


def orders_model(engine: sa.Engine) -> PayloadModel | None:
    """The payload model of the orders, if there is one."""
    try:
        return load_payload_model(engine, REGISTRY[ORDERS])
    except ModelError:
        return None


def _outcomes(
    rows: Sequence[PlanRow],
    notes: Mapping[str, BilledOrder],
    closed: set[str],
    waiting: Mapping[str, Obstacle],
) -> Iterator[RowOutcome]:
    for row in rows:
        code = _code(row)
        if code in closed:
            words = notes[code].message or texts.CITY_HALL_REFUSED
            yield RowOutcome(
                row,
                "rejected",
                row.omie_id,
                error=words,
                error_code=REFUSED_CODE,
                fix=correction_for(words),
                row_masked=mask(dict(row.payload)),
            )
        elif code in waiting:
            text = _WHY[waiting[code]](code)
            yield RowOutcome(row, "held", row.omie_id, error=text, error_code=WAITS_FOR_ORDER)


def _code(row: PlanRow) -> str:
    return row.codigo_integracao or ""


# A person's decision to bill a service order that no payload model asks to bill.

_BILLING = REGISTRY["faturar_os"]
_ORDERS = "ordens_servico"


def request_billing(
    engine: sa.Engine, empresa: str, order: str, by: str, now: datetime
) -> PayloadModel:
    """Write the decision down, the last one with its time: it opens a note that the city hall
    refused before it. A note in ``error`` may be billed once more, since Omie is asked first
    whether its order is billed.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        order: our code of the order.
        by: name of the person.
        now: time of the change.

    Returns:
        ``omie_sync.billing_request`` as a payload model of ``faturar_os``.

    Raises:
        ConfigurationError: this pipeline never delivered such an order, or its note was cancelled;
            nothing was written.
    """
    query = sa.select(ledger.c.partition, ledger.c.omie_id).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == _ORDERS,
        ledger.c.codigo_integracao == order,
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.begin() as connection:
        known = connection.execute(query).one_or_none()
        if known is None:
            raise ConfigurationError(texts.order_not_ours(order))
        _open_note(connection, empresa, order, now)
        decision = {"_requested_at": now, "_requested_by": by}
        connection.execute(
            insert(billing_request)
            .values(
                {
                    "empresa": empresa,
                    "data_particao": _day(known.partition) or now.date(),
                    "cCodIntOS": order,
                    **decision,
                }
            )
            .on_conflict_do_update(index_elements=list(billing_request.primary_key), set_=decision)
        )
    columns = tuple(column.name for column in billing_request.columns)
    return PayloadModel(_BILLING, columns, schema=SYNC, name=billing_request.name)


def billed_no_more(order: str) -> str:
    """What stands and what to do if the note of an order was cancelled."""
    return texts.order_cancelled(order)


def _open_note(connection: sa.Connection, empresa: str, order: str, now: datetime) -> None:
    """Let a note in ``error`` be billed once more; a cancelled one is the end of its order."""
    query = sa.select(nfse.c.state, nfse.c.message).where(
        nfse.c.empresa == empresa, nfse.c.cod_int_os == order
    )
    note = connection.execute(query).one_or_none()
    if note is None:
        return
    if note.state == "cancelled":
        raise ConfigurationError(billed_no_more(order))
    if note.state == "error":
        words = note.message or texts.NOT_SHOWN_AS_BILLED
        who = (connection, empresa, order, now)
        refuse_in_ledger(*who, words=words, fix=texts.issue_again_fix(order))


def _day(partition: str) -> date | None:
    try:
        return date.fromisoformat(partition)
    except ValueError:
        return None
