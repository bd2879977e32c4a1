"""Why dbt has to run: told from what it last made and what it made it of."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from omie_pipeline.models.memory import (
    DbtNeeded,
    Reason,
    basis,
    basis_of_made,
    dbt_needed,
    definitions,
    remember_made,
)
from omie_pipeline.models.why import why_dbt
from tests.models.conftest import Tables

WANTED = ("omie_payload.omie_clientes", "staging.omie_clientes")
PROJECT: Mapping[Reason, str] = {Reason.FILES: "a", Reason.VARIABLES: "b", Reason.VERSIONS: "c"}
SOURCES = (("clinic_raw", "pessoas"),)


def _basis(connection: sa.Connection, project: Mapping[Reason, str]) -> str:
    return basis(connection, project, SOURCES)


def _needed(
    tables: Tables, changed: Mapping[Reason, str] | None = None, wanted: tuple[str, ...] = WANTED
) -> DbtNeeded | None:
    with tables.engine.connect() as connection:
        today = _basis(connection, {**PROJECT, **(changed or {})})
        return dbt_needed(connection, today, wanted, definitions(connection))


@pytest.fixture
def made(tables: Tables) -> Tables:
    with tables.engine.begin() as connection:
        found = definitions(connection)
        remember_made(connection, _basis(connection, PROJECT), WANTED, found)
    return tables


def test_what_stands_as_dbt_made_it_needs_no_dbt(made: Tables) -> None:
    assert _needed(made) is None


def test_the_first_build_is_one(tables: Tables) -> None:
    assert _needed(tables) == DbtNeeded((Reason.FIRST,))


@pytest.mark.parametrize("part", [Reason.FILES, Reason.VARIABLES, Reason.VERSIONS])
def test_each_part_of_the_project_is_named(made: Tables, part: Reason) -> None:
    assert _needed(made, {part: "other"}) == DbtNeeded((part,))


def test_several_parts_are_all_named(made: Tables) -> None:
    made.run("ALTER TABLE clinic_raw.pessoas ADD COLUMN nova text")
    assert _needed(made, {Reason.FILES: "other"}) == DbtNeeded((Reason.FILES, Reason.COLUMNS))


def test_another_table_in_a_tables_place_is_named(made: Tables) -> None:
    """The views go on reading the one that went: it has another name now, and never changes."""
    made.run("ALTER TABLE clinic_raw.pessoas RENAME TO antes")
    made.run("CREATE TABLE clinic_raw.pessoas (LIKE clinic_raw.antes INCLUDING ALL)")
    assert _needed(made) == DbtNeeded((Reason.COLUMNS,))


def test_what_changed_while_dbt_worked_is_made_again(made: Tables) -> None:
    with made.engine.begin() as connection:
        before = _basis(connection, PROJECT)
        connection.exec_driver_sql("ALTER TABLE clinic_raw.pessoas ADD COLUMN nova text")
        connection.exec_driver_sql("CREATE TABLE clinica.nova (id text)")
        after = _basis(connection, {**PROJECT, Reason.FILES: "other"})
        found = definitions(connection)
        remember_made(connection, basis_of_made(before, after), WANTED, found)
    # The canonical table is what dbt made itself.
    assert _needed(made, {Reason.FILES: "other"}) == DbtNeeded((Reason.FILES, Reason.COLUMNS))


def test_a_canonical_table_more_is_named(made: Tables) -> None:
    made.run("CREATE TABLE clinica.nova (id text)")
    assert _needed(made) == DbtNeeded((Reason.CLINIC,))


def test_a_view_that_somebody_replaced_or_dropped_is_named(made: Tables) -> None:
    made.run("ALTER VIEW staging.omie_clientes SET (security_barrier = true)")
    assert _needed(made) == DbtNeeded((Reason.ALTERED,), ("staging.omie_clientes",))
    made.run("DROP VIEW staging.omie_clientes")
    assert _needed(made) == DbtNeeded((Reason.ALTERED,), ("staging.omie_clientes",))


def test_a_model_that_was_never_made_is_named(made: Tables) -> None:
    wanted = (*WANTED, "clinica.novos")
    assert _needed(made, wanted=wanted) == DbtNeeded((Reason.NEW,), ("clinica.novos",))


def test_a_basis_of_an_earlier_version_says_so(made: Tables) -> None:
    made.run("UPDATE omie_sync.model_made SET basis = 'ab12'")
    assert _needed(made) == DbtNeeded((Reason.OTHER_BASIS,))


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words_of_one_line(reason: Reason) -> None:
    assert "\n" not in why_dbt((reason,), ())
    assert why_dbt((reason,), "abcde").endswith(": a, b, c e mais 2")
