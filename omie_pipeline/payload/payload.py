"""The payload models dbt makes: what they hold, and whether Omie would understand it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import NamedFromClause

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import ModelError, ModelMisfit
from omie_pipeline.likely import did_you_mean
from omie_pipeline.postgres import schemas
from omie_pipeline.postgres.engine import warehouse_errors

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
    """

    endpoint: Endpoint
    columns: tuple[str, ...]
    schema: str = PAYLOAD_SCHEMA
    name: str = ""

    @property
    def unsent(self) -> tuple[str, ...]:
        own = tuple(c for c in self.columns if c in _OWN_COLUMNS or c.startswith("_"))
        return own + self.computed

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


def load_payload_model(
    engine: sa.Engine, endpoint: Endpoint, schema: str = PAYLOAD_SCHEMA
) -> PayloadModel:
    """Read the columns of an endpoint's payload model and hold them against the catalog.

    Raises:
        ModelError: the model is missing, lacks its key, ``empresa`` or ``data_particao``, or has a
            column Omie does not know. Every problem is named at once.
    """
    with warehouse_errors():
        inspector = sa.inspect(engine)
        found = schemas.schemas_of(engine).name(schema)
        try:
            columns = tuple(c["name"] for c in inspector.get_columns(endpoint.model, schema=found))
        except sa.exc.NoSuchTableError:
            raise ModelError(
                f"O modelo dbt {schema}.{endpoint.model} não existe: ainda não foi construído"
            ) from None
    problems = _problems(endpoint, columns)
    if problems:
        raise ModelMisfit(f"Modelo dbt {schema}.{endpoint.model}: " + "; ".join(problems))
    return PayloadModel(endpoint, columns, schema)


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
    columns = [c["name"] for c in sa.inspect(connection).get_columns(name, schema=found)]
    if columns != list(model.columns):
        raise ModelError(
            f"O modelo {model.schema}.{name} foi reconstruído com outras colunas no meio da "
            "execução: rode de novo"
        )


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
    problems += [f"falta a coluna {name}" for name in needed if name not in columns]
    keys = {endpoint.section or endpoint.key_column}
    if endpoint.deletes:
        keys.add(endpoint.delete_omie_key)
    if not keys & set(columns):
        problems.append(f"falta a chave {endpoint.section or endpoint.key_column}")
    for name in columns:
        if name in _OWN_COLUMNS or name.startswith("_"):
            continue
        if endpoint.payload.field(name) is None and not endpoint.computes(name):
            known = [f.name for f in endpoint.payload.fields if not f.read_only]
            problems.append(
                f"a coluna {name} não é campo de {endpoint.payload.name} no Omie"
                f"{did_you_mean(name, known)}"
            )
    return problems
