"""docs/glossary.md decides on names: what is ours is English where it is stored or typed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from omie_pipeline.alerts.conditions import KINDS
from omie_pipeline.assets import run_tags
from omie_pipeline.payload import PARTITION_COLUMN, WAITS_FOR_A_PERSON
from omie_pipeline.postgres import all_tables
from omie_pipeline.postgres.tables import metadata
from tests.docs.pages import ROOT, commands_typed, text_of

GLOSSARY = ROOT / "docs" / "glossary.md"
# Analysts read it, and most of its columns are Omie's.
COPY_OF_OMIE = "omie"
# The simulator speaks Omie's language.
NOT_OURS = "simulator"


def _forbidden() -> frozenset[str]:
    table = text_of(GLOSSARY).split("\n## Never in a name\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([a-z, ]+) \| [a-z, ]+ \|$", table, re.MULTILINE)
    return frozenset(word for row in rows for word in row.split(", "))


def _columns() -> Iterator[str]:
    assert all_tables.__all__
    for table in metadata.tables.values():
        if table.schema != COPY_OF_OMIE:
            yield f"table {table.fullname}"
            for column in table.columns:
                # billing_request is a payload model too.
                if column.name != PARTITION_COLUMN:
                    yield f"column {table.fullname}.{column.name}"


def _modules() -> Iterator[ast.Module]:
    for file in (ROOT / "omie_pipeline").rglob("*.py"):
        if NOT_OURS not in file.parts:
            yield ast.parse(text_of(file))


def _fields() -> Iterator[str]:
    """Annotated names in the bodies of classes: dataclasses, models, typed dictionaries."""
    copied = [
        frozenset(column.name for column in table.columns)
        for table in metadata.tables.values()
        if table.schema == COPY_OF_OMIE
    ]
    for module in _modules():
        for found in ast.walk(module):
            if isinstance(found, ast.ClassDef):
                names = {
                    line.target.id
                    for line in found.body
                    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
                }
                if not any(names <= columns for columns in copied):
                    yield from (f"field {found.name}.{name}" for name in names)


def _values() -> Iterator[str]:
    """Values of enumerations, as they are stored or printed by ``--json``."""
    for module in _modules():
        for found in ast.walk(module):
            if (
                isinstance(found, ast.Subscript)
                and isinstance(found.value, ast.Name)
                and found.value.id == "Literal"
            ):
                for one in ast.walk(found.slice):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield f"value {one.value}"
    yield from (f"value {kind}" for kind in (*KINDS, *WAITS_FOR_A_PERSON))


def _tags() -> Iterator[str]:
    for name, value in vars(run_tags).items():
        if name.endswith("_TAG"):
            yield f"tag {value}"


def _typed() -> Iterator[str]:
    for name, command in commands_typed().items():
        yield f"command {name}"
        for option in command.params:
            yield from (f"flag {name} {flag}" for flag in option.opts if flag.startswith("--"))


def _words(name: str) -> frozenset[str]:
    """Words of what is named last: a column without its table, a flag without its command."""
    kind, named = name.split(" ", 1)
    last = re.split(r"[. ]", named)[-1] if kind in ("column", "field", "flag") else named
    return frozenset(re.split(r"[^a-z0-9]+", last.lower()))


def _names() -> Iterator[str]:
    yield from _columns()
    yield from _fields()
    yield from _values()
    yield from _tags()
    yield from _typed()


def test_the_table_of_words_is_read() -> None:
    assert {"estado", "situacao", "tentativas", "gatilho", "correcao"} <= _forbidden()


@pytest.mark.slow
def test_every_kind_of_name_is_looked_at() -> None:
    kinds = {name.split(" ", 1)[0] for name in _names()}
    assert kinds == {"table", "column", "field", "value", "tag", "command", "flag"}


@pytest.mark.slow
def test_names_of_ours_are_english() -> None:
    forbidden = _forbidden()
    found = sorted({name for name in _names() if _words(name) & forbidden})
    assert found == [], "docs/glossary.md has the English word for each"
