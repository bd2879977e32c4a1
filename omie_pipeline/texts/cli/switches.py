"""What the commands say that decide what is exported, and which empresas rest."""

from __future__ import annotations

from typing import Final

# cli/switches.py

STATES: Final = {"on": "ligado", "off": "desligado", "so_novos": "só novos"}
DIRECTIONS: Final = {"both": "os dois lados", "import": "só leitura", "export": "só envio"}
SETTINGS: Final = {
    "state": "exportação",
    "direction": "direção",
    "fields": "campos",
    "on_lookalike": "título digitado à mão",
}
LOOKALIKES: Final = {"adopt": "adotar", "list": "listar"}
STATE: Final = "exportação"
DIRECTION: Final = "direção"
LEFT_OUT: Final = "campos que não saem"
WHO_SAYS: Final = "quem diz"
EVERY_FIELD: Final = "todos os campos"
AS_IN_FILE: Final = "o que o arquivo diz"
NOTHING_SAID: Final = (
    "Tudo como o padrão: cada endpoint ligado, nos dois lados, com todos os campos."
)
NO_FIELD: Final = (
    "diga ao menos um campo; para não enviar nada: omie-pipeline switches set ENDPOINT --state off"
)
SAY_SOMETHING: Final = "diga --state ou --direction"
ONE_WAY: Final = "diga só um: --only, --without ou --all"
NO_DECISION: Final = "Ninguém decidiu nada ainda."
NOTHING_BY_COMMAND: Final = "Nada disso foi decidido por comando."
NEXT: Final = "Vale a partir do próximo envio; para ver o efeito: omie-pipeline push --dry-run"
WHEN: Final = "quando"
WHO: Final = "quem"
WHAT: Final = "o quê"
BEFORE: Final = "antes"
AFTER: Final = "depois"
PAUSE: Final = "empresa desativada"
RESUMED: Final = "empresa ativada"
WHY_EMPTY: Final = "diga por quê"


def others_default(*, hidden: str) -> str:
    return f"Mais {hidden} como o padrão (ligado, os dois lados, todos os campos): --all mostra."


def fields_counted(*, number: str) -> str:
    return f"só {number} campos"


def said_by_command(*, by: str, at: str) -> str:
    return f"{by}, {at}"


def decided(*, endpoint: str, empresa: str, setting: str, before: str, after: str) -> str:
    return f"{endpoint} ({empresa}): {setting}: {before} → {after}"


def required_go_along(*, names: str) -> str:
    return f"Saem também, porque sem eles nada sai: {names}"


def paused_now(*, empresa: str, reason: str) -> str:
    return (
        f"{empresa} está desativada: {reason}. Agendas, sensores e avisos a deixam em paz; o que "
        "já estava em andamento para antes do próximo lote. "
        f"Para voltar: omie-pipeline resume {empresa}"
    )


def paused_before(told: str) -> str:
    return f"Antes disso, {told}"


def resumed_now(*, empresa: str, told: str) -> str:
    return f"{empresa} está ativa de novo. Antes, {told}"


def not_paused(empresa: str) -> str:
    return f"{empresa} não estava desativada; nada mudou."
