"""A database, a dbt project and a staging set to build in it."""

from __future__ import annotations

import os
import secrets
import shutil
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

from omie_pipeline.warehouse.defaults import import_defaults
from omie_pipeline.warehouse.defaults_files import read_defaults
from omie_pipeline.warehouse.engine import open_engine

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "dbt_mapping"
SAMPLE = ROOT / "sample"
SAMPLE_DEFAULTS = (SAMPLE / "defaults.csv").read_text("utf-8")

Row = dict[str, Any]
EMPRESAS = ("principal", "filial", "niteroi", "sempre")


@dataclass(frozen=True)
class Scenario:
    """A database, a dbt project and the staging set to build in it."""

    server_url: str
    database: str
    project: Path
    staging: str
    target: Path

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
        out = ("--target-path", str(self.target), "--log-path", str(self.target / "logs"))
        with _environment(variables):
            return dbtRunner().invoke([*arguments, *where, *out, "--quiet"])

    def build(self, *arguments: str, **environment: str) -> dbtRunnerResult:
        result = self.dbt("build", *arguments, **environment)
        assert result.success, [r.message for r in getattr(result.result, "results", [])]
        return result

    def run(self, model: str, *arguments: str, **environment: str) -> None:
        """Build one model again, without its tests."""
        result = self.dbt("run", "--select", model, *arguments, **environment)
        assert result.success, result.exception


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
            self.server_url, database, project, staging, self.folder / f"target_{database}"
        )
        sa_url = sa.make_url(self.server_url)
        url = sa_url.set(drivername="postgresql")
        with psycopg.connect(
            url.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            connection.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(database), sql.Identifier(self.template)
                )
            )
        engine = open_engine(sa_url.set(database=database).render_as_string(hide_password=False))
        for number, text in enumerate(defaults):
            file = self.folder / f"{database}_{number}.csv"
            file.write_text(text, "utf-8")
            settings = read_defaults(file, EMPRESAS)
            import_defaults(engine, settings, file.name, datetime.now(UTC), replace=False)
        engine.dispose()
        return scenario

    def copy_of_the_project(self, name: str) -> Path:
        copy = self.folder / name
        shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
        return copy
