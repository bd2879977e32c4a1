"""The questions about notes, each asked at most once and never waited for.

A question that may not leave now (``RetryLater``) is raised to the caller, who comes back later:
a sensor must not sleep a minute, and an identical question inside 60 seconds restarts the minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from omie_pipeline.catalog.services import load_service
from omie_pipeline.errors import Empty, FaultDetail, UnknownFault
from omie_pipeline.nfse.nfse import NoteState
from omie_pipeline.omie import Answered, OmieClient
from omie_pipeline.omie.wire import Json, json_object

ROWS_PER_PAGE = 100
_MOST_PAGES = 200
_ORDERS = load_service("servicos_os")
_NOTES = load_service("servicos_nfse")
_DOCUMENTS = load_service("servicos_osdocs")
_NO_LIST = "O Omie respondeu sem a lista de notas ou sem o total de páginas"


@dataclass(frozen=True, slots=True)
class Links:
    """Where the files of a note are; ``None`` if Omie has none yet."""

    url_pdf: str | None
    url_xml: str | None
    url_portal: str | None


def ask_status(client: OmieClient, note: NoteState, *, by_our_code: bool = False) -> Answered:
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
        _link(answer.get("cPdfNFSe")),
        _link(answer.get("cXmlNFSe")),
        _link(answer.get("cLinkPortal")) or _link(answer.get("cUrlNFSe")),
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
            raise UnknownFault(FaultDetail(_NO_LIST, http_status=200))
        found += [row for row in rows if isinstance(row, Mapping)]
        if not rows or page >= int(pages):
            break
    return found


def _ask(client: OmieClient, method: str, param: Json) -> Answered:
    return client.read_text(_ORDERS, method, param, give_up=lambda _: True)


def exact(answer: Answered) -> Json:
    """The body of an answer with its sums as ``Decimal``."""
    return json_object(answer.text) or {}


def _link(value: Any) -> str | None:
    text = str(value or "").strip()
    return text if text.startswith(("https://", "http://")) else None
