"""How each endpoint is to be pushed: what a user may decide, with the defaults that are safe.

The values come from the section ``endpoints`` of the YAML file (``empresas.example.yaml``).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.catalog.limits import LOT_RECORDS
from omie_pipeline.catalog.model import two_sided
from omie_pipeline.catalog.nfse import NfseLimits
from omie_pipeline.catalog.relations import SETTLEMENTS, WORKS_ON, endpoints_around
from omie_pipeline.likely import did_you_mean
from omie_pipeline.texts import push as texts

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole: 0.05 is five per cent."""


class Guardrails(BaseModel):
    """Limits that stop a plan before its first call; ``--approve`` lets one run through.

    Attributes:
        max_quarantined_share: quarantined rows over selected rows, from 5 selected rows on; rows
            that only cannot be changed in Omie any more (``titulo_baixado``, ``os_faturada``, ...)
            are no accident and do not count.
        max_deletes: records that one plan may delete.
        max_delete_share: deletes over the records that the ledger holds as confirmed, from 10
            deletes on.
        min_rows_vs_median: selected rows over the median of recent runs, if that is 5 or more.
        max_changed_codes: rows that Omie has under another form of their code (``701``, ``701.0``);
            so many are quarantined, more stop the plan.
        max_emptied_share: rows that would lose the value of one field over the records that the
            ledger holds as confirmed, from 10 rows on.
        max_value_sum: sum in R$ of what one plan may send; ``None`` sets no ceiling.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_quarantined_share: Share = 0.5
    max_deletes: Annotated[int, Field(ge=0)] = 50
    max_delete_share: Share = 0.1
    min_rows_vs_median: Annotated[float, Field(ge=0)] = 0.5
    max_emptied_share: Share = 0.2
    max_changed_codes: Annotated[int, Field(ge=0)] = 2
    max_value_sum: Annotated[Decimal, Field(ge=0)] | None = None


class Approval(BaseModel):
    """From where on a push asks a person: its plan is stored, its rows are held, nothing is sent.

    Attributes:
        above_value: sum in R$ of what one plan may send unasked; ``None``: any.
        above_rows: rows that one plan may send unasked; ``None``: any number.
        deletes: whether every plan that deletes something in Omie needs approval.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    above_value: Annotated[Decimal, Field(ge=0)] | None = None
    above_rows: Annotated[int, Field(ge=0)] | None = None
    deletes: bool = False

    @property
    def asked(self) -> bool:
        """Whether any plan needs it."""
        return self.above_value is not None or self.above_rows is not None or self.deletes


Winner = Literal["clinica", "omie", "pessoa", "so_se_vazio"]
"""Whose value of a field stands where a person changed it in Omie: ``clinica`` sends the clinic's
and tells what that replaces, ``omie`` leaves Omie's alone, ``pessoa`` sends nothing of the record
until a person decides, ``so_se_vazio`` writes only where Omie has nothing."""


class Wins(BaseModel):
    """Who wins where both sides changed a record, field by field.

    Attributes:
        default: for every field that is not named.
        fields: name in the payload, with a point before nested ones -> who wins.
        minutes: how old a reading of Omie may be to be compared with; beyond it the record is read
            right before its call. 0: always.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: Winner = "clinica"
    fields: Mapping[str, Winner] = Field(default_factory=dict)
    minutes: Annotated[int, Field(ge=0, le=1440)] = 10

    @property
    def others(self) -> bool:
        """Whether anything may be left out of what the clinic sends."""
        return any(one != "clinica" for one in (self.default, *self.fields.values()))

    def of(self, field: str) -> Winner:
        """Who wins at a field; what is said of an object holds for all that is in it."""
        name = field
        while name:
            if name in self.fields:
                return self.fields[name]
            name = name.rpartition(".")[0]
        return self.default


def _wins(value: Any) -> Any:
    """``wins: omie`` says it for every field."""
    return {"default": value} if isinstance(value, str) else value


class EndpointPolicy(BaseModel):
    """How one endpoint is pushed.

    Attributes:
        mode: ``upsert`` inserts and updates; ``insert`` never touches a record already delivered;
            ``mirror`` also deletes what this ledger created and the model no longer has, if
            Omie deletes at all.
        partial_success: false stops the endpoint at the first refused row; what was done stays.
        on_duplicate_document: what to do when Omie has another record with the same CPF/CNPJ:
            ``reject`` names both ids, ``link`` gives that record our integration code.
        on_settled: what to do when a settled título, or its payment, changes at the clinic, which
            Omie refuses: ``conflict`` leaves it to a person, ``undo`` takes the settlement back,
            changes the título and settles again.
        twin_days: how many days a settlement that the bank or a person made may lie before or after
            a payment of the same value on the same título to be put to a person rather than
            settled a second time; 0 for the same day only.
        on_lookalike: what becomes of a título of the clinic's that a person typed into Omie already
            (same customer and value, due within ``lookalike_days``, open, without a code): ``list``
            makes ours as well and lists both (``duplicates``), ``adopt`` takes theirs for ours.
        lookalike_days: how many days apart the two may be due.
        on_emptied: what becomes of a field that was delivered with a value and is empty at the
            clinic now: ``empty`` empties it in Omie, by a guess too; ``keep`` leaves it there,
            and says so. Without either it is emptied if documents or a recorded answer say
            how.
        lote: how many new records may leave in one call, where Omie has a lot that answers for each
            record; 0: each in a call of its own. No recorded answer of such a lot is known.
        wins: who wins where a person changed in Omie what the clinic sends, field by field.
            ``None``: the clinic, and nothing is compared.
        delete_foreign: whether a delete model may touch records that this ledger did not create.
        approval: when a push stores its plan and waits for a person instead of sending.
        max_rejected_share: share of rejected rows from which the asset check fails.
        tell_quarantined: number of quarantined rows from which an alert is sent; 0: never.
        error_budget: errors on one method after which the rest of the batch is held; Omie itself
            closes the method for 30 minutes at the tenth.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["upsert", "insert", "mirror"] = "upsert"
    partial_success: bool = True
    on_duplicate_document: Literal["reject", "link"] = "reject"
    on_settled: Literal["conflict", "undo"] = "conflict"
    on_emptied: Literal["empty", "keep"] | None = None
    twin_days: Annotated[int, Field(ge=0)] = 5
    on_lookalike: Literal["list", "adopt"] = "list"
    lookalike_days: Annotated[int, Field(ge=0, le=31)] = 5
    lote: Annotated[int, Field(ge=0, le=LOT_RECORDS)] = 0
    wins: Annotated[Wins | None, BeforeValidator(_wins)] = None
    delete_foreign: bool = False
    guardrails: Guardrails = Guardrails()
    approval: Approval = Approval()
    max_rejected_share: Share = 0.05
    tell_quarantined: Annotated[int, Field(ge=0)] = 1
    error_budget: Annotated[int, Field(ge=1, le=9)] = 8


def may_mirror(endpoint: Endpoint) -> bool:
    """Whether ``mirror`` means anything: the endpoint can delete its own records, and is no
    deletion itself."""
    return bool(endpoint.delete) and not endpoint.deletes


def _compares(endpoint: Endpoint, wins: Wins) -> None:
    known = two_sided(endpoint)
    if not known:
        compared = ", ".join(one.name for one in REGISTRY.values() if two_sided(one))
        raise ValueError(texts.wins_only(endpoint=endpoint.name, endpoints=compared))
    holders = {path.rpartition(".")[0] for path in known}
    for name in wins.fields:
        if name not in known and name not in holders:
            near = did_you_mean(name, known)
            raise ValueError(texts.wins_no_field(endpoint=endpoint.name, field=name, near=near))


def needed_to_undo(endpoint: str) -> tuple[str, ...]:
    """Endpoints that have to be exported whole for a settled título of this one to be changed: it
    is taken back, changed and settled again, or left to a person."""
    return endpoints_around(endpoint)


_WITH_VALUE: Final = ", ".join(one.name for one in REGISTRY.values() if one.value_field)


def _possible(endpoints: Mapping[str, EndpointPolicy]) -> Mapping[str, EndpointPolicy]:
    """The policies, if each means something at its endpoint."""
    for name, policy in endpoints.items():
        if policy.mode == "mirror" and name in REGISTRY and not may_mirror(REGISTRY[name]):
            raise ValueError(texts.no_mirror(name))
        if policy.on_lookalike == "adopt" and name in REGISTRY and name not in SETTLEMENTS:
            raise ValueError(
                texts.on_lookalike_only(endpoint=name, endpoints=", ".join(SETTLEMENTS))
            )
        if policy.lote and name in REGISTRY and not REGISTRY[name].lot:
            lots = ", ".join(one.name for one in REGISTRY.values() if one.lot)
            raise ValueError(texts.lote_only(endpoint=name, endpoints=lots))
        if policy.lote and not policy.partial_success:
            raise ValueError(texts.lote_needs_partial_success(name))
        if policy.wins is not None and name in REGISTRY:
            _compares(REGISTRY[name], policy.wins)
            if policy.on_settled == "undo" and policy.wins.others:
                raise ValueError(texts.wins_and_undo(name))
        valued = name not in REGISTRY or REGISTRY[name].value_field
        if policy.approval.above_value is not None and not valued:
            raise ValueError(texts.above_value_only(endpoint=name, endpoints=_WITH_VALUE))
        if name in WORKS_ON and "on_settled" in policy.model_fields_set:
            raise ValueError(texts.on_settled_belongs_to(endpoint=name, title=WORKS_ON[name]))
    return endpoints


EndpointPolicies = Annotated[Mapping[str, EndpointPolicy], AfterValidator(_possible)]
"""Policies by name of endpoint; one that means nothing there is refused."""


class Policies(BaseModel):
    """The policy of every endpoint by name; one that is not named has the defaults.

    Attributes:
        nfse: how long a city hall may take before an alert is sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoints: EndpointPolicies = Field(default_factory=dict)
    nfse: NfseLimits = NfseLimits()

    def of(self, endpoint: str) -> EndpointPolicy:
        """Policy of ``endpoint``; settlements follow what their títulos say of ``on_settled``."""
        own = self.endpoints.get(endpoint, EndpointPolicy())
        titles = WORKS_ON.get(endpoint)
        if titles is None:
            return own
        decided = self.endpoints.get(titles, EndpointPolicy()).on_settled
        return own.model_copy(update={"on_settled": decided})
