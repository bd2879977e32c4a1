"""servicos/osdocs: links to the documents of an order (official shapes, links to the simulator)."""

from __future__ import annotations

from html import escape

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.operations import Action
from omie_pipeline.simulator.engine.state import AppState, Record, State, hash_of
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.wire import JsonObject

# The PDF and XML of notes, orders and receipts, served by the simulator itself.

_TYPES = {"pdf": "application/pdf", "xml": "application/xml", "html": "text/html"}


def mark_of(app: AppState) -> str:
    """What tells companies apart in a link, without their key: ids repeat between them."""
    return hash_of(f"docs:{app.app_key}")[:8]


def nfse_link(app: AppState, omie_id: int, ending: str) -> str:
    """``http://127.0.0.1:PORT/docs/nfse/<nCodNF>.pdf``, ``.xml`` or ``.html``."""
    return f"{app.docs_url}/nfse/{omie_id}.{ending}?e={mark_of(app)}"


def link(app: AppState, kind: str, omie_id: int) -> str:
    """The PDF of an order (``os``), an RPS (``rps``) or a receipt (``recibo``)."""
    return f"{app.docs_url}/{kind}/{omie_id}.pdf?e={mark_of(app)}"


def served(state: State, kind: str, name: str, mark: str) -> tuple[bytes, str] | None:
    """Bytes and content type of ``<kind>/<name>``, ``None`` when there is no such document.

    Args:
        state: the state of the simulator.
        kind: the kind of the document.
        name: the name of the file.
        mark: the mark that the link carries.
    """
    stem, _, ending = name.rpartition(".")
    if not stem.isdigit() or ending not in _TYPES:
        return None
    for app in state.apps.values():
        if mark in {"", mark_of(app)} and (fields := _fields(app, kind, int(stem))) is not None:
            return _written(fields, ending), _TYPES[ending]
    return None


def _fields(app: AppState, kind: str, omie_id: int) -> dict[str, str] | None:
    name = "ordens_servico" if kind == "os" else "notas_servico"
    collection = app.collections.get(name)
    record = collection.get(omie_id) if collection is not None else None
    if record is None:
        return None
    return _of_order(app, record) if kind == "os" else _of_note(app, record, kind)


def _of_order(app: AppState, record: Record) -> dict[str, str]:
    head = record["Cabecalho"]
    return {
        "Documento": "Ordem de Serviço",
        "Numero": str(head.get("cNumOS") or ""),
        "Prestador": app.name,
        "Valor": str(head.get("nValorTotal") or 0),
    }


def _of_note(app: AppState, record: Record, kind: str) -> dict[str, str]:
    head = record.get("Cabecalho") or {}
    rps = (record.get("RPS") or {}).get("nNumeroRPS")
    return {
        "Documento": {"nfse": "NFS-e", "rps": "RPS"}.get(kind, "Recibo"),
        "Numero": str((rps if kind == "rps" else head.get("nNumeroNFSe")) or ""),
        "CodigoVerificacao": str(head.get("cCodigoVerifNFSe") or ""),
        "Situacao": "Cancelada" if head.get("cStatusNFSe") == "C" else "Normal",
        "Prestador": app.name,
        "Valor": str(head.get("nValorNFSe") or 0),
    }


def _written(fields: dict[str, str], ending: str) -> bytes:
    if ending == "pdf":
        return pdf([f"{name}: {text}" for name, text in fields.items()])
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items())
    if ending == "xml":
        return f'<?xml version="1.0" encoding="UTF-8"?><Nfse>{inner}</Nfse>'.encode()
    rows = "".join(f"<p>{escape(name)}: {escape(text)}</p>" for name, text in fields.items())
    return f'<!doctype html><meta charset="utf-8"><title>NFS-e</title>{rows}'.encode()


def pdf(lines: list[str]) -> bytes:
    """A page of A4 with these lines: a valid PDF 1.4 that any reader opens."""
    drawn = "".join(f"({_escaped(line)}) Tj T* " for line in lines)
    content = f"BT /F1 12 Tf 16 TL 60 780 Td {drawn}ET".encode("cp1252", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    body, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    )


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


_MISSING = "103"
"""``cCodStatus`` of a document that is not there, with HTTP 200 (omie-api.md#status-in-the-answer;
seen for boletos, a guess here)."""


def _note(context: Context, sent: JsonObject, tag: str) -> Record | None:
    omie_id = sent.get(tag)
    if not omie_id:
        raise faults.missing_tag(tag)
    collection = context.other("notas_servico")
    return collection.get(omie_id) if collection is not None else None


def _missing(what: str, omie_id: object) -> JsonObject:
    return {"cCodStatus": _MISSING, "cDesStatus": f"{what} não encontrado para o Id [{omie_id}]!"}


def _found(record: Record, **more: object) -> JsonObject:
    number = (record.get("OrdemServico") or {}).get("nNumeroOS") or ""
    return {"cNumOs": number, **more, "cCodStatus": "0", "cDesStatus": "Documento obtido!"}


def note(context: Context, sent: JsonObject) -> JsonObject:
    """``ObterNFSe``: PDF, XML and page of a note by ``nCodNF``."""
    record = _note(context, sent, "nIdNf")
    if record is None:
        return _missing("NFS-e", sent["nIdNf"])
    head, app = record["Cabecalho"], context.app
    pages = nfse_link(app, record["_id"], "html")
    return _found(
        record,
        cNumNFSe=head.get("nNumeroNFSe") or "",
        cSerieNFSe=head.get("cSerieNFSe") or "",
        cCodVerif=head.get("cCodigoVerifNFSe") or "",
        cLinkPortal=pages,
        cUrlNFSe=pages,
        cPdfNFSe=nfse_link(app, record["_id"], "pdf"),
        cXmlNFSe=nfse_link(app, record["_id"], "xml"),
    )


def rps(context: Context, sent: JsonObject) -> JsonObject:
    """``ObterRPS``."""
    record = _note(context, sent, "nIdNf")
    if record is None:
        return _missing("RPS", sent["nIdNf"])
    made, url = record.get("RPS") or {}, link(context.app, "rps", record["_id"])
    return _found(
        record,
        cNumRPS=made.get("nNumeroRPS") or "",
        cSerieRPS=made.get("cSerieRPS") or "",
        cPdfRPS=url,
        cLinkPortal=url,
    )


def receipt(context: Context, sent: JsonObject) -> JsonObject:
    """``ObterRecibo``."""
    record = _note(context, sent, "nIdRec")
    if record is None:
        return _missing("Recibo", sent["nIdRec"])
    url = link(context.app, "recibo", record["_id"])
    return _found(record, cNumRecibo=str(record["_id"]), cPdfRecibo=url, cLinkPortal=url)


def order(context: Context, sent: JsonObject) -> JsonObject:
    """``ObterOS``."""
    omie_id = sent.get("nIdOs")
    record = context.collection.get(omie_id) if omie_id else None
    if record is None:
        return _missing("OS", omie_id or 0)
    url = link(context.app, "os", record["Cabecalho"]["nCodOS"])
    held = {"OrdemServico": {"nNumeroOS": record["Cabecalho"].get("cNumOS")}}
    return _found(held, cPdfOs=url, cLinkPortal=url)


OBTAINED: dict[str, Action] = {
    "ObterNFSe": note,
    "ObterRPS": rps,
    "ObterRecibo": receipt,
    "ObterOS": order,
}
