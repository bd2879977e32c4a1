"""What a row lacks at the clinic itself: columns left empty, ids that name nothing
or two rows that differ.

The payload models say it in ``_missing`` (``dbt_mapping/macros/faltas.sql``), because a payload
alone does not show it: without a payment method it still has an account, the default one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from omie_pipeline.catalog import Endpoint
from omie_pipeline.validation.checks import Check, holds
from omie_pipeline.validation.labels import ALTERNATIVES, LABELS, sentence
from omie_pipeline.validation.messages import RULES
from omie_pipeline.validation.model import CandidateRow, ClinicRules, Reason
from omie_pipeline.validation.unreadable import unreadable_of

MISSING: Final = "_missing"
_RULES: Final[Mapping[str, str]] = {
    "empty": "origem_vazia",
    "unknown": "origem_desconhecida",
    "twice": "origem_repetida",
}
_PAYMENT_METHOD: Final = frozenset(
    {("formas_pagamento", "tipo")}
    | {
        (table, "forma_pagamento_id")
        for table in (
            "recebimentos",
            "vendas_produtos",
            "despesas",
            "compras_produtos",
            "pagamentos",
        )
    }
)
_PERSON: Final = (
    *("codigo_cliente_fornecedor", "Cabecalho.cCodIntCli", "cabecalho.nCodCli"),
    *("_cpf", "_rg", "_endereco", "_bairro", "_cidade", "_estado", "_cep"),
)
_ACCOUNT: Final = ("id_conta_corrente", "codigo_conta_corrente", "InformacoesAdicionais.nCodCC")
_FEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "paciente_id": _PERSON,
    "profissional_id": _PERSON,
    "fornecedor_id": _PERSON,
    "procedimento_id": ("ServicosPrestados",),
    "forma_pagamento_id": (*_ACCOUNT, "codigo_tipo_documento"),
    "tipo": ("codigo_tipo_documento",),
    "data": (
        *("data_vencimento", "data_previsao", "data_emissao", "data_registro", "data_entrada"),
        "Cabecalho.dDtPrevisao",
    ),
    "produto": ("observacao",),
    "quantidade": ("itensContrato",),
    "valor_unitario": ("itensContrato",),
    "situacao": ("cabecalho.cCodSit",),
    "tipo_vencimento": ("vencTextos",),
    "origem": ("codigo_lancamento",),
    "origem_id": ("codigo_lancamento",),
}
"""By column of the clinic: beginnings of the fields of Omie that it feeds."""
_ABSENCES: Final = frozenset(
    {
        *("obrigatorio", "um_dos", "conta_ausente", "os_sem_cliente", "documento_ausente"),
        *("rg_ausente", "rg_orgao_ausente", "endereco_incompleto", "item_sem_servico"),
    }
)
"""Rules that say no more than that a field is not filled in."""


def tells_gaps(endpoint: Endpoint) -> bool:
    """Rows of this endpoint are made of a movement or a contract of the clinic."""
    money = endpoint.value_field or endpoint.effect in ("settlement", "order")
    return not endpoint.deletes and (bool(money) or endpoint.name == "contratos")


def gap_checks(endpoint: Endpoint) -> Iterator[Check]:
    """One check for what is empty, one for what names nothing, one for what names two rows."""
    if tells_gaps(endpoint):
        for kind, rule in _RULES.items():
            yield holds(MISSING, rule, f"{MISSING}_{kind}")


def gap_flags(row: CandidateRow, rules: ClinicRules) -> Mapping[str, bool | None]:
    """By helper column, whether the row has no gap of that kind; ``None`` if it has no gap."""
    kinds = {entry["kind"] for entry in _entries(row, rules)}
    return {f"{MISSING}_{kind}": (kind not in kinds) if kinds else None for kind in _RULES}


def gap_reasons(row: CandidateRow, rules: ClinicRules) -> tuple[Reason, ...]:
    """One reason for each gap, in the clinic's own names."""
    return tuple(_reason(entry) for entry in _entries(row, rules))


def without_echoes(
    row: CandidateRow, rules: ClinicRules, reasons: Sequence[Reason]
) -> tuple[Reason, ...]:
    """``reasons`` without those that only say again, in Omie's names, what a gap has said."""
    fed = tuple(name for entry in _entries(row, rules) for name in _FEEDS.get(entry["column"], ()))
    if not fed:
        return tuple(reasons)
    return tuple(
        reason
        for reason in reasons
        if reason.rule not in _ABSENCES
        or not any(field.startswith(fed) for field in reason.field.split(ALTERNATIVES))
    )


def _entries(row: CandidateRow, rules: ClinicRules) -> list[Mapping[str, Any]]:
    # A value that is there and could not be read is no gap: it has a reason of its own.
    unread = {value.column for value in unreadable_of(row)}
    entries = [
        one
        for one in row.extra.get(MISSING) or []
        if one["kind"] != "empty" or one["column"] not in unread
    ]
    if rules.require_payment_method:
        return entries
    return [one for one in entries if (one["table"], one["column"]) not in _PAYMENT_METHOD]


def _reason(entry: Mapping[str, Any]) -> Reason:
    where = f"{entry['table']}.{entry['column']}"
    named = LABELS.get(entry["column"], entry["column"])
    if entry["kind"] != "empty":
        named = f"{named} '{entry['text']}'"
    rule = _RULES[entry["kind"]]
    text = RULES[rule]
    words = {"campo": f"{named} ({where})"}
    fix = text.correcao.format(**words)
    if entry.get("of"):
        fix += f" O cadastro é {entry['of']}."
    return Reason(where, rule, sentence(text.motivo.format(**words)), sentence(fix))
