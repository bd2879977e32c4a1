"""What ``omie-pipeline map`` shows and asks: names, patterns and counts, never a value of a row."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from omie_pipeline.cli.output import Column, console, printable, say, show, show_table
from omie_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from omie_pipeline.mapping.choosing import Mapping
    from omie_pipeline.mapping.proposing import Proposal
    from omie_pipeline.mapping.targets import Target

_COLUMNS = (
    Column("campo"), Column("obrigatório"), Column("vem de"), Column("certeza"), Column("por quê"),
)  # fmt: skip
_TOLD_UNUSED = 30


def show_mapping(mapping: Mapping) -> None:
    """Every field that something feeds, and those required that nothing feeds yet."""
    table = mapping.table
    show(
        f"{mapping.endpoint.title} ({mapping.endpoint.name}) de {table.schema}.{table.name}: "
        f"{len(table.columns)} colunas, {table.rows} linhas lidas"
    )
    if table.belonging is not None:
        total, belonging = table.belonging
        show(f"--where deixa passar {belonging} de {total} linhas")
    rows = [_row(mapping, one) for one in mapping.chosen]
    rows += [[path, "sim", "–", "", "nenhuma coluna encontrada"] for path in mapping.missing]
    show_table(_COLUMNS, rows)
    unused = [name for name in mapping.unused if name not in mapping.withheld]
    if unused:
        told = ", ".join(unused[:_TOLD_UNUSED])
        more = len(unused) - _TOLD_UNUSED
        show(f"Colunas sem uso: {told}{f' e mais {more}' if more > 0 else ''}")
    if mapping.withheld:
        show(
            f"Deixadas de fora, por poderem ter dados de saúde (LGPD, art. 11): "
            f"{', '.join(mapping.withheld)}. Se uma for só administrativa: --set CAMPO=COLUNA"
        )


def show_missing(mapping: Mapping) -> None:
    """Required fields that nothing feeds, in red, and what to do about them."""
    if not mapping.missing:
        return
    from rich.text import Text

    words = f"Faltam campos obrigatórios: {', '.join(mapping.missing)}"
    console(sys.stdout).print(Text(printable(words), style="bold red"))
    say("O que fazer: --set CAMPO=COLUNA ou --const CAMPO=VALOR; sem eles a validação segura")
    say("todas as linhas (omie-pipeline quarantine)")


def show_doubts(mapping: Mapping) -> None:
    """What to look at before building: keys that are no keys, rows that may not belong."""
    from omie_pipeline.mapping.doubts import doubts_of

    for doubt in doubts_of(mapping, filtered=bool(mapping.table.where)):
        say(f"aviso: {doubt}")


def ask_corrections(mapping: Mapping) -> Mapping:
    """Let the person change field by field, until an empty answer."""
    while True:
        path = _answer("Campo a mudar (vazio: está bom)")
        if not path:
            return mapping
        source = _answer(f"Coluna para {path} (vazio: nenhuma; =valor: o mesmo em todas as linhas)")
        try:
            mapping = _changed(mapping, path, source)
        except ConfigurationError as error:
            say(f"Não deu: {error}")
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
    from omie_pipeline.mapping.expressions import code_prefix

    column = mapping.table.column(one.source)
    prefix = code_prefix(one.target, column, mapping.prefix) if column is not None else ""
    return f"{prefix}… " if prefix else ""


def _demand(target: Target) -> str:
    if target.field.required or target.is_key:
        return "sim"
    return "para NFS-e" if target.field.required_when == "nfe_nfse_issue" else ""
