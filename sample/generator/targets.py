"""Where a sample goes: a folder of CSV files or a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa
from psycopg import sql

from omie_pipeline.clinic.columns import ClinicTable, Column
from omie_pipeline.clinic.sql_reader import open_sql_source
from omie_pipeline.clinic.tables import CLINIC_TABLES
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.schemas import SCHEMA_MARK

_ID_LENGTH = 60  # a text key needs a length in MySQL
_WITHOUT_HEADER = pa.csv.WriteOptions(include_header=False)


class Target(Protocol):
    """Takes one table after another."""

    def write(
        self, table: ClinicTable, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
    ) -> None:
        """Makes the table and writes all its rows."""


@contextmanager
def open_target(to: str, *, replace: bool) -> Iterator[Target]:
    """The target that ``to`` names; a database is written in one transaction.

    Raises:
        ConfigurationError: the URL cannot be opened, or the tables exist and ``replace`` is off.
    """
    if "://" not in to:
        yield _Folder(Path(to).expanduser(), replace)
        return
    engine = open_sql_source(to)
    try:
        with engine.begin() as connection:
            yield _Database(connection, replace)
    except sa.exc.OperationalError as error:
        raise ConfigurationError(
            f"Amostra: o banco não respondeu ou recusou a gravação ({type(error.orig).__name__})"
        ) from None
    finally:
        engine.dispose()


def _refuse(existing: list[str]) -> None:
    if existing:
        raise ConfigurationError(
            f"Já existe no destino: {', '.join(existing)}; escolha outro destino ou use --replace"
        )


def _refuse_the_warehouse(connection: sa.Connection) -> None:
    """In the warehouse, a login of the name of its schema ``omie`` would write over the mirror."""
    where = connection.execute(
        sa.text(
            "SELECT nspname, coalesce(obj_description(oid, 'pg_namespace'), '') "
            "FROM pg_namespace WHERE nspname = current_schema()"
        )
    ).one_or_none()
    if where is not None and SCHEMA_MARK.search(where[1]):
        raise ConfigurationError(
            f"O destino é o schema {where[0]} do próprio armazém; use outro banco, ou outro schema "
            "(?options=-csearch_path%3Dpublic no fim do endereço)"
        )


class _Folder:
    def __init__(self, folder: Path, replace: bool) -> None:
        self._folder = folder
        if not replace:
            _refuse([name for name in CLINIC_TABLES if self._file(name).exists()])
        folder.mkdir(parents=True, exist_ok=True)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.csv"

    def write(
        self, table: ClinicTable, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
    ) -> None:
        with pa.csv.CSVWriter(self._file(table.name), schema) as writer:
            for batch in batches:
                writer.write_batch(batch)


class _Database:
    def __init__(self, connection: sa.Connection, replace: bool) -> None:
        self._connection = connection
        inspector = sa.inspect(connection)
        if connection.dialect.name == "postgresql":
            _refuse_the_warehouse(connection)
        existing = [name for name in CLINIC_TABLES if inspector.has_table(name)]
        if not replace:
            _refuse(existing)
        for name in existing:
            connection.execute(sa.schema.DropTable(sa.Table(name, sa.MetaData())))

    def write(
        self,
        table: ClinicTable,
        schema: pa.Schema,  # noqa: ARG002 (the table itself says its types here)
        batches: Iterator[pa.RecordBatch],
    ) -> None:
        made = sa.Table(table.name, sa.MetaData(), *(_column(one) for one in table.columns))
        self._connection.execute(sa.schema.CreateTable(made))
        driver = self._connection.connection.driver_connection
        for batch in batches:
            if isinstance(driver, psycopg.Connection):
                _copy(driver, table, batch)
            elif batch.num_rows:
                self._connection.execute(sa.insert(made), batch.to_pylist())


def _column(column: Column) -> sa.Column[Any]:
    key = column.name in ("empresa", "id")
    types: dict[str, sa.types.TypeEngine[Any]] = {
        "text": sa.String(_ID_LENGTH) if key else sa.Text(),
        "date": sa.Date(),
        "numeric(15,2)": sa.Numeric(15, 2),
        "bigint": sa.BigInteger(),
        "integer": sa.Integer(),
        "boolean": sa.Boolean(),
        "timestamptz": sa.DateTime(timezone=True),
    }
    return sa.Column(column.name, types[column.type], primary_key=key)


def _copy(driver: psycopg.Connection[object], table: ClinicTable, batch: pa.RecordBatch) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns),
    )
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(batch, sink, _WITHOUT_HEADER)
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(sink.getvalue().to_pybytes())
