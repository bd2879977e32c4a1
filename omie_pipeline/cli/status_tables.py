"""Imported tables in ``omie-pipeline status``: each table's state, times and alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from omie_pipeline.cli.failing import reading_step, without_secrets
from omie_pipeline.cli.output import (
    LIST_WIDTH,
    Column,
    Record,
    count,
    moment,
    show,
    show_table,
)

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.imports.import_status import TableStatus
    from omie_pipeline.status.status import BlockInForce

TABLE_FIELDS = ("table", "last_read_at", "next_at", "rows", "complete", "days_unproved",
                "events_waiting", "oldest_event_at", "alerts")  # fmt: skip
_STATES = {"ativa": "active", "erro": "error", "desativada": "disabled"}
_TOLD = {code: word for word, code in _STATES.items()}


def table_records(
    deployment: Deployment,
    empresa: str,
    tables: Sequence[str],
    closed: BlockInForce | None,
) -> list[dict[str, Any]]:
    """One record per table of ``tables``, with the keys ``--json`` promises.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose tables these are.
        tables: names of lists; all by default.
        closed: a block that is in force.
    """
    from omie_pipeline.imports.import_status import import_status, inbox_status, next_tick

    settings, now = deployment.settings, deployment.clock.now()
    wanted = deployment.config.empresa(empresa).importar
    inbox = inbox_status(deployment.engine, empresa)
    found = import_status(deployment.engine, empresa, wanted.filters(), settings.start_date, now)
    records = []
    for one in found:
        if one.tabela not in tables:
            continue
        off = one.situacao == "desativada"
        broken = closed is not None and not off
        schedule = wanted.schedule_of(one.tabela, settings.schedule)
        following = next_tick(schedule, now, settings.zone)
        records.append(
            {
                "empresa": empresa,
                "direction": "import",
                "table": one.tabela,
                "state": "error" if broken else _STATES[one.situacao],
                "last_read_at": one.ultima,
                "next_at": None if off else following,
                "rows": one.linhas,
                "complete": one.completo,
                "days_unproved": one.dias_sem_prova,
                "last_run_at": one.tentativa,
                "last_run_trigger": one.gatilho or None,
                "last_run_state": one.estado or None,
                "last_run_error": without_secrets(one.erro) or None,
                "blocked_until": closed.until if closed else None,
                "blocked_reason": closed.reason if closed else None,
                "events_waiting": inbox.pendentes,
                "oldest_event_at": inbox.mais_antigo,
                "alerts": _alerts(one),
            }
        )
    return records


def table_concerns(one: Record) -> bool:
    """Whether a table was ever read or has findings; one that is switched off has none."""
    return one["state"] != "disabled" and (
        one["last_read_at"] is not None or one["last_run_at"] is not None or bool(one["alerts"])
    )


def show_tables(records: Sequence[Record]) -> None:
    """The tables, on stdout."""
    several = len({one["empresa"] for one in records}) > 1
    alerted = any(one["alerts"] for one in records)
    heads = [Column("empresa")] if several else []
    heads += [Column("tabela"), Column("situação"), Column("última leitura"),
              Column("próxima, se ligada"), Column("linhas", right=True)]  # fmt: skip
    heads += [Column("alertas")] if alerted else []
    rows = []
    for one in records:
        last = "nunca" if one["last_read_at"] is None else moment(one["last_read_at"])
        upcoming = "manual" if one["next_at"] is None else moment(one["next_at"])
        if one["state"] == "disabled":
            last, upcoming = "–", "–"
        rows.append(
            [
                *([one["empresa"]] if several else []),
                one["table"],
                _TOLD[one["state"]],
                last,
                upcoming,
                count(one["rows"]),
                *(["\n".join(one["alerts"])] if alerted else []),
            ]
        )
    show("Leitura do Omie" if several else f"Leitura do Omie ({records[0]['empresa']})")
    show_table(heads, rows, plain_width=LIST_WIDTH)


def show_waiting_events(records: Sequence[Record]) -> None:
    """What waits in each empresa's inbox, on stdout."""
    for one in {record["empresa"]: record for record in records}.values():
        if one["events_waiting"]:
            show(
                f"{one['empresa']}: {count(one['events_waiting'])} eventos de webhook esperam, o "
                f"mais antigo desde {moment(one['oldest_event_at'])}"
            )


def _alerts(one: TableStatus) -> list[str]:
    if one.situacao == "desativada":
        return ["fora do filtro da empresa"]
    alerts = []
    if one.erro:
        fixes = (one.correcao, reading_step(one.erro_classe, one.erro))
        step = " ".join(text for text in fixes if text)
        alerts.append(f"{without_secrets(one.erro)} → {step}" if step else one.erro)
    elif one.completo is False:
        alerts.append(f"não fechou com o Omie → omie-pipeline import {one.tabela} --full")
    if one.dias_sem_prova:
        alerts.append(
            f"{count(one.dias_sem_prova)} dias sem leitura completa → "
            f"omie-pipeline import {one.tabela} --full"
        )
    return alerts
