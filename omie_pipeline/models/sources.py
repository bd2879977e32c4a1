"""Which rows a payload table was made of, as a digest that another row, or one less, changes.

PostgreSQL gives each version of a row a place (``ctid``) and the transaction that wrote it
(``xmin``): their sum over a table's visible rows is another one as soon as any row was written,
changed or deleted, without reading a single value. That the rows came out the same is not told;
then the refresh finds nothing to do.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from omie_pipeline.postgres.schemas import PAYLOAD, PURPOSES, STAGING, SYNC, schemas_of

NOBODY = ""
"""In place of an empresa: the rows of none that this deployment knows."""

_READS = sa.text(
    "WITH RECURSIVE reads AS ("
    " SELECT c.relname AS model, c.oid FROM pg_class AS c"
    " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :staging AND c.relname = ANY(:names) AND c.relkind = 'v'"
    " UNION SELECT reads.model, d.refobjid FROM reads"
    " JOIN pg_class AS c ON c.oid = reads.oid AND c.relkind = 'v'"
    " JOIN pg_rewrite AS r ON r.ev_class = c.oid"
    " JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
    " AND d.refclassid = 'pg_class'::regclass"
    ") SELECT reads.model, reads.oid, n.nspname, c.relname, CAST(c.relkind AS text) AS kind,"
    " EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'empresa'"
    "  AND NOT a.attisdropped) AS says_empresa,"
    " EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = '_empresa'"
    "  AND NOT a.attisdropped) AS copied"
    " FROM reads JOIN pg_class AS c ON c.oid = reads.oid"
    " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
)
# 0 is current_date; the others of these are moments. Functions by their number, as a rule has them.
_TIMES = sa.text(
    "WITH unsteady AS (SELECT CAST(oid AS text) AS id FROM pg_proc WHERE provolatile = 'v'"
    " AND pronamespace = 'pg_catalog'::regnamespace OR oid IN ("
    " 'now()'::regprocedure, 'statement_timestamp()'::regprocedure,"
    " 'transaction_timestamp()'::regprocedure, 'current_setting(text)'::regprocedure,"
    " 'current_setting(text, boolean)'::regprocedure, 'age(timestamptz)'::regprocedure,"
    " 'age(timestamp)'::regprocedure))"
    " SELECT r.ev_class AS oid,"
    " CAST(r.ev_action AS text) ~ '[{]SQLVALUEFUNCTION \\:op 0 ' AS day,"
    " CAST(r.ev_action AS text) ~ '[{]SQLVALUEFUNCTION \\:op [1-9]' OR EXISTS ("
    "  SELECT FROM regexp_matches(CAST(r.ev_action AS text), '\\:funcid ([0-9]+)', 'g') AS called"
    "  JOIN unsteady ON unsteady.id = called[1])"
    " OR EXISTS (SELECT FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.refobjid"
    "  WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
    "  AND d.refclassid = 'pg_proc'::regclass AND p.provolatile <> 'i'"
    "  AND p.pronamespace <> to_regnamespace(:sync)) AS always"
    " FROM pg_rewrite AS r WHERE r.ev_class = ANY(:views)"
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a model reads in the end.

    Attributes:
        schema: plain, where it is one of ours.
        says_empresa: it has a column ``empresa``.
        copied: it has the extract's column ``_empresa``.
    """

    oid: int
    schema: str
    name: str
    says_empresa: bool
    copied: bool


@dataclass(frozen=True, slots=True)
class Reads:
    """What one model's query reads.

    Attributes:
        tables: in a fixed order.
        by_day: the query asks for today's date.
        unknown: it asks for what no digest tells (a foreign table, the time, a function).
    """

    tables: tuple[Table, ...]
    by_day: bool = False
    unknown: bool = False

    @property
    def models(self) -> frozenset[str]:
        """Payload tables among them."""
        return frozenset(one.name for one in self.tables if one.schema == PAYLOAD)


def reads_of(connection: sa.Connection, names: Sequence[str]) -> dict[str, Reads]:
    """What the kept queries read, by the name of the model; one without a query is left out."""
    schemas = schemas_of(connection)
    parameters = {"staging": schemas.name(STAGING), "names": list(names)}
    rows = connection.execute(_READS, parameters).all()
    views = sorted({row.oid for row in rows if row.kind == "v"})
    sync = schemas.name(SYNC)
    times = {
        row.oid: row for row in connection.execute(_TIMES, {"views": views, "sync": sync}).all()
    }
    of_model = defaultdict(list)
    for row in rows:
        of_model[row.model].append(row)
    return {
        model: Reads(
            tuple(
                Table(
                    row.oid, schemas.plain(row.nspname), row.relname, row.says_empresa, row.copied
                )
                for row in sorted(read, key=lambda row: row.oid)
                if row.kind in ("r", "p", "m")
            ),
            by_day=any(row.oid in times and times[row.oid].day for row in read),
            unknown=any(
                row.kind not in ("r", "p", "m", "v")
                # Somebody else's schema of a name that our statements take for ours.
                or (schemas.prefix and row.nspname in PURPOSES)
                or (row.oid in times and times[row.oid].always)
                for row in read
            ),
        )
        for model, read in of_model.items()
    }


@dataclass(frozen=True, slots=True)
class Held:
    """One empresa's rows of a table: their number, and a digest of which versions they are."""

    rows: int = 0
    digest: str = ""


@dataclass
class Digests:
    """Digests of tables within one snapshot; each table is looked at once.

    Attributes:
        empresas: those that the deployment knows.
        by_empresa: rows of one empresa make no row of another. False where models of the user's
            may read a table's empresa from any column.
        known: tables that were looked at, by their number in the database.
    """

    connection: sa.Connection
    empresas: Sequence[str]
    by_empresa: bool = True
    known: dict[int, Mapping[str, Held]] = field(default_factory=dict)

    def forget(self, oid: int) -> None:
        """The table was written to."""
        self.known.pop(oid, None)

    def of_table(self, table: Table) -> Mapping[str, Held]:
        """Empresa -> its rows; under :data:`NOBODY` all other rows."""
        if table.oid not in self.known:
            self.known[table.oid] = self._read(table)
        return self.known[table.oid]

    def of_model(self, reads: Reads, empresa: str) -> str:
        """Digest of all rows that may make a row of the empresa."""
        parts = []
        for table in reads.tables:
            found = self.of_table(table)
            names = sorted({empresa, NOBODY} if self.by_empresa else found)
            held = [(name, found[name].digest) for name in names if name in found]
            parts.append((table.oid, held))
        day = self.connection.scalar(sa.select(sa.func.current_date())) if reads.by_day else None
        return hashlib.sha256(repr((parts, str(day))).encode()).hexdigest()

    def _read(self, table: Table) -> Mapping[str, Held]:
        rows = sa.table(
            table.name, sa.column("empresa"), sa.column("_empresa"), schema=table.schema
        )
        whose: list[sa.ColumnElement[str]] = []
        if table.says_empresa:
            said = sa.func.btrim(sa.cast(rows.c.empresa, sa.Text))
            whose.append(sa.func.nullif(said, ""))
        if table.copied:
            whose.append(sa.cast(rows.c._empresa, sa.Text))
        empresa = sa.func.coalesce(*whose, NOBODY) if whose else sa.literal(NOBODY)
        version = sa.literal_column("ctid::text || ' ' || xmin::text", sa.Text)
        query = sa.select(
            empresa.label("empresa"),
            sa.func.count().label("rows"),
            sa.func.sum(sa.func.hashtextextended(version, 0)).label("versions"),
        ).select_from(rows)
        if whose:
            query = query.group_by(sa.literal_column("1"))
        found: dict[str, list[str]] = defaultdict(list)
        counts: dict[str, int] = defaultdict(int)
        for row in self.connection.execute(query):
            owner = row.empresa if row.empresa in self.empresas else NOBODY
            found[owner].append(f"{row.empresa} {row.rows} {row.versions}")
            counts[owner] += row.rows
        return {
            name: Held(counts[name], hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest())
            for name, parts in found.items()
            if counts[name]
        }
