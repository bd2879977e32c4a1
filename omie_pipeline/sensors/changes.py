"""One sensor per family: asks Omie cheaply what changed, and reads just that.

The cursor is JSON: of each empresa and table the signature last worked on and when it was seen,
and empresas left in peace until a moment because their key was refused.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import dagster as dg

from omie_pipeline.app.consequences import after_probe
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.imports import mirror_key
from omie_pipeline.assets.jobs import MirrorJobs
from omie_pipeline.assets.pools import ensure_pools
from omie_pipeline.assets.run_tags import EMPRESA_TAG, MODE_TAG, NOT_BEFORE_TAG
from omie_pipeline.catalog.lists import MIRROR, STATEMENT, MirrorTable
from omie_pipeline.clock import BRASILIA
from omie_pipeline.errors import AuthFailed, Blocked, OmieFault, Unreachable
from omie_pipeline.imports.change_probe import ChangeCheck, Watcher, can_look
from omie_pipeline.imports.state import read_cursor, write_cursor
from omie_pipeline.resources.connections import OmieResource, WarehouseResource
from omie_pipeline.sensors.active_runs import tables_being_read
from omie_pipeline.sensors.ranges import date_ranges, range_tags
from omie_pipeline.switches.pauses import pause_in_force
from omie_pipeline.texts import dagster as texts

INTERVAL_SECONDS = 600
"""Also Omie's rule of errors: an empty list is one, and ten of a method in 30 minutes block."""

_PAUSE = timedelta(hours=6)
_ASKED_FOR_AGAIN = timedelta(minutes=30)
_FAMILIES = {
    "titulos": texts.TITLES_AND_SETTLEMENTS,
    "movimentacoes": texts.MOVEMENTS,
    "cadastros": texts.CLIENTS_AND_SUPPLIERS,
    "notas": texts.INVOICES,
}


def watched(family: str) -> list[MirrorTable]:
    """Tables of a family that can be asked cheaply whether they changed."""
    tables = [mirror for mirror in MIRROR.values() if mirror.family == family]
    return [mirror for mirror in tables if can_look(mirror)]


def watch_sensors(jobs: MirrorJobs) -> list[dg.SensorDefinition]:
    """``mudancas_titulos``, ``mudancas_movimentacoes``, ``mudancas_cadastros``, ``mudancas_notas``.

    They are delivered switched off, like the schedules.
    """
    return [_watch_sensor(family, text, jobs) for family, text in _FAMILIES.items()]


def _watch_sensor(family: str, text: str, jobs: MirrorJobs) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"mudancas_{family}",
        jobs=[jobs.registers, jobs.facts],
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Pergunta ao Omie o que mudou ({text}) e lê só as datas que mudaram.",
    )
    def mudancas(
        context: dg.SensorEvaluationContext, omie: OmieResource, warehouse: WarehouseResource
    ) -> dg.SensorResult:
        ensure_pools(context.instance)
        opened, memory = warehouse.open(omie), _Memory.read(context.cursor)
        requests: list[dg.RunRequest] = []
        reasons: list[str] = []
        for empresa in opened.empresas:
            going = tables_being_read(context.instance, empresa)
            for look in _looks(opened, empresa, watched(family), going, memory, reasons):
                requests += _requests(look, opened, jobs, going)
                memory.remember(look)
                write_cursor(opened.engine, empresa, look.table, signature=look.signature)
        told = None if requests else "; ".join(reasons) or texts.NOTHING_CHANGED
        return dg.SensorResult(run_requests=requests, skip_reason=told, cursor=memory.to_json())

    return mudancas


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the cursor holds."""

    signatures: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    pauses: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str | None) -> "_Memory":
        """The cursor; one that is not ours counts as none."""
        try:
            found = json.loads(cursor or "{}")
        except ValueError:
            return cls()
        if not isinstance(found, dict):
            return cls()
        held = ("signatures", "asked", "pauses")
        return cls(*(dict(found.get(name) or {}) for name in held))

    def to_json(self) -> str:
        """For Dagster."""
        held = {
            "signatures": self.signatures,
            "asked": self.asked,
            "pauses": self.pauses,
        }
        return json.dumps(held, sort_keys=True)

    def remember(self, look: ChangeCheck) -> None:
        """A reading of what the look saw was asked for."""
        name = f"{look.empresa}/{look.table}"
        self.signatures[name] = look.signature
        if look.asked_at is not None:
            self.asked[name] = look.asked_at.isoformat()

    def known(self, opened: Deployment, empresa: str, table: str) -> str | None:
        """The signature worked on; ``None`` again 30 minutes after a run that did not read."""
        name = f"{empresa}/{table}"
        asked = self.asked.get(name)
        if asked is None:
            return self.signatures.get(name)
        asked_at = datetime.fromisoformat(asked)
        read_until = read_cursor(opened.engine, empresa, table).read_until
        failed = read_until is None or read_until < asked_at
        late = opened.clock.now() >= asked_at + _ASKED_FOR_AGAIN
        return None if failed and late else self.signatures.get(name)


def _looks(
    opened: Deployment,
    empresa: str,
    tables: list[MirrorTable],
    going: frozenset[str],
    memory: _Memory,
    reasons: list[str],
) -> Iterator[ChangeCheck]:
    """Looks that found something; why the others were not made goes into ``reasons``."""
    now = opened.clock.now()
    resting = pause_in_force(opened.engine, empresa)
    if resting is not None:
        reasons.append(resting.told)
        return
    if not opened.has_credentials(empresa):
        reasons.append(texts.empresa_without_key(empresa))
        return
    paused = memory.pauses.get(empresa)
    if paused is not None and now < datetime.fromisoformat(paused):
        reasons.append(texts.key_refused(empresa=empresa, until=paused))
        return
    watcher = Watcher(
        opened.engine,
        opened.client,
        opened.clock,
        empresa,
        opened.scope(empresa),
        opened.config.empresa(empresa).importar.filters(),
    )
    unread = opened.switches.unread_lists(empresa)
    for mirror in tables:
        if mirror.name in unread:
            reasons.append(texts.only_exported(empresa=empresa, table=mirror.name))
            continue
        if mirror.name in going:
            reasons.append(texts.already_to_be_read(empresa=empresa, table=mirror.name))
            continue
        known = memory.known(opened, empresa, mirror.name)
        try:
            look = watcher.look(mirror, known)
        except OmieFault as fault:
            reasons.append(_reason(fault, empresa, mirror.name))
            if isinstance(fault, AuthFailed):
                memory.pauses[empresa] = (now + _PAUSE).isoformat()
            if after_probe(fault) == "empresa":
                return
            continue
        memory.pauses.pop(empresa, None)
        if look.left_out:
            reasons.append(f"{empresa}/{mirror.name}: {look.left_out}")
        elif look.changed:
            yield look


def _reason(fault: OmieFault, empresa: str, table: str) -> str:
    """Why a table was not looked at, for people."""
    if isinstance(fault, Blocked):
        until = fault.until.astimezone(BRASILIA)
        return texts.empresa_closed(empresa=empresa, text=fault.detail.text, until=until)
    if isinstance(fault, Unreachable):
        return f"{empresa}: {fault.detail.text}. {fault.detail.fix}"
    if isinstance(fault, AuthFailed):
        return f"{empresa}: {fault.detail.text} {fault.detail.fix}"
    return f"{empresa}/{table}: {fault.detail.text}"


def _requests(
    look: ChangeCheck, opened: Deployment, jobs: MirrorJobs, going: frozenset[str]
) -> Iterator[dg.RunRequest]:
    """One run for each range of days; the second finds the first's work done and asks nothing."""
    if look.asked_at is None:
        return
    names = [look.table]
    if look.table == "movimentacoes" and STATEMENT not in going:
        names.append(STATEMENT)
    tags = {
        MODE_TAG: "incremental",
        NOT_BEFORE_TAG: look.asked_at.isoformat(),
        EMPRESA_TAG: look.empresa,
    }
    keys = [mirror_key(name) for name in names]
    # With the moment in it: what looks like an earlier state is followed too.
    key = f"{look.empresa}:{look.table}:{look.signature}:{look.asked_at.isoformat()}"
    if MIRROR[look.table].grain == "register":
        yield dg.RunRequest(
            run_key=key,
            job_name=jobs.registers.name,
            partition_key=look.empresa,
            asset_selection=keys,
            asset_check_keys=[],
            tags=tags,
        )
        return
    for first, last in date_ranges(_partitions(look, opened)):
        yield dg.RunRequest(
            run_key=f"{key}:{first}:{last}",
            job_name=jobs.facts.name,
            asset_selection=keys,
            asset_check_keys=[],
            tags={**tags, **range_tags(first, last, look.empresa)},
        )


def _partitions(look: ChangeCheck, opened: Deployment) -> list[date]:
    """The days that exist as partitions; today's run carries what lies before the start date."""
    today = opened.clock.now().astimezone(BRASILIA).date()
    start = opened.settings.start_date
    inside = [day for day in look.days if start <= day <= today]
    return inside or [today]
