"""Messages of ``build`` about the clinic's values: unreadable ones, and open questions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from omie_pipeline.cli.output import count, say

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.status.unread import Reading, UnreadColumn

_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class _Question:
    """How one kind of doubt is asked for.

    Attributes:
        meta: what to write, as YAML.
        about: what the choice is.
    """

    meta: str
    about: str


_QUESTIONS: Final = {
    "ambiguous_number": _Question(
        'decimal: ","', 'a vírgula separa os centavos; "." se é o ponto que os separa'
    ),
    "ambiguous_date": _Question("date_order: mdy", "mês/dia/ano; dmy se é dia/mês/ano"),
    "two_digit_year": _Question("two_digit_years: 2000", "o que se soma aos dois algarismos"),
}


def tell_reading(deployment: Deployment) -> None:
    """Print once for all tables: unreadable values, rows without an empresa, what to declare."""
    from omie_pipeline.app.deployment import dbt_target
    from omie_pipeline.status.unread import clinic_reading

    reading = clinic_reading(deployment.engine)
    for line in reading_lines(reading):
        say(line)
    asked = [one for one in reading.unread if one.kind in _QUESTIONS]
    if asked:
        behind = sources_behind(dbt_target(deployment.settings), deployment.settings.staging)
        for line in question_lines(asked, source_columns(deployment), behind):
            say(line)


def reading_lines(reading: Reading) -> Iterable[str]:
    """What could not be read, column by column, and the rows that say no empresa."""
    from omie_pipeline.omie.masking import mask_text
    from omie_pipeline.validation.unreadable import shown

    for one in reading.unread[:_TOLD]:
        yield (
            f"aviso: {one.table}: {count(one.values)} valor(es) da coluna {one.source_column} "
            f"não puderam ser lidos, por exemplo '{mask_text(shown(one.example))}'"
        )
    if len(reading.unread) > _TOLD:
        yield f"... e mais {len(reading.unread) - _TOLD} colunas"
    if reading.unread:
        yield "  As linhas cujo valor iria ao Omie ficam em quarentena; as outras seguem."
    for rows in reading.unowned:
        some = f" (id {', '.join(rows.ids)})" if rows.ids else ""
        yield (
            f"aviso: {rows.table}: {count(rows.rows)} linha(s) sem empresa{some} não são enviadas "
            "a ninguém: preencha a empresa na origem"
        )


def question_lines(
    asked: Sequence[UnreadColumn],
    columns: Iterable[tuple[str, str]],
    behind: Mapping[str, frozenset[str]] | None = None,
) -> Iterable[str]:
    """What to write in ``_sources.yml``, for all doubtful columns together.

    Args:
        columns: source tables and their columns.
        behind: the source tables that each canonical table is made of; of another one nothing is
            asked, though it has a column of that name too.
    """
    known = list(columns)
    yield (
        "Falta dizer como se leem estas colunas; até lá, as linhas com valores que podem ser lidos "
        "de duas maneiras não são enviadas. Em _sources.yml do seu conjunto, na lista 'tables':"
    )
    by_table: dict[str, dict[tuple[str, str], UnreadColumn]] = {}
    for one in asked:
        bearing = [table for table, column in known if column == one.source_column]
        own = (behind or {}).get(one.table, frozenset(bearing))
        for table in [table for table in bearing if table in own] or bearing or ["…"]:
            by_table.setdefault(table, {}).setdefault((one.source_column, one.kind), one)
    for table, found in by_table.items():
        yield f"      - name: {table}"
        yield "        columns:"
        for (column, kind), one in found.items():
            question = _QUESTIONS[kind]
            yield f"          - name: {_yaml(column)}"
            yield (f"            meta: {{{question.meta}}}  # '{one.example}': {question.about}")


def sources_behind(target: Path, staging: str) -> dict[str, frozenset[str]]:
    """The source tables of each canonical table, as dbt's last run in ``target`` knew them.

    A staging model may read them through further models. Nothing if dbt never ran there.
    """
    manifest = target / "manifest.json"
    if not manifest.exists():
        return {}
    parsed = json.loads(manifest.read_text("utf-8"))
    parents, sources = parsed["parent_map"], parsed["sources"]
    prefix, found = f"stg_{staging}__", {}
    for node_id, node in parsed["nodes"].items():
        if node["resource_type"] != "model" or not node["name"].startswith(prefix):
            continue
        seen, open_nodes = set[str](), [node_id]
        while open_nodes:
            one = open_nodes.pop()
            if one not in seen:
                seen.add(one)
                open_nodes += parents.get(one, ())
        names = frozenset(sources[one]["name"] for one in seen if one in sources)
        found[node["name"].removeprefix(prefix)] = names
    return found


def source_columns(deployment: Deployment) -> list[tuple[str, str]]:
    """Every source table that the warehouse has, with each of its columns."""
    import sqlalchemy as sa

    inspector = sa.inspect(deployment.engine)
    return [
        (table.name, column["name"])
        for table in deployment.sources
        if inspector.has_table(table.name, schema=table.schema)
        for column in inspector.get_columns(table.name, schema=table.schema)
    ]


def _yaml(name: str) -> str:
    return name if name.isidentifier() else "'" + name.replace("'", "''") + "'"
