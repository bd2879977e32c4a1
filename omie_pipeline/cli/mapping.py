"""``omie-pipeline map``: a payload model from a table of the clinic, without writing SQL."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omie_pipeline.catalog import Endpoint
from omie_pipeline.cli.asking import confirmed
from omie_pipeline.cli.failing import UNFINISHED
from omie_pipeline.cli.mapping_screen import (
    ask_corrections,
    show_doubts,
    show_mapping,
    show_missing,
)
from omie_pipeline.cli.output import say, show
from omie_pipeline.cli.selecting import YesOption, chosen_endpoints

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.mapping.choosing import Mapping
    from omie_pipeline.mapping.model_sql import ModelText

_PAIR = "CAMPO=VALOR"


@dataclass(frozen=True, slots=True)
class _Wanted:
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
        show("Nada foi escrito (--dry-run)")
    elif confirmed(f"Escrever {target}?", yes=yes):
        write_model(target, text, overwrite=overwrite)
        show(f"Escrito: {target}")
        show(f"Próximo passo: omie-pipeline build; depois omie-pipeline preview {chosen.name}")
    else:
        say("Nada foi escrito")
    if mapping.missing:
        raise typer.Exit(UNFINISHED)


def _one_endpoint(name: str) -> Endpoint:
    found = chosen_endpoints([name])
    if len(found) != 1:
        raise typer.BadParameter("escolha um só", param_hint="ENDPOINT")
    return found[0]


def _wanted(
    columns: Sequence[str] | None,
    constants: Sequence[str] | None,
    skipped: Sequence[str] | None,
    prefix: str | None,
    where: str | None,
) -> _Wanted:
    if where is not None and not where.strip():
        raise typer.BadParameter("escreva uma condição, como \"tipo = 'R'\"", param_hint="--where")
    return _Wanted(
        tuple(_pair(text, "--set") for text in columns or ()),
        tuple(_pair(text, "--const") for text in constants or ()),
        tuple(skipped or ()),
        prefix,
        (where or "").strip(),
    )


def _pair(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value:
        raise typer.BadParameter(f"escreva {_PAIR}", param_hint=option)
    return name.strip(), value


def _table_name(text: str) -> tuple[str, str]:
    """Schema and table of ``schema.table``; either may stand in double quotes."""
    from omie_pipeline.mapping.choosing import split_table

    found = split_table(text)
    if found is None:
        raise typer.BadParameter("escreva ESQUEMA.TABELA", param_hint="--table")
    return found


def _mapping(
    deployment: Deployment,
    endpoint: Endpoint,
    table: tuple[str, str],
    wanted: _Wanted,
    empresa: str | None,
) -> Mapping:
    from omie_pipeline.mapping.choosing import start_mapping
    from omie_pipeline.mapping.sampling import sample_table
    from omie_pipeline.mapping.targets import EMPRESA

    if empresa is not None and empresa not in deployment.empresas:
        raise typer.BadParameter(
            f"não existe {empresa} (existem: {', '.join(deployment.empresas)})",
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
