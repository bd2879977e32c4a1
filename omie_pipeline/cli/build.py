"""``omie-pipeline build``: extract the clinic and make the payload models, without Dagster."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from omie_pipeline.cli.defaults import tell_adopted
from omie_pipeline.cli.errors import FAILED, without_secrets
from omie_pipeline.cli.model_report import tell_columns
from omie_pipeline.cli.output import count, say, show
from omie_pipeline.cli.progress import copying_progress
from omie_pipeline.cli.selection import EmpresaOption, chosen_empresas
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.likely import did_you_mean
from omie_pipeline.models.why import why_dbt
from omie_pipeline.texts.cli import models as texts

if TYPE_CHECKING:
    from omie_pipeline.app.build import BuildRequest, DbtRun, TableCopy
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.clinic.extract import ExtractResult
    from omie_pipeline.config.dbt_project import MappingProject
    from omie_pipeline.models.memory import DbtNeeded
    from omie_pipeline.models.refresh import Refreshed
    from omie_pipeline.status.unread_values import Reading, UnreadColumn


# Messages of ``build`` about the clinic's values: unreadable ones, and open questions.

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
    "ambiguous_number": _Question('decimal: ","', texts.DECIMAL_SIGN),
    "ambiguous_date": _Question("date_order: mdy", texts.DATE_ORDER),
    "two_digit_year": _Question("two_digit_years: 2000", texts.TWO_DIGIT_YEARS),
}


def tell_reading(deployment: Deployment) -> None:
    """Print once for all tables: unreadable values, rows without an empresa, what to declare."""
    from omie_pipeline.app.deployment import dbt_target
    from omie_pipeline.status.unread_values import clinic_reading

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
    from omie_pipeline.validation.rules import shown

    for one in reading.unread[:_TOLD]:
        yield texts.values_unread(
            table=one.table,
            values=count(one.values),
            column=one.source_column,
            example=mask_text(shown(one.example)),
        )
    if len(reading.unread) > _TOLD:
        yield texts.and_more_columns(len(reading.unread) - _TOLD)
    if reading.unread:
        yield texts.UNREAD_GO_TO_QUARANTINE
    for rows in reading.unowned:
        some = texts.some_ids(", ".join(rows.ids)) if rows.ids else ""
        yield texts.rows_without_empresa(table=rows.table, rows=count(rows.rows), some=some)


def question_lines(
    asked: Sequence[UnreadColumn],
    columns: Iterable[tuple[str, str]],
    behind: Mapping[str, frozenset[str]] | None = None,
) -> Iterable[str]:
    """What to write in the set's sources file, for all doubtful columns together.

    Args:
        columns: source tables and their columns.
        behind: the source tables that each canonical table is made of; of another one nothing is
            asked, though it has a column of that name too.
    """
    known = list(columns)
    yield texts.READING_TO_DECLARE
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


_GOOD = ("success", "pass", "no-op")
_TOLD_NODES = 20


_TablesOption = list[str] | None


def build(
    empresa: EmpresaOption = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Lê todas as linhas, e refaz e testa todos os modelos com o dbt."
        ),
    ] = False,
    recopy: Annotated[
        _TablesOption,
        typer.Option(
            "--recopy",
            metavar="TABELA",
            help="Refaz a cópia desta tabela, com as colunas e a chave que a fonte tem agora.",
        ),
    ] = None,
    accept_shrunk: Annotated[
        _TablesOption,
        typer.Option(
            "--accept-shrunk",
            metavar="TABELA",
            help="Aceita, desta vez, que esta tabela tenha perdido mais da metade das linhas.",
        ),
    ] = None,
) -> None:
    """Copia as tabelas da clínica e refaz os modelos dbt (sem enviar nada ao Omie).

    Sem clínica configurada (CLINIC_URL), refaz só as visões do que vem do Omie. Uma tabela que a
    fonte não entrega não para as outras: fica como estava, e o comando termina com 1.
    """
    from omie_pipeline.app.build import BuildListener, BuildRequest, reads_clinic
    from omie_pipeline.app.build import build as run
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.clinic.failures import SourceUnreachable

    deployment = Deployment()
    names = chosen_empresas(deployment, empresa)
    request = BuildRequest(names, full, frozenset(recopy or ()), frozenset(accept_shrunk or ()))
    copied = reads_clinic(deployment, names)
    if copied:
        _check_tables(deployment, request)
    else:
        say(texts.NO_CLINIC)
    refused: list[str] = []

    def on_copied(copy: TableCopy) -> None:
        if copy.error is not None:
            refused.append(without_secrets(f"{copy.empresa}: {copy.error}"))
        _tell_copy(copy)

    listener = BuildListener(
        on_copy=lambda table, name: say(texts.copying(name=table, empresa=name)),
        on_copied=on_copied,
        copying=lambda table, name: copying_progress(f"{table} ({name})"),
        on_adopted=tell_adopted,
        on_wait=tell_wait,
        on_dbt=tell_why,
        running=dbt_running,
    )
    try:
        result = run(deployment, request, listener)
    except SourceUnreachable:
        _tell_refused(refused)
        raise
    if result.dbt is not None:
        _tell_dbt(result.dbt)
    if result.refreshed is not None:
        _tell_refreshed(result.refreshed)
    # What was told of the very same rows is not looked for again: it reads every table whole.
    if copied and (result.dbt is not None or any(one.empresas for one in result.refreshed or ())):
        tell_reading(deployment)
        tell_columns(deployment)
    _tell_refused(refused)
    if result.dbt is not None and not result.dbt.succeeded:
        say(texts.MODELS_FIX)
    if not result.succeeded:
        raise typer.Exit(FAILED)
    show(texts.PUSH_NEXT if copied else texts.IMPORT_NEXT)


def _check_tables(deployment: Deployment, wanted: BuildRequest) -> None:
    known = {table.name for table in deployment.sources}
    for option, names in (("--recopy", wanted.recopy), ("--accept-shrunk", wanted.accept_shrunk)):
        for name in sorted(names - known):
            meant = did_you_mean(name, known)
            raise typer.BadParameter(
                texts.no_such_table(table=name, near=meant, known=", ".join(sorted(known))),
                param_hint=option,
            )


def _tell_copy(copy: TableCopy) -> None:
    if copy.result is None:
        say(texts.not_copied(name=copy.table, empresa=copy.empresa))
        return
    _tell(copy.result, copy.empresa)
    _tell_unowned(copy.table, copy.unowned)


def _tell_unowned(table: str, unowned: Mapping[str, int]) -> None:
    """Rows that no empresa reads."""
    for name, rows in sorted(unowned.items()):
        whose = texts.of_unknown_empresa(name) if name else texts.WITHOUT_EMPRESA
        say(texts.rows_left_out(table=table, rows=count(rows), whose=whose))


def _tell(result: ExtractResult, empresa: str) -> None:
    from omie_pipeline.clinic.set_aside import reason_of
    from omie_pipeline.omie.masking import mask_text

    if result.in_place:
        show(texts.read_in_place(table=result.table, empresa=empresa))
        return
    left = sum(one.rows for one in result.set_aside)
    aside = texts.set_aside(count(left)) if left else ""
    show(
        texts.table_copied(
            table=result.table,
            empresa=empresa,
            read=count(result.read),
            inserted=count(result.inserted),
            updated=count(result.updated),
            deleted=count(result.deleted),
            aside=aside,
            seconds=result.seconds,
        )
    )
    if result.nul_marked:
        say(texts.nul_marked(table=result.table, values=result.nul_marked))
    if result.new_columns:
        say(texts.new_columns(table=result.table, columns=", ".join(result.new_columns)))
    if result.repeated:
        again = count(result.repeated)
        say(texts.repeated_rows(table=result.table, rows=again))
    for one in result.set_aside[:_TOLD_NODES]:
        text, fix = reason_of(one)
        say(without_secrets(mask_text(f"{result.table}: {text}")))
        say(f"    → {fix}")
    if len(result.set_aside) > _TOLD_NODES:
        say(texts.more_set_aside(len(result.set_aside) - _TOLD_NODES))
    for name in result.old_copies:
        say(texts.old_copy_stays(table=result.table, copy=name))


def tell_wait() -> None:
    """Print that another build is waited for."""
    say(texts.MODELS_WAIT)


def tell_why(needed: DbtNeeded) -> None:
    """Say that dbt runs, and why."""
    say(texts.building(why_dbt(needed.reasons, needed.relations)))


@contextmanager
def dbt_running(project: MappingProject) -> Iterator[None]:
    """What dbt prints goes to stderr, after what a person should do about the project."""
    for hint in project.hints:
        say(texts.warning(hint))
    # dbt writes its whole log to stdout; what matters of it is printed afterwards.
    with redirect_stdout(sys.stderr):
        yield


def _tell_dbt(run: DbtRun) -> None:
    if run.broke is not None:
        reason = _first_lines(str(run.broke)) or type(run.broke).__name__
        raise ConfigurationError(texts.DBT_DID_NOT_RUN + reason)
    _tell_nodes(run.nodes)


def _tell_refreshed(tables: Sequence[Refreshed]) -> None:
    """Tables of which a row changed, each; the others as a number."""
    show(texts.VIEWS_STAND)
    for table in tables:
        if table.changed:
            show(
                texts.table_refreshed(
                    table=table.model,
                    rows=count(table.rows),
                    added=count(table.added),
                    removed=count(table.removed),
                )
            )
        for test, rows in table.failing.items():
            if rows is None:
                say(texts.test_not_asked(test))
            else:
                say(texts.test_fails(test=test, rows=count(rows)))
    unchanged = sum(1 for table in tables if not table.changed)
    if unchanged:
        one = unchanged == 1
        show(texts.ONE_TABLE_UNCHANGED if one else texts.tables_unchanged(unchanged))


def _tell_refused(refused: Sequence[str]) -> None:
    if not refused:
        return
    say(texts.tables_not_copied(len(refused)))
    for line in refused:
        say(f"  {line}")


def _tell_nodes(results: Sequence[Any]) -> None:
    told = [node for node in results if str(node.status) not in _GOOD]
    for node in told[:_TOLD_NODES]:
        word = {"warn": "aviso", "skipped": "pulado"}.get(str(node.status), "erro")
        say(f"{word}: {node.node.name}: {_first_lines(node.message or '')}")
    if len(told) > _TOLD_NODES:
        say(texts.and_more(len(told) - _TOLD_NODES))
    show(texts.dbt_nodes(good=len(results) - len(told), all_nodes=len(results)))


def _first_lines(text: str, limit: int = 6) -> str:
    """A database's message quotes values now and then: documents and addresses are masked."""
    from omie_pipeline.omie.masking import mask_text

    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return without_secrets(mask_text("\n  ".join(lines[:limit])))
