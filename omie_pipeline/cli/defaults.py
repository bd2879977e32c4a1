"""``omie-pipeline defaults``: categories, accounts and codes of rows that say none themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omie_pipeline.cli.errors import UNFINISHED
from omie_pipeline.cli.output import Column, emit, say, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.selection import ByOption, JsonOption, decider
from omie_pipeline.texts.cli import models as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.config.defaults import AdoptedDefaults, Setting
    from omie_pipeline.list_mapping.store import Author

defaults = typer.Typer(cls=PortugueseGroup, no_args_is_help=True, rich_markup_mode=None)

_PAIR = "NOME=VALOR"

EmpresaArgument = Annotated[
    str, typer.Argument(metavar="EMPRESA", help="Nome da empresa; '*' vale para todas.")
]


@defaults.command("list", cls=PortugueseCommand)
def list_(as_json: JsonOption = False) -> None:
    """Mostra todos os padrões, também os que ninguém definiu."""
    from omie_pipeline.config.defaults import ALL, DEFAULTS, listed_defaults

    deployment = _opened()
    settings = listed_defaults(deployment.engine)
    if as_json:
        for one in settings:
            emit({"empresa": one.empresa, "name": one.name, "value": one.value})
        return
    values = {(one.empresa, one.name): one.value for one in settings}
    others = sorted({one.empresa for one in settings} - {*deployment.empresas})
    rows = []
    for empresa in (*deployment.empresas, *others):
        for name, default in DEFAULTS.items():
            value = values.get((empresa, name))
            if value or empresa in deployment.empresas:
                rows.append([empresa, name, value or "–", default.about])
        rows += [
            [empresa, one.name, one.value, texts.ACCOUNT_OF_METHOD]
            for one in settings
            if one.method and one.empresa == empresa
        ]
    show_table([Column("empresa"), Column("nome"), Column("valor"), Column(texts.WHAT_IT_IS)], rows)
    unknown = [name for name in others if name != ALL]
    if unknown:
        say(texts.no_empresas_here(", ".join(unknown)))


@defaults.command("set", cls=PortugueseCommand)
def set_(
    empresa: EmpresaArgument,
    pairs: Annotated[list[str], typer.Argument(metavar=f"{_PAIR}...")],
    by: ByOption = None,
) -> None:
    """Define padrões: defaults set principal receipt_category=1.01.01 account.PIX=123456."""
    from omie_pipeline.config.defaults import checked, set_defaults

    deployment = _opened()
    settings = [checked(empresa, *_pair(text), deployment.empresas) for text in pairs]
    set_defaults(deployment.engine, settings, _author(deployment, by))
    _tell_set(deployment, settings)


@defaults.command(cls=PortugueseCommand)
def unset(
    empresa: EmpresaArgument,
    names: Annotated[list[str], typer.Argument(metavar="NOME...")],
    by: ByOption = None,
) -> None:
    """Tira padrões. Saída: 3 se algum não estava definido."""
    from omie_pipeline.config.defaults import unset_defaults

    deployment = _opened()
    removed = unset_defaults(deployment.engine, empresa, names, _author(deployment, by))
    for name in names:
        show(f"{name} ({empresa}): {texts.REMOVED if name in removed else texts.WAS_NOT_SET}")
    show(texts.NEXT)
    if len(removed) < len(names):
        raise typer.Exit(UNFINISHED)


@defaults.command("import", cls=PortugueseCommand)
def import_(
    file: Annotated[Path, typer.Argument(metavar="ARQUIVO")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Tira os padrões que o arquivo não tem.")
    ] = False,
    by: ByOption = None,
) -> None:
    """Importa padrões de um CSV (empresa,name,value, ou os dois arquivos antigos): tudo ou nada."""
    from omie_pipeline.config.defaults import import_defaults, read_defaults

    deployment = _opened()
    settings = read_defaults(file, deployment.empresas)
    now, who = deployment.clock.now(), decider(by)
    import_defaults(deployment.engine, settings, str(file), now, replace=replace, by=who)
    _tell_set(deployment, settings)


@defaults.command(cls=PortugueseCommand)
def export() -> None:
    """Escreve os padrões como CSV na saída, na forma que import lê."""
    from omie_pipeline.config.defaults import listed_defaults, written_defaults

    show(written_defaults(listed_defaults(_opened().engine)).rstrip("\n"))


def _pair(text: str) -> tuple[str, str]:
    # The id of a payment method may hold any character; the number of an account may not.
    name, sign, value = (
        text.rpartition("=") if text.lstrip().startswith("account.") else text.partition("=")
    )
    if not sign or not name.strip():
        raise typer.BadParameter(texts.write_pair(_PAIR), param_hint=_PAIR)
    return name, value


def tell_adopted(found: AdoptedDefaults) -> None:
    """Say that the defaults of an earlier version were taken over."""
    say(texts.defaults_imported(sources=texts.AND_.join(found.sources), number=len(found.settings)))
    for reason in found.left_out:
        say(texts.left_out(reason))


def _author(deployment: Deployment, by: str | None) -> Author:
    from omie_pipeline.list_mapping.store import Author

    return Author(decider(by), deployment.clock.now())


def _opened() -> Deployment:
    """The deployment, after taking over the settings of an earlier version."""
    from omie_pipeline.app.deployment import Deployment

    deployment = Deployment()
    found = deployment.adopt_defaults()
    if found is not None:
        tell_adopted(found)
    return deployment


def _tell_set(deployment: Deployment, settings: Sequence[Setting]) -> None:
    from omie_pipeline.config.defaults import doubtful_codes

    for problem in doubtful_codes(deployment.engine, settings, deployment.empresas):
        say(texts.default_doubtful(problem))
    show(texts.defaults_set(len(settings)))
    show(texts.NEXT)
