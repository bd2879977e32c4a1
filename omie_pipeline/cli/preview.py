"""``omie-pipeline preview``: some rows as the JSON that would leave, masked; nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.cli.errors import UNFINISHED, WRONG_USAGE
from omie_pipeline.cli.output import say, show
from omie_pipeline.cli.push_loop import tell_time
from omie_pipeline.cli.selection import (
    EmpresaOption,
    JsonOption,
    chosen_empresas,
    chosen_endpoints,
    missing_key,
)
from omie_pipeline.texts.cli import models as texts

if TYPE_CHECKING:
    from omie_pipeline.push.preview import Preview

_ROWS = 5
_INDENT = 2


def preview(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT")],
    empresa: EmpresaOption = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="CÓDIGO", help="Só este código de integração (REC-17)."),
    ] = None,
    rows: Annotated[
        int, typer.Option("--rows", metavar="N", min=1, max=1000, help="Quantas linhas.")
    ] = _ROWS,
    as_json: JsonOption = False,
) -> None:
    """Mostra linhas como sairiam para o Omie, sem enviar nada e sem dados pessoais à vista."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.push_all import PushRequest
    from omie_pipeline.payload import Selection, load_payload_model
    from omie_pipeline.push.preview import model_rows
    from omie_pipeline.push.preview import preview as previewed
    from omie_pipeline.push.report import PushOptions

    chosen = chosen_endpoints([endpoint])
    if len(chosen) != 1:
        raise typer.BadParameter(texts.CHOOSE_ONE, param_hint="ENDPOINT")
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa)
    model = load_payload_model(deployment.engine, chosen[0])
    if most := deployment.policy(chosen[0].name).lote:
        say(texts.may_leave_in_lots(most))
    if key is None:
        tell_time(deployment, chosen[0], sum(model_rows(deployment.engine, model, empresas)))
    left = rows
    for name in empresas:
        switch = deployment.switches.of(name, chosen[0].name)
        exported = model.without(switch.left_out(model.fields))
        if switch.why_not:
            say(switch.why_not)
        if exported.left_out:
            say(texts.fields_left_out(empresa=name, fields=", ".join(exported.left_out)))
        found = previewed(deployment.engine, exported, Selection(name, key=key), left)
        for one in found:
            show(_line(one) if as_json else _block(one, chosen[0].name))
        left -= len(found)
        if not left:
            return
    if left == rows:
        wanted = PushRequest(empresas, chosen, PushOptions(dry_run=True), key=key)
        say(missing_key(deployment, wanted) if key else texts.NO_ROW)
        if key is not None or empresa is not None:
            raise typer.Exit(WRONG_USAGE if key else UNFINISHED)


def _block(one: Preview, endpoint: str) -> str:
    lines = [f"{one.code or texts.WITHOUT_CODE} ({one.empresa}, {endpoint})"]
    if one.waits_for:
        lines.append(texts.waits(", ".join(one.waits_for)))
    return "\n".join([*lines, _exact_json(one.payload, indent=_INDENT)])


def _line(one: Preview) -> str:
    return _exact_json(
        {
            "empresa": one.empresa,
            "code": one.code,
            "waits_for": list(one.waits_for),
            "payload": one.payload,
        }
    )


def _exact_json(value: Mapping[str, Any], indent: int | None = None) -> str:
    """JSON for a person: money to the cent as it would be sent, accents readable."""
    import simplejson

    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, indent=indent))
