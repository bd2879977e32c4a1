"""``omie-pipeline db``: the embedded PostgreSQL, and the roles of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from omie_pipeline.cli.errors import FAILED
from omie_pipeline.cli.output import Column, say, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.texts.cli import machine as texts

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
        say(texts.OWN_SERVER_START)
    open_warehouse(settings).dispose()
    show(texts.DATABASE_READY)


@database.command(cls=PortugueseCommand)
def stop() -> None:
    """Desliga o PostgreSQL embutido; os dados ficam."""
    from omie_pipeline.postgres.embedded import EmbeddedPostgres

    settings = _settings()
    if settings.warehouse_url is not None:
        say(texts.OWN_SERVER_STOP)
    stopped = EmbeddedPostgres(settings.home).stop()
    show(texts.DATABASE_STOPPED if stopped else texts.DATABASE_WAS_STOPPED)


@database.command(cls=PortugueseCommand)
def rebind(
    empresa: Annotated[str, typer.Argument(help="Empresa cuja chave do Omie foi trocada.")],
) -> None:
    """Aceita a chave atual como sendo da mesma empresa do Omie, depois de uma troca de chave."""
    from omie_pipeline.app.deployment import Deployment

    Deployment().rebind(empresa)
    show(texts.ledger_bound(empresa))


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
        show(texts.database_down(found.data_folder))
        raise typer.Exit(FAILED)
    show(
        texts.database_up(
            version=found.version,
            host=found.host,
            port=found.port,
            process=found.pid,
            account=found.account,
            folder=found.data_folder,
        )
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
    show(texts.server_answers(version=version, host=_host(engine.url)))
    show(texts.zone_of_session(zone))
    if zone != settings.time_zone:
        say(texts.zone_differs(time_zone=settings.time_zone, database=engine.url.database))


def _settings() -> Settings:
    from omie_pipeline.config.settings import load_settings

    return load_settings()


def _host(url: sa.URL) -> str:
    """Server or socket of an address; an address may also leave it to libpq."""
    named = url.host or ", ".join(url.normalized_query.get("host", ()))
    return named or texts.DEFAULT_ADDRESS


# ``omie-pipeline db roles``: the roles of people, and what an administrator must still type.


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
        [Column("papel"), Column("existe"), Column(texts.USERS), Column(texts.SEES_HEAD)],
        [
            [
                s.name,
                "sim" if s.exists else texts.NO,
                ", ".join(s.members) or "–",
                texts.SEES[settings.schemas.plain(s.name)],
            ]
            for s in states
        ],
    )
    if not missing:
        say(texts.new_user(role=states[0].name, database=database, time_zone=settings.time_zone))
        return
    say(texts.ROLES_NOT_CREATED)
    for statement in administrator_statements(missing, settings.schemas):
        show(statement)
    raise typer.Exit(FAILED)
