"""What ``omie-pipeline status`` says of waits: which line, until when and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from omie_pipeline.cli.output import Record, moment, show

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment

WAIT_FIELDS: Final = ("line", "waits_until", "wait_reason", "wait_since")
ROAD_TO_OMIE: Final = "omie"
"""In the place of a method, for programs: nobody answers at Omie's address."""
_KNOCKS_ONCE: Final = "Cada execução tenta uma vez só até alguém responder"


def waits_of(deployment: Deployment, empresas: Sequence[str]) -> list[dict[str, Any]]:
    """A record for each thing that the empresas' keys wait for at present."""
    from omie_pipeline.config.empresas import has_credentials
    from omie_pipeline.omie.quota import ROAD, scope_of
    from omie_pipeline.status.status import line_waits

    now, found = deployment.clock.now(), []
    for empresa in empresas:
        if not has_credentials(deployment.config.empresa(empresa)):
            continue
        scope = scope_of(deployment.access(empresa).app_key.get_secret_value())
        found += [
            {
                "empresa": empresa,
                "direction": "wait",
                "line": ROAD_TO_OMIE if one.what == ROAD else one.what,
                "waits_until": one.until,
                "wait_reason": one.reason,
                "wait_since": one.since,
            }
            for one in line_waits(deployment.engine, scope, now)
        ]
    return found


def show_waits(waits: Sequence[Record]) -> None:
    """One line for each."""
    for one in waits:
        empresa, reason = one["empresa"], one["wait_reason"]
        if one["line"] == ROAD_TO_OMIE:
            since = moment(one["wait_since"])
            show(f"{empresa}: sem caminho até o Omie ({since}): {reason}. {_KNOCKS_ONCE}")
        else:
            show(f"{empresa}: {one['line']} espera até {moment(one['waits_until'])}: {reason}")
