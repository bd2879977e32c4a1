"""Over five kinds of source: a value is read exactly, or refused with its text. Never otherwise.

One dbt build reads all rows of one example; ``--hypothesis-seed`` chooses another set of rows.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from omie_pipeline.clinic.extract import HowToRead, extract_table
from omie_pipeline.clinic.reader import open_clinic
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.postgres.engine import open_engine
from tests.dbt_mapping.scenario import Scenario, ScenarioFactory
from tests.reading import oracle

SET = "propriedade"
ROWS = 150
TEN = (
    "pacientes", "profissionais", "fornecedores", "procedimentos", "formas_pagamento",
    "recebimentos", "repasses", "despesas", "compras_produtos", "vendas_produtos",
)  # fmt: skip

digits = st.text("0123456789", min_size=1, max_size=4)
money = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "", "-", "R$ ", "R$\u00a0", "-R$ ", "R$ -", "(", "+", "US$ ", " "]),
    st.lists(digits, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([".", ",", " ", "\u202f", ""]).map(lambda by: by.join(parts))
    ),
    st.sampled_from(["", ".", ",", ",,"]), st.text("0123456789", max_size=4),
    st.sampled_from(["", "", "", ")", "-", " ", "O", "e5"]),
)  # fmt: skip
noise = st.text("0123456789.,-+R$() \u00a0eExX%/:TZãNSn\\", max_size=9)
empties = st.sampled_from([*sorted(oracle.EMPTY), "   ", " NULL ", "NaN", "-", "None", "Null"])
numbers = money | noise | empties
comma_numbers = st.from_regex(r"[1-9][0-9]{0,2}[.,][0-9]{3}|[0-9]{1,5},[0-9]{2}", fullmatch=True)
part = st.sampled_from(["1", "7", "02", "12", "13", "28", "29", "30", "31", "00", "99"])
years = st.sampled_from(["2026", "2024", "1999", "26", "0206", "0000", "9999"])
signs = st.sampled_from(["-", "/", "."])
clocks = st.sampled_from(
    ["", "", "", " 10:20", "T23:59:59", " 01:30:00Z", " 22:30:00-03:00", "T00:00:00.000Z",
     " 01:30:00+00", " 25:00", " 10:60", " 10:20:30,5", " 1:05 -0300"]
)  # fmt: skip
days = (
    st.builds("{0}{1}{2}{1}{3}{4}".format, years, signs, part, part, clocks)
    | st.builds("{2}{1}{3}{1}{0}{4}".format, years, signs, part, part, clocks)
    | st.builds("{}{}{}".format, years, part, part) | noise | empties
    | st.sampled_from(["infinity", "0044-03-15 BC", "7 fev 2026", "46060"])
)  # fmt: skip
words = (
    st.sampled_from(["S", "sim", "VERDADEIRO", "Falso", "NÃO", "nao", "true", "F", "1", "0", "-1",
                     "1.0", "0,00", "on", "OFF", "x", "X", "talvez", "2", "yes ", "N/A"])
    | noise | empties
)  # fmt: skip

ROW = st.fixed_dictionaries({
    "numero": numbers, "virgula": comma_numbers,
    "inteiro": numbers | st.sampled_from(["3,0", "3.0"]),
    "dia": days, "sim": words,
    "exato": st.decimals(-99999, 99999, places=3), "real": st.integers(-10**9, 10**9),
    "data": st.dates(date(1990, 1, 1), date(2060, 12, 31)), "ligado": st.booleans(),
})  # fmt: skip
TEXTS = ("numero", "virgula", "inteiro", "dia", "sim")
TYPED = ("exato", "real", "data", "ligado")

Read = Callable[[Any], Any]
ORACLES: Mapping[str, Read] = {
    "numero": oracle.number, "virgula": lambda text: oracle.number(text, ","),
    "inteiro": oracle.whole, "dia": oracle.day, "sim": oracle.yes_no,
    "exato": lambda value: value, "real": lambda value: Decimal(value) / 100,
    "data": lambda value: value, "ligado": lambda value: value,
}  # fmt: skip
MACROS = {"numero": "numero", "virgula": "numero", "inteiro": "inteiro_curto", "dia": "data",
          "sim": "logico", "exato": "numero", "real": "numero", "data": "data",
          "ligado": "logico"}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One kind of source: its table in the warehouse and the columns that it can hold."""

    name: str
    schema: str
    columns: tuple[str, ...]


SOURCES = (
    Source("de_csv", "clinic_raw", TEXTS),
    Source("de_sqlite", "clinic_raw", TEXTS),
    Source("de_mariadb", "clinic_raw", (*TEXTS, *TYPED)),
    Source("de_postgres", "clinic_raw", (*TEXTS, *TYPED)),
    Source("no_lugar", "fonte", (*TEXTS, *TYPED)),
)


@pytest.fixture(scope="module")
def scenario(scenarios: ScenarioFactory) -> Scenario:
    project = scenarios.copy_of_the_project(SET)
    folder = project / "models/staging" / SET
    folder.mkdir()
    for table in TEN:
        (folder / f"stg_{SET}__{table}.sql").write_text(f"{{{{ tabela_vazia('{table}') }}}}\n")
    sources = ["version: 2", "sources:"]
    for source in SOURCES:
        sources += [f"  - name: {source.name}", f"    schema: {source.schema}",
                    f"    tables: [{{name: {source.name}}}]"]  # fmt: skip
        read = [
            f"    {{{{ {MACROS[column]}('\"{column}\"') }}}} as {column},"
            for column in source.columns
        ]
        (folder / f"probe_{source.name}.sql").write_text(
            "select\n" + "\n".join(read) + "\n    cast(id as integer) as id\n"
            f"from {{{{ source('{source.name}', '{source.name}') }}}}\n"
        )
    (folder / "_sources.yml").write_text("\n".join(sources) + "\n")
    return scenarios.new(SET, project)


def _engine(scenario: Scenario) -> sa.Engine:
    url = sa.make_url(scenario.server_url).set(database=scenario.database)
    return open_engine(url.render_as_string(hide_password=False))


def _table(name: str, *, typed: bool, double: sa.types.TypeEngine[Any]) -> sa.Table:
    types: dict[str, sa.types.TypeEngine[Any]] = {
        "exato": sa.Numeric(12, 3), "real": double, "data": sa.Date(), "ligado": sa.Boolean()
    }  # fmt: skip
    return sa.Table(
        name, sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(column, sa.String(80)) for column in TEXTS),
        *(sa.Column(column, types[column]) for column in (TYPED if typed else ())),
    )  # fmt: skip


def _fill(engine: sa.Engine, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        names = [column.name for column in table.columns]
        values = [{**row, "id": n, "real": row["real"] / 100} for n, row in enumerate(rows)]
        connection.execute(table.insert(), [{k: v[k] for k in names} for v in values])


def _load(
    scenario: Scenario, folder: Path, mariadb: sa.Engine, rows: Sequence[Mapping[str, Any]]
) -> None:
    warehouse = _engine(scenario)
    with (folder / "de_csv.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["id", *TEXTS], extrasaction="ignore")
        writer.writeheader()
        writer.writerows({"id": n, **row} for n, row in enumerate(rows))
    sqlite = sa.create_engine(f"sqlite:///{folder / 'clinica.db'}")
    _fill(sqlite, _table("de_sqlite", typed=False, double=sa.Double()), rows)
    _fill(mariadb, _table("de_mariadb", typed=True, double=sa.Double()), rows)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("create schema if not exists fonte")
    placed = _engine(scenario).execution_options(schema_translate_map={None: "fonte"})
    for name in ("no_lugar", "de_postgres"):
        _fill(placed, _table(name, typed=True, double=sa.Double()), rows)
    addresses = {
        "de_csv": str(folder), "de_sqlite": f"sqlite:///{folder / 'clinica.db'}",
        "de_mariadb": mariadb.url.render_as_string(hide_password=False),
        "de_postgres": warehouse.url.render_as_string(hide_password=False),
    }  # fmt: skip
    for name, address in addresses.items():
        table = SourceTable(
            SET, name, "clinic_raw", "register", ("id",), in_file=f"{name}.csv",
            in_database=f"fonte.{name}" if name == "de_postgres" else name,
        )  # fmt: skip
        reader = open_clinic(address, warehouse)
        extract_table(reader, table, warehouse, empresa="e", how=HowToRead(full=True))
        reader.close()
    for engine in (warehouse, sqlite, placed):
        engine.dispose()


def _typed(kind: str, text: str) -> Any:
    if kind in ("sim", "ligado"):
        return {"true": True, "false": False}[text]
    return date.fromisoformat(text) if kind in ("dia", "data") else Decimal(text)


def _problems(source: Source, column: str, given_: Any, read: str | None) -> str | None:
    """What is wrong with one reading, ``None`` where it is as the oracle says."""
    wanted = ORACLES[column](given_)
    if read is not None and read.startswith("\x01"):
        _, kind, told_column, text = read.split("\x01", 3)
        exact = text == str(given_).strip(oracle.OUTER) and told_column == column
        right = wanted is oracle.REFUSED and exact
        found: Any = f"refused as {kind} {told_column} {text!r}"
    else:
        found = None if read is None else _typed(column, read)
        right = wanted is not oracle.REFUSED and found == wanted
    return None if right else f"{source.name}.{column}: {given_!r} gave {found!r}, not {wanted!r}"


def _generated() -> list[dict[str, Any]]:
    """As many rows as hypothesis makes examples, for one build to read them all."""
    rows: list[dict[str, Any]] = []

    @settings(
        max_examples=ROWS, deadline=None, phases=[Phase.generate], database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(row=ROW)
    def collect(row: dict[str, Any]) -> None:
        rows.append(row)

    collect()
    return rows


@pytest.mark.slow
def test_read_exactly_or_refused_with_its_text(
    scenario: Scenario, mariadb: sa.Engine, tmp_path: Path
) -> None:
    rows = _generated()
    # What a decimal comma is, somebody has to show.
    rows[0]["virgula"] = "350,00"
    _load(scenario, tmp_path, mariadb, rows)
    probes = [f"probe_{source.name}" for source in SOURCES]
    result = scenario.dbt("run", "--select", *probes)
    assert result.success, [one.message for one in getattr(result.result, "results", [])]
    problems = []
    for source in SOURCES:
        found = {
            row["id"]: row for row in scenario.rows(f"select * from staging.probe_{source.name}")
        }
        assert set(found) == set(range(len(rows)))
        problems += [
            problem
            for number, row in enumerate(rows)
            for column in source.columns
            if (problem := _problems(source, column, row[column], found[number][column]))
        ]
    assert not problems, "\n".join(problems[:20])
