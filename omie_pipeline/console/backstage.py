"""What stands behind the pages: the deployment twice, once to read and once to act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

import jinja2
import sqlalchemy as sa

from omie_pipeline import written
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.console.sight import confine
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.nfse.taxes import Taxes
from omie_pipeline.postgres.roles import grant_console
from omie_pipeline.postgres.schemas import CONSOLE_ROLE, schemas_of
from omie_pipeline.texts.console import common as texts

_TEMPLATES: Final = "omie_pipeline.console"


@dataclass(frozen=True)
class Backstage:
    """Behind every page of one console.

    Attributes:
        acting: the deployment with the owner's rights: what people decided is done through it,
            after their permission was looked at. Pages do not read through it.
        https: browsers reach the console by https, so the cookie travels by nothing else.
        proxied: a reverse proxy stands before it, and names the address that asked.
    """

    acting: Deployment
    https: bool = False
    proxied: bool = False

    @cached_property
    def seen(self) -> Deployment:
        """The deployment as the person of the request may see it; all pages read through this."""
        engine = confine(self.acting.engine)
        return Deployment(self.acting.settings, self.acting.clock, engine=engine)

    @cached_property
    def taxes_told(self) -> dict[tuple[str, str], tuple[datetime, Taxes]]:
        """Taxes of orders as Omie told them a moment ago: it answers a question once a minute."""
        return {}

    @cached_property
    def templates(self) -> jinja2.Environment:
        """The pages' templates; a name that is not given is an error."""
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        zone = self.acting.settings.zone
        environment.filters |= {
            "count": written.count,
            "money": written.money,
            "day": written.day,
            "moment": lambda at: written.moment_in(zone, at),
        }
        return environment

    def prepare(self) -> None:
        """Make the role that the pages read as, and show it the tables.

        Raises:
            ConfigurationError: an administrator of the server has to make it.
        """
        with self.acting.engine.begin() as connection:
            role = schemas_of(connection).name(CONSOLE_ROLE)
            if not grant_console(connection):
                login = connection.scalar(sa.text("SELECT session_user"))
                raise ConfigurationError(texts.role_missing(role=role, login=login))
