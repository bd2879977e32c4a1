"""What ``omie-pipeline conflicts`` says."""

from __future__ import annotations

from typing import Final

# cli/conflicts.py

STATES: Final = {
    "open": "aberto",
    "kept_clinica": "fica o da clínica",
    "kept_omie": "fica o do Omie",
    "overwritten": "sobrescrito",
    "gone": "resolvido sozinho",
}
NONE_OPEN: Final = "Nenhum conflito espera uma decisão."
NONE_FOUND: Final = "Nenhum conflito como pedido."
CODE: Final = "código"
CODE_HINT: Final = "CÓDIGO"
FIELD: Final = "campo"
STATE: Final = "situação"
WHO_WINS: Final = "quem vence"
SINCE: Final = "desde"
DECIDED: Final = "decidido"
BY_POLICY: Final = "pela política"
EMPTY: Final = "(vazio ou desconhecido)"
VALUES_HIDDEN: Final = "Dados pessoais aparecem mascarados; por extenso: --with-values"
VALUES_SHOWN: Final = "Atenção: valores por extenso, com dados pessoais."
DECIDE_HINT: Final = (
    "Veja os valores: omie-pipeline conflicts show CÓDIGO. Decida: "
    "omie-pipeline conflicts resolve CÓDIGO --keep clinica (ou omie)"
)


def head(*, code: str, empresa: str, endpoint: str, field: str, state: str) -> str:
    return f"{code} ({empresa}, {endpoint}), {field}: {state}"


def clinic_side(*, old: str, new: str) -> str:
    return f"clínica: {old} → {new}"


def omie_side(*, old: str, new: str) -> str:
    return f"Omie:    {old} → {new}"


def changed_in_omie(*, at: str, by: str) -> str:
    return f"última alteração no Omie: {at}, por {by}"


def decided(*, at: str, by: str) -> str:
    return f"decidido em {at}, {by}"


def by_person(name: str) -> str:
    return f"por {name}"


def kept_clinica(*, code: str, field: str) -> str:
    return f"{code}, {field}: fica o valor da clínica; sai com o próximo envio"


def kept_omie(*, code: str, field: str) -> str:
    return f"{code}, {field}: fica o valor do Omie, até a clínica mudar o dela"


def decided_before(*, code: str, field: str, by: str, at: str, state: str) -> str:
    return f"{code}, {field}: {by} já decidiu em {at}: {state}. Nada mudou agora"


ANY_FIELD: Final = "algum campo"


def nothing_open(code: str) -> str:
    return f"Nenhum conflito aberto de {code}."


def send_now(*, endpoint: str, code: str) -> str:
    return f"Enviar já: omie-pipeline push {endpoint} --key {code}"


def decide_what_was_shown(*, code: str, seen: str) -> str:
    return f"Decidir só sobre isto: omie-pipeline conflicts resolve {code} --keep … --seen {seen}"


def changed_since_shown(code: str) -> str:
    return f"{code} mudou desde que foi mostrado; nada foi decidido. Veja: conflicts show {code}"


def several(code: str) -> str:
    return f"{code} está em mais de um lugar; diga --empresa ou --endpoint"
