"""``omie-pipeline switches``, ``pause``, ``resume``: what is exported, and which empresas rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.cli.errors import UNFINISHED
from omie_pipeline.cli.output import Column, count, emit, moment, say, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.selection import (
    ByOption,
    EmpresaOption,
    JsonOption,
    chosen_empresas,
    chosen_endpoints,
    decider,
)
from omie_pipeline.texts.cli import switches as texts

if TYPE_CHECKING:
    from omie_pipeline.app.switches import SwitchRequest, SwitchShown
    from omie_pipeline.switches.decisions import SwitchChange
    from omie_pipeline.switches.pauses import PauseChange

switches = typer.Typer(cls=PortugueseGroup, no_args_is_help=True, rich_markup_mode=None)

EndpointsArgument = Annotated[list[str], typer.Argument(metavar="ENDPOINT...")]
EmpresaArgument = Annotated[str, typer.Argument(metavar="EMPRESA", help="Nome da empresa.")]


@switches.command("list", cls=PortugueseCommand)
def list_(
    empresa: EmpresaOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Mostra também o que está como o padrão.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Mostra o que é exportado, por empresa e endpoint, e quem disse isso."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.switches import switches_shown

    deployment = Deployment()
    found = switches_shown(deployment, chosen_empresas(deployment, empresa), WRITABLE)
    if as_json:
        for one in found:
            emit(_record(one))
        return
    shown = found if everything else [one for one in found if not one.is_default]
    if not shown:
        show(texts.NOTHING_SAID)
        return
    heads = [Column("empresa"), Column("endpoint"), Column(texts.STATE), Column(texts.DIRECTION),
             Column(texts.LEFT_OUT), Column(texts.WHO_SAYS)]  # fmt: skip
    show_table(heads, [_cells(one) for one in shown])
    if hidden := len(found) - len(shown):
        show(texts.others_default(hidden=count(hidden)))


@switches.command("set", cls=PortugueseCommand)
def set_(
    endpoints: EndpointsArgument,
    state: Annotated[
        str | None,
        typer.Option(
            "--state", metavar="on|off|so_novos", help="Liga, desliga, ou só cria o que é novo."
        ),
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option(
            "--direction",
            metavar="both|import|export",
            help="Os dois lados, só leitura do Omie, ou só envio ao Omie.",
        ),
    ] = None,
    empresa: EmpresaOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Liga ou desliga endpoints, ou deixa só um dos lados. O arquivo continua como está."""
    from omie_pipeline.switches.settings import DIRECTIONS, STATES

    if state is None and direction is None:
        raise typer.BadParameter(texts.SAY_SOMETHING)
    _refuse_unknown(state, STATES, "--state")
    _refuse_unknown(direction, DIRECTIONS, "--direction")
    _decide(endpoints, empresa, by, as_json=as_json, state=state, direction=direction)


@switches.command(cls=PortugueseCommand)
def fields(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT")],
    only: Annotated[
        str | None, typer.Option("--only", metavar="A,B", help="Só estes campos (e os exigidos).")
    ] = None,
    without: Annotated[
        str | None, typer.Option("--without", metavar="A,B", help="Todos menos estes.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Todos os campos de novo.")] = False,
    empresa: EmpresaOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Escolhe os campos que saem. O que não sai não é esvaziado no Omie nem conta como mudança."""
    if sum((only is not None, without is not None, everything)) != 1:
        raise typer.BadParameter(texts.ONE_WAY)
    if not everything and not (_names(only) or _names(without)):
        raise typer.BadParameter(texts.NO_FIELD)
    _decide(
        [endpoint],
        empresa,
        by,
        as_json=as_json,
        only=_names(only),
        without=_names(without),
        all_fields=everything,
    )


@switches.command(cls=PortugueseCommand)
def reset(
    endpoints: EndpointsArgument,
    empresa: EmpresaOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Desfaz o que foi decidido por comando: vale de novo o arquivo. Saída: 3 se não havia nada."""
    _decide(endpoints, empresa, by, as_json=as_json, reset=True)


@switches.command(cls=PortugueseCommand)
def history(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Mostra quem decidiu o quê, e quando; também as pausas."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.switches import decisions

    deployment = Deployment()
    found = decisions(deployment, chosen_empresas(deployment, empresa))
    if as_json:
        for change in found.switches:
            emit(_change_record(change))
        for one in found.pauses:
            emit(_pause_record(one))
        return
    told = [(one.decided_at, _change_cells(one)) for one in found.switches]
    told += [(one.decided_at, _pause_cells(one)) for one in found.pauses]
    if not told:
        show(texts.NO_DECISION)
        return
    heads = [Column(texts.WHEN), Column(texts.WHO), Column("empresa"), Column(texts.WHAT),
             Column(texts.BEFORE), Column(texts.AFTER)]  # fmt: skip
    show_table(heads, [cells for _, cells in sorted(told, key=lambda one: one[0], reverse=True)])


def pause(
    empresa: EmpresaArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXTO", help="Por que ela para.")],
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Desativa uma empresa: nada dela é enviado nem lido até resume; a história fica."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.switches import pause as paused

    deployment = Deployment()
    (name,) = chosen_empresas(deployment, empresa)
    if not reason.strip():
        raise typer.BadParameter(texts.WHY_EMPTY, param_hint="--reason")
    before = paused(deployment, name, reason.strip(), decider(by))
    if as_json:
        emit({"empresa": name, "state": "disabled", "reason": reason.strip()})
        return
    show(texts.paused_now(empresa=name, reason=reason.strip()))
    if before is not None:
        show(texts.paused_before(before.told))


def resume(empresa: EmpresaArgument, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Ativa de novo uma empresa; o que ficou retido sai no próximo envio. Saída: 3 se já ativa."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.switches import resume as resumed

    deployment = Deployment()
    (name,) = chosen_empresas(deployment, empresa)
    ended = resumed(deployment, name, decider(by))
    if as_json:
        emit({"empresa": name, "state": "active"})
    elif ended is not None:
        show(texts.resumed_now(empresa=name, told=ended.told))
    if ended is None:
        say(texts.not_paused(name))
        raise typer.Exit(UNFINISHED)


def _decide(
    endpoints: Sequence[str], empresa: str | None, by: str | None, *, as_json: bool, **what: Any
) -> None:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.switches import SwitchRequest, decide_switches

    chosen = chosen_endpoints(endpoints)
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa)
    request: SwitchRequest = SwitchRequest(empresas, chosen, decider(by), **what)
    done = decide_switches(deployment, request)
    for one in done:
        if as_json:
            emit(_change_record(one))
            continue
        show(
            texts.decided(
                endpoint=one.endpoint,
                empresa=one.empresa,
                setting=texts.SETTINGS[one.setting],
                before=_told(one.setting, one.before, texts.EVERY_FIELD),
                after=_told(one.setting, one.value, texts.AS_IN_FILE),
            )
        )
    if not done:
        say(texts.NOTHING_BY_COMMAND)
        raise typer.Exit(UNFINISHED)
    if as_json:
        return
    if request.only:
        (endpoint,) = chosen
        needed = {
            name
            for one in empresas
            for name in deployment.switches.required(one, endpoint.name)
            if name not in request.only
        }
        show(texts.required_go_along(names=", ".join(sorted(needed))))
    show(texts.NEXT)


def _refuse_unknown(value: str | None, known: Sequence[str], hint: str) -> None:
    if value is not None and value not in known:
        raise typer.BadParameter(", ".join(known), param_hint=hint)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(one.strip() for one in (text or "").split(",") if one.strip())


def _told(setting: str, value: Any, without: str) -> str:
    """A setting's value for people."""
    if value is None:
        return without if setting == "fields" else texts.AS_IN_FILE
    if setting == "fields":
        return texts.fields_counted(number=count(len(value)))
    return {**texts.STATES, **texts.DIRECTIONS, **texts.LOOKALIKES}[value]


def _cells(one: SwitchShown) -> list[str]:
    s = one.switch
    return [
        s.empresa,
        s.endpoint,
        texts.STATES[s.state],
        texts.DIRECTIONS[s.direction],
        ", ".join(one.left_out) or "–",
        "\n".join(dict.fromkeys(_origin_told(origin) for origin in s.origins.values())) or "–",
    ]


def _origin_told(origin: Any) -> str:
    if origin.decided_at is None:
        return str(origin.told)
    return texts.said_by_command(by=origin.decided_by, at=moment(origin.decided_at))


def _record(one: SwitchShown) -> dict[str, Any]:
    s = one.switch
    record: dict[str, Any] = {
        "empresa": s.empresa,
        "endpoint": s.endpoint,
        "state": s.state,
        "direction": s.direction,
        "fields": None if s.fields is None else list(s.fields),
        "left_out": list(one.left_out),
        "required": sorted(s.required),
    }
    for setting in ("state", "direction", "fields"):
        origin = s.origins.get(setting)
        record[f"{setting}_source"] = origin.source if origin else "default"
        record[f"{setting}_decided_by"] = (origin.decided_by or None) if origin else None
        record[f"{setting}_decided_at"] = origin.decided_at if origin else None
    return record


def _change_record(one: SwitchChange) -> dict[str, Any]:
    return {
        "empresa": one.empresa,
        "endpoint": one.endpoint,
        "setting": one.setting,
        "before": one.before,
        "value": one.value,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
    }


def _pause_record(one: PauseChange) -> dict[str, Any]:
    return {
        "empresa": one.empresa,
        "action": one.action,
        "reason": one.reason or None,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
    }


def _change_cells(one: SwitchChange) -> list[str]:
    what = f"{one.endpoint}: {texts.SETTINGS[one.setting]}"
    before = _told(one.setting, one.before, texts.EVERY_FIELD)
    after = _told(one.setting, one.value, texts.AS_IN_FILE)
    return [moment(one.decided_at), one.decided_by, one.empresa, what, before, after]


def _pause_cells(one: PauseChange) -> list[str]:
    what = texts.PAUSE if one.action == "pause" else texts.RESUMED
    return [moment(one.decided_at), one.decided_by, one.empresa, what, "–", one.reason or "–"]
