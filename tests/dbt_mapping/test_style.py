"""How the files of the project are written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.dbt_mapping.scenario import PROJECT

MODELS = PROJECT / "models"
UNION = re.compile(r"\bunion\b(?: all)?\s+select\b(?P<columns>.*?)\bfrom\b", re.S)
COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.S)


def _positional(text: str) -> list[str]:
    """Select lists of several columns that follow a union."""
    found = UNION.finditer(COMMENT.sub("", text))
    return [one["columns"].strip() for one in found if "," in one["columns"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("select a, b from x\nunion all\nselect b, a from y", ["b, a"]),
        ("select a from x union select b from y", []),
        ("{# union all select a, b from y #}", []),
    ],
)
def test_the_search_finds_what_it_should(text: str, found: list[str]) -> None:
    assert _positional(text) == found


def test_no_model_unites_branches_by_the_position_of_their_columns() -> None:
    files = [*MODELS.rglob("*.sql"), *(PROJECT / "macros").rglob("*.sql")]
    by_name = PROJECT / "macros" / "uniao.sql"
    wrong = {
        file.name: found
        for file in files
        if file != by_name and (found := _positional(file.read_text("utf-8")))
    }
    assert wrong == {}


def test_files_beside_the_models_carry_their_folders_name() -> None:
    files = [file for file in MODELS.rglob("*") if file.suffix in (".yml", ".md")]
    assert files
    kinds = "models|sources|docs|exposures|unit_tests"
    assert [file for file in files if not _is_named(file, kinds)] == []


def _is_named(file: Path, kinds: str) -> bool:
    return re.fullmatch(f"_{file.parent.name}__({kinds})", file.stem) is not None
