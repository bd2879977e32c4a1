"""When Omie is read by schedule: what changed, every six hours or daily; all of it, at night.

The first two strike as often as the most frequent table of any empresa wants; each strike reads the
tables that are due (``importar: agenda`` of the empresa, else ``OMIE_PIPELINE_SCHEDULE``).
"""

from collections.abc import Iterator
from datetime import datetime

import dagster as dg

from omie_pipeline.assets.imports import mirror_key
from omie_pipeline.assets.jobs import MirrorJobs
from omie_pipeline.assets.run_tags import EMPRESA_TAG, MODE_TAG
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.config.empresas import Empresa, PipelineConfig
from omie_pipeline.config.settings import Schedule, Settings
from omie_pipeline.resources.dagster_internals import AssetJob
from omie_pipeline.sensors.ranges import range_tags

_REGISTERS = {"6h": "0 */6 * * *", "daily": "0 0 * * *", "manual": "0 0 * * *"}
# Later, so that the registers are there first; facts do not need them to be read.
_FACTS = {"6h": "15 */6 * * *", "daily": "15 0 * * *", "manual": "15 0 * * *"}
_NOTHING_DUE = "Nenhuma tabela está na agenda deste horário"
_EVERYTHING, _RECONCILIATION, _STATUS = "0 4 * * *", "30 5 * * *", "5 * * * *"


def mirror_schedules(
    settings: Settings, jobs: MirrorJobs, config: PipelineConfig
) -> list[dg.ScheduleDefinition]:
    """All of them, delivered switched off like ``sincronizacao``.

    Where every table is ``manual`` the first two stay in the UI with nothing to read, and the
    nightly ones are left out.
    """
    pace = _pace(settings, config)
    found = [
        _registers(settings, jobs.registers, _REGISTERS[pace], config),
        _changes(settings, jobs.facts, _FACTS[pace], config),
        dg.ScheduleDefinition(
            name="situacao_por_hora",
            job=jobs.status,
            cron_schedule=_STATUS,
            execution_timezone=settings.time_zone,
            default_status=dg.DefaultScheduleStatus.STOPPED,
            description="Renova a página de situação.",
        ),
    ]
    if pace != "manual":
        found += [
            _everything(settings, jobs.facts, config),
            _reconciliation(settings, jobs.reconciliation, config),
        ]
    return found


def _registers(
    settings: Settings, job: AssetJob, cron: str, config: PipelineConfig
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="espelho",
        job=job,
        cron_schedule=cron,
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Lê os cadastros do Omie.",
    )
    def espelho(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        struck, asked = context.scheduled_execution_time, False
        for one in config.empresas:
            left_out = _left_out("register", one, settings, struck)
            if left_out == _tables("register"):
                continue
            asked = True
            yield dg.RunRequest(
                run_key=f"{one.nome}:{struck.isoformat()}",
                partition_key=one.nome,
                asset_selection=_selection(context, job, left_out),
                asset_check_keys=[],
                tags={EMPRESA_TAG: one.nome},
            )
        if not asked:
            yield dg.SkipReason(_NOTHING_DUE)

    return espelho


def _reconciliation(
    settings: Settings, job: AssetJob, config: PipelineConfig
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="conciliacao_diaria",
        job=job,
        cron_schedule=_RECONCILIATION,
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Compara clínica, livro-razão e Omie depois da conferência da noite.",
    )
    def conciliacao_diaria(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        moment = context.scheduled_execution_time.isoformat()
        with_clinic = [
            one for one in config.empresas if one.clinic_url_env or settings.clinic_url is not None
        ]
        if not with_clinic:
            yield dg.SkipReason("Sem clínica configurada (CLINIC_URL) não há o que conciliar")
        for one in with_clinic:
            yield dg.RunRequest(
                run_key=f"{one.nome}:{moment}",
                partition_key=one.nome,
                tags={EMPRESA_TAG: one.nome},
            )

    return conciliacao_diaria


def _changes(
    settings: Settings, job: AssetJob, cron: str, config: PipelineConfig
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="espelho_mudancas",
        job=job,
        cron_schedule=cron,
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Lê do Omie os lançamentos que mudaram, de qualquer data.",
    )
    def espelho_mudancas(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        struck, asked = context.scheduled_execution_time, False
        today = struck.astimezone(settings.zone).date()
        for one in config.empresas:
            left_out = _left_out("fact", one, settings, struck)
            if left_out == _tables("fact"):
                continue
            asked = True
            yield dg.RunRequest(
                run_key=f"{one.nome}:{struck.isoformat()}",
                asset_selection=_selection(context, job, left_out),
                asset_check_keys=[],
                tags={
                    **range_tags(today, today, one.nome),
                    MODE_TAG: "alteradas",
                    EMPRESA_TAG: one.nome,
                },
            )
        if not asked:
            yield dg.SkipReason(_NOTHING_DUE)

    return espelho_mudancas


def _everything(settings: Settings, job: AssetJob, config: PipelineConfig) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="conferencia_completa",
        job=job,
        cron_schedule=_EVERYTHING,
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Confere todas as datas com o Omie, registro por registro: acha o que foi "
        "excluído lá.",
    )
    def conferencia_completa(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        struck, asked = context.scheduled_execution_time, False
        for one in config.empresas:
            left_out = _left_out("fact", one, settings, None)
            if left_out == _tables("fact"):
                continue
            asked = True
            yield dg.RunRequest(
                run_key=f"{one.nome}:{struck.isoformat()}",
                asset_selection=_selection(context, job, left_out),
                asset_check_keys=[],
                tags={
                    **range_tags(
                        settings.start_date, struck.astimezone(settings.zone).date(), one.nome
                    ),
                    MODE_TAG: "carga",
                    EMPRESA_TAG: one.nome,
                },
            )
        if not asked:
            yield dg.SkipReason(_NOTHING_DUE)

    return conferencia_completa


def _tables(grain: str) -> frozenset[str]:
    names = [name for name, mirror in MIRROR.items() if mirror.grain == grain]
    return frozenset([*names, STATEMENT] if grain == "fact" else names)


def _pace(settings: Settings, config: PipelineConfig) -> Schedule:
    """How often the most frequent table of any empresa is read."""
    wanted = {
        one.importar.schedule_of(name, settings.schedule)
        for one in config.empresas
        for name in (*MIRROR, STATEMENT)
    }
    paces: tuple[Schedule, ...] = ("6h", "daily")
    return next((pace for pace in paces if pace in wanted), "manual")


def _left_out(
    grain: str, empresa: Empresa, settings: Settings, struck: datetime | None
) -> frozenset[str]:
    """Tables that are not due at a strike; without one, those that are never due."""
    out: set[Schedule] = {"manual"}
    if struck is not None and struck.astimezone(settings.zone).hour:
        out.add("daily")
    schedule_of, default = empresa.importar.schedule_of, settings.schedule
    return frozenset(name for name in _tables(grain) if schedule_of(name, default) in out)


def _selection(
    context: dg.ScheduleEvaluationContext, job: AssetJob, left_out: frozenset[str]
) -> list[dg.AssetKey] | None:
    """What a run of the job reads without these tables; ``None``, all of it, without any."""
    if not left_out or context.repository_def is None:
        return None
    everything = context.repository_def.get_job(job.name).asset_layer.selected_asset_keys
    return sorted(everything - {mirror_key(name) for name in left_out})
