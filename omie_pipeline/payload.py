"""The payload models dbt makes: what they hold, which rows a run looks at, their hashes, and what
becomes of a row on its way to Omie."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import NamedFromClause

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.catalog.model import with_value
from omie_pipeline.errors import ModelError, ModelMisfit
from omie_pipeline.likely import did_you_mean
from omie_pipeline.postgres import schemas
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import field_basis, ledger
from omie_pipeline.texts import payload as texts

PAYLOAD_SCHEMA = schemas.PAYLOAD
PARTITION_COLUMN = "data_particao"
UNREAD_COLUMN = "_unreadable"
"""Extra column with what could not be read of a row; see ADR 0021."""
_OWN_COLUMNS = ("empresa", PARTITION_COLUMN)


@dataclass(frozen=True, slots=True)
class PayloadModel:
    """A payload model as the database has it.

    Attributes:
        columns: all columns, in order.
        name: of the table, if it is not the endpoint's dbt model.
        unsent: columns that do not leave: ``empresa``, ``data_particao``, those with a leading
            underscore, and those that Omie computes.
        computed: columns that Omie fills in itself (a table that was made after its records).
        only: columns and what they must say: the model is those rows of its table.
        left_out: columns that an empresa does not export.
    """

    endpoint: Endpoint
    columns: tuple[str, ...]
    schema: str = PAYLOAD_SCHEMA
    name: str = ""
    only: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def unsent(self) -> tuple[str, ...]:
        own = tuple(c for c in self.columns if c in _OWN_COLUMNS or c.startswith("_"))
        return own + self.computed + self.left_out

    @property
    def fields(self) -> tuple[str, ...]:
        """Columns that are fields of Omie's, whether or not an empresa exports them."""
        others = {*_OWN_COLUMNS, *self.computed, *self.extra}
        return tuple(c for c in self.columns if c not in others)

    def without(self, left_out: Collection[str]) -> PayloadModel:
        """The same model, of which these columns do not leave."""
        return replace(self, left_out=tuple(c for c in self.fields if c in left_out))

    @property
    def computed(self) -> tuple[str, ...]:
        return tuple(
            c
            for c in self.columns
            if c not in _OWN_COLUMNS and not c.startswith("_") and self.endpoint.computes(c)
        )

    @property
    def extra(self) -> tuple[str, ...]:
        """Columns with a leading underscore: for validation and for links, never sent."""
        return tuple(c for c in self.columns if c.startswith("_"))

    def table(self) -> NamedFromClause:
        """The model as a SQLAlchemy table named ``p``."""
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in self.columns]
        name = self.name or self.endpoint.model
        return sa.table(name, *columns, schema=self.schema).alias("p")

    def rows_of(self, p: sa.FromClause, empresa: str) -> list[sa.ColumnElement[bool]]:
        """Conditions that pick the rows of one empresa from the model's table."""
        said = [p.c[column] == value for column, value in self.only]
        return [p.c.empresa == empresa, *said]


def load_payload_model(
    engine: sa.Engine, endpoint: Endpoint, schema: str = PAYLOAD_SCHEMA
) -> PayloadModel:
    """Read the columns of an endpoint's payload model and hold them against the catalog.

    Raises:
        ModelError: the model is missing, lacks its key, ``empresa`` or ``data_particao``, or has a
            column Omie does not know. Every problem is named at once.
    """
    with warehouse_errors(), engine.connect() as connection:
        found = schemas.schemas_of(engine).name(schema)
        columns = _columns(connection, found, endpoint.model)
    if not columns:
        raise ModelError(texts.model_missing(schema=schema, model=endpoint.model))
    problems = _problems(endpoint, columns)
    if problems:
        raise ModelMisfit(texts.of_model(schema=schema, model=endpoint.model) + "; ".join(problems))
    return PayloadModel(endpoint, columns, schema)


def load_hashed_model(engine: sa.Engine, endpoint: Endpoint, empresa: str) -> PayloadModel:
    """The payload model as the ledger's hashes of one empresa know it: without the fields that were
    left out when they were taken.

    Raises:
        ModelError: as :func:`load_payload_model`.
    """
    model = load_payload_model(engine, endpoint)
    with warehouse_errors(), engine.connect() as connection:
        return model.without(left_out_of_hashes(connection, empresa, endpoint.name))


def left_out_of_hashes(connection: sa.Connection, empresa: str, endpoint: str) -> tuple[str, ...]:
    """The fields that the ledger's hashes of an endpoint leave out."""
    b = field_basis.c
    query = sa.select(b.left_out).where(b.empresa == empresa, b.endpoint == endpoint)
    return tuple(connection.execute(query).scalar() or ())


# SQLAlchemy's own reflection asks for all there is to know of each column: ten times as much.
_COLUMNS = sa.text(
    "SELECT a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
    " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relname = :name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
)


def _columns(connection: sa.Connection, schema: str, name: str) -> tuple[str, ...]:
    """Columns of a table or view, in order; none if there is none of that name."""
    return tuple(connection.scalars(_COLUMNS, {"schema": schema, "name": name}))


def hold_still(connection: sa.Connection, model: PayloadModel) -> None:
    """Keep the model's table in its place until the transaction ends; call it first of all.

    dbt puts a new table in the place of the old one. A transaction that had begun to read would
    find the new one empty: its rows are younger than what the transaction sees. A lock taken before
    the first reading lets dbt wait instead.

    Raises:
        ModelError: a build gave the model other columns since it was loaded.
    """
    name = model.name or model.endpoint.model
    found = schemas.schemas_of(connection).name(model.schema)
    # On another connection: to look would already decide what this transaction sees.
    with connection.engine.connect() as beside:
        kind = beside.scalar(_KIND, {"schema": found, "name": name})
    if kind in _LOCKABLE:
        connection.execute(_Lock(name, found))
    if _columns(connection, found, name) != model.columns:
        raise ModelError(texts.model_rebuilt(schema=model.schema, model=name))


_LOCKABLE = ("r", "p", "v")
_KIND = sa.text(
    "SELECT c.relkind::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relname = :name"
)


class _Lock(sa.Executable, sa.ClauseElement):
    """``LOCK TABLE … IN ACCESS SHARE MODE``: as strong as a reading."""

    inherit_cache = False

    def __init__(self, name: str, schema: str) -> None:
        self.name, self.schema = name, schema


@compiles(_Lock)
def _lock(element: _Lock, compiler: SQLCompiler, **_options: Any) -> str:
    quote = compiler.preparer.quote
    return f"LOCK TABLE {quote(element.schema)}.{quote(element.name)} IN ACCESS SHARE MODE"


def _problems(endpoint: Endpoint, columns: Sequence[str]) -> list[str]:
    problems = []
    needed = ["empresa"] + ([PARTITION_COLUMN] if endpoint.grain == "fact" else [])
    problems += [texts.column_missing(name) for name in needed if name not in columns]
    keys = {endpoint.section or endpoint.key_column}
    if endpoint.deletes:
        keys.add(endpoint.delete_omie_key)
    if not keys & set(columns):
        problems.append(texts.key_missing(endpoint.section or endpoint.key_column))
    for name in columns:
        if name in _OWN_COLUMNS or name.startswith("_"):
            continue
        if endpoint.payload.field(name) is None and not endpoint.computes(name):
            known = [f.name for f in endpoint.payload.fields if not f.read_only]
            problems.append(
                texts.no_field(
                    column=name, entity=endpoint.payload.name, near=did_you_mean(name, known)
                )
            )
    return problems


# Which rows of a payload model a run looks at, and what names each of them.

Mode = Literal["upsert", "insert", "mirror"]

PARTIAL = "partial"

WAITS_FOR_A_PERSON = (
    "reference",
    "GuardrailStopped",
    "ApprovalNeeded",
    "AuthFailed",
    "ConfigurationError",
    "partial_success",
    "reversal",
    "no_answer",
    "waits_for_titulo",
    "settled",
)
"""Why a row is held though trying it again alone does not help: a customer to fix, an approval, a
key, another endpoint whose turn comes first in the ordinary run. Nothing resumes these by itself.
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a payload model a run looks at.

    Attributes:
        date_from, date_to: business dates of facts, both inclusive, ``None`` = open.
        key: one integration code only.
        unfinished_only: only rows the ledger has as rejected or held (``retry``).
        held_only: only rows the ledger has as held: what resumes by itself, if sending a refused
            row again would only spend the error budget. What waits for a person stays.
        approved: also rows that a guardrail held.
        also: integration codes that are looked at whatever their date.
        codes: only these integration codes; empty for any.
    """

    empresa: str
    date_from: date | None = None
    date_to: date | None = None
    key: str | None = None
    unfinished_only: bool = False
    held_only: bool = False
    approved: bool = False
    also: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def states(self) -> tuple[str, ...]:
        """States of the ledger a row must have to be selected; empty for any."""
        if self.held_only:
            return ("held",)
        return ("rejected", "held") if self.unfinished_only else ()

    @property
    def span(self) -> str:
        """The dates it covers, so that row counts compare with those of the same dates only: a
        Sunday is no Monday. :data:`PARTIAL` for a retry or a single key."""
        if self.key is not None or self.states or self.codes:
            return PARTIAL
        if self.date_from is None or self.date_to is None:
            return "all"
        return f"{self.date_from}..{self.date_to}"

    def unfinished(self) -> sa.ColumnElement[bool]:
        """Condition on the ledger: rejected or held rows that this selection may take."""
        state = ledger.c.state.in_(self.states or ("rejected", "held"))
        reason = sa.func.coalesce(ledger.c.error_code, "")
        if self.held_only:
            return sa.and_(state, reason.not_in(WAITS_FOR_A_PERSON))
        if self.unfinished_only and not self.approved:
            return sa.and_(state, reason.not_in(("GuardrailStopped", "ApprovalNeeded")))
        return state


def model_key(model: PayloadModel, p: sa.FromClause) -> sa.ColumnElement[str | None]:
    """Integration code of a row of the model, ``omie:<id>`` for a delete by Omie's id."""
    endpoint = model.endpoint
    if endpoint.section:
        section = sa.cast(p.c[endpoint.section], JSONB)
        return sa.func.nullif(section[endpoint.integration_key].astext, "")
    if not endpoint.deletes:
        return sa.func.nullif(sa.cast(p.c[endpoint.key_column], sa.Text), "")
    parts: list[sa.ColumnElement[Any]] = []
    if endpoint.integration_key in model.columns:
        parts.append(sa.func.nullif(sa.cast(p.c[endpoint.integration_key], sa.Text), ""))
    if endpoint.delete_omie_key in model.columns:
        parts.append(sa.literal("omie:") + sa.cast(p.c[endpoint.delete_omie_key], sa.Text))
    return sa.func.coalesce(*parts)


def codes_in_model(
    engine: sa.Engine, model: PayloadModel, empresa: str, codes: Collection[str]
) -> set[str]:
    """Those of ``codes`` that the model has, whatever their date.

    Args:
        engine: the warehouse.
        model: the payload model.
        empresa: the empresa whose rows are meant.
        codes: integration codes.
    """
    p = model.table()
    key = model_key(model, p)
    wanted = sa.cast(sa.literal(sorted(codes), ARRAY(sa.Text)), ARRAY(sa.Text))
    query = sa.select(key).where(*model.rows_of(p, empresa), key == sa.any_(wanted))
    with warehouse_errors(), engine.connect() as connection:
        return {code for code in connection.execute(query).scalars() if code is not None}


def model_partition(
    model: PayloadModel, p: sa.FromClause, selection: Selection
) -> sa.ColumnElement[str]:
    """Partition of a row of the model: its business date, or the empresa of a register."""
    if model.endpoint.grain == "register":
        return sa.literal(selection.empresa)
    return sa.func.coalesce(sa.func.to_char(p.c[PARTITION_COLUMN], "YYYY-MM-DD"), "sem-data")


def model_where(
    model: PayloadModel, p: sa.FromClause, selection: Selection, mode: Mode = "upsert"
) -> list[sa.ColumnElement[bool]]:
    """Conditions that pick a selection's rows of the model.

    Args:
        model: the payload model.
        p: the payload table.
        selection: empresa, dates and codes of the run.
        mode: the mode of the policy: upsert, insert or mirror.
    """
    conditions = model.rows_of(p, selection.empresa)
    dates: list[sa.ColumnElement[bool]] = []
    if model.endpoint.grain == "fact" and selection.date_from is not None:
        dates.append(p.c[PARTITION_COLUMN] >= selection.date_from)
    if model.endpoint.grain == "fact" and selection.date_to is not None:
        dates.append(p.c[PARTITION_COLUMN] <= selection.date_to)
    if dates and selection.also:
        dates = [sa.or_(sa.and_(*dates), model_key(model, p).in_(selection.also))]
    conditions += dates
    if selection.key is not None:
        conditions.append(model_key(model, p) == selection.key)
    if selection.codes:
        wanted = sa.cast(sa.literal(list(selection.codes), ARRAY(sa.Text)), ARRAY(sa.Text))
        conditions.append(model_key(model, p) == sa.any_(wanted))
    if selection.states:
        unfinished = sa.select(ledger.c.codigo_integracao).where(
            ledger.c.empresa == selection.empresa,
            ledger.c.endpoint == model.endpoint.name,
            selection.unfinished(),
        )
        if mode == "insert":
            unfinished = unfinished.where(ledger.c.payload_hash.is_(None))
        conditions.append(model_key(model, p).in_(unfinished))
    return conditions


# Rows of a payload model as the ledger knows them: key, partition, payload and its hash.
#
# Hashes are taken of the payload as PostgreSQL's canonical ``jsonb`` text, so that the order of
# columns does not matter and a column that is NULL everywhere changes nothing.


def payload_of(model: PayloadModel, p: NamedFromClause) -> sa.ColumnElement[Any]:
    """What a row of the model would send, as ``jsonb``: its fields of Omie that are not NULL."""
    row = sa.func.to_jsonb(p.table_valued())
    unsent = sa.cast(sa.literal(list(model.unsent), ARRAY(sa.Text)), ARRAY(sa.Text))
    return sa.func.jsonb_strip_nulls(row.op("-")(unsent), type_=JSONB)


def _with_unread(
    model: PayloadModel, p: NamedFromClause, payload: sa.ColumnElement[Any]
) -> sa.ColumnElement[Any]:
    """The payload, and beside it what could not be read: a discount that turns into "abc" changes
    nothing that is sent, and still has to be refused. A row that could be read hashes as ever."""
    if UNREAD_COLUMN not in model.columns:
        return payload
    unread = sa.func.jsonb_build_object(sa.literal(UNREAD_COLUMN, sa.Text), p.c[UNREAD_COLUMN])
    return sa.case((p.c[UNREAD_COLUMN].is_(None), payload), else_=payload.op("||")(unread))


def payload_hash(
    payload: sa.ColumnElement[Any], once: tuple[str, ...] = ()
) -> sa.ColumnElement[str]:
    """SHA-256, in hex, of a payload's canonical text, without the fields that are no change."""
    if once:
        fields = sa.cast(sa.literal(list(once), ARRAY(sa.Text)), ARRAY(sa.Text))
        payload = payload.op("-")(fields)
    text = sa.func.convert_to(sa.cast(payload, sa.Text), "UTF8")
    return sa.func.encode(sa.func.sha256(text), "hex")


def payload_source(model: PayloadModel, selection: Selection) -> sa.Subquery:
    """Every row of the empresa in the model, whatever its date, as key, partition, payload, extra
    and hash."""
    return source_rows(model, Selection(selection.empresa), "upsert")


def source_rows(model: PayloadModel, selection: Selection, mode: Mode) -> sa.Subquery:
    """Rows of the model as key, partition, payload, extra and hash."""
    p = model.table()
    payload = payload_of(model, p)
    extra = (
        sa.func.jsonb_build_object(
            *(part for name in model.extra for part in (sa.literal(name, sa.Text), p.c[name]))
        )
        if model.extra
        else sa.literal({}, JSONB)
    )
    return (
        sa.select(
            model_key(model, p).label("codigo_integracao"),
            model_partition(model, p, selection).label("partition"),
            payload.label("payload"),
            extra.label("extra"),
            payload_hash(_with_unread(model, p, payload), model.endpoint.once).label(
                "payload_hash"
            ),
        )
        .where(*model_where(model, p, selection, mode))
        .subquery("q")
    )


def rehashed_rows(old: PayloadModel, new: PayloadModel, empresa: str) -> sa.Subquery:
    """Every row of an empresa in a model as key, and its hash with two choices of fields.

    Args:
        old, new: the same model, each without the fields that it leaves out.
        empresa: whose rows are meant.
    """
    p = new.table()
    hashes = [
        payload_hash(_with_unread(model, p, payload_of(model, p)), model.endpoint.once)
        for model in (old, new)
    ]
    return (
        sa.select(
            model_key(new, p).label("codigo_integracao"),
            hashes[0].label("old_hash"),
            hashes[1].label("new_hash"),
        )
        .where(*model_where(new, p, Selection(empresa)))
        .subquery("h")
    )


@dataclass(frozen=True, slots=True)
class MadeRow:
    """A row that dbt made: what it would send, and the columns that are not sent."""

    payload: Mapping[str, Any]
    extra: Mapping[str, Any]


def rows_of_code(
    engine: sa.Engine, model: PayloadModel, empresa: str, code: str
) -> tuple[MadeRow, ...]:
    """The rows of one code in a model; more than one where the clinic has it twice.

    Args:
        engine: the warehouse.
        model: the payload model.
        empresa: the empresa whose rows are meant.
        code: an integration code.
    """
    source = source_rows(model, Selection(empresa, key=code), "upsert")
    with warehouse_errors(), engine.connect() as connection:
        rows = connection.execute(sa.select(source.c.payload, source.c.extra)).all()
    return tuple(MadeRow(row.payload, row.extra) for row in rows)


# Where a code that a person typed stands in the payload models, if anywhere.

_COMPARED = 20_000


@dataclass(frozen=True, slots=True)
class FoundCode:
    """What is known of a code that a selection did not find.

    Attributes:
        at_date: business date of the row, if the selection's dates leave it out.
        endpoint, empresa: where else the code stands.
        alike: a code of the selection's own models that looks like it.
        example: any code of these models.
    """

    at_date: str = ""
    endpoint: str = ""
    empresa: str = ""
    alike: str = ""
    example: str = ""


def find_code(
    engine: sa.Engine, key: str, endpoints: Sequence[Endpoint], empresas: Sequence[str]
) -> FoundCode:
    """Look for ``key`` in the models asked for, then in all others.

    Args:
        engine: the warehouse.
        key: a code, as typed.
        endpoints: those that were asked for.
        empresas: those that were asked for.
    """
    asked = [model for one in endpoints if (model := _model(engine, one))]
    with warehouse_errors(), engine.connect() as connection:
        for model in asked:
            for row in _rows_of(connection, model, key):
                if row.empresa in empresas and row.day:
                    return FoundCode(at_date=f"{row.day:%d/%m/%Y}")
                if row.empresa not in empresas:
                    return FoundCode(endpoint=model.endpoint.name, empresa=row.empresa)
        for one in WRITABLE:
            other = _model(engine, one) if one not in endpoints else None
            for row in _rows_of(connection, other, key) if other else ():
                return FoundCode(endpoint=one.name, empresa=row.empresa)
        codes = [code for model in asked for code in _some_codes(connection, model, empresas)]
    wanted = _folded(key)
    alike = next((code for code in codes if wanted in _spellings(code)), "")
    return FoundCode(alike=alike, example=codes[0] if codes else "")


def _folded(code: str) -> str:
    """A code without what is easily typed otherwise: capitals, signs, zeros in front."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\W_]+", "", code)).upper()


def _spellings(code: str) -> tuple[str, str]:
    """The code, and what is left of it without its prefix."""
    return _folded(code), _folded(code.partition("-")[2])


def _model(engine: sa.Engine, endpoint: Endpoint) -> PayloadModel | None:
    try:
        return load_payload_model(engine, endpoint)
    except ModelError:
        return None


def _rows_of(connection: sa.Connection, model: PayloadModel, key: str) -> Sequence[sa.Row[Any]]:
    p = model.table()
    day = p.c[PARTITION_COLUMN] if PARTITION_COLUMN in model.columns else sa.null()
    query = sa.select(p.c.empresa, day.label("day")).where(model_key(model, p) == key).limit(10)
    return connection.execute(query).all()


def _some_codes(
    connection: sa.Connection, model: PayloadModel, empresas: Sequence[str]
) -> list[str]:
    p = model.table()
    code = model_key(model, p)
    query = sa.select(code).where(p.c.empresa.in_(empresas), code.is_not(None)).limit(_COMPARED)
    return [str(one) for one in connection.execute(query).scalars()]


# Rows on their way: planned, with their outcomes, and left open by a crash.

Kind = Literal[
    "created", "updated", "linked", "deleted", "unchanged", "rejected", "held", "unknown"
]
"""``unknown``: the call may have taken effect; the row is held and its intent stays open.
``unchanged``: the row asks for what is so already, and nothing was done."""

DELIVERED: tuple[Kind, ...] = ("created", "updated", "linked", "deleted")

SETTLED: tuple[Kind, ...] = (*DELIVERED, "unchanged")
"""Nothing is left to do for the row: the ledger has it as confirmed."""

REFUSED_BEFORE = 2
"""Priority of a planned row whose very payload Omie refused once: it comes last."""

ADOPTED = "_adopted"
"""Key of a planned row's ``extra``, and of an intent's payload: the record is named by Omie's id
alone."""

LEFT_OUT = "_left_out"
"""Key of a row's ``extra``, and of an intent's payload: fields that are not sent because Omie's
value stands, as ``{field: {by, clinic, omie, …}}``."""

REPLACED = "_replaced"
"""The same for fields that are sent over a value which a person gave them in Omie."""

COMPARED = "_compared"
"""When Omie's side of a row, as it was compared before it left, was asked for (``at``), and its
last change by then (``changed_by``, ``changed_at``)."""

_MARKS = (ADOPTED, LEFT_OUT, REPLACED, COMPARED)

CLOSED_IN_OMIE = ("titulo_baixado", "titulo_cancelado")
"""Rules of quarantine for a record whose state in Omie a person has to change first."""

_REQUEST_MEMORY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One row of the plan: what to send, and what the ledger knew of it.

    Attributes:
        refused_before: Omie refused this very payload once.
        filled: names of fields that Omie confirmed with a value and that can be emptied; nested
            ones with a point.
    """

    number: int
    partition: str
    codigo_integracao: str | None
    action: str
    payload: Mapping[str, Any]
    extra: Mapping[str, Any]
    payload_hash: str
    omie_id: int | None
    refused_before: bool = False
    filled: tuple[str, ...] = ()

    @property
    def adopted(self) -> bool:
        """Whether the record is one that a person made in Omie: it bears no code of ours there."""
        return bool(self.extra.get(ADOPTED))

    @property
    def left_out(self) -> Mapping[str, Mapping[str, Any]]:
        """Fields of the clinic's row that are not sent, because Omie's value stands: by whom that
        was decided (``by``), and both values."""
        found: Mapping[str, Mapping[str, Any]] = self.extra.get(LEFT_OUT) or {}
        return found

    @property
    def whole(self) -> Mapping[str, Any]:
        """The payload as the clinic has it, with what is not sent of it."""
        payload = self.payload
        for name, told in self.left_out.items():
            if told.get("clinic") is not None:
                payload = with_value(payload, name, told["clinic"])
        return payload

    @property
    def left_open(self) -> bool:
        """Whether it is what an interrupted run sent, rather than a row of this run's plan."""
        return self.number < 0

    @property
    def code(self) -> str:
        """The integration code; empty if the row has none."""
        return self.codigo_integracao or ""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The outcome of a row.

    Attributes:
        omie_id: Omie's id if the answer gave one; ``omie_code`` if it is no number.
        error, error_code, fix, fault_class: Omie's words (masked), what to do, and the error of
            our tree, for rejected and held rows.
        held_until: when trying again makes sense.
        row_masked: the payload with personal fields masked, for rejected rows.
        called: off for what was decided before any call: an intent of an earlier run stays open.
        same_as: Omie's id of a record that others made and a person linked to this row.
        in_doubt: refused in words that may follow upon the effect: what Omie holds is not known.
    """

    row: PlanRow
    kind: Kind
    omie_id: int | None = None
    error: str = ""
    error_code: str = ""
    fix: str = ""
    fault_class: str = ""
    held_until: datetime | None = None
    row_masked: Mapping[str, Any] | None = None
    at: datetime | None = None
    omie_code: str = ""
    called: bool = True
    in_doubt: bool = False
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """Masked trace of one HTTP call."""

    codigo_integracao: str | None
    method: str
    request: Mapping[str, Any]
    response: Mapping[str, Any] | None
    http_status: int
    fault_class: str | None
    fault_code: str | None
    fault_text: str | None
    duration_ms: float
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """A call whose outcome is not known.

    Attributes:
        sent_at: the latest moment at which the call may have left; ``None`` when it never left.
        created_at: when the intent was written; the call left after it.
        fingerprint: of the request; records of one lot share it.
    """

    row: PlanRow
    sent_at: datetime | None
    created_at: datetime
    fingerprint: str = ""


def plan_row(row: Any) -> PlanRow:
    """A row of ``omie_sync.plan``."""
    return PlanRow(
        row.number,
        row.partition,
        row.codigo_integracao,
        row.action,
        row.payload,
        row.extra,
        row.payload_hash,
        row.omie_id,
        row.priority == REFUSED_BEFORE,
        tuple(row.filled or ()),
    )


def intent_payload(row: PlanRow) -> Mapping[str, Any]:
    """What an intent keeps of a row: the payload, whether the record is named by its id, and what
    was left out of it or replaces a person's value."""
    kept = {name: row.extra[name] for name in _MARKS if row.extra.get(name)}
    return {**row.payload, **kept} if kept else row.payload


def open_intent(row: Any, now: datetime) -> OpenIntent:
    """A row of ``omie_sync.intent`` with ``let_through_at`` of the request memory beside it."""
    payload = dict(row.payload or {})
    extra = {name: payload.pop(name) for name in _MARKS if name in payload}
    row_sent = PlanRow(
        -row.intent_id,
        row.partition,
        row.codigo_integracao,
        row.action,
        payload,
        extra,
        row.payload_hash or "",
        row.omie_id,
        filled=tuple(row.filled or ()),
    )
    # A stamp ahead of now comes from a clock that was wrong: it left by now at the latest.
    if row.let_through_at is not None:
        return OpenIntent(row_sent, min(row.let_through_at, now), row.created_at, row.fingerprint)
    if row.sent_at is not None:
        return OpenIntent(row_sent, min(row.sent_at, now), row.created_at, row.fingerprint)
    # The request memory forgets; beyond it, the call may have left long ago.
    forgotten = row.created_at < now - _REQUEST_MEMORY
    sent_at = row.created_at if forgotten else None
    return OpenIntent(row_sent, sent_at, row.created_at, row.fingerprint)
