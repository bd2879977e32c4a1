"""A person's data: where they are, what is erased, what stays and why."""

from __future__ import annotations

from datetime import date
from typing import Final

# privacy/erase.py

TAX: Final = "documento fiscal, guardado cinco anos (CTN 173, 174 e 195; LGPD 16, I)"
SELLER_KEPT: Final = "nome e e-mail, como estão no Omie: altere o vendedor lá"
LEDGER_KEPT: Final = "o código, o id do Omie e o resumo do que foi enviado"
REJECTED_KEPT: Final = "o código e a resposta do Omie"
CHANGES_KEPT: Final = (
    "ids, códigos, datas, valores e o link da nota: a contabilidade precisa deles. O que já chegou "
    "aos sistemas da clínica, a clínica apaga lá"
)
CODE_AND_TIME_KEPT: Final = "o código e a hora"
CONFLICTS_KEPT: Final = (
    "o campo e quem decidiu; o que estava em aberto fecha, e a próxima comparação pergunta de novo"
)
STATES_KEPT: Final = "os estados e as horas"
FILE_KEPT: Final = f"o arquivo: {TAX}"
DECISION_KEPT: Final = "códigos, ids do Omie, o que foi decidido e quem decidiu"
REQUEST_KEPT: Final = "o código e quem pediu"
QUARANTINED_KEPT: Final = "o código e o motivo, sem o valor da origem"
STORED_PLANS_KEPT: Final = "o código, o valor e o que foi decidido"
PLANS_KEPT: Final = "só o de envios em andamento"
OPEN_INTENT_KEPT: Final = "envio ainda em aberto: apague de novo depois de omie-pipeline retry"
NOTE_KEPT: Final = f"número, valor e links: {TAX}"
CITY_HALL_WORDS_KEPT: Final = (
    "; as palavras da prefeitura, sem o nome, até a nota sair ou ser cancelada"
)
FACTS_KEPT: Final = "códigos, datas e valores (CTN 173, 174 e 195)"
CODES_OF_OMIE_KEPT: Final = "códigos do Omie"


def name_kept_until(until: date) -> str:
    return f"; nome e documento até {until:%d/%m/%Y} (LGPD 16, I)"


EVENTS_TITLE: Final = "Eventos recebidos"
EVENT_CODES_KEPT: Final = "os códigos"
CODE_KEPT: Final = "o código"
DIGEST_KEPT: Final = "; o resumo do documento, enquanto a clínica tem alguém com o mesmo documento"
GONE_CODES_TITLE: Final = "Códigos que saíram da clínica"


# privacy/export.py

COPY_TITLES: Final = {
    "clinic_raw": "Cópia do sistema da clínica",
    "clinica": "Tabela canônica da clínica",
    "omie_payload": "Dados preparados para envio ao Omie",
}


# privacy/find.py

LEDGER_TITLE: Final = "Livro-razão dos envios"
QUARANTINE_TITLE: Final = "Linhas em quarentena"
REJECTED_TITLE: Final = "Linhas recusadas pelo Omie"
ATTEMPTS_TITLE: Final = "Chamadas registradas (mascaradas)"
INTENTS_TITLE: Final = "Intenções de envio"
PLANS_TITLE: Final = "Planos de envio"
STORED_PLANS_TITLE: Final = "Planos guardados, para aprovar"
BASES_TITLE: Final = "Os dois lados na última confirmação"
LOOKS_TITLE: Final = "Comparações com o Omie, da última semana"
CONFLICTS_TITLE: Final = "Campos mudados dos dois lados"
DUPLICATE_DECISIONS_TITLE: Final = "Títulos que estão duas vezes no Omie: o que foi decidido"
DELETION_REQUESTS_TITLE: Final = "Títulos escolhidos para apagar no Omie"
NOTES_TITLE: Final = "Notas de serviço"
CHANGES_TITLE: Final = "Caixa de saída: o que foi contado aos sistemas da clínica"
NOTE_STATES_TITLE: Final = "Histórico das notas"
NOTE_FILES_TITLE: Final = "Arquivos das notas (PDF e XML)"
BILLING_REQUESTS_TITLE: Final = "Pedidos de faturamento"
SELLER_TITLE: Final = "Vendedor no Omie"


# privacy/keep_erased.py

REMOVED: Final = "Titular removido"


# privacy/places.py

CLIENT_TITLE: Final = "Cadastro no Omie"
RECEIVABLE_TITLE: Final = "Contas a receber"
PAYABLE_TITLE: Final = "Contas a pagar"
BALANCES_TITLE: Final = "Saldos dos títulos"
SETTLEMENTS_TITLE: Final = "Baixas"
MOVEMENTS_TITLE: Final = "Movimentações financeiras"
ACCOUNT_ENTRIES_TITLE: Final = "Lançamentos de conta corrente"
INVOICES_TITLE: Final = "Notas fiscais"
STATEMENT_LINES_TITLE: Final = "Linhas do extrato"


# privacy/retention.py


def last_of_kind(*, title: str, day: date) -> str:
    return f"{title}: o último é de {day:%d/%m/%Y}"


def note_issued(issued: date) -> str:
    return f"NFS-e emitida por este fluxo em {issued:%d/%m/%Y}"


TITLE_OPEN: Final = "Título com saldo em aberto"


def not_read_back(*, what: str, number: int) -> str:
    return f"{what} no Omie por este fluxo, ainda não lidos de volta: {number}"


TITLES_SENT: Final = "Títulos lançados"
SETTLEMENTS_SENT: Final = "Baixas lançadas"
