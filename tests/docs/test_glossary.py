"""docs/glossary.md decides on names: our own concepts are English in code, columns and flags."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from omie_pipeline.postgres import all_tables
from omie_pipeline.postgres.tables import metadata
from tests.docs.pages import ROOT, commands_typed, text_of

GLOSSARY = ROOT / "docs" / "glossary.md"
TO_CHANGE = Path(__file__).with_name("names_to_change.txt")
# Analysts read it, and most of its columns are Omie's.
COPY_OF_OMIE = "omie"
# The simulator speaks Omie's language; the sample is a clinic, whose tables are Portuguese.
NOT_OURS = ("simulator", "sample")


def _forbidden() -> frozenset[str]:
    table = text_of(GLOSSARY).split("\n## Never in a name\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([a-z, ]+) \| [a-z, ]+ \|$", table, re.MULTILINE)
    return frozenset(word for row in rows for word in row.split(", "))


def _columns() -> Iterator[str]:
    assert all_tables.__all__
    for table in metadata.tables.values():
        if table.schema != COPY_OF_OMIE:
            yield from (f"column {table.fullname}.{column.name}" for column in table.columns)
            yield f"table {table.fullname}"


def _fields() -> Iterator[str]:
    """Annotated names in the bodies of classes: dataclasses, models, typed dictionaries."""
    for file in (ROOT / "omie_pipeline").rglob("*.py"):
        if not set(file.parts) & set(NOT_OURS):
            for found in ast.walk(ast.parse(text_of(file))):
                if isinstance(found, ast.ClassDef):
                    for line in found.body:
                        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                            yield f"field {line.target.id}"


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


def test_the_table_of_words_is_read() -> None:
    assert {"estado", "situacao", "tentativas", "gatilho", "correcao"} <= _forbidden()


def names_to_change() -> list[str]:
    """Names that have a word of the glossary's last table, with how often each occurs."""
    forbidden = _forbidden()
    found = Counter(
        name for name in (*_columns(), *_fields(), *_typed()) if _words(name) & forbidden
    )
    return sorted(f"{name} x{times}" if times > 1 else name for name, times in found.items())


def test_new_names_of_ours_are_english() -> None:
    names, known = set(names_to_change()), set(text_of(TO_CHANGE).splitlines())
    assert names - known == set(), "docs/glossary.md has the English word for each"
    assert known - names == set(), f"renamed, so take them out of {TO_CHANGE.name}"
