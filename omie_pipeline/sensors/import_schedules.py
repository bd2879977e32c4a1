"""When Omie is read by schedule: what changed, every six hours or daily; all of it, at night.

The first two strike as often as the most frequent table of any empresa wants; each strike reads the
tables that are due (``importar: agenda`` of the empresa, else ``OMIE_PIPELINE_SCHEDULE``).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from omie_pipeline.app.import_all import lists_not_due, lists_of, most_frequent
from omie_pipeline.assets.imports import mirror_key
from omie_pipeline.assets.jobs import MirrorJobs
from omie_pipeline.assets.run_tags import EMPRESA_TAG, MODE_TAG
from omie_pipeline.config.empresas import Empresa, PipelineConfig
from omie_pipeline.config.settings import Settings
from omie_pipeline.resources.connections import WarehouseResource
from omie_pipeline.resources.dagster_internals import AssetJob
from omie_pipeline.sensors.full_builds import full_tags
from omie_pipeline.sensors.ranges import range_tags
from omie_pipeline.switches.pauses import pauses_in_force
from omie_pipeline.texts import dagster as texts

_REGISTERS = {"6h": "0 */6 * * *", "daily": "0 0 * * *", "manual": "0 0 * * *"}
# Later, so that the registers are there first; facts do not need them to be read.
_FACTS = {"6h": "15 */6 * * *", "daily": "15 0 * * *", "manual": "15 0 * * *"}
_EVERYTHING, _RECONCILIATION, _STATUS = "0 4 * * *", "30 5 * * *", "5 * * * *"


@dataclass(frozen=True, slots=True)
class _Strike:
    """One empresa's part of one strike.

    Attributes:
        left_out: tables of the job that it does not read.
    """

    tags: Mapping[str, str]
    partition_key: str | None = None
    left_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _ScheduleSpec:
    """A job that a schedule starts once for each empresa.

    Attributes:
        strike: what it does for an empresa at a moment, but for lists that a switch leaves unread;
            ``None``: no run.
        nothing: what a strike without any run says, for people.
        models: whether the job makes models of dbt's.
    """

    name: str
    job: AssetJob
    cron: str
    description: str
    strike: Callable[[Empresa, datetime, frozenset[str]], _Strike | None]
    nothing: str = texts.NOTHING_DUE
    models: bool = True


def mirror_schedules(
    settings: Settings, jobs: MirrorJobs, config: PipelineConfig
) -> list[dg.ScheduleDefinition]:
    """All of them, delivered switched off like ``sincronizacao``.

    Where every table is ``manual`` the first two stay in the UI with nothing to read, and the
    nightly ones are left out.
    """
    pace = most_frequent(config, settings)
    readings = [
        _ScheduleSpec(
            "espelho",
            jobs.registers,
            _REGISTERS[pace],
            description="Lê os cadastros do Omie.",
            strike=_due(settings, "register"),
            models=False,
        ),
        _ScheduleSpec(
            "espelho_mudancas",
            jobs.facts,
            _FACTS[pace],
            description="Lê do Omie os lançamentos que mudaram, de qualquer data.",
            strike=_due(settings, "fact", "incremental"),
        ),
    ]
    nightly = [
        _ScheduleSpec(
            "conferencia_completa",
            jobs.facts,
            _EVERYTHING,
            description="Confere todas as datas com o Omie, registro por registro: acha o que foi "
            "excluído lá.",
            strike=_due(settings, "fact", "full", everything=True),
        ),
        _ScheduleSpec(
            "conciliacao_diaria",
            jobs.reconciliation,
            _RECONCILIATION,
            description="Compara clínica, livro-razão e Omie depois da conferência da noite.",
            strike=_reconciliation(settings),
            nothing=texts.NO_CLINIC,
        ),
    ]
    wanted = [*readings, *([] if pace == "manual" else nightly)]
    return [
        *(_schedule(one, settings, config) for one in wanted),
        dg.ScheduleDefinition(
            name="situacao_por_hora",
            job=jobs.status,
            cron_schedule=_STATUS,
            execution_timezone=settings.time_zone,
            default_status=dg.DefaultScheduleStatus.STOPPED,
            description="Renova a página de situação.",
        ),
    ]


def _schedule(
    wanted: _ScheduleSpec, settings: Settings, config: PipelineConfig
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=wanted.name,
        job=wanted.job,
        cron_schedule=wanted.cron,
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=wanted.description,
    )
    def strike(
        context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        struck, started = context.scheduled_execution_time, False
        opened = warehouse.open()
        paused = pauses_in_force(opened.engine, [one.nome for one in config.empresas])
        for empresa in config.empresas:
            unread = opened.switches.unread_lists(empresa.nome)
            one = None if empresa.nome in paused else wanted.strike(empresa, struck, unread)
            if one is None:
                continue
            started, whose = True, {EMPRESA_TAG: empresa.nome}
            full: Mapping[str, str] = {}
            if wanted.models:
                full = full_tags(context.instance, wanted.job.name, whose, struck, settings.zone)
            yield dg.RunRequest(
                run_key=f"{empresa.nome}:{struck.isoformat()}",
                partition_key=one.partition_key,
                asset_selection=_selection(context, wanted.job, one.left_out),
                asset_check_keys=[],
                tags={**one.tags, **whose, **full},
            )
        if not started:
            told = "; ".join(one.told for one in paused.values())
            yield dg.SkipReason(texts.all_paused(told) if told else wanted.nothing)

    return strike


def _due(
    settings: Settings, grain: str, mode: str = "", *, everything: bool = False
) -> Callable[[Empresa, datetime, frozenset[str]], _Strike | None]:
    """Read the tables that are due at a strike.

    Args:
        settings: of the deployment.
        grain: of the tables.
        mode: how facts are read.
        everything: all days since the start date, and all tables that any strike reads.
    """

    def strike(empresa: Empresa, struck: datetime, unread: frozenset[str]) -> _Strike | None:
        left_out = lists_not_due(grain, empresa, settings, None if everything else struck)
        left_out |= unread & lists_of(grain)
        if left_out == lists_of(grain):
            return None
        if grain == "register":
            return _Strike({}, empresa.nome, left_out)
        today = struck.astimezone(settings.zone).date()
        days = range_tags(settings.start_date if everything else today, today, empresa.nome)
        return _Strike({**days, MODE_TAG: mode}, left_out=left_out)

    return strike


def _reconciliation(
    settings: Settings,
) -> Callable[[Empresa, datetime, frozenset[str]], _Strike | None]:
    def strike(empresa: Empresa, _: datetime, _unread: frozenset[str]) -> _Strike | None:
        has_clinic = empresa.clinic_url_env or settings.clinic_url is not None
        return _Strike({}, empresa.nome) if has_clinic else None

    return strike


def _selection(
    context: dg.ScheduleEvaluationContext, job: AssetJob, left_out: frozenset[str]
) -> list[dg.AssetKey] | None:
    """What a run of the job reads without these tables; ``None``, all of it, without any."""
    if not left_out or context.repository_def is None:
        return None
    everything = context.repository_def.get_job(job.name).asset_layer.selected_asset_keys
    return sorted(everything - {mirror_key(name) for name in left_out})
