"""servicos/os: what a service order must have, and what Omie computes of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.fields import is_blank, parse_date
from omie_pipeline.simulator.engine.state import AppState, Record, RecordKey
from omie_pipeline.simulator.rules.base import (
    BY_API,
    BY_PERSON,
    Context,
    EndpointRules,
    in_change_window,
    in_day_window,
)
from omie_pipeline.simulator.rules.linked import block, cents, check_links, linked_cliente
from omie_pipeline.simulator.rules.servicos import SERVICO

# The last numbers given to orders, RPS and notes of one company, and which orders wait.

RPS = "_rps"
"""What the city hall was asked for, oldest first; never on the wire."""

_NEVER = float("inf")


class OrderNumbers:
    """Follows the records: ``app.view(OrderNumbers)``."""

    def __init__(self, app: AppState) -> None:
        self.order = self.rps = self.note = 0
        self.waiting: dict[int, float] = {}
        """Orders with an RPS under way -> simulated second of the first answer due."""
        self._earliest = _NEVER
        self.notes_of: dict[int, list[int]] = {}
        """Notes by the order they were issued for, ascending."""
        for name, told in (("ordens_servico", self._order), ("notas_servico", self._note)):
            collection = app.collections.get(name)
            if collection is not None:
                for record in collection:
                    told(None, record)
                collection.listeners.append(told)

    def next_order(self) -> str:
        return str(self.order + 1)

    def next_rps(self) -> str:
        return str(self.rps + 1)

    def next_note(self) -> str:
        return f"{self.note + 1:08d}"

    def due(self, now: float) -> list[int]:
        """Orders whose answer is due, oldest first."""
        if now < self._earliest:
            return []
        self._earliest = min(self.waiting.values(), default=_NEVER)
        return sorted(key for key, at in self.waiting.items() if at <= now)

    def _order(self, before: Record | None, after: Record | None) -> None:
        held = (after or before or {})["Cabecalho"]
        key = int(held["nCodOS"])
        self.waiting.pop(key, None)
        if after is None:
            return
        self.order = max(self.order, _number(held.get("cNumOS")))
        for item in after.get(RPS) or ():
            self.rps = max(self.rps, _number(item["nRps"]))
            if item["state"] == "processing":
                at = self.waiting[key] = min(float(item["due"]), self.waiting.get(key, _NEVER))
                self._earliest = min(at, self._earliest)

    def _note(self, before: Record | None, after: Record | None) -> None:
        record = after or before or {}
        held = record.get("Cabecalho") or {}
        self.note = max(self.note, _number(held.get("nNumeroNFSe")))
        order = (record.get("OrdemServico") or {}).get("nCodigoOS") or 0
        kept = [key for key in self.notes_of.get(order, ()) if key != record["_id"]]
        self.notes_of[order] = sorted([*kept, record["_id"]]) if after else kept


def _number(text: object) -> int:
    plain = str(text or "")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 16 else 0


ORDEM = Noun("OS", feminine=True)
BILLED_STAGE, BACK_STAGE, FIRST_STAGE = "60", "50", "10"
_NO_YEAR, _LAST_DAY = 1900, date(9990, 1, 1)
_MOST_PARTS = 99
_ALONE = ("cTribServ", "cCodServMun", "cCodServLC116", "cDescServ", "nValUnit")
_MANDATORY = (
    ("Cabecalho", ("cCodParc",)),
    ("InformacoesAdicionais", ("cCodCateg", "nCodCC")),
)


def flags(record: Record) -> Record:
    """``InfoCadastro``: cancelled, billed, and since when."""
    return block(record, "InfoCadastro")


def is_billed(record: Record) -> bool:
    return bool(flags(record).get("cFaturada") == "S")


def is_cancelled(record: Record) -> bool:
    return bool(flags(record).get("cCancelada") == "S")


class OrdemRules(EndpointRules):
    """A repeated IncluirOS makes a second order, unless told otherwise."""

    noun = ORDEM

    def takes_twice(self, context: Context) -> bool:
        return not context.behaviour.repeated_os_refused

    def before_write(self, context: Context, record: Record, sent: Record) -> None:
        for name, tags in _MANDATORY:
            for tag in tags:
                if is_blank(block(record, name).get(tag)):
                    raise faults.missing_tag(tag)
        head = block(record, "Cabecalho")
        before = context.collection.get(head.get("nCodOS") or 0)
        given = block(sent, "Cabecalho")
        if not (head.get("nCodCli") or head.get("cCodIntCli")):
            raise faults.missing_either("nCodCli", "cCodIntCli")
        omie_id = given.get("nCodCli") or (0 if given.get("cCodIntCli") else head.get("nCodCli"))
        cliente = linked_cliente(context, omie_id, head.get("cCodIntCli"))
        if cliente is not None:
            head["nCodCli"] = cliente["codigo_cliente_omie"]
            head["cCodIntCli"] = cliente.get("codigo_cliente_integracao") or ""
        check_links(context, block(record, "InformacoesAdicionais"))
        check_links(context, {"nCodVend": head.get("nCodVend")})
        if not record.get("ServicosPrestados"):
            raise faults.missing_tag("ServicosPrestados")
        self._items(context, record, before, sent)
        record["Cabecalho"] = head
        _complete(record, context.now.date(), fresh=bool(sent.get("Parcelas")))
        if "cNumOS" not in record["Cabecalho"]:
            record["Cabecalho"]["cNumOS"] = context.app.view(OrderNumbers).next_order()
        record["InfoCadastro"] = _stamped(context, before)

    @staticmethod
    def _items(context: Context, record: Record, before: Record | None, sent: Record) -> None:
        if before is not None and sent.get("ServicosPrestados") is None:
            return
        held = (before or {}).get("ServicosPrestados") or []
        merged = _merged(held, sent["ServicosPrestados"])
        if not merged:
            raise faults.missing_tag("ServicosPrestados")
        record["ServicosPrestados"] = [
            _item(context, item, number) for number, item in enumerate(merged, 1)
        ]

    def guard(self, context: Context, record: Record, action: str) -> None:
        if context.by_person:
            return
        if is_billed(record):
            raise faults.already(f"OS já faturada, não é possível {action}")
        if is_cancelled(record):
            raise faults.already(f"OS já cancelada, não é possível {action}")

    def adopt(self, app: AppState, record: Record) -> None:
        for item in record.get("ServicosPrestados") or ():
            item.setdefault("nIdItem", app.new_id())
        record["InfoCadastro"] = {"cCancelada": "N", "cFaturada": "N", **flags(record)}
        _complete(record, date.min, fresh=True)

    def candidates(self, context: Context, sent: Record) -> list[RecordKey] | None:
        asked = [item for item in sent.get("filtrar_por_codigo") or () if any(item.values())]
        if not asked:
            return None
        orders, found = context.collection, set[RecordKey]()
        for item in asked:
            if item.get("nCodOS"):
                found.add(item["nCodOS"])
            else:
                twins = orders.all_by_code(str(item.get("cCodIntOS") or ""))
                found.update(orders.key_of(record) for record in twins)
        return sorted(int(key) for key in found)

    def matches(self, context: Context, record: Record, sent: Record) -> bool:  # noqa: ARG002 (hook)
        head, info = record["Cabecalho"], flags(record)
        status = {"F": is_billed(record), "C": is_cancelled(record)}
        status["N"] = not (status["F"] or status["C"])
        windows = (
            (head.get("dDtPrevisao"), "previsao"),
            (info.get("dDtFat"), "faturamento"),
            (info.get("dDtCanc"), "cancelamento"),
        )
        audited = {"dInc": info.get("dDtInc"), "dAlt": info.get("dDtAlt")}
        hours = {"hInc": info.get("cHrInc"), "hAlt": info.get("cHrAlt")}
        return (
            in_change_window({"info": {**audited, **hours}}, sent)
            and _is_named(head, sent.get("filtrar_por_codigo") or ())
            and status.get(str(sent.get("filtrar_por_status") or ""), True)
            and sent.get("filtrar_por_etapa") in {None, "", head.get("cEtapa")}
            and sent.get("filtrar_por_cliente") in {None, 0, head.get("nCodCli")}
            and all(
                in_day_window(
                    day, sent.get(f"filtrar_por_data_{name}_de"),
                    sent.get(f"filtrar_por_data_{name}_ate"),
                )
                for day, name in windows
            )
        )  # fmt: skip


def _is_named(head: Record, asked: Iterable[Record]) -> bool:
    """``filtrar_por_codigo``: any of the keys given; none given asks for all."""
    wanted = [item for item in asked if item.get("nCodOS") or item.get("cCodIntOS")]
    return not wanted or any(
        item.get("nCodOS") in {None, 0, head.get("nCodOS")}
        and item.get("cCodIntOS") in {None, "", head.get("cCodIntOS")}
        for item in wanted
    )


def _merged(held: list[Record], sent: list[Record]) -> list[Record]:
    """``cAcaoItem``: A changes and E removes the item named; I, or none, adds one more."""
    items = [dict(item) for item in held]
    for given in sent:
        action = given.get("cAcaoItem") if held else ""
        values = {tag: value for tag, value in given.items() if tag != "cAcaoItem"}
        if action not in {"A", "E"}:
            items.append(
                {tag: v for tag, v in values.items() if tag not in {"nIdItem", "nSeqItem"}}
            )
            continue
        place = _place(items, given)
        if action == "E":
            del items[place]
        else:
            items[place] = {**items[place], **values, "nIdItem": items[place]["nIdItem"]}
    return items


def _place(items: list[Record], given: Record) -> int:
    for tag in ("nIdItem", "nSeqItem"):
        if given.get(tag):
            found = (n for n, item in enumerate(items) if item.get(tag) == given[tag])
            place = next(found, None)
            if place is None:
                raise faults.not_found_by_id(Noun("Item da OS"), given[tag])
            return place
    raise faults.missing_either("nIdItem", "nSeqItem")


def _item(context: Context, item: Record, number: int) -> Record:
    service = service_of(context, item)
    if service is not None:
        head = block(service, "cabecalho")
        item = {**item, "nCodServico": service["intListar"]["nCodServ"]}
        taken = {
            "cTribServ": head.get("cIdTrib"),
            "cCodServMun": head.get("cCodServMun"),
            "cCodServLC116": head.get("cCodLC116"),
            "cDescServ": block(service, "descricao").get("cDescrCompleta"),
            "nValUnit": head.get("nPrecoUnit"),
            "cCodCategItem": head.get("cCodCateg"),
        }
        item |= {tag: value for tag, value in taken.items() if is_blank(item.get(tag))}
    else:
        for tag in _ALONE:
            if is_blank(item.get(tag)):
                raise faults.missing_tag(tag, " quando [nCodServico] não é informado")
    if not item.get("nIdItem"):
        item = {**item, "nIdItem": context.app.new_id()}
    plain = {"cNaoGerarFinanceiro": "N", "cRetemISS": "N", "nQtde": 1}
    return {**plain, **item, "nSeqItem": number}


def service_of(context: Context, item: Record) -> Record | None:
    """The catalogue's service that an item names, ``None`` when it names none.

    Raises:
        SimulatedFaultError: it names one that is not there.
    """
    services = context.other("servicos")
    omie_id, code = item.get("nCodServico"), str(item.get("cCodIntServico") or "")
    if services is None or not (omie_id or code):
        return None
    found = services.get(omie_id) if omie_id else services.by_code(code)
    if found is None:
        raise (faults.not_found_by_id(SERVICO, omie_id) if omie_id else faults.no_service(code))
    return found


def amount_of(item: Record) -> Decimal:
    """Reais of one item: quantity times price, less the discount, plus what is added."""
    gross = Decimal(item.get("nQtde") or 0) * Decimal(item.get("nValUnit") or 0)
    if item.get("cTpDesconto") == "P":
        discount = gross * Decimal(item.get("nAliqDesconto") or 0) / 100
    else:
        discount = Decimal(item.get("nValorDesconto") or 0)
    return cents(gross - discount + Decimal(item.get("nValorAcrescimos") or 0))


def _complete(record: Record, today: date, *, fresh: bool) -> None:
    """Total, stage and instalments; ``fresh`` when the instalments were given just now."""
    items = record.get("ServicosPrestados") or []
    total = sum(map(amount_of, items), Decimal(0))
    head = {"cEtapa": FIRST_STAGE, **block(record, "Cabecalho"), "nValorTotal": total}
    head.setdefault("dDtPrevisao", f"{today:%d/%m/%Y}" if today > date.min else "")
    parts = record.get("Parcelas") or []
    if not (parts and fresh):
        parts = _instalments(head, total, today, parts)
    record["Parcelas"] = parts
    record["Cabecalho"] = {**head, "nQtdeParc": len(parts)}


def _instalments(head: Record, total: Decimal, today: date, held: list[Record]) -> list[Record]:
    count = len(held) or int(head.get("nQtdeParc") or 1)
    if not 0 < count <= _MOST_PARTS:
        raise faults.wrong_value("nQtdeParc", f"1 a {_MOST_PARTS}")
    share = cents(total / count)
    first = min(parse_date(str(head.get("dDtPrevisao") or "")) or today, _LAST_DAY)
    at_once = head.get("cCodParc") == "000"
    made: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        days = 30 * (number - (1 if at_once else 0))
        value = share if number < count else total - share * (count - 1)
        due = first + timedelta(days=days)
        kept = held[number - 1] if number <= len(held) else {}
        text = f"{due:%d/%m/%Y}" if due.year > _NO_YEAR else ""
        plain = {"dDtVenc": text, "nDias": days, **kept}
        percent = cents(Decimal(100) / count)
        made.append({**plain, "nParcela": number, "nPercentual": percent, "nValor": value})
    return made


def _stamped(context: Context, before: Record | None) -> Record:
    day, hour = f"{context.now:%d/%m/%Y}", f"{context.now:%H:%M:%S}"
    user = BY_PERSON if context.by_person else BY_API
    made = {
        "cAmbiente": "P", "cCancelada": "N", "cFaturada": "N", "cOrigem": "API",
        "dDtInc": day, "cHrInc": hour, "uInc": user,
    }  # fmt: skip
    return {**made, **flags(before or {}), "dDtAlt": day, "cHrAlt": hour, "uAlt": user}
