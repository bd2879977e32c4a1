"""From one page of a list, as JSON text, to typed rows: all of it in PostgreSQL.

The page goes to the database as it came: decimals never pass through a float, and what our types
do not fit becomes NULL in its column and stays in ``raw``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, distinct_on, insert

from omie_pipeline.catalog.lists import Column, MirrorTable
from omie_pipeline.catalog.lists.model import ColumnKind
from omie_pipeline.clock import BRASILIA
from omie_pipeline.imports.filter import MirrorFilter, admitted
from omie_pipeline.postgres.omie_tables import OURS, mirror_table
from omie_pipeline.postgres.tables import ledger

BODY, EMPRESA, ASKED_AT = "p_body", "p_empresa", "p_asked_at"
_TIMEZONE = str(BRASILIA)
_DAY = (
    r"^((0[1-9]|1\d|2[0-8])/(0[1-9]|1[0-2])/[12]\d{3}|(29|30)/(0[13-9]|1[0-2])/[12]\d{3}"
    r"|31/(0[13578]|1[02])/[12]\d{3}|29/02/[12]\d(0[48]|[2468][048]|[13579][26])|29/02/2000)$"
)
_HOUR = r"^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$"
_INTEGER = r"^-?\d{1,18}$"
_NUMBER = r"^-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?$"

Expression = sa.ColumnElement[Any]


def array_or_empty(value: Expression) -> Expression:
    """A JSON value if it is an array; an empty one in its place."""
    return sa.case(
        (sa.func.jsonb_typeof(value) == "array", value),
        else_=sa.cast(sa.literal_column("'[]'"), JSONB),
    )


def elements(body: Expression) -> sa.TableValuedAlias:
    """The records of a JSON array as rows with one column, ``value``."""
    return sa.func.jsonb_array_elements(body, type_=JSONB).table_valued(
        sa.column("value", JSONB), name="r"
    )


def page_records(mirror: MirrorTable) -> sa.TableValuedAlias:
    """The records of the page bound as ``body``."""
    body = sa.cast(sa.bindparam(BODY, type_=sa.Text), JSONB)
    return elements(array_or_empty(body[mirror.array]))


class Fields:
    """The fields of a JSON record by dotted path, each taken out of the JSON once.

    Attributes:
        source: the records' FROM clause joined with the functions that take the fields out.
    """

    def __init__(self, records: sa.FromClause, columns: Iterable[Column], texts: Iterable[str]):
        columns = tuple(columns)
        kinds = {column.path: column.kind for column in columns if column.path}
        kinds |= {column.or_path: column.kind for column in columns if column.or_path}
        kinds |= dict.fromkeys((path for path in texts if path), "text")
        tops = {path.split(".")[0]: "jsonb" for path in kinds if "." in path}
        tops |= {path: kind for path, kind in kinds.items() if "." not in path}
        self._values: dict[str, Expression] = {}
        self.record: Expression = records.c.value
        self.source: sa.FromClause = records
        top = self._take_out("campos", self.record, tops)
        for name in sorted({path.split(".")[0] for path in kinds if "." in path}):
            inner = {
                path.split(".", 1)[1]: kind
                for path, kind in kinds.items()
                if path.startswith(f"{name}.")
            }
            self._nest(name, top.c[name], inner)

    def _nest(self, prefix: str, value: Expression, kinds: Mapping[str, str]) -> None:
        deeper = {path.split(".")[0] for path in kinds if "." in path}
        flat = {path: kind for path, kind in kinds.items() if "." not in path}
        taken = self._take_out(
            f"em_{prefix}", value, {**flat, **dict.fromkeys(deeper, "jsonb")}, f"{prefix}."
        )
        for name in sorted(deeper):
            inner = {
                path.split(".", 1)[1]: kind
                for path, kind in kinds.items()
                if path.startswith(f"{name}.")
            }
            self._nest(f"{prefix}.{name}", taken.c[name], inner)

    def _take_out(
        self, alias: str, value: Expression, kinds: Mapping[str, str], prefix: str = ""
    ) -> sa.FromClause:
        typed = [
            sa.column(name, JSONB if kind == "jsonb" else sa.Text) for name, kind in kinds.items()
        ]
        whole = sa.case(
            (sa.func.jsonb_typeof(value) == "object", value),
            else_=sa.cast(sa.literal_column("'{}'"), JSONB),
        )
        taken = (
            sa.func.jsonb_to_record(whole)
            .table_valued(*typed, name=alias.replace(".", "_"))
            .render_derived(with_types=True)
            .lateral()
        )
        self.source = self.source.join(taken, sa.true())
        self._values |= {f"{prefix}{name}": taken.c[name] for name in kinds}
        return taken

    def text(self, path: str) -> Expression:
        """The text at a path, ``NULL`` if it is absent or empty or ``path`` is."""
        return sa.func.nullif(self._values[path], "") if path else sa.cast(sa.null(), sa.Text)

    def day(self, path: str) -> Expression:
        """A date; the session's datestyle must be DMY."""
        if not path:
            return sa.cast(sa.null(), sa.Date)
        found = self._values[path]
        return sa.case((found.regexp_match(_DAY), sa.cast(found, sa.Date)))

    def moment(self, day: str, hour: str) -> Expression:
        """A moment of Brasília time, midnight if the hour is missing."""
        if not day:
            return sa.cast(sa.null(), sa.DateTime(timezone=True))
        date, time = self._values[day], self._values[hour]
        clock = sa.case((time.regexp_match(_HOUR), time), else_="00:00:00")
        naive = sa.cast(date.concat(" ").concat(clock), sa.TIMESTAMP)
        return sa.case((date.regexp_match(_DAY), naive.op("AT TIME ZONE")(_TIMEZONE)))

    def typed(self, column: Column) -> Expression:
        """The value of ``column``; ``NULL`` if it does not fit the type."""
        value = self._typed(column.path, column.kind)
        if not column.or_path:
            return value
        return sa.func.coalesce(value, self._typed(column.or_path, column.kind))

    def _typed(self, path: str, kind: ColumnKind) -> Expression:
        found = self._values[path]
        match kind:
            case "jsonb":
                return found
            case "date":
                return self.day(path)
            case "bigint":
                return sa.case((found.regexp_match(_INTEGER), sa.cast(found, sa.BigInteger)))
            case "numeric":
                return sa.case((found.regexp_match(_NUMBER), sa.cast(found, sa.Numeric)))
            case "text":
                return sa.func.omie_sync.sem_html(sa.func.nullif(found, ""), type_=sa.Text)


_MOVEMENT = ("detalhes.nCodBaixa", "detalhes.nCodMovCC", "detalhes.nCodTitulo", "detalhes.cGrupo")


def _movement_key(fields: Fields) -> Expression:
    """nCodBaixa, else nCodMovCC, each with the título that it settles; else cGrupo + nCodTitulo.

    One batch settlement settles several títulos under one nCodMovCC, and its rows may come without
    nCodBaixa: neither is a key by itself (omie-api.md#movement-keys; docs/adr/0028).
    """
    settlement, entry, title = (sa.func.nullif(fields.text(path), "0") for path in _MOVEMENT[:3])
    group = sa.func.coalesce(fields.text(_MOVEMENT[3]), "")
    of_title = sa.func.coalesce(sa.literal(":").concat(title), "")
    return sa.func.coalesce(
        sa.literal("B").concat(settlement).concat(of_title),
        sa.literal("M").concat(entry).concat(of_title),
        sa.literal("T").concat(group).concat(":").concat(title),
        # A forecast may name nothing at all: then the record is its own key.
        sa.literal("X").concat(sa.func.md5(sa.cast(fields.record, sa.Text))),
    )


def _key_column(mirror: MirrorTable, column: Column, fields: Fields) -> Expression:
    if not column.path:
        return _movement_key(fields)
    value = fields.typed(column)
    # A part of the key that Omie leaves out is empty, not unknown.
    partial = column.kind == "text" and len(mirror.key) > 1
    return sa.func.coalesce(value, "") if partial else value


def _maker(mirror: MirrorTable, fields: Fields) -> Expression:
    included_by, by_api = fields.text(mirror.audit.included_by), fields.text(mirror.audit.by_api)
    cases = [
        (sa.or_(included_by == "WEBSERVICE", by_api == "S"), "integracao"),
        (included_by.is_not(None), "pessoa"),
    ]
    if mirror.ledger:
        cases.insert(0, (ledger.c.created_here.is_(True), OURS))
    return sa.case(*cases)


def record_select(mirror: MirrorTable) -> sa.Select[Any]:
    """The rows of a page, one for each key, with every column of the table but derived ones."""
    audit = mirror.audit
    paths = (*asdict(audit).values(), mirror.partition, mirror.integration_code)
    keyed = _MOVEMENT if any(not column.path for column in mirror.columns) else ()
    fields = Fields(page_records(mirror), mirror.columns, (*paths, *keyed))
    keys = {
        name: _key_column(mirror, mirror.column(name), fields)
        for name in mirror.key
        if name not in dict(mirror.constants)
    }
    values: dict[str, Expression] = {
        "empresa": sa.bindparam(EMPRESA, type_=sa.Text),
        **{name: sa.literal(value, sa.Text) for name, value in mirror.constants},
        **keys,
        **{c.name: fields.typed(c) for c in mirror.columns if c.name not in keys},
        "codigo_integracao": fields.text(mirror.integration_code),
        "incluido_em": fields.moment(audit.included_day, audit.included_hour),
        "incluido_por": fields.text(audit.included_by),
        "alterado_em": fields.moment(audit.changed_day, audit.changed_hour),
        "alterado_por": fields.text(audit.changed_by),
        "feito_por": _maker(mirror, fields),
        "ledger_codigo": (
            ledger.c.codigo_integracao if mirror.ledger else sa.cast(sa.null(), sa.Text)
        ),
        "data_particao": fields.day(mirror.partition),
        "raw": _without(fields.record, mirror.hidden),
        "lido_em": sa.bindparam(ASKED_AT, type_=sa.DateTime(timezone=True)),
    }
    return (
        sa.select(*(value.label(name) for name, value in values.items()))
        .select_from(_with_ledger(mirror, fields.source, keys))
        .where(*(value.is_not(None) for value in keys.values()))
        .ext(distinct_on(*keys.values()))
        .order_by(*keys.values())
    )


def _with_ledger(
    mirror: MirrorTable, source: sa.FromClause, keys: Mapping[str, Expression]
) -> sa.FromClause:
    if not mirror.ledger:
        return source
    (omie_id,) = keys.values()
    mine = sa.and_(
        ledger.c.empresa == sa.bindparam(EMPRESA, type_=sa.Text),
        ledger.c.endpoint == mirror.ledger,
        ledger.c.omie_id == omie_id,
    )
    return source.outerjoin(ledger, mine)


def _without(record: Expression, hidden: tuple[str, ...]) -> Expression:
    if not hidden:
        return record
    return record.op("-", return_type=JSONB)(sa.cast(list(hidden), ARRAY(sa.Text)))


# The one statement that merges a page: types, filters, writes what is newer, and counts.

_STALE_SECONDS = 60
"""A read may lag behind a deletion that long (omie-api.md#stale-reads) and brings no row back."""

YOUNG_FROM, YOUNG_TO = "p_young_from", "p_young_to"

seen_keys = sa.Table(
    "read",
    sa.MetaData(),
    sa.Column("chave", sa.Text, primary_key=True),
    sa.Column("partition", sa.Date),
    prefixes=["TEMPORARY"],
)
"""Keys that a pass has seen; lives as long as its connection."""


def key_text(mirror: MirrorTable, columns: Any) -> sa.ColumnElement[str]:
    """The key of a row as one text; ``columns`` is a table or a subquery."""
    constants = dict(mirror.constants)
    parts = [columns.c[name] for name in mirror.key if name not in constants]
    texts = [sa.cast(part, sa.Text) for part in parts]
    joined: sa.ColumnElement[str] = texts[0]
    for part in texts[1:]:
        joined = joined.concat("|").concat(part)
    return joined


_merges: dict[tuple[int, MirrorFilter], tuple[MirrorTable, Any]] = {}
"""By declaration, which is kept beside its statement so that its id stays its own."""


def merge_statement(mirror: MirrorTable, filters: MirrorFilter) -> Any:
    """For the parameters of ``mirror_records`` and the moments between which a row is young.

    Answers one row: records, first seen, admitted, inserted, updated, young, partitions touched.
    Made once for a list and its filters: that takes 10 ms, and every range of a list needs it.
    """
    key = (id(mirror), filters)
    if key not in _merges:
        _merges[key] = (mirror, _merge_statement(mirror, filters))
    return _merges[key][1]


def _merge_statement(mirror: MirrorTable, filters: MirrorFilter) -> Any:
    table = mirror_table(mirror)
    page = record_select(mirror).cte("pagina").prefix_with("MATERIALIZED")
    seen = (
        insert(seen_keys)
        .from_select(
            ["chave", "partition"], sa.select(key_text(mirror, page), page.c.data_particao)
        )
        .on_conflict_do_nothing()
        .returning(seen_keys.c.chave)
        .cte("vistas")
    )
    kept = sa.select(page).where(admitted(mirror, filters, page, table)).cte("admitidas")
    merge = insert(table).from_select([c.name for c in kept.c], sa.select(kept))
    new = merge.excluded
    changed = sa.or_(
        table.c.excluido_em.is_not(None),
        *(
            table.c[name].is_distinct_from(new[name])
            for name in ("raw", "feito_por", "ledger_codigo", "data_particao")
        ),
    )
    theirs, ours = new.alterado_em, table.c.alterado_em
    # Where one side names no time of change, the time of the question decides.
    newer = sa.or_(
        sa.func.coalesce(theirs > ours, sa.false()),
        sa.and_(
            sa.func.coalesce(theirs >= ours, sa.true()),
            new.lido_em >= table.c.lido_em,
        ),
    )
    back = sa.or_(
        table.c.excluido_em.is_(None),
        new.lido_em > table.c.excluido_em + timedelta(seconds=_STALE_SECONDS),
    )
    values = {c.name: new[c.name] for c in kept.c if c.name not in table.primary_key.columns}
    merged = (
        merge.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={**values, "excluido_em": None, "excluido_por": None},
            where=sa.and_(changed, newer, back),
        )
        .returning(sa.literal_column("(xmax = 0)", sa.Boolean).label("nova"), table.c.data_particao)
        .cte("gravadas")
    )
    first = sa.bindparam(YOUNG_FROM, type_=sa.DateTime(timezone=True))
    last = sa.bindparam(YOUNG_TO, type_=sa.DateTime(timezone=True))
    young = sa.or_(*(page.c[name].between(first, last) for name in ("incluido_em", "alterado_em")))
    count = sa.func.count()

    def number(source: Any, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        return sa.select(count).select_from(source).where(*where).scalar_subquery()

    return sa.select(
        number(page),
        number(seen),
        number(kept),
        number(merged, merged.c.nova),
        number(merged, ~merged.c.nova),
        number(page, young),
        sa.select(sa.func.array_agg(sa.distinct(merged.c.data_particao)))
        .where(merged.c.data_particao.is_not(None))
        .scalar_subquery(),
    )
