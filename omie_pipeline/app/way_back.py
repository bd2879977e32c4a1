"""The way back into the clinic: what changed is written down, then brought to the targets.

Called after what was read from Omie or delivered to it, by the terminal and by Dagster, and safe to
call at any time: without news it costs one comparison, and what a target did not take stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.config.empresas import Saida
from omie_pipeline.errors import ConfigurationError, EmpresaPaused
from omie_pipeline.outbox.callback import Callback
from omie_pipeline.outbox.cut import cut_off
from omie_pipeline.outbox.read import newest_number
from omie_pipeline.outbox.targets import (
    SLOWEST_BATCH,
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
        if_news: records are compared only if anything was read or delivered since the last time,
            and if nobody else is at it.
        until: nothing more is sent after this moment; each target has its share of what is left.

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
        now = deployment.clock.now()
        written = write_changes(deployment.engine, empresa, saida.kinds, now, wait=not if_news)
    deliveries = tuple(
        _deliver(
            deployment, empresa, name, at_once=at_once, until=until, share=len(saida.targets) - at
        )
        for at, name in enumerate(saida.targets)
    )
    days = deployment.settings.outbox_keep_days
    cut_off(deployment.engine, empresa, saida.targets, days, deployment.clock.now())
    return WayBackReport(empresa, written, newest_number(deployment.engine, empresa), deliveries)


def _last_begin(now: datetime, until: datetime | None, share: int) -> datetime | None:
    """After it a target begins no batch: in so many parts of the time that is left, the last batch
    of each may take as long as any. Where that leaves nothing, the first one takes what there is.
    """
    if until is None:
        return None
    left = until - now
    part = left / share - SLOWEST_BATCH
    return now + max(part if part > timedelta(0) else left - SLOWEST_BATCH, timedelta(0))


@dataclass(frozen=True, slots=True)
class Tick:
    """What came of one round over all empresas.

    Attributes:
        reports: of those that had their turn.
        told: why others had none.
        place: the empresa that the next round begins with, since time was up.
    """

    reports: tuple[WayBackReport, ...]
    told: tuple[str, ...]
    place: str = ""


def tick(deployment: Deployment, until: datetime, place: str = "") -> Tick:
    """A round for each empresa that tells anything back, until time is up.

    The next round goes on with those that had no turn. What a target did not get is remembered with
    the target; so one with much to tell does not keep the others waiting.

    Args:
        deployment: the composed deployment.
        until: the round is over by then, if no comparison takes longer than all else.
        place: the empresa to begin with; that of the last round's :class:`Tick`.

    Raises:
        WarehouseError: the warehouse is gone.
    """
    names = [name for name in deployment.empresas if tells_back(deployment, name)]
    first = names.index(place) if place in names else 0
    reports: list[WayBackReport] = []
    told: list[str] = []
    for empresa in names[first:] + names[:first]:
        if reports and until - deployment.clock.now() < _least(deployment, empresa):
            return Tick(tuple(reports), tuple(told), empresa)
        try:
            report = run_way_back(deployment, empresa, if_news=True, until=until)
        except EmpresaPaused as error:
            told.append(str(error))
        except ConfigurationError as error:
            told.append(f"{empresa}: {error}")
        else:
            reports += [report] if report is not None else []
    return Tick(tuple(reports), tuple(told))


def _least(deployment: Deployment, empresa: str) -> timedelta:
    """Time in which each target of an empresa can have one batch."""
    saida = deployment.config.empresa(empresa).saida or Saida()
    return SLOWEST_BATCH * max(len(saida.targets), 1)


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
    share: int,
) -> Delivery:
    """Bring what there is to one target.

    Args:
        deployment: the composed deployment.
        empresa: whose target.
        name: which target.
        at_once: it is tried though it failed a little while ago.
        until: everything is over at this moment.
        share: targets that the time until then is for.
    """
    engine, clock = deployment.engine, deployment.clock
    last = _last_begin(clock.now(), until, share)
    ends = last + SLOWEST_BATCH if last is not None else None
    try:
        with opened_target(deployment, empresa, name, ends) as target:
            return deliver(engine, empresa, target, clock, at_once=at_once, until=last)
    except ConfigurationError as error:
        # Of this target alone: the other one gets its changes.
        return remember_failure(engine, empresa, name, error, clock.now())


@contextmanager
def opened_target(
    deployment: Deployment, empresa: str, name: TargetName, until: datetime | None = None
) -> Iterator[Target]:
    """One target of an empresa, until the block ends.

    Args:
        deployment: the composed deployment.
        empresa: whose target.
        name: which target.
        until: no answer is waited for after this moment.

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
    yield Callback(SignedPost(access.url, key, deployment.clock, until=until))


def check_target(deployment: Deployment, empresa: str, name: TargetName) -> str | None:
    """Why a target would take nothing, in Portuguese; ``None`` if all that can be looked at
    without delivering is there."""
    try:
        with opened_target(deployment, empresa, name) as target:
            target.check()
    except (ConfigurationError, TargetError) as error:
        return str(error)
    return None
