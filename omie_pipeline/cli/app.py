"""The commands of ``omie-pipeline``, in the order in which a new user needs them."""

from __future__ import annotations

from typing import Annotated

import typer

from omie_pipeline.cli.apply import apply
from omie_pipeline.cli.build import build
from omie_pipeline.cli.cache import cache
from omie_pipeline.cli.check import check
from omie_pipeline.cli.conflicts import conflicts
from omie_pipeline.cli.console import console
from omie_pipeline.cli.database import database, roles
from omie_pipeline.cli.defaults import defaults
from omie_pipeline.cli.duplicates import duplicates
from omie_pipeline.cli.history import history
from omie_pipeline.cli.import_tables import import_
from omie_pipeline.cli.lgpd import lgpd
from omie_pipeline.cli.list_mapping import mapping
from omie_pipeline.cli.mapping import map_
from omie_pipeline.cli.models import models
from omie_pipeline.cli.mounted import mount
from omie_pipeline.cli.nfse import nfse
from omie_pipeline.cli.notify import notify
from omie_pipeline.cli.outbox import outbox
from omie_pipeline.cli.output import show
from omie_pipeline.cli.plan import plan
from omie_pipeline.cli.portuguese import PortugueseCommand, Program
from omie_pipeline.cli.preview import preview
from omie_pipeline.cli.push import push, retry
from omie_pipeline.cli.reconcile import reconcile
from omie_pipeline.cli.references import refs
from omie_pipeline.cli.rows_to_fix import not_emptied, quarantine, rejected
from omie_pipeline.cli.rules import rules
from omie_pipeline.cli.selection import ENDPOINTS_HELP, TABLES_HELP
from omie_pipeline.cli.status import status
from omie_pipeline.cli.switches import pause, resume, switches
from omie_pipeline.cli.sync import sync
from omie_pipeline.cli.warnings import warnings
from omie_pipeline.texts.cli import usage as texts

app = typer.Typer(
    cls=Program,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        show(f"omie-pipeline {version('omie-pipeline')}")
        raise typer.Exit


@app.callback()
def program(
    debug: Annotated[
        bool, typer.Option("--debug", help="Mostra onde um erro nasceu (sem segredos).")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Mostra a versão e termina."
        ),
    ] = False,
) -> None:
    """Leva as tabelas da clínica ao Omie e traz as do Omie de volta, tudo conferido."""


_ENDPOINTS = texts.endpoint_argument(ENDPOINTS_HELP)

app.command(cls=PortugueseCommand)(check)
app.command(cls=PortugueseCommand)(build)
app.command(cls=PortugueseCommand)(refs)
app.command("import", cls=PortugueseCommand, epilog=texts.table_argument(TABLES_HELP))(import_)
app.command("map", cls=PortugueseCommand, epilog=_ENDPOINTS)(map_)
app.command(cls=PortugueseCommand)(models)
app.command(cls=PortugueseCommand)(rules)
app.command(cls=PortugueseCommand, epilog=_ENDPOINTS)(preview)
app.command(cls=PortugueseCommand, epilog=_ENDPOINTS)(push)
app.command(cls=PortugueseCommand, epilog=_ENDPOINTS)(retry)
app.command(cls=PortugueseCommand, epilog=_ENDPOINTS)(sync)
app.command(cls=PortugueseCommand)(apply)
app.command(cls=PortugueseCommand)(status)
app.command(cls=PortugueseCommand)(history)
app.command(cls=PortugueseCommand)(reconcile)
app.add_typer(
    duplicates,
    name="duplicates",
    help="O que parece repetido no Omie, e o que se decide disso: resolve, rule.",
)
app.command(cls=PortugueseCommand)(quarantine)
app.command(cls=PortugueseCommand)(rejected)
app.command("not-emptied", cls=PortugueseCommand)(not_emptied)
app.command(cls=PortugueseCommand)(warnings)
app.command(cls=PortugueseCommand)(pause)
app.command(cls=PortugueseCommand)(resume)
database.command(cls=PortugueseCommand)(roles)
app.add_typer(cache, name="cache", help="Faz ler tudo de novo do Omie: clear.")
app.add_typer(
    conflicts, name="conflicts", help="Campos que alguém mudou no Omie: list, show, resolve."
)
app.add_typer(
    console,
    name="console",
    help="As páginas para quem não usa o terminal, e quem entra: add, grant, people e outras.",
)
app.add_typer(database, name="db", help="O PostgreSQL embutido: start, stop, status, url, roles.")
app.add_typer(
    defaults, name="defaults", help="Categorias e contas padrão: list, set, unset, import, export."
)
app.add_typer(lgpd, name="lgpd", help="Os dados de uma pessoa: export, erase.")
app.add_typer(
    plan,
    name="plan",
    help="O que um push faria, antes de enviar: ENDPOINT, show, list, approve, reject.",
)
app.add_typer(
    mapping,
    name="mapping",
    help="De-para: o código do Omie de cada categoria da clínica: list, set e outros.",
)
app.add_typer(nfse, name="nfse", help="Notas de serviço: issue, wait, status, cancel e outras.")
app.add_typer(notify, name="notify", help="Os avisos de falhas: test, status, send.")
app.add_typer(
    outbox,
    name="outbox",
    help="O caminho de volta à clínica: run, list, ack, status, check, rewind, renumber.",
)
app.add_typer(
    switches,
    name="switches",
    help="O que é exportado, por empresa e endpoint: list, set, fields, reset, history.",
)
mount(app)
