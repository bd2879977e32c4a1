"""``omie-pipeline check``: is the key good, and whose is it? Does the warehouse answer?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

from omie_pipeline.cli.errors import FAILED, without_secrets
from omie_pipeline.cli.output import emit, say, show
from omie_pipeline.cli.selection import EmpresaOption, JsonOption, chosen_empresas
from omie_pipeline.errors import ConfigurationError, WarehouseError
from omie_pipeline.texts.cli import status as texts

if TYPE_CHECKING:
    import sqlalchemy as sa

    from omie_pipeline.app.connection import Finding
    from omie_pipeline.config.settings import Settings


# What ``omie-pipeline check`` says of the warehouse; asks it, and makes and changes nothing.


@dataclass(frozen=True, slots=True)
class DatabaseFinding:
    """How the warehouse stands.

    Attributes:
        state: ``ok``, ``failed``, or ``absent`` where the embedded server does not run.
        version: of PostgreSQL; empty where nobody answered.
        pooled: a pooler stands in between, one that gives each client a session of its own.
        skew_seconds: by how much this machine's clock runs ahead of the database's.
        message: what is the matter, or how it stands.
    """

    state: str
    version: str = ""
    pooled: bool = False
    skew_seconds: float | None = None
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its part of a record."""
        return {
            "state": self.state,
            "version": self.version,
            "pooled": self.pooled,
            "skew_seconds": self.skew_seconds,
            "message": self.message,
        }


def check_database(settings: Settings) -> DatabaseFinding:
    """Ask the warehouse; every outcome is a finding, none an error."""
    from omie_pipeline.config.addresses import find_warehouse
    from omie_pipeline.postgres.embedded import EmbeddedPostgres
    from omie_pipeline.postgres.engine import open_engine

    try:
        own = settings.warehouse_url is not None
        if not own and not EmbeddedPostgres(settings.home).status().running:
            return DatabaseFinding("absent", message=texts.NOT_YET)
        engine = open_engine(find_warehouse(settings).url, time_zone=None)
        try:
            return _asked(engine, own=own)
        finally:
            engine.dispose()
    except (WarehouseError, ConfigurationError) as error:
        return DatabaseFinding("failed", message=str(error))


def _asked(engine: sa.Engine, *, own: bool) -> DatabaseFinding:
    import sqlalchemy as sa

    from omie_pipeline.postgres.clock import DatabaseClock
    from omie_pipeline.postgres.engine import warehouse_errors
    from omie_pipeline.postgres.migrate import refuse_old_server
    from omie_pipeline.postgres.poolers import behind_pooler, refuse_shared_sessions

    pooled = own and behind_pooler(engine)
    if own:
        refuse_shared_sessions(engine)
    with warehouse_errors(), engine.connect() as connection:
        refuse_old_server(connection)
        version: str = connection.execute(sa.text("SHOW server_version")).scalar_one()
    # A difference that matters is reported by the clock itself, on stderr.
    skew_seconds = round(DatabaseClock(engine).skew_seconds(), 1)
    of = texts.OF_WAREHOUSE_URL if own else "embutido"
    message = texts.database_answers(version=version, whose=of, pooled=texts.POOLERS[pooled])
    return DatabaseFinding("ok", version, pooled, skew_seconds, message)


def check(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Testa a conexão com o Omie e diz se o banco responde, sem criar nada nele.

    Saída: 0 o Omie respondeu por todas as empresas, 1 por alguma não; o banco só é dito.
    """
    from omie_pipeline.app.connection import check_connection
    from omie_pipeline.app.deployment import Deployment

    def tell(found: Finding) -> None:
        if as_json:
            emit(
                {
                    "empresa": found.empresa,
                    "ok": found.ok,
                    "company": found.company,
                    "cause": found.cause,
                    "message": without_secrets(found.message) or texts.SUCCESS,
                    "fix": found.fix,
                    "until": found.until,
                    "database": database.to_json(),
                }
            )
        elif found.ok:
            show(f"{found.empresa}: {texts.SUCCESS}: {found.company or texts.COMPANY_WITHOUT_NAME}")
        else:
            say(texts.no_connection(empresa=found.empresa, cause=without_secrets(found.message)))
            say(texts.what_to_do(found.fix))

    deployment = Deployment()
    database = check_database(deployment.settings)
    database = replace(database, message=without_secrets(database.message))
    findings = []
    for name in chosen_empresas(deployment, empresa):
        found = check_connection(deployment, name)
        findings.append(found)
        tell(found)
    if not as_json:
        say(texts.database(database.message))
    _tell_open_archive(deployment.settings.nfse_archive)
    if not all(found.ok for found in findings):
        raise typer.Exit(FAILED)


def _tell_open_archive(place: str | None) -> None:
    """Archived notes name patients: what others on this machine may read of them is said."""
    if not place:
        return
    from omie_pipeline.nfse.archive import Archive

    found = Archive(place).open_to_others()
    if not found:
        return
    say(texts.archive_open(found[0]) + (texts.and_more(len(found) - 1) if len(found) > 1 else ""))
    say(texts.what_to_do(texts.CLOSE.format(place=place)))
