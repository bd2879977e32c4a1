"""What the pages of plans say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/pages/plans.py

NOTHING: Final = "(vazio)"
NOT_READ: Final = "(não lido)"
NOTICES: Final[Mapping[str, str]] = {
    "aprovado": "Aprovado em seu nome. Nada foi enviado ainda: falta aplicar.",
    "recusado": "Recusado. Este plano não pode mais ser aprovado nem aplicado.",
    "aplicando": "Envio pedido. Acompanhe no início; pode fechar esta página.",
    "mudou": "O plano não é mais o que esta página mostrava. Nada foi decidido: confira e repita.",
}

# templates/plans.html

TITLE: Final = "Planos"
INTRO: Final = (
    "Um plano mostra o que seria enviado ao Omie, linha por linha, antes de enviar. Só sai o que "
    "alguém aprovou, e exatamente como foi mostrado."
)
SHOW: Final = "Mostrar"
WAITING: Final = "Esperando por alguém"
ALL: Final = "Todos, também os encerrados"
NONE: Final = "Nenhum plano espera por alguém."
NONE_FOUND: Final = "Nenhum plano por aqui ainda."
PLAN: Final = "Plano"
SUBJECT: Final = "Assunto"
STATE: Final = "Situação"
LEAVING: Final = "Linhas que saem"
MADE: Final = "Feito"
STATES: Final[Mapping[str, str]] = {
    "making": "sendo feito",
    "made": "espera aprovação",
    "approved": "aprovado, falta aplicar",
    "applied": "aplicado",
    "refused": "recusado",
    "superseded": "substituído",
}

# templates/plan.html

BACK: Final = "Todos os planos"
MONEY: Final = "Em R$"
SIDES: Final[Mapping[str, str]] = {"receivable": "A receber", "payable": "A pagar"}
SIDE: Final = "Lado"
BEFORE: Final = "No Omie agora"
AFTER: Final = "Depois"
STOPS: Final = "As travas de segurança avisam"
OVER: Final = "Li os avisos das travas e aprovo mesmo assim"
APPROVE: Final = "Aprovar em meu nome"
APPROVE_HINT: Final = (
    "Aprovar não envia nada ainda. Vale para o plano inteiro, como está agora: também para linhas "
    "que não couberam nesta página."
)
REJECT: Final = "Recusar"
WHY: Final = "Motivo"
APPLY: Final = "Aplicar: enviar ao Omie agora"
APPLY_HINT: Final = (
    "Antes de enviar, tudo é comparado outra vez. Se algo mudou desde então, nada sai e o plano "
    "termina."
)
ONLY_LOOK: Final = "O seu acesso mostra os planos, mas não aprova. Fale com quem é gestor."
HIDDEN: Final = "Dados pessoais aparecem mascarados para o seu acesso."
RECORD: Final = "Registro"
WHAT: Final = "O que acontece"
FIELD: Final = "O que muda"
ACTIONS: Final[Mapping[str, str]] = {
    "create": "cria",
    "update": "altera",
    "delete": "exclui",
    "quarantined": "não sai: a corrigir",
    "held": "não sai: espera",
    "waiting": "espera outro registro",
}
STAYS: Final = "continua o valor do Omie"


def figures(*, created: str, updated: str, deleted: str, unchanged: str) -> str:
    return f"Cria {created}, altera {updated}, exclui {deleted}; {unchanged} ficam como estão."


def staying(*, quarantined: str, held: str, waiting: str) -> str:
    return f"Não saem: {quarantined} a corrigir, {held} esperando. Aguardam outro: {waiting}."


def by_at(*, by: str, at: str) -> str:
    return f"{by}, {at}"


def first_rows(number: str) -> str:
    return f"São mostradas as primeiras {number} linhas."
