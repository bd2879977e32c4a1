"""servicos/osdocs: links to the documents of an order (official shapes, links to the simulator)."""

from __future__ import annotations

from omie_pipeline.simulator.documents_served import link, nfse_link
from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.operations import Action
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.wire import JsonObject

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
