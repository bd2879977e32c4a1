"""A database, a dbt project and a staging set to build in it."""

from __future__ import annotations

import os
import secrets
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from dbt.cli.main import dbtRunner, dbtRunnerResult
from psycopg import sql
from psycopg.rows import dict_row

from omie_pipeline.config.dbt_project import BUILD
from omie_pipeline.config.defaults import import_defaults, read_defaults
from omie_pipeline.postgres.engine import open_engine

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "dbt_mapping"
SAMPLE = ROOT / "sample"
SAMPLE_DEFAULTS = (SAMPLE / "defaults.csv").read_text("utf-8")

NAME = "mapping"
"""What every database is called while its scenario is used: where the name is another one than the
last time, dbt parses the whole project anew, which takes 12 CPU seconds instead of 5."""

Row = dict[str, Any]
EMPRESAS = ("principal", "filial", "niteroi", "sempre")


@dataclass(frozen=True)
class Scenario:
    """A database, a dbt project and the staging set to build in it."""

    server_url: str
    own_name: str
    project: Path
    staging: str
    target: Path

    @property
    def database(self) -> str:
        """The name all scenarios share: it is this one's until another is used."""
        _give_name(self.server_url, self.own_name)
        return NAME

    def connect(self) -> psycopg.Connection[Row]:
        url = sa.make_url(self.server_url).set(drivername="postgresql", database=self.database)
        return psycopg.connect(
            url.render_as_string(hide_password=False), row_factory=dict_row, autocommit=True
        )

    def rows(self, query: str, *values: object) -> list[Row]:
        with self.connect() as connection:
            return connection.execute(query.encode(), values).fetchall()

    def row(self, query: str, *values: object) -> Row:
        (only,) = self.rows(query, *values)
        return only

    def by_key(self, table: str, key: str) -> dict[str, Row]:
        return {row[key]: row for row in self.rows(f"select * from omie_payload.{table}")}

    def load(self, schema: str, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Create ``schema.table`` with the columns of the first row, all text."""
        columns = list(rows[0])
        name = sql.Identifier(schema, table)
        with self.connect() as connection:
            connection.execute(
                sql.SQL("create schema if not exists {}").format(sql.Identifier(schema))
            )
            connection.execute(
                sql.SQL("create table {} ({})").format(
                    name,
                    sql.SQL(", ").join(
                        sql.SQL("{} text").format(sql.Identifier(c)) for c in columns
                    ),
                )
            )
            with (
                connection.cursor() as cursor,
                cursor.copy(sql.SQL("copy {} from stdin").format(name)) as copy,
            ):
                for row in rows:
                    copy.write_row([row[column] for column in columns])

    def dbt(self, *arguments: str, **environment: str) -> dbtRunnerResult:
        """Run dbt in this process with only the variables of this scenario."""
        url = sa.make_url(self.server_url)
        variables = {
            "DBT_HOST": str(url.host),
            "DBT_PORT": str(url.port),
            "DBT_USER": str(url.username),
            "DBT_PASSWORD": str(url.password),
            "DBT_DBNAME": self.database,
            "OMIE_PIPELINE_STAGING": self.staging,
            **environment,
        }
        where = ("--project-dir", str(self.project), "--profiles-dir", str(self.project))
        target = self.target
        if "--vars" in arguments:
            # Other variables are another manifest: what was parsed without them stays as it is.
            given = zlib.crc32(arguments[arguments.index("--vars") + 1].encode())
            target = target.with_name(f"{target.name}_{given}")
        out = ("--target-path", str(target), "--log-path", str(target / "logs"))
        with _environment(variables):
            return dbtRunner().invoke([*arguments, *where, *out, "--quiet"])

    def build(self, *arguments: str, **environment: str) -> dbtRunnerResult:
        result = self.dbt(*BUILD, *arguments, **environment)
        assert result.success, [r.message for r in getattr(result.result, "results", [])]
        return result

    def run(self, model: str, *arguments: str, **environment: str) -> None:
        """Build one model again, without its tests."""
        result = self.dbt("run", "--select", model, *arguments, **environment)
        assert result.success, result.exception


_named: dict[str, str] = {}
"""By server: the own name of the database that is called ``NAME`` now."""


def _give_name(server_url: str, own_name: str) -> None:
    """Let this database be called ``NAME``, and the one that was by its own name again."""
    before = _named.get(server_url)
    if before == own_name:
        return
    rename = sql.SQL("alter database {} rename to {}")
    name = sql.Identifier(NAME)
    with _administration(server_url) as connection:
        if before is not None:
            # Engines keep connections; none of a scenario's is in use when another is built.
            connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s",
                (NAME,),
            )
            connection.execute(rename.format(name, sql.Identifier(before)))
        connection.execute(rename.format(sql.Identifier(own_name), name))
    _named[server_url] = own_name


def _administration(server_url: str) -> psycopg.Connection[Any]:
    url = sa.make_url(server_url).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    for name in before:
        if name.startswith(("DBT_", "OMIE_")):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True)
class ScenarioFactory:
    """Makes scenarios in databases that are migrated, as every warehouse is."""

    server_url: str
    template: str
    folder: Path

    def new(
        self,
        staging: str,
        project: Path = PROJECT,
        defaults: Sequence[str] = (SAMPLE_DEFAULTS,),
    ) -> Scenario:
        """A database with these files of defaults, for a project and a staging set."""
        database = f"dbt_{secrets.token_hex(6)}"
        scenario = Scenario(
            self.server_url, database, project, staging, self._target(database, project, staging)
        )
        with _administration(self.server_url) as connection:
            connection.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(database), sql.Identifier(self.template)
                )
            )
        url = sa.make_url(self.server_url).set(database=database)
        engine = open_engine(url.render_as_string(hide_password=False))
        for number, text in enumerate(defaults):
            file = self.folder / f"{database}_{number}.csv"
            file.write_text(text, "utf-8")
            settings = read_defaults(file, EMPRESAS)
            import_defaults(engine, settings, file.name, datetime.now(UTC), replace=False)
        engine.dispose()
        return scenario

    def _target(self, database: str, project: Path, staging: str) -> Path:
        """Where dbt finds what it parsed: of the delivered project once for each staging set, and
        as a beginning for projects that differ in some files."""
        delivered = self.folder / f"target_{staging}"
        if project == PROJECT:
            return delivered
        target = self.folder / f"target_{database}"
        parsed = delivered / "partial_parse.msgpack"
        if parsed.exists():
            target.mkdir()
            shutil.copy(parsed, target)
        return target

    def copy_of_the_project(self, name: str) -> Path:
        copy = self.folder / name
        shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
        return copy
