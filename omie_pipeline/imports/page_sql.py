"""From one page of a list, as JSON text, to typed rows: all of it in PostgreSQL.

The page goes to the database as it came: decimals never pass through a float, and what our types
do not fit becomes NULL in its column and stays in ``raw``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, distinct_on, insert

from omie_pipeline.catalog.lists import ChildTable, Column, MirrorTable
from omie_pipeline.catalog.lists.model import ColumnKind
from omie_pipeline.catalog.model import BY_API
from omie_pipeline.clock import BRASILIA
from omie_pipeline.imports.filter import MirrorFilter, admitted
from omie_pipeline.imports.records import DIGEST_BYTES
from omie_pipeline.postgres.omie_tables import DIGEST, OURS, mirror_table
from omie_pipeline.postgres.sql import function_text
from omie_pipeline.postgres.tables import ledger

BODY, DIGESTS, EMPRESA, ASKED_AT = "p_body", "p_digests", "p_empresa", "p_asked_at"
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


def page_records() -> sa.TableValuedAlias:
    """The records bound as ``body``, a JSON array, each with its number from 1."""
    body = sa.cast(sa.bindparam(BODY, type_=sa.Text), JSONB)
    found = sa.func.jsonb_array_elements(body, type_=JSONB)
    columns = (sa.column("value", JSONB),)
    return found.table_valued(*columns, with_ordinality="ordem").render_derived(name="r")


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
        (sa.or_(included_by == BY_API, by_api == "S"), "integracao"),
        (included_by.is_not(None), "pessoa"),
    ]
    if mirror.ledger:
        cases.insert(0, (ledger.c.created_here.is_(True), OURS))
    return sa.case(*cases)


def record_select(mirror: MirrorTable) -> sa.Select[Any]:
    """The rows of the records bound as ``body``, one for each key, with every column of the table
    but derived ones."""
    records = page_records()
    return _typed_select(mirror, records).add_columns(
        _digest_of(records.c.ordem, sa.bindparam(DIGESTS, type_=sa.LargeBinary)).label(DIGEST)
    )


def _digest_of(number: Expression, digests: Expression) -> Expression:
    """One of many digests, which are bound as one value."""
    first = sa.cast((number - 1) * DIGEST_BYTES + 1, sa.Integer)
    whole = sa.cast(digests, sa.LargeBinary)
    return sa.func.substring(whole, first, DIGEST_BYTES, type_=sa.LargeBinary)


def _typed_select(mirror: MirrorTable, records: sa.FromClause) -> sa.Select[Any]:
    audit = mirror.audit
    paths = (*asdict(audit).values(), mirror.partition, mirror.integration_code)
    keyed = _MOVEMENT if any(not column.path for column in mirror.columns) else ()
    fields = Fields(records, mirror.columns, (*paths, *keyed))
    keys = {name: _key_column(mirror, mirror.column(name), fields) for name in key_columns(mirror)}
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


def children_select(child: ChildTable, parents: Any) -> sa.Select[Any]:
    """The rows inside records, one for each key.

    Args:
        child: declaration of the rows inside.
        parents: rows with ``registro``, the record, and ``pai``, its key.
    """
    items = elements(array_or_empty(parents.c.registro[child.path])).lateral("filho")
    fields = Fields(items, child.columns, ())
    values = {c.name: fields.typed(c) for c in child.columns}
    columns: list[sa.ColumnElement[Any]] = [
        sa.bindparam(EMPRESA, type_=sa.Text).label("empresa"),
        *(value.label(name) for name, value in values.items()),
        parents.c.pai.label(child.parent),
        items.c.value.label("raw"),
        sa.bindparam(ASKED_AT, type_=sa.DateTime(timezone=True)).label("lido_em"),
    ]
    return (
        sa.select(*columns)
        .select_from(sa.join(parents, fields.source, sa.true()))
        .where(values[child.key].is_not(None))
        .ext(distinct_on(values[child.key]))
    )


_versions: dict[int, tuple[MirrorTable, str]] = {}
"""By declaration, which is kept beside its version so that its id stays its own."""


def typing_version(mirror: MirrorTable) -> str:
    """A digest of how records of a list become columns, those of the rows inside them included.

    It is worked out from the statements themselves, so that no change of a declaration or a cast
    can be forgotten: a row that another version has filled is filled anew when it is read again,
    even if Omie's record is the same.
    """
    if id(mirror) not in _versions:
        _versions[id(mirror)] = (mirror, _typing_version(mirror))
    return _versions[id(mirror)][1]


def _typing_version(mirror: MirrorTable) -> str:
    queries = [_typed_select(mirror, page_records())]
    if mirror.child is not None:
        parents = sa.table("pais", sa.column("registro", JSONB), sa.column("pai", sa.BigInteger))
        queries.append(children_select(mirror.child, parents))
    digest = hashlib.sha256(function_text("texts").encode())
    for query in queries:
        made = query.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
        digest.update(f"{made}\n{sorted(made.params.items())}\n".encode())
    return digest.hexdigest()[:8]


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
    sa.Column("chave", sa.Text(collation="C"), primary_key=True),
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
_known: dict[int, tuple[MirrorTable, Any]] = {}
"""Both by declaration, which is kept beside its statement so that its id stays its own."""


def merge_statement(mirror: MirrorTable, filters: MirrorFilter) -> Any:
    """For the parameters of :func:`record_select` and the moments between which a row is young.

    Answers one row: records, first seen, those of them that the filters keep out, inserted,
    updated, young, partitions touched. Made once for a list and its filters: that takes 10 ms, and
    every range of a list needs it.
    """
    key = (id(mirror), filters)
    if key not in _merges:
        _merges[key] = (mirror, _merge_statement(mirror, filters))
    return _merges[key][1]


def known_statement(mirror: MirrorTable) -> Any:
    """Which of many records stand here already, the same, so that a merge would change nothing.

    For their digests and an array of each part of their keys (:func:`key_parameter`), the empresa,
    and the moments between which a row is young. They count as seen. Answers one row: how many
    they are, how many were seen first, how many are young, the numbers of the others.
    """
    if id(mirror) not in _known:
        _known[id(mirror)] = (mirror, _known_statement(mirror))
    return _known[id(mirror)][1]


def key_columns(mirror: MirrorTable) -> list[str]:
    """The columns that tell apart the rows of a list within its empresa."""
    return [name for name in mirror.key if name not in dict(mirror.constants)]


def key_parameter(name: str) -> str:
    """The parameter with one part of the keys."""
    return f"p_key_{name}"


_YOUNG = (
    sa.bindparam(YOUNG_FROM, type_=sa.DateTime(timezone=True)),
    sa.bindparam(YOUNG_TO, type_=sa.DateTime(timezone=True)),
)


def _is_young(rows: Any) -> sa.ColumnElement[bool]:
    """Created or changed while the pass went on."""
    return sa.or_(*(rows.c[name].between(*_YOUNG) for name in ("incluido_em", "alterado_em")))


def _number(source: Any, *where: sa.ColumnElement[bool]) -> Any:
    return sa.select(sa.func.count()).select_from(source).where(*where).scalar_subquery()


def _see(keys: Any) -> sa.CTE:
    """Note keys as seen; the rows are those that were not before."""
    return (
        insert(seen_keys)
        .from_select(["chave", "partition"], keys)
        .on_conflict_do_nothing()
        .returning(seen_keys.c.chave)
        .cte("vistas")
    )


_OF_LEDGER = ("ledger_codigo", "feito_por")


def _known_statement(mirror: MirrorTable) -> Any:
    table, names = mirror_table(mirror), key_columns(mirror)
    empresa = sa.bindparam(EMPRESA, type_=sa.Text)
    keys = [sa.bindparam(key_parameter(n), type_=ARRAY(table.c[n].type)) for n in names]
    asked = (
        sa.func.unnest(*keys)
        .table_valued(
            *(sa.column(name, table.c[name].type) for name in names),
            with_ordinality="ordem",
        )
        .render_derived(name="pedidas")
    )
    # One row by its key: a table that was empty when the plan was made is not read whole for it.
    here = (
        sa.select(
            *(table.c[name] for name in (*names, DIGEST, "data_particao", "incluido_em")),
            *(table.c[name] for name in ("alterado_em", "excluido_em", *_OF_LEDGER)),
        )
        .where(
            table.c.empresa == empresa,
            *(table.c[name] == value for name, value in mirror.constants),
            *(table.c[name] == asked.c[name] for name in names),
        )
        .limit(1)
        .lateral("aqui")
    )
    digests = sa.bindparam(DIGESTS, type_=sa.LargeBinary)
    source: Any = asked.join(here, sa.true())
    same = [
        here.c.excluido_em.is_(None),
        here.c[DIGEST] == _digest_of(asked.c.ordem, digests),
    ]
    if mirror.ledger:
        (omie_id,) = names
        ours = (
            sa.select(ledger.c.codigo_integracao, ledger.c.created_here)
            .where(
                ledger.c.empresa == empresa,
                ledger.c.endpoint == mirror.ledger,
                ledger.c.omie_id == asked.c[omie_id],
            )
            .limit(1)
            .lateral("nosso")
        )
        source = source.outerjoin(ours, sa.true())
        made_here = sa.func.coalesce(here.c.feito_por == OURS, sa.false())
        same += [
            here.c.ledger_codigo.is_not_distinct_from(ours.c.codigo_integracao),
            made_here == sa.func.coalesce(ours.c.created_here, sa.false()),
        ]
    known = (
        sa.select(
            asked.c.ordem,
            key_text(mirror, here).label("chave"),
            *(here.c[name] for name in ("data_particao", "incluido_em", "alterado_em")),
        )
        .select_from(source)
        .where(*same)
        .cte("conhecidas")
        .prefix_with("MATERIALIZED")
    )
    seen = _see(sa.select(known.c.chave, known.c.data_particao))
    others = sa.select(asked.c.ordem).where(asked.c.ordem.not_in(sa.select(known.c.ordem)))
    return sa.select(
        _number(known),
        _number(seen),
        _number(known, _is_young(known)),
        sa.func.array(others.scalar_subquery(), type_=ARRAY(sa.BigInteger)),
    )


def _merge_statement(mirror: MirrorTable, filters: MirrorFilter) -> Any:
    table = mirror_table(mirror)
    page = record_select(mirror).cte("pagina").prefix_with("MATERIALIZED")
    seen = _see(sa.select(key_text(mirror, page), page.c.data_particao))
    kept = sa.select(page).where(admitted(mirror, filters, page, table)).cte("admitidas")
    merge = insert(table).from_select([c.name for c in kept.c], sa.select(kept))
    new = merge.excluded
    changed = sa.or_(
        table.c.excluido_em.is_not(None),
        *(
            table.c[name].is_distinct_from(new[name])
            for name in ("raw", "feito_por", "ledger_codigo", "data_particao", DIGEST)
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
    left_out: Any = sa.literal(0)
    if filters != MirrorFilter():
        left_out = _number(seen, seen.c.chave.not_in(sa.select(key_text(mirror, kept))))
    return sa.select(
        _number(page),
        _number(seen),
        left_out,
        _number(merged, merged.c.nova),
        _number(merged, ~merged.c.nova),
        _number(page, _is_young(page)),
        sa.select(sa.func.array_agg(sa.distinct(merged.c.data_particao)))
        .where(merged.c.data_particao.is_not(None))
        .scalar_subquery(),
    )
