"""When the way back runs by itself: what changed, every six hours or daily; all of it, at night."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import dagster as dg

from omie_pipeline.assets.jobs import AssetJob, MirrorJobs
from omie_pipeline.assets.partitions import TIMEZONE
from omie_pipeline.assets.run_tags import EMPRESA_TAG, MODE_TAG
from omie_pipeline.resources.settings import TIME_ZONE, Settings
from omie_pipeline.sensors.ranges import range_tags

_REGISTERS = {"6h": "0 */6 * * *", "daily": "0 0 * * *", "manual": "0 0 * * *"}
# Later, so that the registers are there first; facts do not need them to be read.
_FACTS = {"6h": "15 */6 * * *", "daily": "15 0 * * *", "manual": "15 0 * * *"}
_EVERYTHING, _RECONCILIATION, _STATUS = "0 4 * * *", "30 5 * * *", "5 * * * *"


def mirror_schedules(
    settings: Settings, jobs: MirrorJobs, empresas: Sequence[str]
) -> list[dg.ScheduleDefinition]:
    """All of them, stopped until somebody switches them on, like ``sincronizacao``.

    ``OMIE_PIPELINE_SCHEDULE=manual`` leaves the first two in the UI with nothing to start them, and
    the nightly ones out.
    """
    found = [
        _per_empresa(
            "espelho",
            jobs.registers,
            _REGISTERS[settings.schedule],
            empresas,
            "Lê os cadastros do Omie.",
        ),
        _changes(settings, jobs.facts, empresas),
        dg.ScheduleDefinition(
            name="situacao_por_hora",
            job=jobs.status,
            cron_schedule=_STATUS,
            execution_timezone=TIMEZONE,
            default_status=dg.DefaultScheduleStatus.STOPPED,
            description="Renova a página de situação.",
        ),
    ]
    if settings.schedule != "manual":
        found += [
            _everything(settings, jobs.facts, empresas),
            _per_empresa(
                "conciliacao_diaria",
                jobs.reconciliation,
                _RECONCILIATION,
                empresas,
                "Compara clínica, livro-razão e Omie depois da conferência da noite.",
            ),
        ]
    return found


def _per_empresa(
    name: str, job: AssetJob, cron: str, empresas: Sequence[str], description: str
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=description,
    )
    def strike(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        moment = context.scheduled_execution_time.isoformat()
        for empresa in empresas:
            yield dg.RunRequest(
                run_key=f"{empresa}:{moment}",
                partition_key=empresa,
                tags={EMPRESA_TAG: empresa},
            )

    return strike


def _changes(settings: Settings, job: AssetJob, empresas: Sequence[str]) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="espelho_mudancas",
        job=job,
        cron_schedule=_FACTS[settings.schedule],
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Lê do Omie os lançamentos que mudaram, de qualquer data.",
    )
    def espelho_mudancas(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        struck = context.scheduled_execution_time
        today = _today(struck)
        for empresa in empresas:
            yield dg.RunRequest(
                run_key=f"{empresa}:{struck.isoformat()}",
                tags={
                    **range_tags(today, today, empresa),
                    MODE_TAG: "alteradas",
                    EMPRESA_TAG: empresa,
                },
            )

    return espelho_mudancas


def _everything(
    settings: Settings, job: AssetJob, empresas: Sequence[str]
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="conferencia_completa",
        job=job,
        cron_schedule=_EVERYTHING,
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Confere todas as datas com o Omie, registro por registro: acha o que foi "
        "excluído lá.",
    )
    def conferencia_completa(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        struck = context.scheduled_execution_time
        for empresa in empresas:
            yield dg.RunRequest(
                run_key=f"{empresa}:{struck.isoformat()}",
                tags={
                    **range_tags(settings.start_date, _today(struck), empresa),
                    MODE_TAG: "carga",
                    EMPRESA_TAG: empresa,
                },
            )

    return conferencia_completa


def _today(struck: datetime) -> date:
    return struck.astimezone(TIME_ZONE).date()
