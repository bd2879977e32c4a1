"""How an empresa is set up: its connection, its pause, its switches, its channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from omie_pipeline import written
from omie_pipeline.alerts.channels import AppriseChannel, notify_channels
from omie_pipeline.alerts.send import send_test
from omie_pipeline.app.connection import check_connection
from omie_pipeline.app.switches import SwitchRequest, decide_switches, pause, resume
from omie_pipeline.catalog import REGISTRY, WRITABLE
from omie_pipeline.config.hidden import hide_secrets
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.actions import Action, Done, find_action, perform
from omie_pipeline.console.forms import Sent, sent_by
from omie_pipeline.console.visit import Visit, needing
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.switches.pauses import pause_in_force
from omie_pipeline.switches.settings import (
    DIRECTIONS,
    STATES,
    Direction,
    State,
    Switch,
    known_fields,
    refusal,
)
from omie_pipeline.texts.console import settings as texts

router = APIRouter()
_HERE: Final = "/e/{empresa}/configuracoes"
Configuring = Annotated[Sent, Depends(sent_by(Permission.SETTINGS))]
Pausing = Annotated[Sent, Depends(sent_by(Permission.PAUSE))]


@dataclass(frozen=True, slots=True)
class SwitchLine:
    """An endpoint as the page shows it, with what it can be set to."""

    switch: Switch
    title: str
    states: tuple[State, ...]
    directions: tuple[Direction, ...]
    left_out: tuple[str, ...]

    @property
    def told(self) -> str:
        """Who said what stands."""
        return ", ".join(dict.fromkeys(one.told for one in self.switch.origins.values()))


@router.get(_HERE)
def settings(
    visit: Annotated[Visit, Depends(needing(Permission.SETTINGS))],
    feito: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:
    """How the empresa is set up, and what came of the action that was done last."""
    config, empresa = visit.seen.config, visit.empresa
    return visit.page(
        "settings.html",
        texts,
        title=f"{texts.TITLE}: {empresa}",
        empresa=empresa,
        told=_outcome(find_action(visit.seen.engine, feito)) if feito else [],
        pause=pause_in_force(visit.seen.engine, empresa),
        facts=tuple(_facts(visit)),
        rules=config.rule_settings(empresa),
        switches=_switches(visit),
        channels=[one.service for one in _channels(visit)],
    )


@router.post(f"{_HERE}/conexao")
def test_connection(form: Configuring) -> Response:
    """Ask Omie one question."""
    acting, empresa = form.visit.backstage.acting, form.visit.empresa

    def do() -> Done:
        found = check_connection(acting, empresa)
        if found.ok:
            told = texts.connected_to(found.company) if found.company else texts.CONNECTED
        else:
            told = texts.not_connected(message=hide_secrets(found.message), fix=found.fix)
        return Done(result={"ok": found.ok, "cause": found.cause, "told": [told]})

    return _done(form, perform(acting.engine, acting.clock, form.asked("check"), do))


@router.post(f"{_HERE}/aviso")
def test_channels(form: Configuring) -> Response:
    """Send a message of no consequence to each channel of the empresa."""
    acting, visit = form.visit.backstage.acting, form.visit

    def do() -> Done:
        channels = _channels(visit)
        if not channels:
            raise ConfigurationError(texts.NO_CHANNEL)
        results = send_test(channels)
        told = [f"{one.service} {texts.SENT if one.ok else texts.NOT_SENT}" for one in results]
        return Done(result={"ok": all(one.ok for one in results), "told": told})

    return _done(form, perform(acting.engine, acting.clock, form.asked("notify"), do))


@router.post(f"{_HERE}/desativar")
def pause_empresa(form: Pausing, reason: Annotated[str, Form(max_length=300)] = "") -> Response:
    """Let the empresa rest."""
    acting, visit = form.visit.backstage.acting, form.visit
    if not reason.strip():
        raise ConfigurationError(texts.REASON_NEEDED)

    def do() -> Done:
        pause(acting, visit.empresa, reason.strip(), visit.person.login)
        return Done(result={"ok": True, "told": [texts.PAUSED_NOW]})

    return _done(form, perform(acting.engine, acting.clock, form.asked("pause"), do))


@router.post(f"{_HERE}/reativar")
def resume_empresa(form: Pausing) -> Response:
    """End the pause of the empresa."""
    acting, visit = form.visit.backstage.acting, form.visit

    def do() -> Done:
        resume(acting, visit.empresa, visit.person.login)
        return Done(result={"ok": True, "told": [texts.RESUMED_NOW]})

    return _done(form, perform(acting.engine, acting.clock, form.asked("resume"), do))


@router.post(f"{_HERE}/envio")
def switch(
    form: Pausing,
    endpoint: Annotated[str, Form(max_length=80)],
    state: Annotated[State, Form()],
    direction: Annotated[Direction | None, Form()] = None,
) -> Response:
    """Decide whether an endpoint is exported, and which way."""
    acting, visit = form.visit.backstage.acting, form.visit
    if endpoint not in {one.name for one in WRITABLE}:
        raise HTTPException(422)

    def do() -> Done:
        # Only what differs is a decision: the other setting stays as it was said.
        stands = acting.switches.of(visit.empresa, endpoint)
        request = SwitchRequest(
            (visit.empresa,),
            (REGISTRY[endpoint],),
            visit.person.login,
            state=state if state != stands.state else None,
            direction=direction if direction != stands.direction else None,
        )
        decide_switches(acting, request)
        return Done(result={"ok": True, "told": [texts.SWITCHED_NOW]})

    asked = form.asked("switch", endpoint=endpoint)
    return _done(form, perform(acting.engine, acting.clock, asked, do))


def _done(form: Sent, action: Action) -> Response:
    return RedirectResponse(f"/e/{form.visit.empresa}/configuracoes?feito={action.action_id}", 303)


def _outcome(action: Action | None) -> list[tuple[bool, str]]:
    """What a person is told of an action: whether it went well, and in words."""
    if action is None:
        return []
    well = bool(action.result.get("ok"))
    return [(well, str(one)) for one in action.result.get("told", [])]


def _channels(visit: Visit) -> list[AppriseChannel]:
    seen = visit.seen
    found = notify_channels(seen.settings, seen.config)
    return [one for one in found if one.covers(visit.empresa)]


def _switches(visit: Visit) -> list[SwitchLine]:
    stand = visit.seen.switches.all([visit.empresa], [one.name for one in WRITABLE])
    lines = []
    for one in stand:
        endpoint = REGISTRY[one.endpoint]
        lines.append(
            SwitchLine(
                one,
                endpoint.title,
                tuple(value for value in STATES if not refusal(endpoint, "state", value)),
                tuple(value for value in DIRECTIONS if not refusal(endpoint, "direction", value)),
                one.left_out(known_fields(endpoint)),
            )
        )
    return lines


def _facts(visit: Visit) -> Iterator[tuple[str, str]]:
    """What the file and the environment say of when and what, in words."""
    settings = visit.seen.settings
    wanted = visit.seen.config.empresa(visit.empresa).importar
    yield texts.SCHEDULE, texts.SCHEDULES[settings.schedule]
    yield texts.START, written.day(settings.start_date)
    yield texts.BEFORE_START, _yes(settings.include_before_start)
    yield texts.ZONE, settings.time_zone
    if wanted.desde:
        yield texts.READ_FROM, written.day(wanted.desde)
    if wanted.ate:
        yield texts.READ_UNTIL, written.day(wanted.ate)
    yield texts.READ_SIDE, texts.SIDES[wanted.somente] if wanted.somente else texts.EVERYTHING
    yield texts.OPEN_ONLY, _yes(wanted.somente_em_aberto)
    yield texts.ACCOUNTS, ", ".join(map(str, wanted.contas)) or texts.EVERYTHING
    yield texts.ARCHIVE, _yes(settings.nfse_archive is not None)


def _yes(value: bool) -> str:
    return texts.YES if value else texts.NO
