"""What is ours in a database that others use too, and the refusal to touch anything else.

A schema is ours when its comment says so: every schema is made and marked by :func:`claim`, in the
transaction of the migrations. A relation that dbt or an extract makes in one of them is ours when
its comment ends with the mark of ``omie_sync.marca()``; relations of the migrations need none,
since a migration never replaces a table. Comments go where the object goes: into a dump, into a
copy of the database, and away with the object when somebody puts another in its place.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from omie_pipeline.errors import WarehouseError
from omie_pipeline.postgres.schemas import BUILT, PAYLOAD, PURPOSES, RAW, SCHEMA_MARK, SYNC, Schemas
from omie_pipeline.texts import postgres as texts

_SHOWN = 10

_SCHEMAS = sa.text(
    "SELECT n.nspname AS name, coalesce(obj_description(n.oid, 'pg_namespace'), '') AS comment, "
    "pg_get_userbyid(n.nspowner) AS owner, pg_get_userbyid(n.nspowner) = current_user AS own "
    "FROM pg_namespace AS n WHERE n.nspname = ANY(:names)"
)

# Indexes, TOAST tables and the like come and go with what they belong to. Names with their schema
# always: pg_describe_object leaves out one of the search path, as one called like the login is.
_OBJECTS = sa.text(
    "SELECT n.nspname, o.type || ' ' || o.identity, c.oid "
    "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS o "
    "WHERE n.nspname = ANY(:names) AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S', 'c') "
    "UNION ALL SELECT n.nspname, o.type || ' ' || o.identity, p.oid "
    "FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace "
    "CROSS JOIN LATERAL pg_identify_object('pg_proc'::regclass, p.oid, 0) AS o "
    "WHERE n.nspname = ANY(:names) "
    "UNION ALL SELECT n.nspname, o.type || ' ' || o.identity, t.oid "
    "FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace "
    "CROSS JOIN LATERAL pg_identify_object('pg_type'::regclass, t.oid, 0) AS o "
    "WHERE n.nspname = ANY(:names) AND t.typtype IN ('d', 'e', 'r') "
    "ORDER BY 1, 2"
)
_BUILT_UNMARKED = sa.text(
    "SELECT n.nspname, c.relname, CAST(c.relkind AS text) FROM pg_class AS c "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ANY(:names) "
    "AND c.relkind IN ('r', 'v') AND c.relowner = n.nspowner AND NOT omie_sync.e_nosso(c.oid)"
)
_COPIES_UNMARKED = sa.text(
    "SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = :raw AND c.relkind = 'r' AND c.relowner = n.nspowner "
    "AND NOT omie_sync.e_nosso(c.oid) AND 2 = (SELECT count(*) FROM pg_attribute AS a "
    "WHERE a.attrelid = c.oid AND a.attname IN ('_empresa', '_extracted_at'))"
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view that a build makes.

    Attributes:
        schema: its plain name, without the prefix.
        seed: a table that is filled from a file.
    """

    schema: str
    name: str
    seed: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What :func:`claim` found.

    Attributes:
        installation: id for the marks.
        unmarked: an earlier version made the schemas: what it built wants adopting.
    """

    installation: str
    unmarked: bool


@dataclass(frozen=True, slots=True)
class _SchemaState:
    name: str
    comment: str
    owner: str
    own: bool

    @property
    def installation(self) -> str:
        marked = SCHEMA_MARK.search(self.comment)
        return marked[1] if marked else ""


def claim(connection: sa.Connection, schemas: Schemas) -> Claim:
    """Make the missing schemas, after checking that none belongs to others.

    An empty schema that the login itself owns is taken: an administrator makes them so for a login
    that may not. Schemas of a version that did not mark them yet are known by their ledger.

    Raises:
        WarehouseError: a schema with one of our names belongs to others; nothing was changed.
    """
    found = {one.name: one for one in _present(connection, schemas)}
    marks = {one.installation: one.name for one in found.values() if one.installation}
    if len(marks) > 1:
        named = ", ".join(f"{name} ({mark})" for mark, name in sorted(marks.items()))
        raise WarehouseError(texts.schemas_of_several(named))
    unmarked = [one for one in found.values() if not one.installation]
    # If one of them is marked, all were, so what has no mark was made by others since.
    if unmarked and (marks or not _has_ledger(connection, schemas)):
        _refuse_foreign(connection, unmarked)
    for name in schemas.names:
        if name not in found:
            connection.execute(sa.schema.CreateSchema(name))
    return Claim(next(iter(marks), "") or str(uuid.uuid4()), bool(unmarked) and not marks)


def _refuse_foreign(connection: sa.Connection, unmarked: Sequence[_SchemaState]) -> None:
    names = [one.name for one in unmarked]
    objects = connection.execute(_OBJECTS, {"names": names}).all()
    if objects:
        raise WarehouseError(texts.schemas_not_ours(_bounded([row[1] for row in objects])))
    others = [
        texts.name_of_owner(name=one.name, owner=one.owner) for one in unmarked if not one.own
    ]
    if others:
        raise WarehouseError(texts.schemas_of_another(_bounded(others)))


def _has_ledger(connection: sa.Connection, schemas: Schemas) -> bool:
    """Whether an earlier version of this program migrated the database."""
    needed = ("alembic_version", "ledger", "intent", "quota_request")
    inspector = sa.inspect(connection)
    present = inspector.get_table_names(schema=schemas.name(SYNC))
    return set(needed) <= set(present)


def mark(connection: sa.Connection, schemas: Schemas, installation: str) -> None:
    """Mark every schema that has no mark yet; the caller has claimed them."""
    for one in _present(connection, schemas):
        if one.installation:
            continue
        text = texts.schema_comment(
            purpose=PURPOSES[schemas.plain(one.name)], installation=installation
        )
        connection.execute(_comment_on_schema(one.name, text))


def _present(connection: sa.Connection, schemas: Schemas) -> list[_SchemaState]:
    rows = connection.execute(_SCHEMAS, {"names": list(schemas.names)})
    return [_SchemaState(row.name, row.comment, row.owner, row.own) for row in rows]


def _comment_on_schema(name: str, text: str) -> sa.TextClause:
    # COMMENT takes no parameters; the text is ours, and so is the name.
    quoted = text.replace("'", "''")
    return sa.text(f"COMMENT ON SCHEMA \"{name}\" IS '{quoted}'".replace(":", r"\:"))


def adopt(connection: sa.Connection, schemas: Schemas, known: Collection[Relation]) -> None:
    """Mark what an earlier version built, before there were marks.

    Copies of the clinic's tables are recognized by their two columns of ours; what dbt built, by
    name, kind and owner: a table that bears the name of a view of ours was never built by us.
    """
    built = connection.execute(_BUILT_UNMARKED, {"names": [schemas.name(one) for one in BUILT]})
    for row in built.all():
        schema, name, kind = str(row[0]), str(row[1]), str(row[2])
        plain = schemas.plain(schema)
        ours = {one for one in known if (one.schema, one.name) == (plain, name)}
        if ours and (kind == "v" or plain == PAYLOAD or any(one.seed for one in ours)):
            mark_relation(connection, schema, name)
    copies = connection.execute(_COPIES_UNMARKED, {"raw": schemas.name(RAW)})
    for row in copies.all():
        mark_relation(connection, schemas.name(RAW), str(row[0]))


def mark_relation(connection: sa.Connection, schema: str, name: str) -> None:
    """Mark a relation that we have just made (or adopt)."""
    connection.execute(
        sa.text("SELECT omie_sync.marcar(format('%I.%I', CAST(:s AS text), CAST(:n AS text)))"),
        {"s": schema, "n": name},
    )


def foreign_relations(
    connection: sa.Connection, schemas: Schemas, planned: Iterable[Relation]
) -> tuple[str, ...]:
    """Those of the planned relations whose name is taken by something that is not ours."""
    wanted = [f"{schemas.name(one.schema)}.{one.name}" for one in planned]
    return tuple(
        connection.execute(
            sa.text(
                "SELECT o.type || ' ' || o.identity FROM pg_class AS c "
                "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                "CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS o "
                "WHERE n.nspname || '.' || c.relname = ANY(:wanted) "
                "AND NOT omie_sync.e_nosso(c.oid) "
                # A relation makes a type of its name, which must be free as well.
                "UNION ALL SELECT pg_describe_object('pg_type'::regclass, t.oid, 0) "
                "FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace "
                "WHERE n.nspname || '.' || t.typname = ANY(:wanted) AND t.typrelid = 0 "
                "ORDER BY 1"
            ),
            {"wanted": wanted},
        ).scalars()
    )


def refuse_foreign_relations(
    connection: sa.Connection, schemas: Schemas, planned: Iterable[Relation]
) -> None:
    """Stop before a build would replace, empty or alter what others made.

    Raises:
        WarehouseError: every such object is named (bounded), and what to do.
    """
    foreign = foreign_relations(connection, schemas, planned)
    if foreign:
        raise WarehouseError(texts.objects_not_ours(_bounded(foreign)))


def _bounded(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return "; ".join(names[:_SHOWN]) + (texts.and_more(rest) if rest > 0 else "")
