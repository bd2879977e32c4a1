"""Notes of service on the terminal."""

from __future__ import annotations

from typing import Final

# cli/nfse.py

STATES: Final = {
    "submitted": "enviada",
    "processing": "em processamento",
    "issued": "emitida",
    "rejected": "recusada pela prefeitura",
    "cancelled": "cancelada",
    "error": "com erro",
    "deleted": "OS excluída no Omie",
}
CANCELLING: Final = "{empresa}: outra execução está cancelando uma nota; esperando a vez"
NUMBER: Final = "número"
VERIFICATION_CODE: Final = "código de verificação"
CITY: Final = "município"
SENT_AT: Final = "enviada em"
ISSUED_AT: Final = "emitida em"
CANCELLATION_ASKED_AT: Final = "cancelamento pedido em"


def file_line(*, kind: str, path: str, sha256: str, size: int) -> str:
    return f"    {kind}: {path} (sha256 {sha256}, {size} bytes)"


def regime(regime: str) -> str:
    return f"Regime: {regime}"


RATE: Final = "alíquota"
BASE: Final = "base R$"
VALUE: Final = "valor R$"
WITHHELD: Final = "retido R$"


def totals(*, gross: str, withheld: str, net: str) -> str:
    return f"Bruto R$ {gross}; retido R$ {withheld}; líquido R$ {net}"


NO_SERVICE: Final = "Nenhum serviço no Omie"
CODE: Final = "código"
INTEGRATION: Final = "integração"
DESCRIPTION: Final = "descrição"
PRICE: Final = "preço R$"
RATES: Final = "alíquotas (* retida)"
SEVERAL: Final = "várias"


def times(attempts: int) -> str:
    return f" ({attempts}ª vez)"


WAS_REGISTERED: Final = "já estava cadastrado"
WAS_LINKED: Final = "já existia no Omie e foi ligado"
WAS_CREATED: Final = "foi criado"
WAS_REFUSED: Final = "não passou"


def origin(*, table: str, row: str) -> str:
    return f" (origem: {table}/{row})"


def id_in_omie(omie_id: int) -> str:
    return f"; id no Omie: {omie_id}"


def taxes_of(key: str) -> str:
    return f"impostos de {key}"


def bill(*, key: str, name: str) -> str:
    return f"Faturar {key} ({name}) e emitir a NFS-e? Não dá para desfazer, só cancelar."


NOTHING_BILLED: Final = "Nada foi faturado"
BILLED_BEFORE: Final = "Nada foi faturado agora, porque já tinha sido:"


def follow_with(key: str) -> str:
    return f"Acompanhe com: omie-pipeline nfse wait {key}"


def what_was_known(reason: str) -> str:
    return f"É o que se sabia: {reason}"


def cancel(*, key: str, name: str) -> str:
    return f"Cancelar {key} ({name}) e a sua NFS-e no Omie?"


NOTHING_CANCELLED: Final = "Nada foi cancelado"
CANCELLATION_ASKED: Final = "cancelamento pedido; a prefeitura ainda vai responder"
CANCELLATION_UNANSWERED: Final = (
    "sem resposta do Omie; o acompanhamento confere, não é preciso repetir"
)
NOTHING_TO_CANCEL: Final = "nada a cancelar: a prefeitura recusou esta nota"


def which_empresa(known: str) -> str:
    return f"diga de qual empresa ({known})"


def no_such_empresa(*, empresa: str, known: str) -> str:
    return f"não existe {empresa} (existem: {known})"


def code_of_another(*, endpoint: str, empresa: str) -> str:
    return f"esse código é de {endpoint} ({empresa})"


def perhaps(alike: str) -> str:
    return f"seria {alike}?"


CHECK_CODE: Final = "confira o código"


def codes_are_like(example: str) -> str:
    return f" (são como {example})"


def no_such_order(*, key: str, empresa: str, more: str) -> str:
    return f"nenhuma OS {key} em {empresa}: {more}"


def note_line(*, order: str, state: str, words: str) -> str:
    return f"Nota da {order}: {state}{words}"
