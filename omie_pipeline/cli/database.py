"""``omie-pipeline db``: the embedded PostgreSQL, and the roles of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from omie_pipeline.cli.errors import FAILED
from omie_pipeline.cli.output import Column, say, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup

if TYPE_CHECKING:
    import sqlalchemy as sa

    from omie_pipeline.config.settings import Settings


database = typer.Typer(cls=PortugueseGroup, no_args_is_help=True, rich_markup_mode=None)


@database.command(cls=PortugueseCommand)
def start() -> None:
    """Liga o PostgreSQL embutido e prepara as tabelas."""
    from omie_pipeline.config.addresses import open_warehouse

    settings = _settings()
    if settings.warehouse_url is not None:
        say("WAREHOUSE_URL aponta para um servidor próprio: só as tabelas são preparadas")
    open_warehouse(settings).dispose()
    show("Banco pronto")


@database.command(cls=PortugueseCommand)
def stop() -> None:
    """Desliga o PostgreSQL embutido; os dados ficam."""
    from omie_pipeline.postgres.embedded import EmbeddedPostgres

    settings = _settings()
    if settings.warehouse_url is not None:
        say("WAREHOUSE_URL aponta para um servidor próprio; desligo só o embutido, se houver")
    stopped = EmbeddedPostgres(settings.home).stop()
    show("PostgreSQL embutido desligado" if stopped else "O PostgreSQL embutido já estava parado")


@database.command(cls=PortugueseCommand)
def rebind(
    empresa: Annotated[str, typer.Argument(help="Empresa cuja chave do Omie foi trocada.")],
) -> None:
    """Aceita a chave atual como sendo da mesma empresa do Omie, depois de uma troca de chave."""
    from omie_pipeline.app.deployment import Deployment

    Deployment().rebind(empresa)
    show(f"Livro-razão da empresa {empresa} ligado à chave atual")


@database.command(cls=PortugueseCommand)
def status() -> None:
    """Mostra se o banco responde. Saída: 0 responde, 1 não."""
    from omie_pipeline.postgres.embedded import EmbeddedPostgres

    settings = _settings()
    if settings.warehouse_url is not None:
        _show_own_server(settings)
        return
    found = EmbeddedPostgres(settings.home).status()
    if not found.running:
        show(f"PostgreSQL embutido parado (dados em {found.data_folder})")
        raise typer.Exit(FAILED)
    show(
        f"PostgreSQL embutido {found.version} em {found.host}:{found.port}, processo {found.pid}, "
        f"conta {found.account}\nDados em {found.data_folder}"
    )


@database.command(cls=PortugueseCommand)
def url(
    show_password: Annotated[
        bool, typer.Option("--show-password", help="Mostra a senha em vez de ***.")
    ] = False,
) -> None:
    """Mostra o endereço do banco (liga o embutido, se preciso); a senha fica oculta."""
    import sqlalchemy as sa

    from omie_pipeline.config.addresses import find_warehouse

    parsed = sa.make_url(find_warehouse(_settings()).url).set(drivername="postgresql")
    show(parsed.render_as_string(hide_password=not show_password))


def _show_own_server(settings: Settings) -> None:
    """Ask the server of WAREHOUSE_URL; ``WarehouseError`` when it does not answer."""
    import sqlalchemy as sa

    from omie_pipeline.config.addresses import find_warehouse
    from omie_pipeline.postgres.engine import open_engine, warehouse_errors
    from omie_pipeline.postgres.migrate import refuse_old_server
    from omie_pipeline.postgres.poolers import refuse_shared_sessions

    # A session like anybody else's: what an analyst has.
    engine = open_engine(find_warehouse(settings).url, time_zone=None)
    refuse_shared_sessions(engine)
    with warehouse_errors(), engine.connect() as connection:
        refuse_old_server(connection)
        version: str = connection.execute(sa.text("SHOW server_version")).scalar_one()
        zone: str = connection.execute(sa.text("SHOW timezone")).scalar_one()
    engine.dispose()
    show(f"PostgreSQL {version} de WAREHOUSE_URL responde em {_host(engine.url)}")
    show(f"Fuso de uma sessão comum neste banco: {zone}")
    if zone != settings.time_zone:
        say(
            f"A clínica está em {settings.time_zone}: numa sessão comum, current_date é outro às "
            f"vezes. Para cada analista: ALTER ROLE ana IN DATABASE {engine.url.database} SET "
            f"timezone TO '{settings.time_zone}';"
        )


def _settings() -> Settings:
    from omie_pipeline.config.settings import load_settings

    return load_settings()


def _host(url: sa.URL) -> str:
    """Server or socket of an address; an address may also leave it to libpq."""
    named = url.host or ", ".join(url.normalized_query.get("host", ()))
    return named or "endereço padrão do PostgreSQL"


# ``omie-pipeline db roles``: the roles of people, and what an administrator must still type.

_SEES = {
    "omie_analyst": "tudo, com CPF, nomes e contatos mascarados",
    "omie_finance": "tudo, por inteiro",
    "omie_clinic": "por inteiro, só o que a clínica enviou ao Omie",
}


def roles() -> None:
    """Mostra quem pode ver o quê e refaz os direitos dos papéis. Saída: 1 se falta um papel."""
    import typer

    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.postgres.engine import warehouse_errors
    from omie_pipeline.postgres.roles import administrator_statements, grant_access, role_states

    deployment = Deployment()
    settings, database = deployment.settings, deployment.engine.url.database
    with warehouse_errors(), deployment.engine.begin() as connection:
        missing = grant_access(connection)
        states = role_states(connection)
    show_table(
        [Column("papel"), Column("existe"), Column("usuários"), Column("vê")],
        [
            [
                s.name,
                "sim" if s.exists else "não",
                ", ".join(s.members) or "–",
                _SEES[settings.schemas.plain(s.name)],
            ]
            for s in states
        ],
    )
    if not missing:
        say(
            f"Novo usuário: CREATE ROLE ana LOGIN PASSWORD '...' IN ROLE {states[0].name}; ALTER "
            f"ROLE ana IN DATABASE {database} SET timezone TO '{settings.time_zone}';"
        )
        return
    say("Este usuário do banco não pode criar papéis. Um administrador deve executar:")
    for statement in administrator_statements(missing, settings.schemas):
        show(statement)
    raise typer.Exit(FAILED)
