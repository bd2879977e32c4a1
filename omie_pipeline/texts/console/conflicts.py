"""What the pages of conflicts say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/pages/conflicts.py

EMPTY: Final = "(vazio)"
ANY_FIELD: Final = "algum campo do registro"
NOTICES: Final[Mapping[str, str]] = {
    "clinica": "Decidido: fica o valor da clínica. Ele vai para o Omie no próximo envio.",
    "omie": "Decidido: fica o valor do Omie, até a clínica mudar o dela.",
    "antes": "Outra pessoa já tinha decidido isto. Nada mudou agora; veja abaixo o que ficou.",
    "mudou": (
        "Os valores mudaram enquanto esta página estava aberta. Nada foi decidido: "
        "confira os de agora e escolha de novo."
    ),
    "envio": "Envio pedido. Acompanhe no início; pode fechar esta página.",
}

# templates/conflicts.html

TITLE: Final = "Conflitos"
INTRO: Final = (
    "A clínica e alguém no Omie mudaram o mesmo campo. O registro espera até alguém dizer qual "
    "valor fica. Escolher não envia nada na hora: vale no próximo envio."
)
NONE_OPEN: Final = "Nenhum conflito espera por alguém."
NONE_FOUND: Final = "Nenhum conflito por aqui ainda."
WAITING: Final = "Esperando decisão"
ALL: Final = "Todos, também os decididos"
SHOW: Final = "Mostrar"
RECORD: Final = "Registro"
WHAT: Final = "O quê"
FIELDS: Final = "Campos"
SINCE: Final = "Desde"
STATE: Final = "Situação"
LOOK: Final = "Ver e decidir"
OLDER: Final = "Mais antigos"
NEWEST: Final = "Voltar aos mais novos"
STATES: Final[Mapping[str, str]] = {
    "open": "espera decisão",
    "kept_clinica": "ficou o da clínica",
    "kept_omie": "ficou o do Omie",
    "overwritten": "valor do Omie foi substituído",
    "gone": "resolveu-se sozinho",
}

# templates/conflict.html

BACK: Final = "Todos os conflitos"
FIELD: Final = "Campo"
SIDE: Final = "Lado"
BEFORE: Final = "Antes"
NOW: Final = "Agora"
CLINIC: Final = "Clínica"
OMIE: Final = "Omie"
KEEP_CLINIC: Final = "Fica o da clínica"
KEEP_OMIE: Final = "Fica o do Omie"
WHOLE: Final = "Decidir todos os campos de uma vez"
WHOLE_HINT: Final = "Vale para os campos acima que ainda esperam decisão."
KEEP_CLINIC_WHOLE: Final = "Em todos fica o da clínica"
KEEP_OMIE_WHOLE: Final = "Em todos fica o do Omie"
NOTICED: Final = "Tomei conhecimento"
OVERWRITTEN: Final = (
    "Alguém mudou este registro no Omie no mesmo instante em que o nosso envio chegava, e o que "
    "foi digitado lá foi substituído. Confira com quem mudou; se for preciso, corrija na clínica."
)
HIDDEN: Final = "Dados pessoais aparecem mascarados para o seu acesso."
ONLY_LOOK: Final = "O seu acesso mostra os conflitos, mas não decide. Fale com o financeiro."
DECIDED: Final = "Já decididos"
BY_POLICY: Final = "pela regra da casa"
WHAT_HAPPENS_CLINIC: Final = "O valor da clínica é enviado e substitui o do Omie."
WHAT_HAPPENS_OMIE: Final = "O valor do Omie fica como está, até a clínica mudar o dela outra vez."
SEND_NOW: Final = "Enviar este registro agora"
SEND_HINT: Final = "Tudo decidido. O registro sai no próximo envio, ou agora:"
POLICIES: Final[Mapping[str, str]] = {
    "clinica": "neste campo vence a clínica",
    "omie": "neste campo vence o Omie",
    "pessoa": "neste campo decide uma pessoa",
    "so_se_vazio": "só se escreve onde o Omie não tem nada",
}
RULE: Final = "Regra da casa"


def changed(*, at: str, by: str) -> str:
    return f"Última mudança no Omie: {at}, por {by}"


def decided(*, at: str, by: str) -> str:
    return f"{at}, {by}"
