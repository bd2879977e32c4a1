"""What every endpoint has in common, and the places where one may differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any, Literal

from omie_pipeline.catalog import Endpoint, Method
from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.fields import FieldChecks, is_blank, parse_date
from omie_pipeline.simulator.engine.state import AppState, Collection, Record, RecordKey, audit_days

EmptyList = Literal["fault", "zero", "first_page"]
BY_API = "WEBSERVICE"
BY_PERSON = "P000116932"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Settings of the simulated Omie that are no limit.

    Attributes:
        latency_ms: real milliseconds between a call and its answer.
        stale_reads_seconds: simulated seconds for which *Consultar* still gives the state from
            before a write (omie-api.md#stale-reads: up to about 60).
        max_page_size: larger pages are cut to this, silently (omie-api.md#page-size).
        lot_records: larger lots are refused whole (omie-api.md#lots: official for clientes).
        require_document: refuse a cliente without CPF/CNPJ (seen in one app, not in Omie's own
            examples).
        require_account: refuse a título without conta corrente (omie-api.md#what-omie-fills-in).
        html_escapes: reads give texts HTML-escaped (omie-api.md#escaped-texts).
        broken_above_page_size: a list asked for larger pages than this answers "Broken response
            from Application Server (BG)" (omie-api.md#broken-servers); ``None`` for never.
        extra_fields: fields that Omie has added, by list method and (dotted) name:
            ``{"ListarMovimentos": {"detalhes.cNovo": "x"}}``.
        inverted_account_nature: account rows of ``financas/mf`` show the other ``cNatureza``
            (omie-api.md#movements: "can look inverted").
        statement_forecasts: ``ListarExtrato`` also gives open títulos, ``cSituacao`` "Previsto".
        signed_statement: ``nValorDocumento`` of ``ListarExtrato`` is negative for money out.
        repeated_os_refused: a second IncluirOS under a code that Omie has is refused; otherwise it
            makes a second order.
        repeated_billing_refused: FaturarOS of a billed order is refused; otherwise it issues a
            second note (reported of a similar API).
        repeated_settlement_refused: a settlement under a code that Omie has is refused; otherwise
            it settles once more (omie-api.md#settlements).
        settlement_above_balance_refused: a settlement of more than is open is refused (the text is
            not recorded, omie-api.md#settlements).
        batch_rows_name_settlement: the rows of a batch settlement in ``financas/mf`` have their
            ``nCodBaixa``; otherwise only the entry they share (omie-api.md#movement-keys).
        batch_rows_carry_entry: ``nValorMovCC`` of such a row is the entry's sum; otherwise the
            row's part (both are a guess).
        loose_entries_only: ``ListarLancCC`` leaves out what settlements moved
            (omie-api.md#account-entries).
        refused_key_status: HTTP status of a refused key (omie-api.md#refused-keys: 403 was seen;
            200 and 500 occur in other people's tests).
        nfse_seconds: simulated seconds between FaturarOS and the city hall's answer.
        city_hall_down: notes stay under way, whatever time passes.
        cancel_race: which wins when an order is cancelled while its note is under way.
    """

    latency_ms: float = 0.0
    stale_reads_seconds: float = 0.0
    max_page_size: int = 500
    lot_records: int = 50
    require_document: bool = False
    require_account: bool = False
    html_escapes: bool = False
    broken_above_page_size: int | None = None
    extra_fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    inverted_account_nature: bool = False
    statement_forecasts: bool = False
    signed_statement: bool = True
    repeated_os_refused: bool = False
    repeated_billing_refused: bool = False
    repeated_settlement_refused: bool = False
    settlement_above_balance_refused: bool = True
    batch_rows_name_settlement: bool = True
    batch_rows_carry_entry: bool = True
    loose_entries_only: bool = False
    refused_key_status: int = 403
    nfse_seconds: float = 40.0
    city_hall_down: bool = False
    cancel_race: Literal["cancelled", "authorised"] = "cancelled"

    def changed(self, **changes: Any) -> Behaviour:
        """The same settings but for those named."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Context:
    """One call, as the rules see it."""

    app: AppState
    endpoint: Endpoint
    method: Method
    checks: FieldChecks
    now: datetime
    behaviour: Behaviour
    by_person: bool = False
    collection: Collection = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "collection", self.app.collections[self.endpoint.name])

    def other(self, endpoint_name: str) -> Collection | None:
        """Records of another endpoint of the same app."""
        return self.app.collections.get(endpoint_name)


class EndpointRules:
    """Rules of an endpoint that has none of its own; the others inherit."""

    noun: Noun = Noun("Registro")
    empty_list: EmptyList = "fault"
    """A page with no rows: a fault (most lists), 0 records, or page 1 again (ListarEmpresas)."""
    kept_in_lists: Mapping[str, object] = MappingProxyType({})
    """Keys that lists give even without a value, and what they then hold."""
    shown_on_request: Mapping[str, str] = MappingProxyType({})
    """Keys that lists leave out -> the request tag that, set to "S", shows them."""
    indexed_window: bool = True
    """Does ``filtrar_por_data_*`` mean the days of inclusion and change, as nearly everywhere?"""

    def excused(self, context: Context) -> frozenset[str]:
        """Mandatory tags that need not be sent: alternatives, defaults, and codes we give."""
        endpoint = context.endpoint
        alternatives = {tag for group in endpoint.either for tag in group}
        return frozenset({*alternatives, endpoint.omie_key})

    def before_write(self, context: Context, record: Record, sent: Record) -> None:  # noqa: ARG002 (hook)
        """Check references and fill in what Omie computes; ``record`` is about to be stored."""
        for tag, target in context.endpoint.references:
            code = sent.get(tag)
            others = context.other(target)
            if code and others is not None and others.by_code(str(code)) is None:
                raise faults.not_found_by_code(self.noun, str(code))

    def takes_twice(self, context: Context) -> bool:  # noqa: ARG002 (hook)
        """Does Omie make a second record for an integration code that it has?"""
        return False

    def guard(self, context: Context, record: Record, action: str) -> None:
        """Refuse to touch ``record``; ``action`` is a Portuguese infinitive."""

    def present(self, context: Context, record: Record) -> Record:  # noqa: ARG002 (hook)
        """The record with what Omie derives at the time of reading."""
        return record

    def listed(self, shown: Record, sent: Record) -> Record:  # noqa: ARG002 (hook)
        """The row as this list gives it."""
        return shown

    def adopt(self, app: AppState, record: Record) -> None:
        """Complete a record that is seeded as it is: ids of its inner parts."""

    def not_found(self, *, by_code: bool, value: object) -> faults.SimulatedFaultError:
        """No record under this id or integration code."""
        if by_code:
            return faults.not_found_by_code(self.noun, str(value))
        return faults.not_found_by_id(self.noun, value)

    def check_list(self, sent: Record) -> None:
        """Refuse a combination of filters."""

    def empty_page(self, page: int) -> faults.SimulatedFaultError:
        """The fault of a page without rows."""
        return faults.empty_page(page)

    def candidates(self, context: Context, sent: Record) -> list[RecordKey] | None:  # noqa: ARG002 (hook)
        """Ascending keys among which alone a list's filters can find anything; ``None`` for all."""
        return None

    def matches(self, context: Context, record: Record, sent: Record) -> bool:  # noqa: ARG002 (hook)
        """Does ``record`` pass the list's filters?"""
        if sent.get("apenas_importado_api") == "S" and not imported_by_api(record):
            return False
        if sent.get("filtrar_apenas_ativo") == "S" and is_inactive(record):
            return False
        return in_change_window(record, sent)


def is_inactive(record: Record) -> bool:
    """Every service has its own name for this flag."""
    return "S" in {record.get(tag) for tag in ("inativo", "conta_inativa", "inativa")}


def imported_by_api(record: Record) -> bool:
    info = record.get("info") or record.get("infoCadastro") or {}
    return "S" in {info.get("cImpAPI"), record.get("importado_api")}


def stamp(context: Context) -> Record:
    """An ``info`` block of now (omie-api.md#audit-block)."""
    day, hour = context.now.strftime("%d/%m/%Y"), context.now.strftime("%H:%M:%S")
    user = BY_PERSON if context.by_person else BY_API
    made = {"dInc": day, "hInc": hour, "uInc": user, "dAlt": day, "hAlt": hour, "uAlt": user}
    return {**made, "cImpAPI": "N" if context.by_person else "S"}


_KEPT = ("dInc", "hInc", "uInc", "cImpAPI")


def audit(context: Context, record: Record, before: Record | None) -> None:
    """Stamp who created and changed ``record``, and when (omie-api.md#audit-block)."""
    tags = {item.name for item in context.endpoint.record.fields}
    now = stamp(context)
    day, hour, user, imported = (now[tag] for tag in ("dAlt", "hAlt", "uAlt", "cImpAPI"))
    kind = context.endpoint.record.field("info")
    if kind is not None and context.endpoint.service.type_of(kind).field("data_inc"):
        old = (before or {}).get("info") or {}
        since = {"data_inc": day, "hora_inc": hour, "user_inc": user, **old}
        record["info"] = {**since, "data_alt": day, "hora_alt": hour, "user_alt": user}
    elif name := next((tag for tag in ("info", "infoCadastro") if tag in tags), ""):
        old = (before or {}).get(name) or {}
        kept = {tag: old[tag] for tag in _KEPT if tag in old}
        record[name] = {**(record.get(name) or {}), **now, **kept}
    elif "data_inc" in tags:
        if before is None:
            record.update(data_inc=day, hora_inc=hour, user_inc=user)
        record.update(data_alt=day, hora_alt=hour, user_alt=user)
    if "importado_api" in tags and before is None:
        record["importado_api"] = imported


def moment(day: object, hour: object = "") -> datetime | None:
    """A naive moment from Omie's date and time."""
    parsed = parse_date(str(day or ""))
    if parsed is None:
        return None
    return datetime.combine(parsed, time.fromisoformat(str(hour or "00:00:00")))


def in_change_window(record: Record, sent: Record) -> bool:
    """``filtrar_por_data_*``: included and/or changed inside the window.

    ``filtrar_apenas_alteracao`` is a plain window on the change, in which a new record counts too
    (omie-api.md#windows-of-days).
    """
    first = moment(sent.get("filtrar_por_data_de"), sent.get("filtrar_por_hora_de"))
    last = moment(sent.get("filtrar_por_data_ate"), sent.get("filtrar_por_hora_ate") or "23:59:59")
    if first is None and last is None:
        return True
    info = record.get("info") or {}
    first_day, last_day = audit_days(record)
    included, changed = moment(first_day, info.get("hInc")), moment(last_day, info.get("hAlt"))
    if sent.get("filtrar_apenas_inclusao") == "S":
        moments = [included]
    elif sent.get("filtrar_apenas_alteracao") == "S":
        moments = [changed]
    else:
        moments = [included, changed]
    return any(
        at is not None and (first is None or at >= first) and (last is None or at <= last)
        for at in moments
    )


def in_day_window(value: object, first: object, last: object) -> bool:
    """A dd/mm/aaaa value between two dd/mm/aaaa ends, of which either may be missing."""
    if is_blank(first) and is_blank(last):
        return True
    day = parse_date(str(value or ""))
    low, high = (parse_date(str(first or "")) or date.min, parse_date(str(last or "")) or date.max)
    return day is not None and low <= day <= high


def same_text(left: Any, right: Any) -> bool:
    """Equal, whatever case and spaces (status words come in two spellings)."""
    squeeze = str.maketrans("", "", " _")
    return str(left).translate(squeeze).upper() == str(right).translate(squeeze).upper()
