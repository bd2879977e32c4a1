"""What the page of money says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/pages/money.py

TITLE: Final = "Dinheiro"
VIEWS: Final[Mapping[str, str]] = {
    "open": "Em aberto",
    "received": "Recebido",
    "cash": "Caixa",
    "categories": "Categorias por mês",
    "result": "Resultado (DRE)",
}
SIDES: Final[Mapping[str, str]] = {"R": "A receber", "P": "A pagar"}
AGES: Final[Mapping[str, str]] = {
    "sem vencimento": "Sem vencimento",
    "a vencer": "A vencer",
    "vence hoje": "Vence hoje",
    "1-30": "1 a 30 dias de atraso",
    "31-60": "31 a 60 dias de atraso",
    "61-90": "61 a 90 dias de atraso",
    "91+": "Mais de 90 dias de atraso",
}
NO_CATEGORY: Final = "Sem categoria"
NO_ACCOUNT: Final = "Sem conta"
OTHERS: Final = "Outras"

# templates/money.html

COUNTED_ALL: Final = "Conta tudo o que o Omie tem, também o que foi digitado lá."
COUNTED_OURS: Final = (
    "Conta só o que veio da clínica por aqui. O que foi digitado direto no Omie não está nestas "
    "somas; quem cuida dos acessos pode liberar."
)
NOT_BUILT: Final = (
    "As somas ainda não existem: elas aparecem depois da primeira leitura do Omie e da primeira "
    "montagem das visões de análise (omie-pipeline build)."
)
NO_CASH: Final = (
    "O saldo de uma conta é tudo o que passou por ela, e o seu acesso conta só o que veio da "
    "clínica. Por isso o caixa não aparece."
)
NOTHING: Final = "Nada neste período."
SHOW: Final = "Mostrar"
SINCE: Final = "De"
UNTIL: Final = "Até"
AGE: Final = "Vencimento"
TITLES: Final = "Títulos"
VALUE: Final = "Valor (R$)"
SUM: Final = "Total"
METHOD: Final = "Forma de pagamento"
DAY: Final = "Dia"
RECEIVED: Final = "Recebido (R$)"
DISCOUNT: Final = "Desconto (R$)"
SETTLEMENTS: Final = "Baixas"
BY_DAY: Final = "Dia a dia"
ACCOUNT: Final = "Conta"
LAST_DAY: Final = "Último dia"
IN: Final = "Entradas (R$)"
OUT: Final = "Saídas (R$)"
OUR_BALANCE: Final = "Saldo pela soma (R$)"
OMIE_BALANCE: Final = "Saldo do Omie (R$)"
DIFFERENCE: Final = "Diferença (R$)"
AGREES: Final = "confere"
DIFFERS: Final = "não confere"
FIRST_DIFFERENCE: Final = "a partir de"
CATEGORY: Final = "Categoria"
DUE_MONTH: Final = "Pelo mês do vencimento."
COMPETENCE_MONTH: Final = (
    "Pelo mês de competência. A categoria é a gerencial da clínica; sem ela, a linha do DRE do "
    "Omie."
)
REVENUE: Final = "Receitas"
EXPENSES: Final = "Despesas"
RESULT: Final = "Resultado"


def months(number: int) -> str:
    return f"Últimos {number} meses"
