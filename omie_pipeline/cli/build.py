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
from omie_pipeline.cli.selection import EmpresaOption, chosen_empresas
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.likely import did_you_mean

if TYPE_CHECKING:
    from dbt.artifacts.schemas.results import NodeResult

    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.clinic.extract import ExtractResult
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
    "ambiguous_number": _Question(
        'decimal: ","', 'a vírgula separa os centavos; "." se é o ponto que os separa'
    ),
    "ambiguous_date": _Question("date_order: mdy", "mês/dia/ano; dmy se é dia/mês/ano"),
    "two_digit_year": _Question("two_digit_years: 2000", "o que se soma aos dois algarismos"),
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
    """What to write in the set's sources file, for all doubtful columns together.

    Args:
        columns: source tables and their columns.
        behind: the source tables that each canonical table is made of; of another one nothing is
            asked, though it has a column of that name too.
    """
    known = list(columns)
    yield (
        "Falta dizer como se leem estas colunas; até lá, as linhas com valores que podem ser lidos "
        "de duas maneiras não são enviadas. Em __sources.yml do seu conjunto, na lista 'tables':"
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


_GOOD = ("success", "pass", "no-op")
_TOLD_NODES = 20


_TablesOption = list[str] | None


def build(
    empresa: EmpresaOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="Lê todas as linhas, não só o que mudou.")
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
    from omie_pipeline.app.deployment import Deployment

    deployment = Deployment()
    names = chosen_empresas(deployment, empresa)
    deployment.refuse_foreign_relations()
    if not any(deployment.has_clinic(name) for name in names):
        say("Sem clínica configurada (CLINIC_URL): só as visões do Omie")
        _run_dbt(deployment, ("--select", "tag:espelho", "--indirect-selection", "cautious"))
        show("Próximo passo: omie-pipeline import tudo")
        return
    wanted = _Wanted(full, frozenset(recopy or ()), frozenset(accept_shrunk or ()))
    _check_tables(deployment, wanted)
    refused = [line for name in names for line in _extract(deployment, name, wanted)]
    if len(refused) == len(names) * len(deployment.sources):
        _tell_refused(refused)
        raise typer.Exit(FAILED)
    _run_dbt(deployment, refused=refused)
    show("Próximo passo: omie-pipeline push tudo --dry-run")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the command line asked for beyond the usual, by table."""

    full: bool
    recopy: frozenset[str]
    accept_shrunk: frozenset[str]


def _check_tables(deployment: Deployment, wanted: _Wanted) -> None:
    known = {table.name for table in deployment.sources}
    for option, names in (("--recopy", wanted.recopy), ("--accept-shrunk", wanted.accept_shrunk)):
        for name in sorted(names - known):
            meant = did_you_mean(name, known)
            raise typer.BadParameter(
                f"não há a tabela '{name}'{meant} (existem: {', '.join(sorted(known))})",
                param_hint=option,
            )


def _extract(deployment: Deployment, empresa: str, wanted: _Wanted) -> list[str]:
    """Copies every table of one empresa; returns what was refused, a line each."""
    from omie_pipeline.clinic.failures import ClinicSourceError, SourceUnreachable

    refused: list[str] = []
    with deployment.clinic(empresa):
        pass  # a clinic that cannot be opened is one error, not one for each of its tables
    for table in deployment.sources:
        say(f"{table.name} ({empresa}): copiando")
        how = deployment.how_to_read(
            full=wanted.full,
            recopy=table.name in wanted.recopy,
            accept_shrunk=table.name in wanted.accept_shrunk,
        )
        try:
            result = deployment.extract(table, empresa, how=how)
        except SourceUnreachable:
            _tell_refused(refused)
            raise
        except (ClinicSourceError, ConfigurationError) as error:
            refused.append(without_secrets(f"{empresa}: {error}"))
            say(f"{table.name} ({empresa}): não copiada")
            continue
        _tell(result, empresa)
        _tell_unowned(table.name, deployment.unowned_rows(table, empresa))
    return refused


def _tell_unowned(table: str, unowned: Mapping[str, int]) -> None:
    """Rows that no empresa reads."""
    for name, rows in sorted(unowned.items()):
        whose = f"da empresa '{name}', que não está configurada" if name else "sem empresa"
        say(
            f"aviso: {table}: {count(rows)} linha(s) {whose}, não são enviadas a ninguém: "
            "corrija a coluna da empresa na origem"
        )


def _tell(result: ExtractResult, empresa: str) -> None:
    from omie_pipeline.clinic.set_aside import reason_of
    from omie_pipeline.omie.masking import mask_text

    if result.in_place:
        show(f"{result.table} ({empresa}): lida onde está")
        return
    left = sum(one.rows for one in result.set_aside)
    aside = f"{count(left)} separadas, " if left else ""
    show(
        f"{result.table} ({empresa}): {count(result.read)} lidas, "
        f"{count(result.inserted)} novas, {count(result.updated)} alteradas, "
        f"{count(result.deleted)} retiradas, {aside}{result.seconds:.1f} s"
    )
    if result.nul_marked:
        say(f"{result.table}: {result.nul_marked} valores com caractere NUL, marcados")
    if result.new_columns:
        say(f"{result.table}: colunas novas na fonte: {', '.join(result.new_columns)}")
    if result.repeated:
        again = count(result.repeated)
        say(f"{result.table}: {again} linhas repetidas por inteiro, contadas uma vez")
    for one in result.set_aside[:_TOLD_NODES]:
        text, fix = reason_of(one)
        say(without_secrets(mask_text(f"{result.table}: {text}")))
        say(f"    → {fix}")
    if len(result.set_aside) > _TOLD_NODES:
        say(f"... e mais {len(result.set_aside) - _TOLD_NODES}: omie-pipeline quarantine")
    for name in result.old_copies:
        say(f"{result.table}: a cópia antiga {name} fica até que nada mais dependa dela")


def _run_dbt(
    deployment: Deployment, selected: Sequence[str] = (), refused: Sequence[str] = ()
) -> None:
    from dbt.cli.main import dbtRunner

    tell_adopted(deployment)
    say("dbt build: refazendo os modelos")
    project = deployment.prepare_dbt()
    for hint in project.hints:
        say(f"aviso: {hint}")
    folder = str(project.folder)
    arguments = ["build", "--project-dir", folder, "--profiles-dir", folder, *selected]
    # dbt writes its whole log to stdout; what matters of it is printed below.
    with _quiet():
        outcome = dbtRunner().invoke([*arguments, "--log-level", "none", "--no-use-colors"])
    results: Sequence[NodeResult] = getattr(outcome.result, "results", None) or ()
    if outcome.exception is not None and not results:
        raise ConfigurationError(
            "O dbt não pôde rodar: " + _first_lines(str(outcome.exception))
        ) from None
    _tell_nodes(results)
    if not selected:
        tell_reading(deployment)
        tell_columns(deployment)
    _tell_refused(refused)
    if not outcome.success:
        say("O que fazer: corrija os modelos acima na sua pasta (omie-pipeline models) e repita")
    if refused or not outcome.success:
        raise typer.Exit(FAILED)


def _tell_refused(refused: Sequence[str]) -> None:
    if not refused:
        return
    say(f"Tabelas que não foram copiadas ({len(refused)}); as cópias delas ficaram como estavam:")
    for line in refused:
        say(f"  {line}")


def _tell_nodes(results: Sequence[Any]) -> None:
    told = [node for node in results if str(node.status) not in _GOOD]
    for node in told[:_TOLD_NODES]:
        word = {"warn": "aviso", "skipped": "pulado"}.get(str(node.status), "erro")
        say(f"{word}: {node.node.name}: {_first_lines(node.message or '')}")
    if len(told) > _TOLD_NODES:
        say(f"... e mais {len(told) - _TOLD_NODES}")
    show(f"dbt: {len(results) - len(told)} de {len(results)} nós sem ressalvas")


def _first_lines(text: str, limit: int = 6) -> str:
    """A database's message quotes values now and then: documents and addresses are masked."""
    from omie_pipeline.omie.masking import mask_text

    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return without_secrets(mask_text("\n  ".join(lines[:limit])))


@contextmanager
def _quiet() -> Iterator[None]:
    with redirect_stdout(sys.stderr):
        yield
