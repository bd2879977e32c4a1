"""Notes, taxes and services as people and programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from omie_pipeline.cli.output import Column, moment, money, show, show_table

if TYPE_CHECKING:
    from omie_pipeline.app.nfse import NotaDetalhada, Servico
    from omie_pipeline.nfse.nfse import NoteState
    from omie_pipeline.nfse.taxes import Taxes

STATES = {
    "submitted": "enviada",
    "processing": "em processamento",
    "issued": "emitida",
    "rejected": "recusada pela prefeitura",
    "cancelled": "cancelada",
    "error": "com erro",
    "deleted": "OS excluída no Omie",
}


def note_record(note: NoteState) -> dict[str, Any]:
    """The note as ``--json`` promises it."""
    return {name: getattr(note, name) for name in note.__dataclass_fields__}


def show_note(note: NoteState) -> None:
    """A note, a line for each thing that is known of it."""
    show(f"{note.cod_int_os} ({note.empresa}): {STATES[note.estado]}")
    lines = (
        ("número", note.numero),
        ("código de verificação", note.codigo_verificacao),
        ("valor", f"R$ {money(note.valor)}" if note.valor is not None else None),
        ("município", note.municipio),
        ("enviada em", _times(note)),
        ("emitida em", moment(note.emitida_em) if note.emitida_em else None),
        ("cancelamento pedido em", _asked(note)),
        ("mensagem", note.mensagem),
        ("PDF", note.url_pdf),
        ("XML", note.url_xml),
        ("portal", note.url_portal),
    )
    for label, value in lines:
        if value:
            show(f"    {label}: {value}")


def show_steps(found: NotaDetalhada) -> None:
    """Every change of state, then the files."""
    show_table(
        [Column("quando"), Column("de"), Column("para"), Column("fonte"), Column("motivo")],
        [
            [
                moment(step.em),
                STATES[step.de] if step.de else "–",
                STATES[step.para],
                step.fonte,
                step.motivo or "",
            ]
            for step in found.historico
        ],
    )
    for one in found.arquivos:
        show(f"    {one.tipo}: {one.caminho} (sha256 {one.sha256}, {one.tamanho_bytes} bytes)")


def taxes_record(taxes: Taxes) -> dict[str, Any]:
    """The taxes as ``--json`` promises them; sums in R$."""
    return {
        "regime": taxes.regime,
        "simples_nacional": taxes.simples_nacional,
        "bruto": taxes.bruto,
        "retido": taxes.retido,
        "liquido": taxes.liquido,
        "impostos": [
            {name: getattr(one, name) for name in one.__dataclass_fields__}
            for one in taxes.impostos
        ],
    }


def show_taxes(taxes: Taxes) -> None:
    """What the note will bear, as Omie's records have it."""
    show(f"Regime: {taxes.regime}")
    show_table(
        [
            Column("imposto"),
            Column("alíquota", right=True),
            Column("base R$", right=True),
            Column("valor R$", right=True),
            Column("retido R$", right=True),
        ],
        [
            [
                one.nome,
                rate(one.aliquota),
                money(one.base),
                money(one.valor),
                money(one.retido),
            ]
            for one in taxes.impostos
        ],
    )
    show(
        f"Bruto R$ {money(taxes.bruto)}; retido R$ {money(taxes.retido)}; "
        f"líquido R$ {money(taxes.liquido)}"
    )


def show_services(services: Sequence[Servico]) -> None:
    """The catalogue of services as a table."""
    if not services:
        show("Nenhum serviço no Omie")
        return
    show_table(
        [
            Column("id", right=True),
            Column("código"),
            Column("integração"),
            Column("descrição"),
            Column("LC 116"),
            Column("municipal"),
            Column("preço R$", right=True),
            Column("alíquotas (* retida)"),
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
    return "várias" if value is None else f"{value:.2f}%".replace(".", ",")


def _rates(one: Servico) -> str:
    told = [
        f"{tax} {rate(value)}{'*' if tax in one.retidos else ''}"
        for tax, value in one.aliquotas.items()
        if value
    ]
    return ", ".join(told) or "–"


def _times(note: NoteState) -> str:
    again = f" ({note.tentativas}ª vez)" if note.tentativas > 1 else ""
    return f"{moment(note.enviada_em)}{again}"


def _asked(note: NoteState) -> str | None:
    return moment(note.cancelamento_pedido_em) if note.cancelamento_pedido_em else None
