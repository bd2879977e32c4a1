"""``/_control/``: the control object as JSON over HTTP, and one page for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator import company, wire
from omie_pipeline.simulator.control import Control
from omie_pipeline.simulator.control.base import exact
from omie_pipeline.simulator.control.money import day_from
from omie_pipeline.simulator.engine.call import Call
from omie_pipeline.simulator.engine.planned_faults import PlannedFault

# ``/_control/`` on money, notas, pages and webhooks: JSON in, the control object's words out.

Body = dict[str, Any]
Handler = Callable[[Control, Body], object]


def _app(body: Body) -> str:
    return str(body.get("app_key", company.APP_KEY))


def settle(control: Control, body: Body) -> object:
    """``{endpoint, code, value?, discount?, interest?, fine?, account?, day?}``."""
    options = {
        name: body[name]
        for name in ("value", "discount", "interest", "fine", "account", "integration_code")
        if body.get(name) is not None
    }
    baixa = control.settle(
        body["endpoint"],
        body["code"],
        **exact(options),
        day=day_from(body.get("day")),
        app_key=_app(body),
    )
    return {"codigo_baixa": baixa}


def undo_settlement(control: Control, body: Body) -> object:
    """``{codigo_baixa}``."""
    control.undo_settlement(int(body["codigo_baixa"]), app_key=_app(body))
    return {}


def cancel(control: Control, body: Body) -> object:
    """``{endpoint, code}``."""
    control.cancel(body["endpoint"], body["code"], app_key=_app(body))
    return {}


def lancar_em_conta(control: Control, body: Body) -> object:
    """``{account, value, day?, category?, cliente?, note?, origin?}``."""
    named = ("category", "cliente", "note", "origin")
    entry = control.lancar_em_conta(
        int(body["account"]),
        body["value"],
        day=day_from(body.get("day")),
        **{name: body[name] for name in named if name in body},
        app_key=_app(body),
    )
    return {"nCodLanc": entry}


def transferir(control: Control, body: Body) -> object:
    """``{source, target, value, day?, note?}``."""
    pair = control.transferir(
        int(body["source"]),
        int(body["target"]),
        body["value"],
        day=day_from(body.get("day")),
        note=body.get("note", ""),
        app_key=_app(body),
    )
    return {"nCodLanc": pair}


def conciliate(control: Control, body: Body) -> object:
    """``{nCodLanc}``."""
    control.conciliate(int(body["nCodLanc"]), app_key=_app(body))
    return {}


def balance(control: Control, body: Body) -> object:
    """``{account, day?}``."""
    day = day_from(body.get("day"))
    return {"balance": control.balance(int(body["account"]), day, app_key=_app(body))}


def issue_note(control: Control, body: Body) -> object:
    """``{kind, value, cliente?, day?, category?}``."""
    named = {name: body[name] for name in ("cliente", "category") if name in body}
    day = day_from(body.get("day"))
    omie_id = control.issue_note(body["kind"], body["value"], day=day, **named, app_key=_app(body))
    return {"id": omie_id}


def cancel_note(control: Control, body: Body) -> object:
    """``{kind, id, reason?}``."""
    reason = body.get("reason", "")
    control.cancel_note(body["kind"], int(body["id"]), reason=reason, app_key=_app(body))
    return {}


def seed_receivables(control: Control, body: Body) -> object:
    """``{count, days?}``."""
    days = int(body.get("days", 365))
    return {"seeded": len(control.seed_receivables(int(body["count"]), days=days))}


def between_pages(control: Control, body: Body) -> object:
    """``{method, page, operations: [{operation, ...}]}``: run them once that page was answered."""
    steps = [(_known(item["operation"]), item) for item in body["operations"]]

    def action() -> None:
        for handler, item in steps:
            handler(control, item)

    control.between_pages(body["method"], int(body["page"]), action)
    return {"planned": len(steps)}


def _known(name: str) -> Handler:
    if name not in CHANGES:
        raise ConfigurationError(f"operations between pages: {sorted(CHANGES)}")
    return CHANGES[name]


def webhook(control: Control, body: Body) -> object:
    """``{url?, topics?, timeout_seconds?, ping?, flush?, retry_now?, wait_seconds?}``.

    Answers counts and tries. ``url`` null sends no more; without ``url`` nothing is changed.
    """
    if "url" in body:
        timeout = body.get("timeout_seconds")
        control.set_webhook(
            body["url"],
            topics=body.get("topics", ()),
            timeout_seconds=None if timeout is None else float(timeout),
            app_key=_app(body),
        )
    if body.get("ping"):
        control.ping_webhook(app_key=_app(body))
    if body.get("flush"):
        wait_seconds = float(body.get("wait_seconds", 2))
        control.flush_webhooks(retry_now=bool(body.get("retry_now")), timeout_seconds=wait_seconds)
    tries = [asdict(delivery) for delivery in control.webhook_deliveries()]
    return {**asdict(control.webhook_stats()), "deliveries": tries}


def seed(control: Control, body: Body) -> object:
    """``{endpoint?, records?, app_key?, app_secret?, name?, reference_lists?, announce?}``."""
    app_key = _app(body)
    if "app_secret" in body:
        control.add_app(
            app_key,
            body["app_secret"],
            body.get("name") or app_key,
            reference_lists=body.get("reference_lists", True),
        )
    if "endpoint" not in body:
        return {"ids": []}
    announce = bool(body.get("announce"))
    records = body.get("records", ())
    return {"ids": control.seed(body["endpoint"], records, app_key=app_key, announce=announce)}


def edit(control: Control, body: Body) -> object:
    """``{endpoint, code, fields}``."""
    control.edit(body["endpoint"], body["code"], body["fields"], app_key=_app(body))
    return {}


def delete(control: Control, body: Body) -> object:
    """``{endpoint, code}``."""
    control.delete(body["endpoint"], body["code"], app_key=_app(body))
    return {}


CHANGES: dict[str, Handler] = {
    "seed": seed,
    "settle": settle,
    "edit": edit,
    "delete": delete,
    "undo_settlement": undo_settlement,
    "cancel": cancel,
    "lancar_em_conta": lancar_em_conta,
    "transferir": transferir,
    "conciliate": conciliate,
    "issue_note": issue_note,
    "cancel_note": cancel_note,
    "seed_receivables": seed_receivables,
}
"""What changes records, as a person in Omie would."""

OTHERS: dict[str, Handler] = {
    "balance": balance,
    "between_pages": between_pages,
    "webhook": webhook,
}


# ``/_control/`` on orders and their notes: JSON in, the control object's words out.


def notes(control: Control, body: Body) -> object:
    """``{code}``."""
    return {"notes": [asdict(note) for note in control.notes(body["code"], app_key=_app(body))]}


def settlements(control: Control, body: Body) -> object:
    """``{code, endpoint?}``."""
    endpoint = body.get("endpoint", "contas_receber")
    return {"settlements": control.settlements(body["code"], endpoint, app_key=_app(body))}


def reject_next_note(control: Control, body: Body) -> object:
    """``{reason}``."""
    control.reject_next_note(body["reason"], app_key=_app(body))
    return {}


def city_hall_down(control: Control, body: Body) -> object:
    """``{down?}``."""
    control.city_hall_down(bool(body.get("down", True)))
    return {}


def settle_notes(control: Control, body: Body) -> object:
    """``{}``."""
    control.settle_notes(app_key=_app(body))
    return {}


def cancel_note_of(control: Control, body: Body) -> object:
    """``{code, reason?}``."""
    control.cancel_note_of(body["code"], reason=body.get("reason", ""), app_key=_app(body))
    return {}


ORDER_CHANGES: dict[str, Handler] = {
    "reject_next_note": reject_next_note,
    "city_hall_down": city_hall_down,
    "settle_notes": settle_notes,
    "cancel_note_of": cancel_note_of,
}
"""What the city hall or a person does."""

OTHER_ORDER_OPERATIONS: dict[str, Handler] = {"notes": notes, "settlements": settlements}


# The page a person sees at ``/_control/``.

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:56rem;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}"
    "td,th{border-bottom:1px solid #ccc;padding:.2rem 1rem .2rem 0;text-align:left}"
    "td.n{text-align:right}code{background:#eee;padding:0 .3rem}"
)
_EXPLAINED = {
    "reset": "recomeçar do zero",
    "seed": "cadastrar registros ou outra empresa (app_key, app_secret, name)",
    "next_faults": "provocar falhas nas próximas chamadas",
    "clock": "ver, acertar ou adiantar o relógio simulado",
    "calls": "chamadas recebidas (nunca com o app_secret)",
    "records": "todos os registros de um endpoint",
    "limits": "ligar, desligar e ajustar os limites",
    "behaviour": "latência, leituras atrasadas, tamanho máximo da página",
    "apps": "empresas cadastradas",
    "settle": "baixar um título como uma pessoa faria (desconto, juros, multa, conta, dia)",
    "edit": "alterar um registro como uma pessoa faria",
    "delete": "excluir um registro como uma pessoa faria",
    "suspend": "suspender ou reativar uma chave",
    "undo_settlement": "desfazer uma baixa",
    "cancel": "cancelar um título",
    "lancar_em_conta": "lançar entrada (+) ou saída (-) direto na conta corrente",
    "transferir": "transferir entre contas correntes",
    "conciliate": "conciliar um lançamento de conta",
    "issue_note": "emitir uma nota fiscal (notas_servico ou notas_produto)",
    "cancel_note": "cancelar uma nota fiscal",
    "notes": "RPS e NFS-e de uma OS",
    "settlements": "baixas de um título",
    "reject_next_note": "fazer a prefeitura rejeitar a próxima NFS-e (reason)",
    "city_hall_down": "prefeitura fora do ar (down)",
    "settle_notes": "fazer a prefeitura responder já",
    "cancel_note_of": "cancelar a NFS-e emitida de uma OS",
    "seed_receivables": "gerar muitos títulos a receber (count, days)",
    "balance": "saldo verdadeiro de uma conta no fim de um dia",
    "between_pages": "mudar registros enquanto alguém lê uma lista, página a página",
    "webhook": "endereço dos webhooks, teste, reenvio e entregas",
}


def control_page(control: Control, operations: Sequence[str]) -> str:
    """Counts of records, calls by method, and what the control API offers."""
    records = [(app.name, name, count) for app in control.apps() for name, count in app.records]
    calls = sorted(control.calls_by_method().items())
    offered = [(f"/_control/{name}", _EXPLAINED.get(name, "")) for name in operations]
    return (
        '<!doctype html><html lang="pt-BR"><head><meta charset="utf-8">'
        f"<title>Simulador do Omie</title><style>{_STYLE}</style></head><body>"
        "<h1>Simulador do Omie</h1>"
        f"<p>Relógio simulado: {control.now():%d/%m/%Y %H:%M:%S} (Brasília). "
        "Nada aqui chega ao Omie de verdade.</p>"
        f"<h2>Registros</h2>{_table(('Empresa', 'Endpoint', 'Registros'), records)}"
        f"<h2>Chamadas recebidas</h2>{_table(('Método', 'Chamadas'), calls)}"
        f"<h2>Comandos</h2>{_table(('Caminho', 'O que faz'), offered)}"
        "<p>Cada comando aceita POST com JSON, por exemplo "
        "<code>{&quot;faults&quot;: [{&quot;kind&quot;: &quot;html_502&quot;}]}</code>.</p>"
        "</body></html>"
    )


def _table(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: object) -> str:
    kind = ' class="n"' if isinstance(value, int) else ""
    return f"<td{kind}>{escape(str(value))}</td>"


def _reset(control: Control, body: Body) -> object:
    control.reset(seed_company=body.get("seed_company", True))
    return {}


def _next_faults(control: Control, body: Body) -> object:
    plans = [
        PlannedFault(**{**item, "headers": tuple(map(tuple, item.get("headers", ())))})
        for item in body["faults"]
    ]
    if body.get("clear"):
        control.clear_faults()
    return {"queued": [asdict(plan) for plan in control.next_faults(*plans)]}


def _clock(control: Control, body: Body) -> object:
    if "set" in body:
        control.set_time(datetime.fromisoformat(body["set"]))
    if "advance" in body:
        control.advance(float(body["advance"]))
    return {"now": control.now().isoformat()}


def _calls(control: Control, body: Body) -> object:
    seen = control.calls(
        method=body.get("method", ""),
        app_key=body.get("app_key", ""),
        after=int(body.get("after", 0)),
        failed=body.get("failed"),
    )
    if body.get("clear"):
        control.clear_calls()
    return {"calls": [_call(call) for call in seen]}


def _call(call: Call) -> Body:
    return {**asdict(call), "at": call.at.isoformat(), "ok": call.ok}


def _records(control: Control, body: Body) -> object:
    app_key = body.get("app_key", company.APP_KEY)
    return {"records": control.records(body["endpoint"], app_key=app_key)}


def _limits(control: Control, body: Body) -> object:
    if body.pop("forget", False):
        control.forget_limits()
    return asdict(control.set_limits(**body))


def _behaviour(control: Control, body: Body) -> object:
    return asdict(control.set_behaviour(**{name: _plain(value) for name, value in body.items()}))


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def _apps(control: Control, _body: Body) -> object:
    return {"apps": [{**asdict(app), "records": dict(app.records)} for app in control.apps()]}


def _suspend(control: Control, body: Body) -> object:
    control.suspend(body.get("app_key", company.APP_KEY), suspended=body.get("suspended", True))
    return {}


HANDLERS: dict[str, Handler] = {
    "reset": _reset,
    "next_faults": _next_faults,
    "clock": _clock,
    "calls": _calls,
    "records": _records,
    "limits": _limits,
    "behaviour": _behaviour,
    "apps": _apps,
    "suspend": _suspend,
    **CHANGES,
    **OTHERS,
    **ORDER_CHANGES,
    **OTHER_ORDER_OPERATIONS,
}


def _query(request: Request) -> Body:
    words = {"true": True, "false": False}
    return {name: words.get(text, text) for name, text in request.query_params.items()}


def _json(status: int, body: object) -> Response:
    return Response(wire.dumps(body), status, media_type="application/json")


def control_routes(control: Control) -> list[Route]:
    """``GET /_control/`` is the page; each operation answers to POST, or GET with a query."""

    async def page(_request: Request) -> Response:
        return HTMLResponse(control_page(control, tuple(HANDLERS)))

    async def operate(request: Request) -> Response:
        handler = HANDLERS.get(request.path_params["name"])
        if handler is None:
            return _json(404, {"error": f"operations: {sorted(HANDLERS)}"})
        try:
            raw = await request.body()
            body = wire.loads(raw) if raw else _query(request)
            return _json(200, handler(control, body))
        except (ConfigurationError, KeyError, TypeError, ValueError, AttributeError) as wrong:
            return _json(400, {"error": f"{type(wrong).__name__}: {wrong}"})

    return [Route("/", page, methods=["GET"]), Route("/{name}", operate, methods=["GET", "POST"])]
