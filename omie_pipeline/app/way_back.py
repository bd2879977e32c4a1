"""The way back into the clinic: what changed is written down, then brought to the targets.

Called after what was read from Omie or delivered to it, by the terminal and by Dagster, and safe to
call at any time: without news it costs one comparison, and what a target did not take stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.config.empresas import Saida
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.outbox.callback import Callback
from omie_pipeline.outbox.read import newest_number
from omie_pipeline.outbox.targets import (
    Delivery,
    Target,
    TargetError,
    TargetName,
    deliver,
    remember_failure,
)
from omie_pipeline.outbox.write import may_have_news, write_changes
from omie_pipeline.signed_post import SignedPost, signing_key
from omie_pipeline.switches.pauses import refuse_paused
from omie_pipeline.texts import outbox as texts


@dataclass(frozen=True, slots=True)
class WayBackReport:
    """What came of one round of one empresa.

    Attributes:
        written: changes that are new in the outbox.
        newest: number of the newest one.
        deliveries: one for each target.
    """

    empresa: str
    written: int
    newest: int
    deliveries: tuple[Delivery, ...]

    @property
    def failed(self) -> bool:
        """Whether a target did not take what there is."""
        return any(one.state in ("failed", "waiting") for one in self.deliveries)


def tells_back(deployment: Deployment, empresa: str) -> bool:
    """Whether an empresa opted in (``saida`` in its entry of the YAML)."""
    return deployment.config.empresa(empresa).saida is not None


def run_way_back(
    deployment: Deployment,
    empresa: str,
    *,
    at_once: bool = False,
    if_news: bool = False,
    until: datetime | None = None,
) -> WayBackReport | None:
    """Write what changed and bring it to every target; ``None`` where nothing is told.

    One target that fails stops no other, and no change is lost for it: the outbox has them all.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose changes are meant.
        at_once: a person asks: targets that failed a little while ago are tried all the same.
        if_news: records are compared only if anything was read or delivered since the last time.
        until: nothing more is sent after this moment.

    Raises:
        EmpresaPaused: a person paused the empresa.
        WarehouseError: the warehouse is gone.
    """
    saida = deployment.config.empresa(empresa).saida
    if saida is None:
        return None
    refuse_paused(deployment.engine, empresa)
    written = 0
    if not if_news or may_have_news(deployment.engine, empresa):
        written = write_changes(deployment.engine, empresa, saida.kinds, deployment.clock.now())
    deliveries = tuple(
        _deliver(deployment, empresa, name, at_once=at_once, until=until) for name in saida.targets
    )
    return WayBackReport(empresa, written, newest_number(deployment.engine, empresa), deliveries)


def refuse_echo(deployment: Deployment, saida: Saida) -> None:
    """What we write into the clinic is never read back as a change of the clinic's.

    Names are compared without their schema, since it is not known which one a database means by
    default.

    Raises:
        ConfigurationError: a table of that name is read from the clinic, or is in our schemas.
    """
    if saida.table is None:
        return
    schema, _, name = saida.table.name.rpartition(".")
    if schema in deployment.settings.schemas.names:
        raise ConfigurationError(texts.own_schema_is_target(saida.table.name))
    for source in deployment.sources:
        read = source.in_database.rpartition(".")[2]
        if read.lower() == name.lower():
            raise ConfigurationError(
                texts.source_is_target(table=saida.table.name, source=source.name)
            )


def _deliver(
    deployment: Deployment,
    empresa: str,
    name: TargetName,
    *,
    at_once: bool,
    until: datetime | None,
) -> Delivery:
    try:
        with opened_target(deployment, empresa, name) as target:
            return deliver(
                deployment.engine, empresa, target, deployment.clock, at_once=at_once, until=until
            )
    except ConfigurationError as error:
        # Of this target alone: the other one gets its changes.
        return remember_failure(deployment.engine, empresa, name, error, deployment.clock.now())


@contextmanager
def opened_target(deployment: Deployment, empresa: str, name: TargetName) -> Iterator[Target]:
    """One target of an empresa, until the block ends.

    Raises:
        ConfigurationError: its variables are missing or wrong, or it is a table that is read from
            the clinic, or one of ours.
    """
    saida = deployment.config.empresa(empresa).saida or Saida()
    if name == "table":
        refuse_echo(deployment, saida)
    access = deployment.way_back_access(empresa, name)
    if name == "table" and saida.table is not None:
        from omie_pipeline.outbox.clinic_table import ClinicTable

        table = ClinicTable(access.url, saida.table.name, saida.table.url_env)
        try:
            yield table
        finally:
            table.close()
        return
    key = signing_key(access.key) if access.key is not None else None
    if key is None:
        variable = saida.callback.key_env if saida.callback else ""
        raise ConfigurationError(texts.key_invalid(variable))
    yield Callback(SignedPost(access.url, key, deployment.clock))


def check_target(deployment: Deployment, empresa: str, name: TargetName) -> str | None:
    """Why a target would take nothing, in Portuguese; ``None`` if all that can be looked at
    without delivering is there."""
    try:
        with opened_target(deployment, empresa, name) as target:
            target.check()
    except (ConfigurationError, TargetError) as error:
        return str(error)
    return None
