"""What an answer of Omie says about a note: pure reading, no decision about the database.

StatusOS has flags, an RPS list and the city hall's messages (servicos/os, official fields);
ListarNFSEs has notes with a number (servicos/nfse, one recorded body). What the three-digit codes
of a lot and an RPS mean is not recorded, so only numbers, messages and flags are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from omie_pipeline.catalog.nfse import State
from omie_pipeline.catalog.services import load_service
from omie_pipeline.clock import BRASILIA
from omie_pipeline.errors import Empty, FaultDetail, UnknownFault
from omie_pipeline.nfse.state import NoteState
from omie_pipeline.omie import Answer, OmieClient
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.omie.wire import Json, json_object
from omie_pipeline.texts import nfse as texts

BILLED_STEP = "60"
"""``cEtapa`` of an order that was billed (a guess; ListarEtapasFaturamento names it so)."""

_LONGEST_WORDS = 500
_SETTLES = timedelta(minutes=5)
_SAME_WORDS_AGAIN = timedelta(minutes=3)
# The city hall, or the road to it, was away: no judgement on the note, Omie tries again (a guess).
_AWAY = re.compile(
    r"indispon[ií]ve|fora do ar|n[ãa]o responde|sem resposta|time-?out|tempo (?:limite|de espera)"
    r"|falha (?:na|de) comunica|erro (?:na|de) comunica|manuten[çc][ãa]o|tente novamente",
    re.IGNORECASE,
)


_CANCEL_REFUSED = re.compile(
    r"cancelamento.*(?:recusad|rejeitad|negad|n[ãa]o (?:foi |é )?(?:aceit|permitid|poss))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NoteReading:
    """What one answer shows of a note.

    Attributes:
        state: the state it shows; ``None`` if it shows nothing that can be relied upon.
        message: the city hall's words, masked; ``""`` for none.
        issued_at: when it was issued, as far as the answer tells.
        cancellation_refused: the city hall issued the note and refused to cancel it (a guess: told
            by the words of a message).
    """

    state: State | None
    message: str = ""
    n_cod_os: int | None = None
    numero: str | None = None
    serie: str | None = None
    codigo_verificacao: str | None = None
    n_cod_nf: int | None = None
    url_portal: str | None = None
    issued_at: datetime | None = None
    cancellation_refused: bool = False


def read_status(body: Mapping[str, Any], note: NoteState, asked_at: datetime) -> NoteReading:
    """What an answer of StatusOS shows of ``note``.

    A refusal that was known before the order was billed again is not taken for a new one, and an
    order that is "not billed" counts only some minutes after it was: Omie's reads lag.
    """
    if not any(name in body for name in ("cEtapa", "cFaturada", "ListaRpsNfse")):
        return NoteReading(None)
    n_cod_os = _whole(body.get("nCodOS"))
    rps = _last_rps(body.get("ListaRpsNfse"))
    lines, old = _error_lines(rps, note, asked_at)
    refused = [line for line in lines if _judges(line)]
    numero = _number(rps.get("nNfse"))
    words = "; ".join(lines)
    if _yes(body.get("cCancelada")):
        return NoteReading("cancelled", words, n_cod_os, numero)
    if numero is not None:
        kept = [_line(one) for one in _messages(rps) if _refuses_cancel(one)]
        return NoteReading(
            "issued",
            "; ".join(kept),
            n_cod_os,
            numero,
            cancellation_refused=bool(kept),
            codigo_verificacao=_text(rps.get("cCodVerif")),
            url_portal=_link(rps.get("cUrlNfse")),
        )
    if refused:
        return NoteReading("rejected", "; ".join(refused), n_cod_os)
    if old and not lines:
        return NoteReading(None, n_cod_os=n_cod_os)
    if _yes(body.get("cFaturada")) or body.get("cEtapa") == BILLED_STEP or rps:
        return NoteReading("processing", words, n_cod_os)
    if asked_at - note.billed_at < _SETTLES:
        return NoteReading(None, n_cod_os=n_cod_os)
    return NoteReading("error", texts.NOT_BILLED, n_cod_os)


def is_refused(rps: Mapping[str, Any]) -> bool:
    """Whether the city hall refused an RPS: errors and no number. That the city hall is away is no
    refusal: Omie tries again (a guess)."""
    if _number(rps.get("nNfse")) is not None:
        return False
    errors = (one for one in _messages(rps) if one.get("cSituacao") == "ERRO")
    return any(_judges(_line(one)) for one in errors)


def read_listed(record: Mapping[str, Any]) -> NoteReading:
    """What one note of ListarNFSEs shows: ``F`` is issued, ``C`` cancelled (official)."""
    head = _object(record.get("Cabecalho"))
    state: State | None = None
    match head.get("cStatusNFSe"):
        case "F":
            state = "issued"
        case "C":
            state = "cancelled"
    issued = _object(record.get("Emissao"))
    return NoteReading(
        state,
        n_cod_os=_whole(_object(record.get("OrdemServico")).get("nCodigoOS")),
        numero=_number(head.get("nNumeroNFSe")),
        serie=_text(head.get("cSerieNFSe")),
        codigo_verificacao=_text(head.get("cCodigoVerifNFSe")),
        n_cod_nf=_whole(head.get("nCodNF")),
        issued_at=_moment(issued.get("cDataEmissao"), issued.get("cHoraEmissao")),
    )


def newest_by_order(records: Sequence[Mapping[str, Any]]) -> dict[int, NoteReading]:
    """The note that counts of each order, by Omie's id of the order: an issued one before a
    cancelled one, then the one with the highest id."""
    found: dict[int, NoteReading] = {}
    for record in records:
        seen = read_listed(record)
        if seen.n_cod_os is None or seen.state is None:
            continue
        other = found.get(seen.n_cod_os)
        if other is None or _rank(seen) > _rank(other):
            found[seen.n_cod_os] = seen
    return found


def _rank(seen: NoteReading) -> tuple[bool, int]:
    return seen.state == "issued", seen.n_cod_nf or 0


def _last_rps(value: Any) -> Mapping[str, Any]:
    entries = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
    if not entries:
        return {}
    return max(enumerate(entries), key=lambda pair: (_whole(pair[1].get("nLote")) or 0, pair[0]))[1]


def _error_lines(
    rps: Mapping[str, Any], note: NoteState, asked_at: datetime
) -> tuple[list[str], bool]:
    """Messages of kind ERRO as one line each, and whether there are others that an earlier
    billing left."""
    errors = [one for one in _messages(rps) if one.get("cSituacao") == "ERRO"]
    lines = [(_line(one), bool(one.get("dData"))) for one in errors]
    fresh = [line for line, timed in lines if line and not _is_old(line, timed, note, asked_at)]
    return fresh, len(fresh) < len(lines)


def _messages(rps: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    messages = rps.get("mensagens")
    found = messages if isinstance(messages, list) else []
    return [one for one in found if isinstance(one, Mapping)]


def _refuses_cancel(message: Mapping[str, Any]) -> bool:
    return bool(_CANCEL_REFUSED.search(str(message.get("cDescricao") or "")))


def _line(message: Mapping[str, Any]) -> str:
    code, text = _text(message.get("cCodigo")), _text(message.get("cDescricao"))
    line = ": ".join(part for part in (code, text) if part)
    fix = _text(message.get("cCorrecao"))
    line = texts.line_with_fix(line=line, fix=fix) if fix and fix != text else line
    at = " ".join(part for part in map(_text, (message.get("dData"), message.get("hHora"))) if part)
    return mask_text(line)[:_LONGEST_WORDS] + (f" [{at}]" if at and line else "")


def _judges(line: str) -> bool:
    """Whether a line of errors is a judgement on the note."""
    return bool(line) and not _AWAY.search(line)


def _is_old(line: str, has_time: bool, note: NoteState, asked_at: datetime) -> bool:
    if note.attempts < 2 or line not in (note.message or ""):
        return False
    # The very same words with the very same time are the earlier refusal. Without a time they may
    # be a second one: after a while they count again.
    return has_time or asked_at - note.billed_at < _SAME_WORDS_AGAIN


def _moment(day: Any, hour: Any) -> datetime | None:
    try:
        at = datetime.strptime(f"{day} {hour or '00:00:00'}", "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return None
    return at.replace(tzinfo=BRASILIA)


def _number(value: Any) -> str | None:
    text = _text(value)
    return text if text and text.strip("0") else None


def _whole(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() and int(text) else None


def _text(value: Any) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _link(value: Any) -> str | None:
    text = _text(value)
    return text if text and text.startswith(("https://", "http://")) else None


def _yes(value: Any) -> bool:
    return bool(value == "S")


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


# The questions about notes, each asked at most once and never waited for.
#
# A question that may not leave now (``RetryLater``) is raised to the caller, who comes back later:
# a sensor must not sleep a minute, and an identical question inside 60 seconds restarts the minute.

ROWS_PER_PAGE = 100
_MOST_PAGES = 200
_ORDERS = load_service("servicos_os")
_NOTES = load_service("servicos_nfse")
_DOCUMENTS = load_service("servicos_osdocs")


@dataclass(frozen=True, slots=True)
class Links:
    """Where the files of a note are; ``None`` if Omie has none yet."""

    url_pdf: str | None
    url_xml: str | None
    url_portal: str | None


def ask_status(client: OmieClient, note: NoteState, *, by_our_code: bool = False) -> Answer:
    """StatusOS of one order, with the city hall's messages.

    Args:
        by_our_code: name the order by our code although Omie's id is known: another question.

    Raises:
        OmieFault: any; ``RecordNotFound`` when Omie has no such order.
    """
    key: Json = {"cCodIntOS": note.cod_int_os}
    if note.n_cod_os is not None and not by_our_code:
        key = {"nCodOS": note.n_cod_os}
    return _ask(client, "StatusOS", {**key, "lMsg": "S"})


def list_notes(
    client: OmieClient, first: date, last: date, *, status: str = ""
) -> list[Mapping[str, Any]]:
    """Every note issued in a window of days, both inclusive, of ListarNFSEs.

    Args:
        client: the client of the empresa.
        first: first day of emission.
        last: last day of emission.
        status: ``C`` for cancelled notes only; ``""`` for all.

    Raises:
        UnknownFault: an answer without the list, which would look like an empty one.
        OmieFault: any other; nothing is returned of a list that was not read to its end.
    """
    param: Json = {
        "dEmiInicial": first.strftime("%d/%m/%Y"),
        "dEmiFinal": last.strftime("%d/%m/%Y"),
        **({"cStatusNFSe": status} if status else {}),
    }
    return _all_pages(client, param)


def list_of_order(client: OmieClient, n_cod_os: int) -> list[Mapping[str, Any]]:
    """The notes of one order, of ListarNFSEs.

    Raises:
        OmieFault: as :func:`list_notes`.
    """
    return _all_pages(client, {"nCodigoOS": n_cod_os})


def ask_links(client: OmieClient, n_cod_nf: int) -> Links:
    """ObterNFSe: links of one note (official fields; that a PDF may come later is a guess).

    Raises:
        OmieFault: any.
    """
    answer = client.read_text(
        _DOCUMENTS, "ObterNFSe", {"nIdNf": n_cod_nf}, give_up=lambda _: True
    ).body
    return Links(
        _document_link(answer.get("cPdfNFSe")),
        _document_link(answer.get("cXmlNFSe")),
        _document_link(answer.get("cLinkPortal")) or _document_link(answer.get("cUrlNFSe")),
    )


def _all_pages(client: OmieClient, param: Json) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for page in range(1, _MOST_PAGES + 1):
        asked = {"nPagina": page, "nRegPorPagina": ROWS_PER_PAGE, **param}
        try:
            body = client.read_text(_NOTES, "ListarNFSEs", asked, give_up=lambda _: True).body
        except Empty:
            return found
        rows = body.get("nfseEncontradas")
        pages = str(body.get("nTotPaginas"))
        if not isinstance(rows, list) or not pages.isdecimal():
            raise UnknownFault(FaultDetail(texts.NO_LIST, http_status=200))
        found += [row for row in rows if isinstance(row, Mapping)]
        if not rows or page >= int(pages):
            break
    return found


def _ask(client: OmieClient, method: str, param: Json) -> Answer:
    return client.read_text(_ORDERS, method, param, give_up=lambda _: True)


def exact(answer: Answer) -> Json:
    """The body of an answer with its sums as ``Decimal``."""
    return json_object(answer.text) or {}


def _document_link(value: Any) -> str | None:
    text = str(value or "").strip()
    return text if text.startswith(("https://", "http://")) else None
