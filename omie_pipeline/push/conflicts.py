"""Why a row that passed validation is not sent: what was done with its record in Omie
cannot be changed there any more. Reasons of quarantine, in Portuguese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.validation.model import Reason

_ASK_FINANCE = "Confira com o financeiro: estorne na clínica, ou libere on_settled: undo."

TITULO_BAIXADO = Reason(
    field="codigo_lancamento_integracao",
    rule="titulo_baixado",
    reason="O título mudou na clínica depois de baixado no Omie, que não altera título baixado.",
    fix=_ASK_FINANCE,
)
_NAO_CABE = (
    "A clínica tem nele pagamentos acima do valor, ou o Omie tem uma baixa sem pagamento na "
    "clínica: estornada, não voltaria."
)
_NAO_CABE_CORRECAO = "Acerte na clínica o valor ou os pagamentos, ou estorne lá o que não vale."
TITULO_NAO_CABE = Reason(
    field="codigo_lancamento_integracao",
    rule="titulo_baixado",
    reason=f"O título mudou na clínica depois de baixado no Omie. {_NAO_CABE}",
    fix=_NAO_CABE_CORRECAO,
)
BAIXA_NAO_CABE = Reason(
    field="codigo_baixa_integracao",
    rule="baixa_lancada",
    reason=f"O pagamento mudou na clínica depois de baixado no Omie. Título: {_NAO_CABE}",
    fix=_NAO_CABE_CORRECAO,
)
BAIXA_LANCADA = Reason(
    field="codigo_baixa_integracao",
    rule="baixa_lancada",
    reason="O pagamento mudou na clínica depois de baixado no Omie.",
    fix=_ASK_FINANCE,
)
BAIXA_DE_OUTRO = Reason(
    field="codigo_baixa_integracao",
    rule="baixa_lancada",
    reason="O pagamento mudou ou foi estornado na clínica, mas a baixa que o liquida no Omie foi "
    "feita pelo banco ou à mão.",
    fix="Acerte a baixa no Omie, e devolva o pagamento na clínica ao que era.",
)
OS_FATURADA = Reason(
    field="Cabecalho.cCodIntOS",
    rule="os_faturada",
    reason="O recebimento mudou na clínica depois de faturada a OS; a nota já saiu ou está saindo.",
    fix="Desfaça a mudança na clínica, ou cancele a nota (omie-pipeline nfse cancel) e faça a "
    "nova OS direto no Omie, ou cadastre um novo recebimento.",
)
OS_CANCELADA = Reason(
    field="Cabecalho.cCodIntOS",
    rule="os_faturada",
    reason="O recebimento mudou na clínica depois de cancelada a nota; a OS cancelada não muda.",
    fix="Faça a nova OS direto no Omie, ou cadastre um novo recebimento; este sai da "
    "quarentena quando voltar ao que era, ou quando sair da clínica.",
)
JA_CRIADO = Reason(
    field="descricao",
    rule="ja_criado",
    reason="O registro mudou na clínica depois de criado no Omie.",
    fix="Altere-o no Omie: este fluxo só cria estes registros, não muda os que existem.",
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
        reason=f"O título já tem no Omie uma baixa de {_reais(value)}{_on(day)}, feita pelo banco "
        "ou à mão: pode ser este mesmo pagamento.",
        fix="Se for o mesmo, diga que é (nada é enviado): omie-pipeline push "
        f"{endpoint} --key {code} --same. Se forem dois pagamentos, envie este: "
        f"omie-pipeline push {endpoint} --key {code} --approve",
    )


def saldo_menor(left: Decimal | None, value: Decimal | None) -> Reason:
    """A payment that has no room on its título."""
    said = f"só tem {_reais(left)} em aberto" if left and left > 0 else "já está liquidado"
    return Reason(
        field="valor",
        rule="baixa_no_omie",
        reason=f"O título {said} no Omie, e o pagamento é de {_reais(value)}: outra pessoa, ou o "
        "banco, já o baixou.",
        fix="Se for o mesmo pagamento, estorne no Omie a baixa que está lá (esta sai em "
        "seguida) ou tire o pagamento da clínica. Se não for, acerte o valor do título ou do "
        "pagamento na clínica.",
    )


def baixa_de_cancelado() -> Reason:
    """A payment of a título that was cancelled in Omie."""
    return Reason(
        field="codigo_lancamento_integracao",
        rule="titulo_cancelado",
        reason="O título está cancelado no Omie, que não aceita baixa nele.",
        fix="Confira com o financeiro: tire o pagamento da clínica, ou cadastre um novo "
        "recebimento para ele.",
    )


def titulo_baixado_no_omie(field: str, day: date | None, value: Decimal | None) -> Reason:
    """A título that changed at the clinic after it was settled in Omie."""
    return Reason(
        field=field,
        rule="titulo_baixado",
        reason="O título mudou na clínica, mas já tem no Omie uma baixa de "
        f"{_reais(value)}{_on(day)}, feita pelo banco ou à mão; o Omie não altera título baixado.",
        fix="Desfaça a mudança na clínica, ou estorne a baixa no Omie: a alteração sai em seguida.",
    )


def titulo_cancelado(field: str) -> Reason:
    """A título that changed at the clinic after it was cancelled in Omie."""
    return Reason(
        field=field,
        rule="titulo_cancelado",
        reason="O título mudou na clínica, mas está cancelado no Omie, que não o altera.",
        fix="Desfaça a mudança na clínica, ou cadastre um novo recebimento.",
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
        reason=f"O identificador mudou de forma: o Omie já tem este registro como {old}, e ele "
        f"viria de novo como {code}.",
        fix="Confira na origem como o id é lido (planilha, zeros à esquerda, maiúsculas) e "
        "volte à forma antiga. Se for outro registro: "
        f"omie-pipeline push {endpoint} --key {code} --approve",
    )


def codigo_de_dois(endpoint: Endpoint, payload: Mapping[str, Any], two: str) -> Reason:
    """A code that two rows of the clinic would share, or the payment of one of them."""
    field = endpoint.parent_field or endpoint.integration_key
    return Reason(
        field=field,
        rule="codigo_de_dois",
        reason=f"O código {payload.get(field)} seria de dois: {two}.",
        fix="Mude na clínica o id de um deles (sem terminar em hífen e número, nem começar "
        "com R no caso de repasse): os dois saem em seguida.",
    )


def parcelas_mudaram(codes: Sequence[str]) -> Reason:
    """A receipt whose títulos of another number of instalments are still in Omie."""
    return Reason(
        field="numero_parcela",
        rule="parcelas_mudaram",
        reason="O número de parcelas mudou na clínica, e o Omie ainda tem as de antes "
        f"({', '.join(codes)} entre elas): com estas, o valor estaria lá duas vezes.",
        fix="Exclua do Omie as de antes (modelo omie_excluir_contas_receber, ou mode: "
        "mirror), ou volte ao número de antes. Se o certo é ter as duas: omie-pipeline push "
        "contas_receber --key CÓDIGO --approve",
    )


def titulo_parecido(endpoint: str, code: str, omie_ids: Sequence[int]) -> Reason:
    """A título that may be one of several that were typed into Omie, or the one that others may
    be."""
    ids = ", ".join(map(str, omie_ids))
    return Reason(
        field="codigo_lancamento_integracao",
        rule="titulo_parecido",
        reason=f"Já há no Omie, digitado à mão, título do mesmo cliente e valor (Id {ids}), e não "
        "dá para saber qual é de qual recebimento.",
        fix="Se for repetido, exclua o que sobra no Omie. Se este for outro, envie-o: "
        f"omie-pipeline push {endpoint} --key {code} --approve",
    )


def titulo_parecido_mudou(omie_id: int | None) -> Reason:
    """A título that was to be adopted and is not any more what the last reading showed."""
    return Reason(
        field="codigo_lancamento_integracao",
        rule="titulo_parecido",
        reason=f"O título Id {omie_id}, digitado à mão no Omie, parecia ser este, mas mudou lá "
        "depois da última leitura (valor, código, baixa ou cancelamento).",
        fix="Leia de novo (omie-pipeline import) e repita o envio, ou confira no Omie.",
    )


def titulo_adotado_sumiu(omie_id: int | None) -> Reason:
    """A título that was adopted, and that somebody deleted in Omie since."""
    return Reason(
        field="codigo_lancamento_integracao",
        rule="titulo_adotado_sumiu",
        reason=f"O título Id {omie_id}, digitado à mão no Omie e adotado por esta linha, não está "
        "mais lá.",
        fix="Para que seja feito de novo: omie-pipeline import, depois omie-pipeline "
        "reconcile --resend-missing.",
    )


def _reais(value: Decimal | None) -> str:
    """``R$ 1.234,50``; without a value, words that leave it open."""
    if value is None:
        return "valor que o Omie não mostra"
    text = f"{value:,.2f}"
    return "R$ " + text.replace(",", " ").replace(".", ",").replace(" ", ".")


def _on(day: date | None) -> str:
    return f" em {day:%d/%m/%Y}" if day is not None else ""
