"""Notas fiscais: NFS-e and NF-e, issued and cancelled (shapes as recorded)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from omie_pipeline.simulator import documents
from omie_pipeline.simulator.book_rows import document_of, without_blanks
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.base import audit, stamp
from omie_pipeline.simulator.state import Record


def new_note(
    context: Context, value: Decimal, cliente: int, day: date | None, category: str
) -> Record:
    """A nota of ``day``, typed now."""
    issued = f"{day or context.now.date():%d/%m/%Y}"
    make = _service if context.endpoint.name == "notas_servico" else _product
    omie_id = context.app.new_id()
    return {"_id": omie_id, **make(context, omie_id, value, cliente, issued, category)}


def cancelled(context: Context, before: Record, reason: str) -> Record:
    """The same nota, cancelled now."""
    day, hour = f"{context.now:%d/%m/%Y}", f"{context.now:%H:%M:%S}"
    if context.endpoint.name == "notas_produto":
        record = {**before, "ide": {**before["ide"], "dCan": day}}
        audit(context, record, before)
        return record
    user = stamp(context)["uAlt"]
    return {
        **before,
        "Cabecalho": {**before["Cabecalho"], "cStatusNFSe": "C"},
        "Cancelamento": without_blanks(
            {
                "cDataCancelamento": day,
                "cHoraCancelamento": hour,
                "cUsuarioCancelamento": user,
                "cMotivoCancelamento": reason,
            }
        ),
        "Alteracao": {"cDataAlteracao": day, "cHoraAlteracao": hour, "cUsuarioAlteracao": user},
    }


def _service(
    context: Context, omie_id: int, value: Decimal, cliente: int, day: str, category: str
) -> Record:
    document, made = document_of(context, cliente), stamp(context)
    tag = "cCPFDestinatario" if documents.is_person(document) else "cCNPJDestinatario"
    head = {
        "nCodNF": omie_id,
        "nNumeroNFSe": f"{len(context.collection) + 1:08d}",
        "cSerieNFSe": "NFSE",
        "nValorNFSe": value,
        "cStatusNFSe": "F",
        "cAmbienteNFSe": "P",
        "cCodigoVerifNFSe": f"{omie_id:015d}",
        "cCidadeEmissor": "SAO PAULO",
        "nCodigoCliente": cliente,
        tag: document,
    }
    return {
        "Cabecalho": without_blanks(head),
        "OrdemServico": {"nCodigoOS": context.app.new_id(), "nValorOS": value},
        "Adicionais": {"cCodigoCategoria": category},
        "Valores": {"nValorTotalServicos": value, "nValorLiquido": value, "cIssRetido": "N"},
        "Inclusao": {
            "cDataInclusao": made["dInc"],
            "cHoraInclusao": made["hInc"],
            "cUsuarioInclusao": made["uInc"],
        },
        "Alteracao": {
            "cDataAlteracao": made["dAlt"],
            "cHoraAlteracao": made["hAlt"],
            "cUsuarioAlteracao": made["uAlt"],
        },
        "Emissao": {
            "cDataEmissao": day,
            "cHoraEmissao": made["hInc"],
            "cUsuarioEmissao": made["uInc"],
        },
        "ListaServicos": [
            {"CodigoServico": "4.01", "nQuantidade": 1, "nValorUnitario": value,
             "nValorTotal": value, "cDescricao": "Serviços de saúde"}
        ],
    }  # fmt: skip


def _product(
    context: Context, omie_id: int, value: Decimal, cliente: int, day: str, category: str
) -> Record:
    clientes = context.other("clientes")
    held = clientes.get(cliente) if clientes is not None and cliente else None
    return {
        "ide": {
            "mod": "55", "serie": "001", "nNF": f"{len(context.collection) + 1:08d}",
            "dEmi": day, "hEmi": "12:00:00", "dReg": day, "dSaiEnt": day, "tpNF": "1",
            "tpAmb": "1", "finNFe": "1", "indPag": "0", "cDeneg": "N", "dCan": "", "dInut": "",
        },
        "nfDestInt": {
            "nCodCli": cliente,
            "cRazao": (held or {}).get("razao_social") or "",
            "cnpj_cpf": documents.bare(document_of(context, cliente)),
        },
        "det": [{"prod": {"xProd": "Produto", "qCom": 1, "vUnCom": value, "vTotItem": value}}],
        "total": {"ICMSTot": {"vNF": value, "vProd": value}},
        "compl": {"nIdNF": omie_id, "cChaveNFe": f"{omie_id:044d}", "cCodCateg": category},
        "info": stamp(context),
    }  # fmt: skip
