"""``omie-pipeline map``: a payload model from a table of the clinic, without writing SQL."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omie_pipeline.catalog import Endpoint
from omie_pipeline.cli.errors import UNFINISHED
from omie_pipeline.cli.output import Column, console, printable, say, show, show_table
from omie_pipeline.cli.prompts import confirm
from omie_pipeline.cli.selection import YesOption, chosen_endpoints
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts.cli import models as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.mapping.choices import Mapping
    from omie_pipeline.mapping.model_sql import ModelText
    from omie_pipeline.mapping.proposal import Proposal
    from omie_pipeline.mapping.targets import Target


# What ``omie-pipeline map`` shows and asks: names, patterns and counts, never a value of a row.

_COLUMNS = (
    Column("campo"), Column(texts.REQUIRED), Column(texts.COMES_FROM), Column("certeza"),
    Column(texts.WHY),
)  # fmt: skip
_TOLD_UNUSED = 30


def show_mapping(mapping: Mapping) -> None:
    """Every field that something feeds, and those required that nothing feeds yet."""
    table = mapping.table
    show(
        texts.proposal(
            title=mapping.endpoint.title,
            endpoint=mapping.endpoint.name,
            schema=table.schema,
            table=table.name,
            columns=len(table.columns),
            rows=table.rows,
        )
    )
    if table.belonging is not None:
        total, belonging = table.belonging
        show(texts.where_lets_through(belonging=belonging, total=total))
    rows = [_row(mapping, one) for one in mapping.chosen]
    rows += [[path, "sim", "–", "", texts.NO_COLUMN_FOUND] for path in mapping.missing]
    show_table(_COLUMNS, rows)
    unused = [name for name in mapping.unused if name not in mapping.withheld]
    if unused:
        told = ", ".join(unused[:_TOLD_UNUSED])
        more = len(unused) - _TOLD_UNUSED
        show(
            texts.unused_columns(
                columns=told, more=texts.and_more_of_them(more) if more > 0 else ""
            )
        )
    if mapping.withheld:
        show(texts.health_data(", ".join(mapping.withheld)))


def show_missing(mapping: Mapping) -> None:
    """Required fields that nothing feeds, in red, and what to do about them."""
    if not mapping.missing:
        return
    from rich.text import Text

    words = texts.required_missing(", ".join(mapping.missing))
    console(sys.stdout).print(Text(printable(words), style="bold red"))
    say(texts.REQUIRED_MISSING_FIX)
    say(texts.EVERY_ROW)


def show_doubts(mapping: Mapping) -> None:
    """What to look at before building: keys that are no keys, rows that may not belong."""
    from omie_pipeline.mapping.doubts import doubts_of

    for doubt in doubts_of(mapping, filtered=bool(mapping.table.where)):
        say(texts.warning(doubt))


def ask_corrections(mapping: Mapping) -> Mapping:
    """Let the person change field by field, until an empty answer."""
    while True:
        path = _answer(texts.FIELD_TO_CHANGE)
        if not path:
            return mapping
        source = _answer(texts.column_for(path))
        try:
            mapping = _changed(mapping, path, source)
        except ConfigurationError as error:
            say(texts.did_not_do(error))
            continue
        show_mapping(mapping)


def _changed(mapping: Mapping, path: str, source: str) -> Mapping:
    if not source:
        return mapping.without(path)
    if source.startswith("="):
        return mapping.with_constant(path, source[1:])
    return mapping.with_column(path, source)


def _answer(question: str) -> str:
    return str(typer.prompt(question, default="", show_default=False, err=True)).strip()


def _row(mapping: Mapping, one: Proposal) -> list[str]:
    source = f"{_prefix(mapping, one)}{one.source}" if one.origin == "column" else f"= {one.source}"
    mine = one.confidence >= 1
    return [one.target.path, _demand(one.target), source, "" if mine else one.level, one.reason]


def _prefix(mapping: Mapping, one: Proposal) -> str:
    """``PAC-… `` before a column that becomes one of our codes."""
    from omie_pipeline.mapping.model_sql import code_prefix

    column = mapping.table.column(one.source)
    prefix = code_prefix(one.target, column, mapping.prefix) if column is not None else ""
    return f"{prefix}… " if prefix else ""


def _demand(target: Target) -> str:
    if target.field.required or target.is_key:
        return "sim"
    return texts.FOR_NOTES if target.field.required_when == "nfe_nfse_issue" else ""


_PAIR = "CAMPO=VALOR"


@dataclass(frozen=True, slots=True)
class _MapOptions:
    """What the options ask of a mapping."""

    columns: tuple[tuple[str, str], ...]
    constants: tuple[tuple[str, str], ...]
    skipped: tuple[str, ...]
    prefix: str | None
    where: str


def map_(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT")],
    table: Annotated[
        str,
        typer.Option("--table", metavar="ESQUEMA.TABELA", help="Tabela ou visão do armazém."),
    ],
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="ARQUIVO",
            help="Padrão: omie/omie_ENDPOINT.sql na pasta de OMIE_PIPELINE_MODELS.",
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="CAMPO=COLUNA", help="Esta coluna neste campo."),
    ] = None,
    constants: Annotated[
        list[str] | None,
        typer.Option("--const", metavar=_PAIR, help="Este valor em todas as linhas."),
    ] = None,
    skipped: Annotated[
        list[str] | None, typer.Option("--skip", metavar="CAMPO", help="Não usa este campo.")
    ] = None,
    empresa: Annotated[
        str | None, typer.Option("--empresa", metavar="E", help="Empresa de todas as linhas.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="SQL", help="Só estas linhas: \"tipo = 'R'\"."),
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option("--prefix", metavar="P", help="Começo do código de integração (PAC-)."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Escreve por cima de um modelo que já existe.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Só mostra a proposta; nada é escrito.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Propõe e escreve o modelo dbt de um endpoint a partir de uma tabela, sem SQL.

    Saída: 0 pronto, 3 escrito com campos obrigatórios em falta, 1 falhou, 2 uso incorreto.
    """
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.cli.mapping_files import model_file, refuse_overwriting, write_model
    from omie_pipeline.config.dbt_project import assemble_project

    chosen = _one_endpoint(endpoint)
    wanted = _wanted(columns, constants, skipped, prefix, where)
    deployment = Deployment()
    target = model_file(deployment.settings.models, chosen, file)
    if not dry_run:
        refuse_overwriting(target, overwrite=overwrite)
    project = assemble_project(deployment.settings).folder
    mapping = _mapping(deployment, chosen, _table_name(table), wanted, empresa)
    show_mapping(mapping)
    if sys.stdin.isatty() and not yes and not dry_run:
        mapping = ask_corrections(mapping)
    text = _model(deployment, mapping, project).write()
    show_missing(mapping)
    show_doubts(mapping)
    if dry_run:
        show(texts.NOTHING_WRITTEN_DRY)
    elif confirm(texts.write_file(target), yes=yes):
        write_model(target, text, overwrite=overwrite)
        show(texts.written(target))
        show(texts.build_next(chosen.name))
    else:
        say(texts.NOTHING_WRITTEN)
    if mapping.missing:
        raise typer.Exit(UNFINISHED)


def _one_endpoint(name: str) -> Endpoint:
    found = chosen_endpoints([name])
    if len(found) != 1:
        raise typer.BadParameter(texts.CHOOSE_ONE, param_hint="ENDPOINT")
    return found[0]


def _wanted(
    columns: Sequence[str] | None,
    constants: Sequence[str] | None,
    skipped: Sequence[str] | None,
    prefix: str | None,
    where: str | None,
) -> _MapOptions:
    if where is not None and not where.strip():
        raise typer.BadParameter(texts.WRITE_A_CONDITION, param_hint="--where")
    return _MapOptions(
        tuple(_pair(text, "--set") for text in columns or ()),
        tuple(_pair(text, "--const") for text in constants or ()),
        tuple(skipped or ()),
        prefix,
        (where or "").strip(),
    )


def _pair(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value:
        raise typer.BadParameter(texts.write_pair(_PAIR), param_hint=option)
    return name.strip(), value


def _table_name(text: str) -> tuple[str, str]:
    """Schema and table of ``schema.table``; either may stand in double quotes."""
    from omie_pipeline.mapping.choices import split_table

    found = split_table(text)
    if found is None:
        raise typer.BadParameter(texts.WRITE_TABLE, param_hint="--table")
    return found


def _mapping(
    deployment: Deployment,
    endpoint: Endpoint,
    table: tuple[str, str],
    wanted: _MapOptions,
    empresa: str | None,
) -> Mapping:
    from omie_pipeline.mapping.choices import start_mapping
    from omie_pipeline.mapping.sampling import sample_table
    from omie_pipeline.mapping.targets import EMPRESA

    if empresa is not None and empresa not in deployment.empresas:
        raise typer.BadParameter(
            texts.no_such_empresa(empresa=empresa, known=", ".join(deployment.empresas)),
            param_hint="--empresa",
        )
    sampled = sample_table(deployment.engine, *table, where=wanted.where)
    mapping = start_mapping(endpoint, sampled, deployment.empresas)
    for path in wanted.skipped:
        mapping = mapping.without(path)
    for path, column in wanted.columns:
        mapping = mapping.with_column(path, column)
    if wanted.prefix is not None:
        mapping = mapping.with_prefix(wanted.prefix)
    for path, value in wanted.constants:
        mapping = mapping.with_constant(path, value)
    return mapping if empresa is None else mapping.with_constant(EMPRESA, empresa)


def _model(deployment: Deployment, mapping: Mapping, project: Path) -> ModelText:
    from omie_pipeline.cli.mapping_files import described_columns, relation
    from omie_pipeline.mapping.model_sql import ModelText

    sources = [(one.schema, one.name, one.set_name) for one in deployment.sources]
    return ModelText(
        mapping.endpoint,
        mapping.table,
        relation(project, mapping.table, sources, deployment.settings.schemas),
        mapping.prefix,
        mapping.chosen,
        described_columns(project, mapping.endpoint.model),
        mapping.table.where,
    )
