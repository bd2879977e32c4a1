"""Brings payload tables up to date from their kept queries: only the empresas whose rows changed.

One transaction over all tables, in one snapshot: what a table was made of is noted before its rows
are computed, so a change of the clinic meanwhile is seen the next time. Rows that come out the same
stay where they are; a reader, such as a push that plans, sees the old rows whole until the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects.postgresql import ARRAY, insert

from omie_pipeline.catalog import Endpoint
from omie_pipeline.clinic.origins import PEOPLE
from omie_pipeline.clinic.raw_tables import psycopg_connection
from omie_pipeline.errors import WarehouseError
from omie_pipeline.models.data_tests import run_data_tests
from omie_pipeline.models.sources import NOBODY, Digests, Held, Reads, Table, reads_of
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.schemas import BUILT, PAYLOAD, STAGING, schemas_of
from omie_pipeline.postgres.tables import model_refresh
from omie_pipeline.texts import models as texts

_LOCK = "LOCK TABLE omie_sync.model_refresh IN SHARE ROW EXCLUSIVE MODE"
_COLUMNS = sa.text(
    "SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = :oid AND a.attnum > 0"
    " AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum"
)
_TABLES = sa.text(
    "SELECT c.oid, c.relname, EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid"
    " AND a.attname = 'empresa' AND NOT a.attisdropped) AS says_empresa"
    " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relkind = 'r' AND omie_sync.e_nosso(c.oid)"
    " AND c.relname = ANY(:names)"
)
_ELSEWHERE = sa.text(
    "SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " JOIN pg_class AS q ON q.relname = c.relname AND q.relkind = 'v'"
    "  AND q.relnamespace = to_regnamespace(:staging)"
    " WHERE n.nspname = ANY(:schemas) AND c.relkind = 'r' AND c.relname = ANY(:names))"
)
_CASCADES = sa.text(
    "SELECT string_agg(pg_describe_object('pg_constraint'::regclass, oid, 0), '; ')"
    " FROM pg_constraint WHERE contype = 'f' AND confdeltype IN ('c', 'n', 'd')"
    " AND confrelid = :oid"
)


CODES = "clientes_codigos"
_LETTERS = 4
_DOCUMENT_NOW = sa.text(
    "SELECT resumo_documento FROM staging.clientes_codigos"
    " WHERE empresa = :empresa AND codigo = :key"
)
_SAME_RECORD = sa.text(
    "WITH known AS (SELECT titular, resumo_documento FROM omie_payload.clientes_codigos"
    " WHERE empresa = :empresa AND codigo = :key)"
    " SELECT c.codigo FROM omie_payload.clientes_codigos AS c WHERE c.empresa = :empresa"
    " AND (c.resumo_documento = CAST(:digest AS text)"
    "  OR c.resumo_documento IN (SELECT resumo_documento FROM known)"
    "  OR c.titular = CAST(:key AS text) OR c.titular IN (SELECT titular FROM known))"
)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of one payload table.

    Attributes:
        model: its name.
        empresas: whose rows were computed; none if nothing that they are made of changed.
        rows: rows of these empresas now.
        removed: rows that went, those that changed among them.
        added: rows that came, those that changed among them.
        tested: dbt's data tests of it that were run, with the number of what they found; ``None``
            of one that could not be asked.
    """

    model: str
    empresas: tuple[str, ...] = ()
    rows: int = 0
    removed: int = 0
    added: int = 0
    tested: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether a row of it is another one now."""
        return bool(self.removed or self.added)

    @property
    def failing(self) -> Mapping[str, int | None]:
        """Those of the tests that are not well."""
        return {test: rows for test, rows in self.tested.items() if rows != 0}


@dataclass(frozen=True, slots=True)
class KeyRefreshed:
    """What became of one record's rows in its payload table.

    Attributes:
        removed: its rows that went, those that changed among them.
        added: its rows that came, those that changed among them.
        below: the payload tables that its query reads.
    """

    removed: int
    added: int
    below: tuple[Refreshed, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the record is another one now, or gone."""
        return bool(self.removed or self.added)


Before = Mapping[int, Mapping[str, Held]]
"""Tables, by their number in the database, with each empresa's rows at one moment."""


@contextmanager
def holding(
    engine: sa.Engine, *, snapshot: bool = False, on_wait: Callable[[], None] | None = None
) -> Iterator[sa.Connection]:
    """A transaction in which nobody else fills payload tables; another one waits for its end.

    Args:
        engine: the warehouse.
        snapshot: all statements see one state of the warehouse, as it is once the wait is over.
        on_wait: called once if somebody else fills tables, or dbt is at work, which takes minutes.
    """
    if snapshot:
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with warehouse_errors(), engine.begin() as connection:
            # It stays idle for as long as dbt works.
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            # First of all: a lock alone decides nothing yet of what this transaction sees.
            _lock(connection, on_wait)
            yield connection
    except psycopg.Error as error:
        # Not chained: PostgreSQL's own words may quote the row.
        raise WarehouseError(texts.not_refreshed(type(error).__name__)) from None


def _lock(connection: sa.Connection, on_wait: Callable[[], None] | None) -> None:
    try:
        with connection.begin_nested():
            connection.execute(sa.text(f"{_LOCK} NOWAIT"))
    except sa.exc.OperationalError as error:
        if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise
        if on_wait is not None:
            on_wait()
        connection.execute(sa.text(_LOCK))


@dataclass
class Refresh:
    """One refresh, in the transaction of :func:`holding`.

    Attributes:
        connection: its connection.
        empresas: all that the deployment knows.
        by_empresa: see :class:`~omie_pipeline.models.sources.Digests`.
    """

    connection: sa.Connection
    empresas: Sequence[str]
    by_empresa: bool = True
    digests: Digests = field(init=False)

    def __post_init__(self) -> None:
        self.digests = Digests(self.connection, self.empresas, self.by_empresa)

    def has_others(self, relations: Collection[str]) -> bool:
        """Whether any of them is a table that only dbt fills: a user's own, in ``analise`` say.

        Args:
            relations: as plain schema and name.
        """
        schemas = schemas_of(self.connection)
        others = [name for name in relations if not name.startswith(f"{PAYLOAD}.")]
        where = {
            "staging": schemas.name(STAGING),
            "schemas": [schemas.name(one) for one in BUILT if one != PAYLOAD],
            "names": sorted(name.partition(".")[2] for name in others),
        }
        return bool(self.connection.scalar(_ELSEWHERE, where))

    def run(self, models: Collection[str], empresas: Collection[str]) -> tuple[Refreshed, ...]:
        """Bring the payload tables of these models up to date for these empresas.

        Rows of no empresa go with a refresh of all.

        Args:
            models: names of the payload tables; one without a kept query is left out.
            empresas: whose rows.

        Raises:
            WarehouseError: rows of others hang on a table's rows; nothing was changed.
        """
        reads = reads_of(self.connection, sorted(models))
        tables = self._tables(reads)
        done = []
        for name in in_order(reads):
            if name in tables:
                done.append(self._bring(tables[name], reads[name], empresas))
        tested = run_data_tests(self.connection, [one.model for one in done if one.changed])
        return tuple(replace(one, tested=tested.get(one.model, {})) for one in done)

    def run_key(self, endpoint: Endpoint, empresa: str, key: str) -> KeyRefreshed:
        """Bring one record's rows of its payload table up to date, and nobody else's.

        Payload tables that its query reads (``clientes_codigos``) are brought up to date for the
        empresa first. What the table was made of stays as it was noted: the next build looks at
        the whole table again.

        Args:
            endpoint: whose payload table.
            empresa: whose record.
            key: its integration code.

        Raises:
            WarehouseError: rows of others hang on a table's rows; nothing was changed.
        """
        reads = self._with_those_below(endpoint.model)
        tables = self._tables(reads)
        if endpoint.model not in tables:
            # A view of the user's own: it says at any time what is.
            below = self._below(reads, tables, endpoint, empresa)
            return KeyRefreshed(0, 0, below)
        if key[:_LETTERS] in PEOPLE and reads[endpoint.model].models == {CODES}:
            return self._run_person(endpoint, tables[CODES], tables[endpoint.model], empresa, key)
        below = self._below(reads, tables, endpoint, empresa)
        table = tables[endpoint.model]
        named = key_condition(endpoint, key)
        if named is None:
            done = self._bring(table, reads[table.name], (empresa,))
            return KeyRefreshed(done.removed, done.added, below)
        self._guard(table)
        mine = sql.SQL("{} AND {}").format(self._condition(table, [empresa]), named)
        removed, added = self._fill(table, mine)
        self.digests.forget(table.oid)
        return KeyRefreshed(removed, added, below)

    def _below(
        self,
        reads: Mapping[str, Reads],
        tables: Mapping[str, Table],
        endpoint: Endpoint,
        empresa: str,
    ) -> tuple[Refreshed, ...]:
        return tuple(
            self._bring(tables[name], reads[name], (empresa,))
            for name in in_order(reads)
            if name in tables and name != endpoint.model
        )

    def _run_person(
        self, endpoint: Endpoint, codes: Table, table: Table, empresa: str, key: str
    ) -> KeyRefreshed:
        """A person's record, and who shares it: those of the document they had, and have now."""
        self._guard(codes)
        self._guard(table)
        where = {"empresa": empresa, "key": key}
        self._look_only_at({key})
        digest = self.connection.scalar(_DOCUMENT_NOW, where)
        rows = self.connection.execute(_SAME_RECORD, {**where, "digest": digest})
        group = {key, *rows.scalars()}
        self._look_only_at(group)
        whose = self._condition(codes, [empresa])
        theirs = sql.SQL("{} AND codigo = ANY(CAST({} AS text[]))").format(
            whose, sql.Literal(sorted(group))
        )
        below = Refreshed(codes.name, (empresa,), len(group), *self._fill(codes, theirs))
        mine = sql.SQL("{} AND {}").format(whose, key_condition(endpoint, key))
        removed, added = self._fill(table, mine)
        self._look_only_at(None)
        self.digests.forget(codes.oid)
        self.digests.forget(table.oid)
        return KeyRefreshed(removed, added, (below,))

    def _look_only_at(self, codes: Collection[str] | None) -> None:
        for prefix, name in PEOPLE.items():
            ids = None
            if codes is not None:
                ids = sorted(code[len(prefix) :] for code in codes if code.startswith(prefix))
            self.connection.execute(
                sa.select(sa.func.omie_sync.look_only_at(name, sa.cast(ids, ARRAY(sa.Text))))
            )

    def _with_those_below(self, model: str) -> dict[str, Reads]:
        found: dict[str, Reads] = {}
        asked: set[str] = set()
        wanted = {model}
        while wanted - asked:
            found |= reads_of(self.connection, sorted(wanted - asked))
            asked |= wanted
            wanted = {other for reads in found.values() for other in reads.models}
        return found

    def look(self, models: Collection[str]) -> Before:
        """What the present queries of these models read, before dbt makes tables of it."""
        reads = reads_of(self.connection, sorted(models))
        tables = {table.oid: table for read in reads.values() for table in read.tables}
        return {
            oid: self.digests.of_table(table)
            for oid, table in tables.items()
            if table.schema not in BUILT
        }

    def remember_filled(self, models: Collection[str], before: Before) -> None:
        """Note what dbt has just made these tables of.

        Args:
            models: names of payload tables.
            before: what was there before it began. Of a model that reads anything else, nothing
                is noted: its rows are computed once more.
        """
        self.digests = Digests(self.connection, self.empresas, self.by_empresa)
        self.digests.known.update(before)
        reads = reads_of(self.connection, sorted(models))
        tables = self._tables(reads)
        for name, table in tables.items():
            self.connection.execute(
                sa.delete(model_refresh).where(model_refresh.c.relation == name)
            )
            known = all(one.oid in before or one.schema in BUILT for one in reads[name].tables)
            for empresa in self._whose(table, self.empresas) if known else ():
                self.remember(table, empresa, self.digests.of_model(reads[name], empresa))

    def _tables(self, names: Collection[str]) -> dict[str, Table]:
        schema = schemas_of(self.connection).name(PAYLOAD)
        rows = self.connection.execute(_TABLES, {"schema": schema, "names": sorted(names)})
        return {
            row.relname: Table(row.oid, PAYLOAD, row.relname, row.says_empresa, copied=False)
            for row in rows
        }

    def _bring(self, table: Table, reads: Reads, empresas: Collection[str]) -> Refreshed:
        whose = self._whose(table, empresas)
        remembered = self._remembered(table)
        # What it is made of is noted first: a table may read itself.
        now = {name: self.digests.of_model(reads, name) for name in whose}
        stale = [
            name
            for name in whose
            if reads.unknown or remembered.get(name) != (now[name], self._held(table, name).digest)
        ]
        if not stale:
            return Refreshed(table.name)
        self._guard(table)
        removed, added = self._fill(table, self._condition(table, stale))
        self.digests.forget(table.oid)
        if (removed + added) * 100 > sum(held.rows for held in self._all_held(table)):
            self._analyze(table)
        for name in stale:
            own = table.name in reads.models
            sources = self.digests.of_model(reads, name) if own else now[name]
            self.remember(table, name, sources)
        rows = sum(self._held(table, name).rows for name in stale)
        return Refreshed(table.name, tuple(stale), rows, removed, added)

    def _whose(self, table: Table, empresas: Collection[str]) -> tuple[str, ...]:
        if not table.says_empresa:
            return (NOBODY,)
        whose = tuple(name for name in self.empresas if name in empresas)
        return (*whose, NOBODY) if set(whose) == set(self.empresas) else whose

    def _remembered(self, table: Table) -> dict[str, tuple[str, str]]:
        query = sa.select(model_refresh).where(model_refresh.c.relation == table.name)
        return {row.empresa: (row.sources, row.content) for row in self.connection.execute(query)}

    def _held(self, table: Table, empresa: str) -> Held:
        return self.digests.of_table(table).get(empresa, Held())

    def remember(self, table: Table, empresa: str, sources: str) -> None:
        """Note what an empresa's rows of a table were made of, and which rows it has now."""
        held = self._held(table, empresa)
        values = {"sources": sources, "content": held.digest, "rows": held.rows}
        statement = insert(model_refresh).values(relation=table.name, empresa=empresa, **values)
        self.connection.execute(
            statement.on_conflict_do_update(
                index_elements=[model_refresh.c.relation, model_refresh.c.empresa],
                set_={**values, "refreshed_at": sa.func.now()},
            )
        )

    def _guard(self, table: Table) -> None:
        cascades = self.connection.scalar(_CASCADES, {"oid": table.oid})
        if cascades:
            raise WarehouseError(texts.rows_of_others_hang_on(table.name, cascades))

    def _fill(self, table: Table, condition: sql.Composable) -> tuple[int, int]:
        """Compute the rows that the condition picks and lay the difference into the table.

        Returns:
            Rows removed and rows added.
        """
        schemas = schemas_of(self.connection)
        found = self.connection.execute(_COLUMNS, {"oid": table.oid}).all()
        parts = {
            "table": self._named(table),
            "query": sql.Identifier(schemas.name(STAGING), table.name),
            "columns": sql.SQL(", ").join(sql.Identifier(row.attname) for row in found),
            "condition": condition,
        }
        run = psycopg_connection(self.connection).execute
        # Two builds at once would otherwise each keep their own rows. Readers are not blocked.
        run(sql.SQL("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE").format(**parts))
        for statement in _COMPUTE:
            run(sql.SQL(statement).format(**parts))
        removed = run(sql.SQL(_REMOVE).format(**parts)).rowcount
        added = run(sql.SQL(_ADD).format(**parts)).rowcount
        run("DROP TABLE _omie_fresh, _omie_kept")
        return removed, added

    def _named(self, table: Table) -> sql.Identifier:
        return sql.Identifier(schemas_of(self.connection).name(PAYLOAD), table.name)

    def _analyze(self, table: Table) -> None:
        statement = sql.SQL("ANALYZE {}").format(self._named(table))
        psycopg_connection(self.connection).execute(statement)

    def _all_held(self, table: Table) -> Collection[Held]:
        return self.digests.of_table(table).values()

    def _condition(self, table: Table, empresas: Sequence[str]) -> sql.Composable:
        """Picks the rows of the empresas; all of a table that says none."""
        if not table.says_empresa:
            return sql.SQL("true")
        named = sql.Literal([name for name in empresas if name != NOBODY])
        picked = sql.SQL("empresa = ANY(CAST({} AS text[]))").format(named)
        if NOBODY not in empresas:
            return picked
        return sql.SQL("({} OR (empresa = ANY(CAST({} AS text[]))) IS NOT TRUE)").format(
            picked, sql.Literal(list(self.empresas))
        )


# Rows are told apart by a digest of their whole text, and equal ones by a number. "t" is no column.
_COMPUTE = (
    "CREATE TEMPORARY TABLE _omie_fresh ON COMMIT DROP AS"
    " SELECT q.*, row_number() OVER (PARTITION BY _omie_digest) AS _omie_number FROM ("
    "  SELECT {columns}, sha256(convert_to(CAST(ROW({columns}) AS text), 'UTF8')) AS _omie_digest"
    "  FROM {query} WHERE {condition}) AS q",
    "CREATE TEMPORARY TABLE _omie_kept ON COMMIT DROP AS"
    " SELECT q.*, row_number() OVER (PARTITION BY _omie_digest) AS _omie_number FROM ("
    "  SELECT ctid AS _omie_place,"
    "  sha256(convert_to(CAST(ROW({columns}) AS text), 'UTF8')) AS _omie_digest"
    "  FROM {table} WHERE {condition}) AS q",
)
_REMOVE = (
    "DELETE FROM {table} WHERE ctid IN (SELECT k._omie_place FROM _omie_kept AS k"
    " LEFT JOIN _omie_fresh AS f USING (_omie_digest, _omie_number)"
    " WHERE f._omie_digest IS NULL)"
)
_ADD = (
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM _omie_fresh AS f"
    " LEFT JOIN _omie_kept AS k USING (_omie_digest, _omie_number) WHERE k._omie_place IS NULL"
)


def key_condition(endpoint: Endpoint, key: str) -> sql.Composable | None:
    """Picks a record's rows by its integration code; ``None`` where a row may have no code."""
    if endpoint.deletes:
        return None
    if endpoint.section:
        return sql.SQL("CAST({} AS jsonb) ->> {} = {}").format(
            sql.Identifier(endpoint.section),
            sql.Literal(endpoint.integration_key),
            sql.Literal(key),
        )
    return sql.SQL("CAST({} AS text) = {}").format(
        sql.Identifier(endpoint.key_column), sql.Literal(key)
    )


def in_order(reads: Mapping[str, Reads]) -> Iterator[str]:
    """Each model after those whose tables it reads."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in done:
            return
        done.add(name)
        for other in sorted(reads[name].models & set(reads)):
            yield from visit(other)
        yield name

    for name in sorted(reads):
        yield from visit(name)
