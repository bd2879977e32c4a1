"""Decide what is exported and which empresas rest, and see what stands and who decided it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.errors import ConfigurationError, ModelError
from omie_pipeline.likely import did_you_mean
from omie_pipeline.payload import load_payload_model
from omie_pipeline.switches.decisions import SwitchChange
from omie_pipeline.switches.pauses import (
    PauseChange,
    change_pause,
    pause_history,
    pauses_in_force,
)
from omie_pipeline.switches.settings import SETTINGS, Setting, Switch, known_fields
from omie_pipeline.texts import app as texts


@dataclass(frozen=True, slots=True)
class SwitchShown:
    """One endpoint of one empresa, as a screen shows it.

    Attributes:
        left_out: fields that are not sent, of those that the payload model has; of a model that is
            not made yet, of those that Omie knows.
    """

    switch: Switch
    left_out: tuple[str, ...] = ()

    @property
    def is_default(self) -> bool:
        """Whether nobody said anything of it."""
        return not self.switch.origins


@dataclass(frozen=True, slots=True)
class SwitchRequest:
    """What is to stand of endpoints of empresas; what is ``None`` stays as it is.

    Attributes:
        by: who decides.
        only, without: the fields that are exported, or all but these; not both.
        all_fields: every field is exported again.
        reset: nothing that was decided by command stands any more.
    """

    empresas: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    by: str
    state: str | None = None
    direction: str | None = None
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    all_fields: bool = False
    reset: bool = False


def switches_shown(
    deployment: Deployment, empresas: Sequence[str], endpoints: Sequence[Endpoint]
) -> tuple[SwitchShown, ...]:
    """What stands, empresa by empresa and endpoint by endpoint."""
    found = deployment.switches.all(empresas, [one.name for one in endpoints])
    return tuple(SwitchShown(one, _left_out(deployment, one)) for one in found)


def _left_out(deployment: Deployment, switch: Switch) -> tuple[str, ...]:
    if switch.fields is None:
        return ()
    endpoint = REGISTRY[switch.endpoint]
    try:
        names = load_payload_model(deployment.engine, endpoint).fields
    except ModelError:
        names = known_fields(endpoint)
    return switch.left_out(names)


def decide_switches(deployment: Deployment, request: SwitchRequest) -> tuple[SwitchChange, ...]:
    """Remember what a person decided. Everything is looked at before anything is written.

    Raises:
        ConfigurationError: an endpoint has no such setting, or no such field; nothing was decided.
    """
    wanted = [
        (empresa, endpoint, setting, value)
        for empresa in request.empresas
        for endpoint in request.endpoints
        for setting, value in _settings(deployment, request, empresa, endpoint).items()
    ]
    for _, endpoint, setting, value in wanted:
        deployment.switches.refuse_impossible(endpoint.name, setting, value)
    now = deployment.clock.now()
    return tuple(
        deployment.switches.decide(empresa, endpoint.name, setting, value, request.by, now)
        for empresa, endpoint, setting, value in wanted
    )


def _settings(
    deployment: Deployment, request: SwitchRequest, empresa: str, endpoint: Endpoint
) -> dict[Setting, Any]:
    if request.reset:
        origins = deployment.switches.of(empresa, endpoint.name).origins
        return {
            one: None for one in SETTINGS if one in origins and origins[one].source == "command"
        }
    found: dict[Setting, Any] = {}
    if request.state is not None:
        found["state"] = request.state
    if request.direction is not None:
        found["direction"] = request.direction
    if request.all_fields:
        found["fields"] = list(known_fields(endpoint))
    elif request.only:
        found["fields"] = list(request.only)
    elif request.without:
        found["fields"] = _all_but(deployment, request.without, empresa, endpoint)
    return found


def _all_but(
    deployment: Deployment, names: Sequence[str], empresa: str, endpoint: Endpoint
) -> list[str]:
    """Every field but these.

    Raises:
        ConfigurationError: the endpoint has no such field, or cannot do without it.
    """
    known = known_fields(endpoint)
    unknown = [f"{name}{did_you_mean(name, known)}" for name in names if name not in known]
    if unknown:
        raise ConfigurationError(
            texts.fields_unknown(endpoint=endpoint.name, names=", ".join(unknown))
        )
    required = deployment.switches.required(empresa, endpoint.name)
    if needed := [name for name in names if name in required]:
        raise ConfigurationError(
            texts.fields_required(endpoint=endpoint.name, names=", ".join(needed))
        )
    return [name for name in known if name not in names]


def pause(deployment: Deployment, empresa: str, reason: str, by: str) -> PauseChange | None:
    """Let an empresa rest: nothing of it is sent or read, and nobody is alerted of it.

    A run that is on its way stops before its next batch and holds the rest.

    Args:
        deployment: the composed deployment.
        empresa: which one is to rest.
        reason: why, told where it is left out.
        by: who decides.

    Returns:
        The pause that stood already, by others perhaps; ``None`` if there was none.
    """
    before = change_pause(deployment.engine, empresa, "pause", reason, by, deployment.clock.now())
    return before if before is not None and before.action == "pause" else None


def resume(deployment: Deployment, empresa: str, by: str, reason: str = "") -> PauseChange | None:
    """End the pause of an empresa.

    Args:
        deployment: the composed deployment.
        empresa: which one goes on.
        by: who decides.
        reason: why, kept in the history.

    Returns:
        The pause that ended; ``None`` if there was none, and nothing was written.
    """
    if empresa not in pauses_in_force(deployment.engine, [empresa]):
        return None
    return change_pause(deployment.engine, empresa, "resume", reason, by, deployment.clock.now())


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything that was decided, the newest first."""

    switches: tuple[SwitchChange, ...]
    pauses: tuple[PauseChange, ...]


def decisions(deployment: Deployment, empresas: Sequence[str]) -> Decisions:
    """The history of switches and pauses."""
    return Decisions(
        deployment.switches.history(empresas), pause_history(deployment.engine, empresas)
    )
