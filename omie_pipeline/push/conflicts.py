"""Why a row that passed validation is not sent: what was done with its record in Omie
cannot be changed there any more. Reasons of quarantine, in Portuguese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.texts import push as texts
from omie_pipeline.validation.model import Reason

CONFLICT = "conflict"
"""Rule of quarantine for a row of which a person has to decide whose values stand."""

TITULO_BAIXADO = Reason(
    field="codigo_lancamento_integracao",
    rule="titulo_baixado",
    reason=texts.TITLE_CHANGED_AFTER_SETTLING,
    fix=texts.ASK_FINANCE_FIX,
)
TITULO_NAO_CABE = Reason(
    field="codigo_lancamento_integracao",
    rule="titulo_baixado",
    reason=texts.TITLE_DOES_NOT_FIT,
    fix=texts.DOES_NOT_FIT_FIX,
)
BAIXA_NAO_CABE = Reason(
    field="codigo_baixa_integracao",
    rule="baixa_lancada",
    reason=texts.PAYMENT_DOES_NOT_FIT,
    fix=texts.DOES_NOT_FIT_FIX,
)
BAIXA_LANCADA = Reason(
    field="codigo_baixa_integracao",
    rule="baixa_lancada",
    reason=texts.PAYMENT_CHANGED_AFTER_SETTLING,
    fix=texts.ASK_FINANCE_FIX,
)
BAIXA_DE_OUTRO = Reason(
    field="codigo_baixa_integracao",
    rule="baixa_lancada",
    reason=texts.SETTLED_BY_ANOTHER,
    fix=texts.SETTLED_BY_ANOTHER_FIX,
)
OS_FATURADA = Reason(
    field="Cabecalho.cCodIntOS",
    rule="os_faturada",
    reason=texts.ORDER_BILLED,
    fix=texts.ORDER_BILLED_FIX,
)
OS_CANCELADA = Reason(
    field="Cabecalho.cCodIntOS",
    rule="os_faturada",
    reason=texts.NOTE_CANCELLED,
    fix=texts.NOTE_CANCELLED_FIX,
)
JA_CRIADO = Reason(
    field="descricao",
    rule="ja_criado",
    reason=texts.ALREADY_CREATED,
    fix=texts.ALREADY_CREATED_FIX,
)


def baixa_gemea(endpoint: str, code: str, day: date | None, value: Decimal | None) -> Reason:
    """A settlement that others made and that may be this very payment.

    Args:
        endpoint: name of the endpoint.
        code: integration code of the payment.
        day: the day of the settlement in Omie.
        value: the value of the settlement in Omie, in R$.
    """
    return Reason(
        field="codigo_baixa_integracao",
        rule="baixa_no_omie",
        reason=texts.twin_settlement(value=_reais(value), day=_on(day)),
        fix=texts.twin_settlement_fix(endpoint=endpoint, code=code),
    )


def saldo_menor(left: Decimal | None, value: Decimal | None) -> Reason:
    """A payment that has no room on its título."""
    said = texts.only_open(_reais(left)) if left and left > 0 else texts.ALREADY_SETTLED
    return Reason(
        field="valor",
        rule="baixa_no_omie",
        reason=texts.too_little_left(what=said, value=_reais(value)),
        fix=texts.TOO_LITTLE_LEFT_FIX,
    )


def baixa_de_cancelado() -> Reason:
    """A payment of a título that was cancelled in Omie."""
    return Reason(
        field="codigo_lancamento_integracao",
        rule="titulo_cancelado",
        reason=texts.TITLE_CANCELLED,
        fix=texts.TITLE_CANCELLED_FIX,
    )


def titulo_baixado_no_omie(field: str, day: date | None, value: Decimal | None) -> Reason:
    """A título that changed at the clinic after it was settled in Omie."""
    return Reason(
        field=field,
        rule="titulo_baixado",
        reason=texts.title_settled_in_omie(value=_reais(value), day=_on(day)),
        fix=texts.TITLE_SETTLED_IN_OMIE_FIX,
    )


def titulo_cancelado(field: str) -> Reason:
    """A título that changed at the clinic after it was cancelled in Omie."""
    return Reason(
        field=field,
        rule="titulo_cancelado",
        reason=texts.CANCELLED_TITLE_CHANGED,
        fix=texts.CANCELLED_TITLE_CHANGED_FIX,
    )


def codigo_mudou_de_forma(endpoint: str, field: str, code: str, old: str) -> Reason:
    """A record that Omie holds for us under another form of its code.

    Args:
        endpoint: name of the endpoint.
        field: the field that holds the code.
        code: the code as it comes now.
        old: the code as Omie has it.
    """
    return Reason(
        field=field,
        rule="codigo_mudou_de_forma",
        reason=texts.code_reformed(old=old, code=code),
        fix=texts.code_reformed_fix(endpoint=endpoint, code=code),
    )


def codigo_de_dois(endpoint: Endpoint, payload: Mapping[str, Any], two: str) -> Reason:
    """A code that two rows of the clinic would share, or the payment of one of them."""
    field = endpoint.parent_field or endpoint.integration_key
    return Reason(
        field=field,
        rule="codigo_de_dois",
        reason=texts.code_of_two(code=payload.get(field), two=two),
        fix=texts.CODE_OF_TWO_FIX,
    )


def parcelas_mudaram(codes: Sequence[str]) -> Reason:
    """A receipt whose títulos of another number of instalments are still in Omie."""
    return Reason(
        field="numero_parcela",
        rule="parcelas_mudaram",
        reason=texts.instalments_changed(", ".join(codes)),
        fix=texts.INSTALMENTS_CHANGED_FIX,
    )


def titulo_parecido(endpoint: str, code: str, omie_ids: Sequence[int]) -> Reason:
    """A título that may be one of several that were typed into Omie, or the one that others may
    be."""
    ids = ", ".join(map(str, omie_ids))
    return Reason(
        field="codigo_lancamento_integracao",
        rule="titulo_parecido",
        reason=texts.lookalikes(ids),
        fix=texts.lookalikes_fix(endpoint=endpoint, code=code),
    )


def titulo_parecido_mudou(omie_id: int | None) -> Reason:
    """A título that was to be adopted and is not any more what the last reading showed."""
    return Reason(
        field="codigo_lancamento_integracao",
        rule="titulo_parecido",
        reason=texts.adopted_title_changed(omie_id),
        fix=texts.ADOPTED_TITLE_CHANGED_FIX,
    )


def titulo_adotado_sumiu(omie_id: int | None) -> Reason:
    """A título that was adopted, and that somebody deleted in Omie since."""
    return Reason(
        field="codigo_lancamento_integracao",
        rule="titulo_adotado_sumiu",
        reason=texts.adopted_title_gone(omie_id),
        fix=texts.ADOPTED_TITLE_GONE_FIX,
    )


def conflito(endpoint: str, code: str, fields: Sequence[str]) -> Reason:
    """A record that the clinic and a person in Omie both changed, or the person alone, where the
    policy leaves it to a person to say whose value stands.

    Args:
        endpoint: name of the endpoint.
        code: integration code of the row.
        fields: names of the fields; no value.
    """
    return Reason(
        field=fields[0],
        rule=CONFLICT,
        reason=texts.changed_in_omie(", ".join(fields)),
        fix=texts.changed_in_omie_fix(endpoint=endpoint, code=code),
    )


def _reais(value: Decimal | None) -> str:
    """``R$ 1.234,50``; without a value, words that leave it open."""
    if value is None:
        return texts.VALUE_NOT_SHOWN
    text = f"{value:,.2f}"
    return "R$ " + text.replace(",", " ").replace(".", ",").replace(" ", ".")


def _on(day: date | None) -> str:
    return texts.on_day(day) if day is not None else ""
