"""What dbt last made, and whether it would come out the same today.

Views change only when what dbt reads changes: the files of the project, its variables, the names
and types of the source's columns, and in a few places what a whole column shows. All of that but
the last is the *basis*, a digest for each of its parts. With it stands a fingerprint of each
relation as it was made, so that a view that somebody changed or dropped by hand is seen as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.postgres.schemas import BUILT, CLINIC, OMIE, STAGING, SYNC, schemas_of
from omie_pipeline.postgres.tables import model_made

_DEFINITIONS = sa.text(
    "WITH made AS ("
    " SELECT c.oid, n.nspname, c.relname, c.relkind, c.reloptions"
    " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = ANY(:schemas) AND c.relkind IN ('r', 'v') AND omie_sync.e_nosso(c.oid)"
    "), reads AS ("
    " SELECT m.oid, m.oid AS other FROM made AS m"
    " UNION SELECT m.oid, d.refobjid FROM made AS m JOIN pg_rewrite AS r ON r.ev_class = m.oid"
    " JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
    " AND d.refclassid = 'pg_class'::regclass"
    "), shapes AS ("
    " SELECT a.attrelid, string_agg(concat_ws(' ', a.attnum, a.attname,"
    " format_type(a.atttypid, a.atttypmod)), ',' ORDER BY a.attnum) AS shape"
    " FROM pg_attribute AS a WHERE a.attnum > 0 AND NOT a.attisdropped"
    " AND a.attrelid IN (SELECT other FROM reads) GROUP BY a.attrelid"
    ") SELECT m.nspname, m.relname, CAST(m.relkind AS text) AS kind,"
    " encode(sha256(convert_to(concat_ws(chr(10), m.relkind, m.reloptions,"
    # The rule as it is stored: the text of a view costs a hundred times as much to write out.
    " (SELECT string_agg(concat_ws(' ', r.rulename, r.ev_action), chr(10) ORDER BY r.rulename)"
    "  FROM pg_rewrite AS r WHERE r.ev_class = m.oid),"
    " (SELECT string_agg(concat_ws(' ', s.attrelid, s.shape), chr(10) ORDER BY s.attrelid)"
    "  FROM reads JOIN shapes AS s ON s.attrelid = reads.other WHERE reads.oid = m.oid)"
    "), 'UTF8')), 'hex') AS digest"
    " FROM made AS m"
)
# With its number: another table in a table's place is read only by views that are made anew.
_COLUMNS = sa.text(
    "SELECT string_agg(concat_ws(' ', n.nspname, c.relname, c.oid, a.attname,"
    " format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum)), chr(10)"
    " ORDER BY n.nspname, c.relname, a.attnum)"
    " FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
    " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped"
    " AND (n.nspname = ANY(:schemas) OR n.nspname || '.' || c.relname = ANY(:tables))"
)
_FUNCTIONS = sa.text(
    "SELECT string_agg(pg_get_functiondef(p.oid), chr(10) ORDER BY p.proname,"
    " pg_get_function_identity_arguments(p.oid))"
    " FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
    " WHERE n.nspname = :schema AND p.prokind = 'f'"
)
_CLINIC_RELATIONS = sa.text(
    "SELECT coalesce(string_agg(c.relname, ' ' ORDER BY c.relname), '')"
    " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relkind IN ('r', 'v')"
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A relation that dbt made, as the database has it.

    Attributes:
        name: plain schema and name, ``omie_payload.omie_clientes``.
        stored: a table, not a view.
        digest: of what defines it, the columns that it reads included.
    """

    name: str
    stored: bool
    digest: str


def definitions(connection: sa.Connection) -> dict[str, Definition]:
    """Every relation of ours in the schemas that dbt fills, by name."""
    schemas = schemas_of(connection)
    rows = connection.execute(_DEFINITIONS, {"schemas": [schemas.name(one) for one in BUILT]})
    found = {}
    for row in rows:
        name = f"{schemas.plain(row.nspname)}.{row.relname}"
        found[name] = Definition(name, row.kind == "r", row.digest)
    return found


def query_of(table: str) -> str:
    """Name of the view that keeps the query of a model that is a table."""
    return f"{STAGING}.{table.partition('.')[2]}"


class Reason(StrEnum):
    """Why dbt has to run. The first six are the parts of a basis, and stand in it by this name."""

    FILES = "files"
    VARIABLES = "variables"
    VERSIONS = "versions"
    COLUMNS = "columns"
    FUNCTIONS = "functions"
    CLINIC = "clinic"
    ASKED = "asked"
    FIRST = "first"
    NEW = "new"
    ALTERED = "altered"
    EVIDENCE = "evidence"
    ASKS_MEANWHILE = "asks_meanwhile"
    FILLED_BY_DBT = "filled_by_dbt"
    ONLY_OMIE = "only_omie"
    OTHER_BASIS = "other_basis"


_PARTS = tuple(Reason)[:6]
_MADE_BY_DBT = Reason.CLINIC


@dataclass(frozen=True, slots=True)
class DbtNeeded:
    """Why dbt has to run.

    Attributes:
        reasons: one, or every part of the basis that is another one.
        relations: the relations that it is about, by plain name; none where it is about all.
    """

    reasons: tuple[Reason, ...]
    relations: tuple[str, ...] = ()


def basis(
    connection: sa.Connection,
    project: Mapping[Reason, str],
    sources: Collection[tuple[str, str]],
) -> str:
    """Digests of all that decides what dbt makes of the project, one for each part.

    Args:
        connection: a connection to the warehouse.
        project: what the project's files, its variables and dbt's versions say.
        sources: schema and name, as the database has them, of the tables that the set declares.
    """
    schemas = schemas_of(connection)
    columns = connection.scalar(
        _COLUMNS,
        {
            "schemas": [schemas.name(OMIE), schemas.name(SYNC)],
            "tables": sorted(f"{schema}.{name}" for schema, name in sources),
        },
    )
    functions = connection.scalar(_FUNCTIONS, {"schema": schemas.name(SYNC)})
    # Some models ask whether a canonical table was ever built.
    clinic = connection.scalar(_CLINIC_RELATIONS, {"schema": schemas.name(CLINIC)})
    parts = {
        **project,
        Reason.COLUMNS: columns,
        Reason.FUNCTIONS: functions,
        Reason.CLINIC: clinic,
    }
    return " ".join(
        f"{part}={hashlib.sha256((parts[part] or '').encode()).hexdigest()}" for part in _PARTS
    )


def basis_of_made(before: str, after: str) -> str:
    """The basis of what dbt made between two moments.

    It read what there was before, or what came meanwhile: only the former is remembered, so that
    what changed is made again. What dbt itself changes counts as it is afterwards.
    """
    then, now = _taken_apart(before), _taken_apart(after)
    return " ".join(f"{part}={(now if part == _MADE_BY_DBT else then)[part]}" for part in _PARTS)


def dbt_needed(
    connection: sa.Connection, basis: str, wanted: Collection[str], found: Mapping[str, Definition]
) -> DbtNeeded | None:
    """Why wanted relations would come out otherwise today; ``None`` if they stand as dbt made them.

    Args:
        connection: a connection to the warehouse.
        basis: of today.
        wanted: relations, by plain name.
        found: the relations as they are.
    """
    remembered = connection.execute(
        sa.select(model_made.c.relation, model_made.c.basis, model_made.c.fingerprint)
    ).all()
    if not remembered and wanted:
        return DbtNeeded((Reason.FIRST,))
    made = {row.relation: row.fingerprint for row in remembered if row.basis == basis}
    of_before = {row.relation: row.basis for row in remembered if row.basis != basis}
    # A table without its query (a seed, an incremental model) is never filled by us.
    needed = set(wanted)
    needed |= {query_of(name) for name in wanted if query_of(name) in made}
    if outdated := needed & set(of_before):
        return DbtNeeded(_parts_that_differ(basis, {of_before[name] for name in outdated}))
    if new := needed - set(made):
        return DbtNeeded((Reason.NEW,), tuple(sorted(new)))
    altered = {name for name in needed if name not in found or made[name] != found[name].digest}
    return DbtNeeded((Reason.ALTERED,), tuple(sorted(altered))) if altered else None


def _parts_that_differ(basis: str, before: Collection[str]) -> tuple[Reason, ...]:
    """The parts of today's basis that some earlier one had otherwise."""
    today = _taken_apart(basis)
    differing = set[str]()
    for one in before:
        was = _taken_apart(one)
        differing |= {name for name, digest in today.items() if was.get(name, digest) != digest}
    # An earlier version of this program kept one digest of all parts.
    return tuple(part for part in _PARTS if part in differing) or (Reason.OTHER_BASIS,)


def _taken_apart(basis: str) -> dict[str, str]:
    """Part -> digest."""
    return dict(part.split("=", 1) for part in basis.split(" ") if "=" in part)


def remember_made(
    connection: sa.Connection, basis: str, made: Iterable[str], found: Mapping[str, Definition]
) -> None:
    """Remember relations that dbt has just made, each table with its query.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        basis: what they were made of.
        made: their plain names.
        found: the relations as they are now.
    """
    names = set(made)
    names |= {query_of(name) for name in names}
    rows = [
        {"relation": name, "basis": basis, "fingerprint": found[name].digest}
        for name in sorted(names & set(found))
    ]
    if not rows:
        return
    statement = insert(model_made)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[model_made.c.relation],
            set_={"basis": new.basis, "fingerprint": new.fingerprint, "made_at": sa.func.now()},
        ),
        rows,
    )
