"""servicos/contrato: what a contract must have, and what Omie computes of it."""

from __future__ import annotations

from decimal import Decimal

from omie_pipeline.simulator import check_digits
from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.rules.base import Context, EndpointRules, in_change_window
from omie_pipeline.simulator.rules.linked import block, cents, check_links, linked_cliente
from omie_pipeline.simulator.rules.servicos import SERVICO

CONTRATO = Noun("Contrato")
DRAWN_UP, ACTIVE, SUSPENDED, CANCELLED = "00", "10", "90", "99"
_HEADER = ("nCodCli", "cNumCtr", "dVigInicial", "dVigFinal", "nDiaFat", "cTipoFat")
_ITEM_ALONE = ("natOperacao", "codServMunic", "codLC116", "quant", "valorUnit")


class ContratoRules(EndpointRules):
    """Situations change through contratofat only: ``cCodSit`` counts when a contract is made."""

    noun = CONTRATO
    shown_on_request = {"observacoes": "cExibeObs", "infoCadastro": "cExibirInfoCadastro"}  # noqa: RUF012 (frozen by use)

    def before_write(self, context: Context, record: Record, sent: Record) -> None:
        head = block(record, "cabecalho")
        before = context.collection.get(head.get("nCodCtr") or 0)
        for tag in _HEADER:
            if not head.get(tag):
                raise faults.missing_tag(tag)
        linked_cliente(context, head["nCodCli"])
        check_links(context, block(record, "infAdic"))
        if not record.get("itensContrato"):
            raise faults.missing_tag("itensContrato")
        held = (before or {}).get("itensContrato") or []
        changed = "itensContrato" in sent or before is None
        items = [
            _item(context, item, number, held) if changed else item
            for number, item in enumerate(record["itensContrato"], 1)
        ]
        record["itensContrato"] = items
        asked = DRAWN_UP if head.get("cCodSit") == DRAWN_UP else ACTIVE
        situation = block(before or {}, "cabecalho").get("cCodSit") or asked
        total = sum((Decimal(i["itemCabecalho"]["valorTotal"]) for i in items), Decimal(0))
        record["cabecalho"] = {**head, "cCodSit": situation, "nValTotMes": total}

    def guard(self, context: Context, record: Record, action: str) -> None:
        if not context.by_person and record["cabecalho"].get("cCodSit") == CANCELLED:
            raise faults.not_now(action, "um contrato cancelado")

    def matches(self, context: Context, record: Record, sent: Record) -> bool:
        cliente = record["cabecalho"].get("nCodCli")
        clientes = context.other("clientes")
        held = clientes.get(cliente or 0) if clientes is not None else None
        document = check_digits.bare(str((held or {}).get("cnpj_cpf") or ""))
        wanted = check_digits.bare(str(sent.get("filtrar_cnpj_cpf") or ""))
        return (
            super().matches(context, record, sent)
            and in_change_window({"info": record.get("infoCadastro")}, sent)
            and sent.get("filtrar_cliente") in {None, 0, cliente}
            and wanted in {"", document}
        )


def _item(context: Context, item: Record, number: int, held: list[Record]) -> Record:
    head = block(item, "itemCabecalho")
    service = head.get("codServico")
    if service:
        services = context.other("servicos")
        known = services.get(service) if services is not None else None
        if known is None:
            raise faults.not_found_by_id(SERVICO, service)
        named = block(known, "cabecalho")
        taken = {
            "natOperacao": named.get("cIdTrib"),
            "codServMunic": named.get("cCodServMun"),
            "codLC116": named.get("cCodLC116"),
            "quant": 1,
            "valorUnit": named.get("nPrecoUnit"),
        }
        head = {**taken, **{tag: value for tag, value in head.items() if not is_blank(value)}}
    else:
        for tag in _ITEM_ALONE:
            if not head.get(tag):
                raise faults.missing_tag(tag, " quando [codServico] não é informado")
    if is_blank(block(item, "itemDescrServ").get("descrCompleta")) and not service:
        raise faults.missing_tag("descrCompleta")
    head["codItem"] = _same_item(head, number, held) or context.app.new_id()
    head.setdefault("seq", number)
    return {**item, "itemCabecalho": {**head, "valorDed": 0, "valorTotal": _total(head)}}


def _same_item(head: Record, number: int, held: list[Record]) -> object:
    """Id of the item that this one replaces: by id, by our code, by its place."""
    heads = [block(item, "itemCabecalho") for item in held]
    for tag, wanted in (("codItem", head.get("codItem")), ("codIntItem", head.get("codIntItem"))):
        if wanted:
            return next((h.get("codItem") for h in heads if h.get(tag) == wanted), 0)
    return next((h.get("codItem") for h in heads if h.get("seq") == (head.get("seq") or number)), 0)


def _total(head: Record) -> Decimal:
    gross = Decimal(head.get("quant") or 0) * Decimal(head.get("valorUnit") or 0)
    if head.get("cTpDesconto") == "P":
        discount = gross * Decimal(head.get("aliqDesconto") or 0) / 100
    else:
        discount = Decimal(head.get("valorDesconto") or 0)
    return cents(gross - discount + Decimal(head.get("valorAcrescimo") or 0))
