"""The way back at the terminal: `outbox`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# cli/outbox.py

STATES: Final[Mapping[str, str]] = {
    "unread": "enviado, ainda não lido do Omie",
    "open": "em aberto",
    "partly_paid": "pago em parte",
    "paid": "pago",
    "cancelled": "cancelado",
    "billed": "faturada",
    "active": "ativo",
    "inactive": "inativo",
    "removed": "excluído",
}
TARGETS: Final[Mapping[str, str]] = {"table": "tabela da clínica", "callback": "chamada HTTP"}
NUMBER: Final = "nº"
CODE: Final = "código"
STATE: Final = "situação"
OPEN_AMOUNT: Final = "em aberto R$"
PAID_AMOUNT: Final = "pago R$"
PAID_ON: Final = "pago em"
NOTE: Final = "nota"
ONLY_IN_OMIE: Final = "só no Omie"
NO_CHANGES: Final = "Nada de novo na saída"
TO: Final = "destino"
UP_TO: Final = "até o nº"
BEHIND: Final = "faltam"
BEHIND_SINCE: Final = "desde"
LAST_DELIVERY: Final = "última entrega"
ERROR: Final = "erro"
ACK_WITH_ONE_EMPRESA: Final = "diga a empresa com --empresa: cada uma tem os seus números"
NO_TARGETS: Final = (
    "Nenhum destino e nenhum leitor ainda: a saída está só no armazém (schema omie_saida)"
)
TABLE_GOOD: Final = "a tabela tem todas as colunas e a chave"
CALLBACK_GOOD: Final = "o endereço e a chave estão no ambiente; nada foi chamado"


def written(*, empresa: str, written: str, newest: int) -> str:
    return f"{empresa}: {written} mudanças novas na saída (a última é a nº {newest})"


def delivered(*, target: str, sent: str, number: int) -> str:
    return f"    {target}: {sent} entregues, até o nº {number}"


def target_busy(target: str) -> str:
    return f"    {target}: outro processo está entregando"


def target_waits(*, target: str, error: str, until: str) -> str:
    return (
        f"    {target}: falhou há pouco ({error}); tento de novo depois de {until}, ou já com "
        "omie-pipeline outbox run"
    )


def target_failed(*, target: str, error: str) -> str:
    return f"    {target}: {error}"


def cut_off(*, empresa: str, number: int, days: int) -> str:
    return (
        f"{empresa}: até o nº {number} faltam mudanças com mais de {days} dias que todos já tinham "
        "recebido e que outra, mais nova, do mesmo registro substituiu"
    )


def more_with(*, empresa: str, number: int) -> str:
    return f"Há mais: omie-pipeline outbox list --empresa {empresa} --after {number}"


def acknowledged(*, empresa: str, consumer: str, number: int) -> str:
    return f"{empresa}: {consumer} tratou tudo até o nº {number}"


def rewound(*, empresa: str, target: str, number: int) -> str:
    return f"{empresa}: {target} recebe de novo tudo depois do nº {number}, na próxima rodada"


def renumbered(*, empresa: str, number: int) -> str:
    return (
        f"{empresa}: a saída continua depois do nº {number}, e conta tudo de novo na próxima rodada"
    )


def checked(*, empresa: str, target: str, found: str) -> str:
    return f"{empresa}: {target}: {found}"


def target_behind(*, empresa: str, target: str, behind: str, since: str, error: str) -> str:
    return (
        f"{empresa}: {target} ainda não recebeu {behind} mudanças do Omie, desde {since}{error}. "
        "Veja omie-pipeline outbox status"
    )


def because(error: str) -> str:
    return f" ({error})"


def told_back(*, empresa: str, error: str) -> str:
    return f"{empresa}: o caminho de volta parou: {error}"
