"""What ``omie-pipeline check`` says of the warehouse; asks it, and makes and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from omie_pipeline.errors import ConfigurationError, WarehouseError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from omie_pipeline.config.settings import Settings

_NOT_YET: Final = (
    "o PostgreSQL embutido ainda não está ligado; ele se liga sozinho no primeiro comando que "
    "precisa dele"
)
_POOLERS: Final = {True: ", por um pooler em modo de sessão", False: ""}


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
            return DatabaseFinding("absent", message=_NOT_YET)
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
    of = "de WAREHOUSE_URL" if own else "embutido"
    message = f"PostgreSQL {version} {of} responde{_POOLERS[pooled]}"
    return DatabaseFinding("ok", version, pooled, skew_seconds, message)
