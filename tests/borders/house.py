"""A clinic's computer: a source of some kind, settings, and commands typed one after the other.

It outlives a test, so that one build (the costly part) answers for many cases.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from omie_pipeline.cli.app import app
from omie_pipeline.clinic.tables import CLINIC_TABLES
from omie_pipeline.simulator.engine.server import Simulator
from tests.cli.conftest import Said

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

CODES: Mapping[str, str] = {
    "clientes": "codigo_cliente_integracao",
    "contas_receber": "codigo_lancamento_integracao",
    "contas_pagar": "codigo_lancamento_integracao",
}


@dataclass
class House:
    """One installation over one warehouse.

    Attributes:
        warehouse_url: an empty or migrated database of its own.
        folder: for its files; nothing else writes there.
        simulator: its Omie.
        settings: environment variables beside the usual ones (``CLINIC_URL`` at least).
        said: what each command said, by its words; the last one of the same words.
    """

    warehouse_url: str
    folder: Path
    simulator: Simulator
    settings: dict[str, str] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)

    def __call__(self, *words: str) -> Said:
        """Type one command."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("omie_pipeline.config.settings.env_file", lambda: self.folder / "no.env")
            for name, value in {
                "OMIE_APP_KEY": self.simulator.app_key,
                "OMIE_APP_SECRET": self.simulator.app_secret,
                "OMIE_BASE_URL": self.simulator.base_url,
                "OMIE_CALLS_PER_MINUTE": "100000",
                "OMIE_CALLS_PER_MINUTE_IP": "100000",
                "OMIE_PIPELINE_START_DATE": "2026-01-01",
                "OMIE_PIPELINE_HOME": str(self.folder / "home"),
                "OMIE_PIPELINE_MODELS": str(self.folder / "my_models"),
                "WAREHOUSE_URL": self.warehouse_url,
                "COLUMNS": "200",
                **self.settings,
            }.items():
                patch.setenv(name, value)
            result = CliRunner().invoke(app, list(words), catch_exceptions=False)
        assert self.simulator.app_secret not in result.output
        told = Said(result.exit_code, result.stdout, result.stderr)
        self.said[" ".join(words)] = told
        return told

    def good(self, *words: str, code: int = 0) -> Said:
        """Type one command that has to end as ``code`` says."""
        told = self(*words)
        assert told.code == code, (words, told.code, told.out[-3000:], told.err[-3000:])
        return told

    def set_defaults(self) -> None:
        """Category and account of rows that name none; the simulator's company has them."""
        given = ("receipt_category=1.01.01", "expense_category=2.02.01",
                 "repasse_category=2.02.01", "account=9100000001")  # fmt: skip
        self.good("defaults", "set", "principal", *given)

    def omie(self, endpoint: str) -> dict[str, dict[str, Any]]:
        """What the simulator really holds, by our code."""
        records = self.simulator.control.records(endpoint)
        return {str(one[CODES[endpoint]]): dict(one) for one in records}

    def titles(self, endpoint: str = "contas_receber") -> dict[str, tuple[str, str]]:
        """Value and due date of each título at Omie, by its code without ``REC-``."""
        return {
            code.removeprefix("REC-"): (
                f"{one['valor_documento']:.2f}",
                one["data_vencimento"],
            )
            for code, one in self.omie(endpoint).items()
        }

    def settlements(self, code: str) -> list[dict[str, Any]]:
        """The settlements that Omie has on one conta a receber."""
        title = self.simulator.control.record("contas_receber", code)
        assert title is not None
        return list(title.get("_baixas") or ())

    def reasons(self) -> dict[str, list[str]]:
        """What ``quarantine`` says of each row, by its code."""
        lines = self.good("quarantine", "--json").lines
        return {str(line["code"]): line["reasons"] for line in lines}

    def forget_requests(self) -> None:
        """As if a minute had passed: the same question may be asked again without a wait."""
        engine = sa.create_engine(self.warehouse_url)
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM omie_sync.quota_request"))
        engine.dispose()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        engine = sa.create_engine(self.warehouse_url)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(sa.text(query))]
        engine.dispose()
        return found


def canonical(tables: Tables) -> dict[str, tuple[list[str], list[dict[str, Any]]]]:
    """Columns and rows of every table that a clinic must have, and of those given."""
    found = {}
    for name, table in CLINIC_TABLES.items():
        rows = tables.get(name, ())
        if table.optional and not rows:
            continue
        found[name] = (
            [column.name for column in table.columns],
            [{"empresa": "principal", **row} for row in rows],
        )
    return found


def write_csv(folder: Path, tables: Tables) -> str:
    """A folder of CSV files; its ``CLINIC_URL``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (columns, rows) in canonical(tables).items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return str(folder)


def write_tables(engine: sa.Engine, tables: Tables) -> str:
    """The same as text columns of a database; its ``CLINIC_URL``."""
    with engine.begin() as connection:
        for name, (columns, rows) in canonical(tables).items():
            table = sa.Table(
                name, sa.MetaData(), *(sa.Column(column, sa.String(200)) for column in columns)
            )
            table.drop(connection, checkfirst=True)
            table.create(connection)
            if rows:
                every = [{column: row.get(column) for column in columns} for row in rows]
                connection.execute(table.insert(), every)
    return engine.url.render_as_string(hide_password=False)
