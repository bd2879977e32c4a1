"""``omie-pipeline notify``: test the channels, show open alerts, check once and send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from omie_pipeline.cli.errors import FAILED
from omie_pipeline.cli.output import Column, count, emit, moment, say, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.selection import JsonOption
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts.cli import status as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omie_pipeline.alerts.channels import AppriseChannel

notify = typer.Typer(cls=PortugueseGroup, no_args_is_help=True, rich_markup_mode=None)


@notify.command(cls=PortugueseCommand)
def test() -> None:
    """Manda uma mensagem de teste a cada canal. Saída: 1 se algum não a aceitou."""
    from omie_pipeline.alerts.channels import notify_channels
    from omie_pipeline.alerts.send import send_test
    from omie_pipeline.config.empresas import load_config
    from omie_pipeline.config.settings import load_settings

    settings = load_settings()
    channels = _some(notify_channels(settings, load_config(settings)))
    results = send_test(channels)
    for one in results:
        show(f"{one.service}: {texts.SENT if one.ok else texts.NOT_ACCEPTED}")
    if not all(one.ok for one in results):
        say(texts.ADDRESSES_FIX)
        raise typer.Exit(FAILED)


@notify.command(cls=PortugueseCommand)
def status(as_json: JsonOption = False) -> None:
    """Mostra os alertas em aberto e quando foram avisados."""
    from omie_pipeline.alerts.deduplication import open_alerts
    from omie_pipeline.app.deployment import Deployment

    found = open_alerts(Deployment().engine)
    if as_json:
        for one in found:
            emit(
                {
                    "empresa": one.empresa,
                    "kind": one.kind,
                    "title": one.title,
                    "text": one.text,
                    "since": one.since,
                    "told_at": one.told_at,
                    "times": one.times,
                }
            )
        return
    if not found:
        show(texts.NO_OPEN_ALERT)
        return
    show_table(
        [Column("desde"), Column("alerta"), Column("avisado"), Column("vezes", right=True)],
        [[moment(one.since), one.title, moment(one.told_at), count(one.times)] for one in found],
    )
    for one in found:
        show(f"{one.title}\n    {one.text}")


@notify.command(cls=PortugueseCommand)
def send() -> None:
    """Procura alertas e avisa uma vez (para o cron, sem o Dagster). Saída: 1 se um canal falhou."""
    from omie_pipeline.alerts.channels import notify_channels
    from omie_pipeline.alerts.conditions import evaluate_alerts, resting_alerts
    from omie_pipeline.alerts.send import send_alerts
    from omie_pipeline.app.deployment import Deployment

    deployment = Deployment()
    channels = _some(notify_channels(deployment.settings, deployment.config))
    now = deployment.clock.now()
    alerts = evaluate_alerts(
        deployment.engine,
        deployment.empresas,
        deployment.config.policies,
        now,
        deployment.settings.longest_silence,
        deployment.config.targets,
        deployment.switches,
    )
    resting = resting_alerts(deployment.engine, deployment.empresas, deployment.switches)
    sent = send_alerts(deployment.engine, alerts, channels, now, resting=resting)
    if sent is None:
        say(texts.ANOTHER_SENDS)
        return
    show(texts.alerts_sent(alerts=len(alerts), messages=len(sent)))
    for one in sent:
        show(f"{one.service}: {texts.SENT if one.ok else texts.NOT_ACCEPTED_YET}")
    if not all(one.ok for one in sent):
        raise typer.Exit(FAILED)


def _some(channels: Sequence[AppriseChannel]) -> Sequence[AppriseChannel]:
    if not channels:
        raise ConfigurationError(texts.NO_CHANNEL)
    return channels
