"""What the page of categories says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/pages/mapping.py

NOTICES: Final[Mapping[str, str]] = {
    "aceita": "Aceito. Vale a partir do próximo envio.",
    "recusada": "Recusado. Esta sugestão não aparece mais para este valor.",
    "definida": "Definido. Vale a partir do próximo envio.",
    "desfeita": "Desfeito. O valor voltou para a lista do que falta.",
    "criada": "A categoria existe agora no Omie e já está ligada ao valor.",
    "existia": "O Omie já tinha uma categoria com este nome no grupo; o valor foi ligado a ela.",
    "plano": "Pedido feito. O plano fica pronto em alguns minutos na página Planos; nada é enviado "
    "sem aprovação.",
}


def accepted(*, done: str, left: str) -> str:
    return f"{done} sugestões aceitas; {left} ficaram como estavam."


# templates/mapping.html

TITLE: Final = "Categorias"
INTRO: Final = (
    "De um lado, o que a clínica usa; do outro, a lista do Omie. O que não estiver ligado fica "
    "esperando e não é enviado."
)
KINDS: Final[Mapping[str, str]] = {
    "category": "Categorias da clínica",
    "procedure": "Procedimentos",
    "payment_method": "Formas de pagamento",
    "supplier_kind": "Tipos de fornecedor",
    "omie_category": "Categorias do Omie (para análise)",
}
KIND: Final = "O que ligar"
LEAST: Final = "Sugestões a partir de"
ANY: Final = "todas, com ou sem sugestão"
SHOW: Final = "Mostrar"
MISSING: Final = "Falta ligar"
NOTHING_MISSING: Final = "Nada falta aqui: tudo o que a clínica usa está ligado."
NOTHING_ABOVE: Final = "Nenhuma sugestão tão segura assim."
UNREAD: Final = "A lista do Omie ainda não foi lida. Peça uma sincronização no início e volte aqui."
ACCEPT: Final = "Aceitar"
REJECT: Final = "Não é esta"
CHOOSE: Final = "Escolher outro código"
SAVE: Final = "Ligar"
CHANGE: Final = "Mudar"
UNSET: Final = "Desfazer"
NO_SUGGESTION: Final = "Sem sugestão: escolha na lista do Omie."
NEW: Final = "+ Nova categoria"
NEW_HINT: Final = "Cria a categoria no Omie, agora, e liga este valor a ela."
NAME: Final = "Nome da categoria"
GROUP: Final = "Grupo no Omie"
CREATE: Final = "Criar no Omie e ligar"
IN_FORCE: Final = "Já ligado"
NOTHING_IN_FORCE: Final = "Nada está ligado ainda."
VALUE: Final = "Na clínica"
CODE: Final = "No Omie"
DECIDED: Final = "Quem e quando"
PROBLEMS: Final[Mapping[str, str]] = {
    "gone": "o Omie não tem mais este código",
    "inactive": "inativo no Omie",
}
FOR_ALL: Final = "vale para todas as empresas; aqui só se muda a desta"
WITHOUT_NAME: Final = "–"
HISTORY: Final = "Últimas decisões"
WHAT: Final = "O quê"
ACTIONS: Final[Mapping[str, str]] = {
    "set": "ligou",
    "unset": "desfez",
    "accept": "aceitou a sugestão",
    "reject": "recusou a sugestão",
    "pattern": "escreveu uma regra",
    "unpattern": "tirou uma regra",
}
WHY: Final = "Por quê"
ONLY_LOOK: Final = "O seu acesso mostra as ligações, mas não muda. Fale com o financeiro."
PAST: Final = "E o que já está no Omie?"
PAST_HINT: Final = (
    "As ligações valem para o que for enviado daqui em diante. Para corrigir lançamentos que já "
    "estão no Omie, faça um plano: ele mostra cada mudança e só é enviado depois de aprovado."
)
FROM: Final = "Lançamentos a partir de"
PLAN: Final = "Fazer o plano"
OLDER: Final = "Mais valores"
NEWEST: Final = "Voltar ao começo"


def rows(number: str) -> str:
    return f"Linhas na clínica: {number}"


def sure(percent: int) -> str:
    return f"{percent} % de confiança"


def at_least(percent: int) -> str:
    return f"{percent} % de confiança"


def accept_all(number: str) -> str:
    return f"Aceitar estas {number} sugestões"


def accept_all_hint(percent: int) -> str:
    return (
        f"Liga cada valor abaixo à primeira sugestão dele (todas com {percent} % ou mais). "
        "Cada uma pode ser desfeita depois."
    )
