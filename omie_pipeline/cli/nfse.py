"""``omie-pipeline nfse``: clients, notes and services, one at a time, for a person."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.cli.errors import FAILED, UNFINISHED, print_error
from omie_pipeline.cli.outbox import tell_back
from omie_pipeline.cli.output import Column, emit, moment, money, say, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.prompts import confirm
from omie_pipeline.cli.push_report import show_reports, show_worst, unfinished, worst_of
from omie_pipeline.cli.selection import EmpresaOption, JsonOption, YesOption, decider
from omie_pipeline.errors import OmieFault
from omie_pipeline.texts.cli import nfse as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.notes import NoteDetails, Service
    from omie_pipeline.nfse.state import NoteState
    from omie_pipeline.nfse.taxes import Taxes


# Notes, taxes and services as people and programs read them.

_SOURCES = {
    "push": "envio",
    "status": "consulta",
    "list": "list",
    "cancellation": "cancellation",
}
"""Where a change of state was learned."""


def note_record(note: NoteState) -> dict[str, Any]:
    """The note as ``--json`` promises it."""
    return {name: getattr(note, name) for name in note.__dataclass_fields__}


def show_note(note: NoteState) -> None:
    """A note, a line for each thing that is known of it."""
    show(f"{note.cod_int_os} ({note.empresa}): {texts.STATES[note.state]}")
    lines = (
        (texts.NUMBER, note.numero),
        (texts.VERIFICATION_CODE, note.codigo_verificacao),
        ("valor", f"R$ {money(note.valor)}" if note.valor is not None else None),
        (texts.CITY, note.municipio),
        (texts.SENT_AT, _times(note)),
        (texts.ISSUED_AT, moment(note.issued_at) if note.issued_at else None),
        (texts.CANCELLATION_ASKED_AT, _asked(note)),
        ("mensagem", note.message),
        ("PDF", note.url_pdf),
        ("XML", note.url_xml),
        ("portal", note.url_portal),
    )
    for label, value in lines:
        if value:
            show(f"    {label}: {value}")


def show_steps(found: NoteDetails) -> None:
    """Every change of state, then the files."""
    show_table(
        [Column("quando"), Column("de"), Column("para"), Column("fonte"), Column("motivo")],
        [
            [
                moment(step.at),
                texts.STATES[step.from_state] if step.from_state else "–",
                texts.STATES[step.to_state],
                _SOURCES[step.source],
                step.reason or "",
            ]
            for step in found.history
        ],
    )
    for one in found.files:
        show(texts.file_line(kind=one.kind, path=one.path, sha256=one.sha256, size=one.size_bytes))


def taxes_record(taxes: Taxes) -> dict[str, Any]:
    """The taxes as ``--json`` promises them; sums in R$."""
    return {
        "regime": taxes.regime,
        "simples_nacional": taxes.simples_nacional,
        "gross": taxes.gross,
        "withheld": taxes.withheld,
        "net": taxes.net,
        "taxes": [
            {name: getattr(one, name) for name in one.__dataclass_fields__} for one in taxes.taxes
        ],
    }


def show_taxes(taxes: Taxes) -> None:
    """What the note will bear, as Omie's records have it."""
    show(texts.regime(taxes.regime))
    show_table(
        [
            Column("imposto"),
            Column(texts.RATE, right=True),
            Column(texts.BASE, right=True),
            Column(texts.VALUE, right=True),
            Column(texts.WITHHELD, right=True),
        ],
        [
            [
                one.name,
                rate(one.rate),
                money(one.base),
                money(one.valor),
                money(one.withheld),
            ]
            for one in taxes.taxes
        ],
    )
    show(
        texts.totals(gross=money(taxes.gross), withheld=money(taxes.withheld), net=money(taxes.net))
    )


def show_services(services: Sequence[Service]) -> None:
    """The catalogue of services as a table."""
    if not services:
        show(texts.NO_SERVICE)
        return
    show_table(
        [
            Column("id", right=True),
            Column(texts.CODE),
            Column(texts.INTEGRATION),
            Column(texts.DESCRIPTION),
            Column("LC 116"),
            Column("municipal"),
            Column(texts.PRICE, right=True),
            Column(texts.RATES),
        ],
        [
            [
                str(one.n_cod_serv),
                one.codigo,
                one.codigo_integracao,
                one.descricao + (" (inativo)" if one.inativo else ""),
                one.lc116,
                one.codigo_municipal,
                money(one.preco),
                _rates(one),
            ]
            for one in services
        ],
    )


def rate(value: Decimal | None) -> str:
    """Per cent; rates that differ by item have none of their own."""
    return texts.SEVERAL if value is None else f"{value:.2f}%".replace(".", ",")


def _rates(one: Service) -> str:
    told = [
        f"{tax} {rate(value)}{'*' if tax in one.withheld else ''}"
        for tax, value in one.rates.items()
        if value
    ]
    return ", ".join(told) or "–"


def _times(note: NoteState) -> str:
    again = texts.times(note.attempts) if note.attempts > 1 else ""
    return f"{moment(note.billed_at)}{again}"


def _asked(note: NoteState) -> str | None:
    return moment(note.cancellation_requested_at) if note.cancellation_requested_at else None


nfse = typer.Typer(cls=PortugueseGroup, no_args_is_help=True, rich_markup_mode=None)


OrderKey = Annotated[str, typer.Argument(metavar="OS", help="Código da OS: OS-17.")]


def register(
    key: Annotated[str, typer.Argument(metavar="CLIENTE", help="Código do cliente: PAC-17.")],
    empresa: EmpresaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Acha o cliente no Omie pelo CPF/CNPJ, ou cria, e liga. Saída: 3 se foi recusado."""
    from omie_pipeline.app.register_client import register_client

    deployment = _deployment()
    found = register_client(deployment, _one(deployment, empresa), key)
    if as_json:
        emit({name: getattr(found, name) for name in found.__dataclass_fields__})
    else:
        told = {
            "already_registered": texts.WAS_REGISTERED,
            "linked": texts.WAS_LINKED,
            "created": texts.WAS_CREATED,
            "refused": texts.WAS_REFUSED,
        }[found.how]
        source = (
            texts.origin(table=found.source_table, row=found.source_id) if found.source_id else ""
        )
        at_omie = texts.id_in_omie(found.omie_id) if found.omie_id else ""
        show(f"{key} {told}{at_omie}{source}")
        if found.reason:
            show(f"    {found.reason}")
            show(f"    → {found.fix}")
    if found.how == "refused":
        raise typer.Exit(UNFINISHED)


def issue(
    key: OrderKey,
    empresa: EmpresaOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Mostra os impostos, pergunta e fatura a OS: a nota sai. Saída: como em push, 1 se a nota foi
    cancelada."""
    from omie_pipeline.app.notes import issue_note, note_taxes

    deployment = _deployment()
    name = _one(deployment, empresa)
    _tell_standing(_note(deployment, name, key))
    try:
        taxes = note_taxes(deployment, name, key)
    except OmieFault as fault:
        print_error(fault, about=texts.taxes_of(key), reading=True)
        taxes = None
    if taxes is not None and not as_json:
        show_taxes(taxes)
    question = texts.bill(key=key, name=name)
    if not confirm(question, yes=yes):
        say(texts.NOTHING_BILLED)
        return
    report = issue_note(deployment, name, key, decider(None))
    if as_json:
        note = _note(deployment, name, key)
        emit(
            {
                "os": key,
                "empresa": name,
                "taxes": taxes_record(taxes) if taxes else None,
                **report.total.to_json(),
                "note": note_record(note) if note else None,
            }
        )
    else:
        show_reports([report])
        show_worst(worst_of(deployment.engine, [report]))
        note = _note(deployment, name, key)
        if report.total.unchanged and note is not None:
            show(texts.BILLED_BEFORE)
            show_note(note)
        if report.total.unchanged or report.total.delivered:
            show(texts.follow_with(key))
    tell_back(deployment, [name])
    if unfinished([report]):
        raise typer.Exit(UNFINISHED)


def consult(key: OrderKey, empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Pergunta ao Omie como está a nota agora. Saída: 3 se não deu para perguntar."""
    from omie_pipeline.app.notes import check_note

    deployment = _deployment()
    name = _one(deployment, empresa)
    _refuse_unknown(deployment, name, key)
    found = check_note(deployment, name, key)
    if as_json:
        emit({**note_record(found.note), "updated": found.updated, "reason": found.reason})
    else:
        show_note(found.note)
        if not found.updated:
            say(texts.what_was_known(found.reason))
    tell_back(deployment, [name])
    if not found.updated:
        raise typer.Exit(UNFINISHED)


def status(key: OrderKey, empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Mostra tudo da nota: cada mudança com a hora, links e arquivos. Nada é perguntado ao Omie."""
    from omie_pipeline.app.notes import note_details

    deployment = _deployment()
    name = _one(deployment, empresa)
    _refuse_unknown(deployment, name, key)
    found = note_details(deployment, name, key)
    if as_json:
        steps = [
            {name: getattr(step, name) for name in step.__dataclass_fields__}
            for step in found.history
        ]
        files = [
            {name: getattr(one, name) for name in one.__dataclass_fields__} for one in found.files
        ]
        emit({**note_record(found.note), "history": steps, "files": files})
        return
    show_note(found.note)
    show_steps(found)


def cancel(
    key: OrderKey,
    empresa: EmpresaOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Cancela a OS e a nota no Omie. Saída: 0 cancelada, 3 ainda não se sabe, 1 recusado."""
    from omie_pipeline.app.notes import cancel_note

    deployment = _deployment()
    name = _one(deployment, empresa)
    _refuse_unknown(deployment, name, key)
    if not confirm(texts.cancel(key=key, name=name), yes=yes):
        say(texts.NOTHING_CANCELLED)
        return
    found = cancel_note(deployment, name, key, lambda: say(texts.CANCELLING.format(empresa=name)))
    told = {
        "cancelled": "cancelada",
        "requested": texts.CANCELLATION_ASKED,
        "uncertain": texts.CANCELLATION_UNANSWERED,
        "no_effect": texts.NOTHING_TO_CANCEL,
    }[found.result]
    if as_json:
        emit({**note_record(found.note), "result": found.result})
    else:
        show(f"{key}: {told}")
    tell_back(deployment, [name])
    if found.result in ("requested", "uncertain"):
        raise typer.Exit(UNFINISHED)


def services(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Lista os serviços do Omie com códigos e alíquotas."""
    from omie_pipeline.app.notes import list_services

    deployment = _deployment()
    found = list_services(deployment, _one(deployment, empresa))
    if as_json:
        for one in found:
            emit({name: getattr(one, name) for name in one.__dataclass_fields__})
        return
    show_services(found)


def wait(
    key: OrderKey,
    timeout_seconds: Annotated[
        float, typer.Option("--timeout", min=0, metavar="SEGUNDOS", help="Quanto esperar.")
    ] = 300,
    empresa: EmpresaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Espera a prefeitura responder. Saída: 0 emitida, 3 ainda em andamento, 1 recusada."""
    from omie_pipeline.app.notes import wait_for_note

    deployment = _deployment()
    name = _one(deployment, empresa)
    _refuse_unknown(deployment, name, key)
    note = wait_for_note(deployment, name, key, timeout_seconds)
    if as_json:
        emit(note_record(note))
    else:
        show_note(note)
    tell_back(deployment, [name])
    if note.state in ("submitted", "processing", "error"):
        raise typer.Exit(UNFINISHED)
    if note.state != "issued":
        raise typer.Exit(FAILED)


for _command in (register, issue, consult, status, cancel, services, wait):
    nfse.command(cls=PortugueseCommand)(_command)


def _deployment() -> Deployment:
    from omie_pipeline.app.deployment import Deployment

    return Deployment()


def _one(deployment: Deployment, name: str | None) -> str:
    """The empresa meant: a code alone does not name a note if there are several."""
    if name is None and len(deployment.empresas) > 1:
        known = ", ".join(deployment.empresas)
        raise typer.BadParameter(texts.which_empresa(known), param_hint="--empresa")
    if name is not None and name not in deployment.empresas:
        known = ", ".join(deployment.empresas)
        raise typer.BadParameter(
            texts.no_such_empresa(empresa=name, known=known), param_hint="--empresa"
        )
    return name or deployment.empresas[0]


def _refuse_unknown(deployment: Deployment, empresa: str, key: str) -> None:
    """Stop where a code names no order here: no note, no delivered order, no row of the model.

    Raises:
        typer.BadParameter: says what was probably meant, or how codes look.
    """
    from omie_pipeline.catalog import REGISTRY
    from omie_pipeline.payload import find_code
    from omie_pipeline.push.dependents import KnownRecords

    orders = REGISTRY["ordens_servico"]
    known = KnownRecords(deployment.engine, empresa).standing(orders.name, [key])
    if key in known or _note(deployment, empresa, key) is not None:
        return
    found = find_code(deployment.engine, key, [orders], [empresa])
    if found.at_date:
        return
    if found.endpoint:
        more = texts.code_of_another(endpoint=found.endpoint, empresa=found.empresa)
    elif found.alike:
        more = texts.perhaps(found.alike)
    else:
        more = texts.CHECK_CODE + (texts.codes_are_like(found.example) if found.example else "")
    raise typer.BadParameter(
        texts.no_such_order(key=key, empresa=empresa, more=more), param_hint="OS"
    )


def _tell_standing(note: NoteState | None) -> None:
    """Say where the note of an order stands before anybody is asked to bill it.

    Raises:
        typer.Exit: it was cancelled.
    """
    from omie_pipeline.nfse.billing import billed_no_more

    if note is None:
        return
    if note.state == "cancelled":
        say(billed_no_more(note.cod_int_os))
        raise typer.Exit(FAILED)
    words = f": {note.message}" if note.message else ""
    say(texts.note_line(order=note.cod_int_os, state=texts.STATES[note.state], words=words))


def _note(deployment: Deployment, empresa: str, key: str) -> NoteState | None:
    from omie_pipeline.nfse.state import states

    return states(deployment.engine, empresa, [key]).get(key)
