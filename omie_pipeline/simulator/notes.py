"""Notas fiscais: NFS-e and NF-e, issued and cancelled (shapes as recorded)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from omie_pipeline.catalog import Method
from omie_pipeline.simulator import check_digits
from omie_pipeline.simulator.engine.state import Collection, Record
from omie_pipeline.simulator.money.book import document_of, without_blanks
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.base import audit, stamp
from omie_pipeline.simulator.rules.ordens import RPS, OrderNumbers, amount_of


def new_note(
    context: Context, value: Decimal, cliente: int, day: date | None, category: str
) -> Record:
    """A nota of ``day``, typed now.

    Args:
        context: app, endpoint and time of the call.
        value: in R$.
        cliente: Omie's id of the cliente.
        day: the day of the event; today by default.
        category: its code.
    """
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


def issue_for_order(context: Context, order: Record, rps: Record) -> Record:
    """The NFS-e of an order, authorised now; answers what its RPS keeps of it."""
    app, head, more = context.app, order["Cabecalho"], order["InformacoesAdicionais"]
    collection = app.collections["notas_servico"]
    omie_id = app.new_id()
    issuer = Context(
        app, collection.endpoint, _list_of(collection), context.checks, context.now,
        context.behaviour,
    )  # fmt: skip
    note = _service(
        issuer, omie_id, head["nValorTotal"], head["nCodCli"], f"{context.now:%d/%m/%Y}",
        more["cCodCateg"],
    )  # fmt: skip
    note["OrdemServico"] = {
        "nCodigoOS": head["nCodOS"],
        "nNumeroOS": head.get("cNumOS") or "",
        "nValorOS": head["nValorTotal"],
        **without_blanks({"cNumeroContrato": more.get("cNumContrato")}),
    }
    note["RPS"] = {
        "nNumeroLote": rps["nLote"], "nStatusLote": "004", "nNumeroRPS": rps["nRps"],
        "cStatusRPS": "004", "cSerieRPS": "NFSE", "cProtocoloRPS": rps["cProtocolo"],
        "cDataRPS": f"{context.now:%d/%m/%Y}",
    }  # fmt: skip
    note["Adicionais"] = without_blanks(
        {
            "cCodigoCategoria": more["cCodCateg"],
            "nCodigoCC": more.get("nCodCC"),
            "nCodigoProjeto": more.get("nCodProj"),
            "nCodigoVendedor": head.get("nCodVend"),
        }
    )
    note["ListaServicos"] = [_service_line(item) for item in order["ServicosPrestados"]]
    app.put(collection, {"_id": omie_id, **note})
    made = note["Cabecalho"]
    number, code = made["nNumeroNFSe"], made["cCodigoVerifNFSe"]
    return {"nCodNF": omie_id, "nNfse": number, "cCodVerif": code}


def cancel_issued(context: Context, omie_id: int, reason: str) -> None:
    """Cancel a NFS-e that was issued; one that is gone or cancelled already stays as it is."""
    collection = context.app.collections["notas_servico"]
    before = collection.get(omie_id)
    if before is None or before["Cabecalho"].get("cStatusNFSe") == "C":
        return
    issuer = Context(
        context.app, collection.endpoint, _list_of(collection), context.checks, context.now,
        context.behaviour, context.by_person,
    )  # fmt: skip
    context.app.put(collection, cancelled(issuer, before, reason))


def marked_cancelled(order: Record, omie_id: int) -> Record:
    """The order, whose RPS of this note says that it is cancelled."""
    decided = [
        {**item, "state": "cancelled"} if item.get("nCodNF") == omie_id else item
        for item in order.get(RPS) or ()
    ]
    return {**order, RPS: decided}


def _list_of(collection: Collection) -> Method:
    return collection.endpoint.service.methods[collection.endpoint.list]


def _service_line(item: Record) -> Record:
    taxes = item.get("impostos") or {}
    return {
        "CodigoLC116": item.get("cCodServLC116") or "",
        "CodigoServico": item.get("cCodServMun") or "",
        "nQuantidade": item.get("nQtde") or 1,
        "nValorUnitario": item.get("nValUnit") or 0,
        "nValorServico": amount_of(item),
        "nValorTotal": amount_of(item),
        "nAliquotaISS": taxes.get("nAliqISS") or 0,
        "cRetISS": item.get("cRetemISS") or "N",
        "cDescricao": item.get("cDescServ") or "",
    }


def _service(
    context: Context, omie_id: int, value: Decimal, cliente: int, day: str, category: str
) -> Record:
    document, made = document_of(context, cliente), stamp(context)
    tag = "cCPFDestinatario" if check_digits.is_person(document) else "cCNPJDestinatario"
    head = {
        "nCodNF": omie_id,
        "nNumeroNFSe": context.app.view(OrderNumbers).next_note(),
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
            "cnpj_cpf": check_digits.bare(document_of(context, cliente)),
        },
        "det": [{"prod": {"xProd": "Produto", "qCom": 1, "vUnCom": value, "vTotItem": value}}],
        "total": {"ICMSTot": {"vNF": value, "vProd": value}},
        "compl": {"nIdNF": omie_id, "cChaveNFe": f"{omie_id:044d}", "cCodCateg": category},
        "info": stamp(context),
    }  # fmt: skip
