"""``omie-pipeline console``: the pages for staff, and who may enter them."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from omie_pipeline.cli.output import Column, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand
from omie_pipeline.console import HOST, PORT
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts.console import people as texts

if TYPE_CHECKING:
    from omie_pipeline.console.access.people import Grant
    from omie_pipeline.console.access.roles import Role

console = typer.Typer(invoke_without_command=True)
_COMMAND: Final = "console"
"""Who let somebody in, where a person typed it at a terminal."""
LoginArgument = Annotated[str, typer.Argument(metavar="LOGIN", help="Login, um e-mail serve.")]
RoleOption = Annotated[
    str,
    typer.Option(
        "--role", help="reception, finance, manager, accountant (só consulta) ou engineering."
    ),
]
EmpresasOption = Annotated[
    list[str] | None,
    typer.Option("--empresa", "-e", help="Empresa que vê; repita. Sem isto, todas."),
]
OmieOption = Annotated[
    bool,
    typer.Option("--omie-entries", help="Vê também os lançamentos que só o Omie tem."),
]


@console.callback()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Endereço em que escuta.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Porta; 0 usa uma livre.")] = PORT,
    public_url: Annotated[
        str,
        typer.Option(
            help="Endereço público, atrás de um proxy com TLS: https://console.clinica.com.br."
        ),
    ] = "",
) -> None:
    """As páginas para quem não usa o terminal. Sem comando, abre o console; add dá acesso."""
    if context.invoked_subcommand is not None:
        return
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.config.settings import is_loopback
    from omie_pipeline.console.access.people import people
    from omie_pipeline.console.backstage import Backstage
    from omie_pipeline.console.server import Console

    https = public_url.startswith("https://")
    if not is_loopback(host) and not https:
        raise ConfigurationError(texts.NOT_LOOPBACK)
    deployment = Deployment()
    backstage = Backstage(deployment, https=https, proxied=bool(public_url))
    with deployment.engine.connect() as connection:
        if not people(connection):
            show(texts.NOBODY_YET)
    try:
        server = Console(backstage, host=host, port=port)
    except OSError as error:
        raise ConfigurationError(texts.cannot_listen(host=host, port=port, error=error)) from None
    show(texts.listening(public_url or server.url))
    server.serve()


@console.command(cls=PortugueseCommand)
def add(
    login: LoginArgument,
    name: Annotated[str, typer.Option("--name", help="Nome, como assina o que faz.")],
    role: RoleOption,
    empresa: EmpresasOption = None,
    omie_entries: OmieOption = False,
    generate: Annotated[
        bool, typer.Option("--generate", help="Cria a senha e a mostra uma vez.")
    ] = False,
) -> None:
    """Dá acesso a uma pessoa; a senha é perguntada (ou vem de --generate, ou da entrada)."""
    from pydantic import SecretStr

    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.console.access.people import Person, add_person

    deployment = Deployment()
    grants = _grants(deployment.empresas, role, empresa, omie_entries)
    password = secrets.token_urlsafe(15) if generate else _typed_password()
    person = Person(login.strip().lower(), name.strip(), grants, must_change=True)
    with deployment.engine.begin() as connection:
        now = deployment.clock.now()
        add_person(connection, person, SecretStr(password), _COMMAND, now)
    show(texts.added(login=person.login, role=texts.ROLES[role], empresas=_told(grants)))
    if generate:
        typer.echo(password)


@console.command(cls=PortugueseCommand)
def grant(
    login: LoginArgument,
    role: RoleOption,
    empresa: EmpresasOption = None,
    omie_entries: OmieOption = False,
) -> None:
    """Muda o que uma pessoa vê e pode, em uma empresa ou em todas."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.console.access.people import find_person, set_grant

    deployment = Deployment()
    grants = _grants(deployment.empresas, role, empresa, omie_entries)
    with deployment.engine.begin() as connection:
        if find_person(connection, login) is None:
            raise ConfigurationError(texts.nobody(login))
        for one in grants:
            set_grant(connection, login, one, _COMMAND, deployment.clock.now())
    show(texts.granted(login=login, role=texts.ROLES[role], empresas=_told(grants)))


@console.command(cls=PortugueseCommand)
def revoke(login: LoginArgument, empresa: EmpresasOption = None) -> None:
    """Tira de uma pessoa o acesso a uma empresa, ou o que tinha a todas."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.console.access.people import ALL_EMPRESAS, revoke_grant

    deployment = Deployment()
    names = empresa or [ALL_EMPRESAS]
    with deployment.engine.begin() as connection:
        gone = [name for name in names if revoke_grant(connection, login, name)]
    told = texts.revoked if gone else texts.had_nothing
    show(told(login=login, empresas=", ".join(gone or names)))


@console.command(cls=PortugueseCommand)
def password(
    login: LoginArgument,
    generate: Annotated[
        bool, typer.Option("--generate", help="Cria a senha e a mostra uma vez.")
    ] = False,
) -> None:
    """Dá outra senha a uma pessoa, que a troca ao entrar."""
    from pydantic import SecretStr

    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.console.access.people import set_password

    deployment = Deployment()
    new = secrets.token_urlsafe(15) if generate else _typed_password()
    with deployment.engine.begin() as connection:
        now = deployment.clock.now()
        set_password(connection, login, SecretStr(new), now, by_owner=False)
    show(texts.password_set(login))
    if generate:
        typer.echo(new)


@console.command(cls=PortugueseCommand)
def disable(login: LoginArgument) -> None:
    """Não deixa mais uma pessoa entrar; as sessões dela terminam."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.console.access.people import disable_person

    deployment = Deployment()
    with deployment.engine.begin() as connection:
        disable_person(connection, login, deployment.clock.now())
    show(texts.disabled(login))


@console.command(cls=PortugueseCommand)
def enable(login: LoginArgument) -> None:
    """Deixa uma pessoa entrar de novo."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.console.access.people import disable_person

    deployment = Deployment()
    with deployment.engine.begin() as connection:
        disable_person(connection, login, None)
    show(texts.enabled(login))


@console.command(cls=PortugueseCommand)
def people() -> None:
    """Mostra quem pode entrar, e o que cada pessoa vê."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.console.access.people import people as everybody

    deployment = Deployment()
    with deployment.engine.connect() as connection:
        found = everybody(connection)
    if not found:
        show(texts.NOBODY_YET)
        return
    heads = [Column(texts.LOGIN), Column(texts.NAME), Column(texts.EMPRESA), Column(texts.ROLE),
             Column(texts.STATE)]  # fmt: skip
    rows: list[Sequence[Any]] = [
        (
            one.login,
            one.name,
            held.empresa if held else "–",
            texts.ROLES[held.role] if held else "–",
            texts.MAY_NOT_ENTER if one.disabled else texts.MAY_ENTER,
        )
        for one in found
        for held in (one.grants or (None,))
    ]
    show_table(heads, rows)


def _grants(
    known: Sequence[str], role: str, empresas: Sequence[str] | None, omie_entries: bool
) -> tuple[Grant, ...]:
    """What is to be granted, checked.

    Args:
        known: the deployment's empresas.
        role: as it was typed.
        empresas: as they were typed; none: all.
        omie_entries: also what Omie alone has.
    """
    from omie_pipeline.console.access.people import ALL_EMPRESAS, Grant

    chosen = empresas or [ALL_EMPRESAS]
    for name in chosen:
        if name not in (ALL_EMPRESAS, *known):
            raise ConfigurationError(texts.unknown_empresa(empresa=name, known=", ".join(known)))
    return tuple(Grant(name, _role(role), omie_entries) for name in chosen)


def _role(name: str) -> Role:
    from omie_pipeline.console.access.roles import Role

    try:
        return Role(name)
    except ValueError:
        known = ", ".join(texts.ROLES)
        raise ConfigurationError(texts.unknown_role(role=name, known=known)) from None


def _told(grants: Sequence[Grant]) -> str:
    return ", ".join(one.empresa for one in grants)


def _typed_password() -> str:
    """Asked twice at a terminal; otherwise the first line of the input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first: str = typer.prompt(texts.ASK_PASSWORD, hide_input=True)
    again: str = typer.prompt(texts.ASK_AGAIN, hide_input=True)
    if first != again:
        raise ConfigurationError(texts.PASSWORDS_DIFFER)
    return first
