"""Plans on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# cli/plan.py

STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "making": "sendo feito",
        "made": "espera aprovação",
        "approved": "aprovado",
        "applied": "aplicado",
        "refused": "recusado",
        "superseded": "substituído",
    }
)
ROW_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {"quarantined": "em quarentena", "held": "retida", "waiting": "aguarda"}
)


def heading(*, plan_id: str, state: str, subject: str) -> str:
    return f"Plano {plan_id} ({state}): {subject}"


def made(*, by: str, at: str) -> str:
    return f"  feito por {by} em {at}"


def approved(*, by: str, at: str) -> str:
    return f"  aprovado por {by} em {at}"


OVER_GUARDRAILS: Final = "  aprovado apesar das travas de segurança"


def applied(*, by: str, at: str) -> str:
    return f"  aplicado por {by} em {at}"


def ended(*, at: str, why: str) -> str:
    return f"  encerrado em {at}: {why}"


def part(*, endpoint: str, empresa: str) -> str:
    return f"{endpoint} ({empresa})"


def part_error(error: str) -> str:
    return f"  sem plano: {error}"


def figures(*, created: str, updated: str, deleted: str, unchanged: str) -> str:
    return f"  cria {created} · altera {updated} · exclui {deleted} · sem mudança {unchanged}"


def staying(*, quarantined: str, held: str, waiting: str) -> str:
    return f"  em quarentena {quarantined} · retidas {held} · aguardam outro registro {waiting}"


def money_line(*, before: str, after: str) -> str:
    return f"  R$ no Omie agora {before} → depois {after}"


SIDES: Final[Mapping[str, str]] = MappingProxyType(
    {"receivable": "títulos a receber", "payable": "títulos a pagar"}
)


def side_line(*, side: str, before: str, after: str, more: str) -> str:
    return f"  {side}: R$ no Omie agora {before} → depois {after} ({more})"


def stop(text: str) -> str:
    return f"  trava: {text}"


def not_read(rows: str) -> str:
    return f"  {rows} alterações sem o valor antigo: esses registros não foram lidos do Omie"


def row_money(*, before: str, after: str) -> str:
    return f"R$ {before} → {after}"


def one_money(value: str) -> str:
    return f"R$ {value}"


def field_changed(*, name: str, old: str, new: str) -> str:
    return f"      {name}: {old} → {new}"


def field_stays(name: str) -> str:
    return f"      {name}: fica o que está no Omie"


NOTHING: Final = "(vazio)"
NOT_READ: Final = "(não lido)"


def more_rows(rows: str) -> str:
    return f"  … mais {rows} linhas: --rows, --csv ou --json mostram todas"


def written(*, plan_id: str, file: str) -> str:
    return f"Plano {plan_id} gravado em {file}"


def approve_next(plan_id: str) -> str:
    return f"Próximo passo: omie-pipeline plan approve {plan_id} --by NOME"


def apply_next(plan_id: str) -> str:
    return f"Próximo passo: omie-pipeline apply {plan_id}"


NOTHING_TO_SEND: Final = "Nenhuma linha sairia: não há o que aprovar"
NO_PLANS: Final = "Nenhum plano à espera"
NO_PLANS_AT_ALL: Final = "Nenhum plano guardado"
NUMBER: Final = "plano"
SUBJECT: Final = "assunto"
STATE: Final = "situação"
MADE: Final = "feito em"
MADE_BY: Final = "por"
ROWS: Final = "linhas"
VALUE: Final = "R$ depois"


def approved_now(*, plan_id: str, by: str) -> str:
    return f"Plano {plan_id} aprovado por {by}"


def rejected_now(*, plan_id: str, why: str) -> str:
    return f"Plano {plan_id} {why}"


ONE_OUTPUT: Final = "escolha um: --csv ou --json"

# cli/apply.py


def applied_already(*, plan_id: str, by: str, at: str) -> str:
    return f"O plano {plan_id} já foi aplicado por {by} em {at}: nada a enviar"


def delivered_before(*, rows: str) -> str:
    return f"{rows} linhas já estavam entregues"


def plan_done(*, plan_id: str) -> str:
    return f"Plano {plan_id} aplicado"


def plan_goes_on(plan_id: str) -> str:
    return f"O plano {plan_id} não terminou. Para continuar: omie-pipeline apply {plan_id}"


WHAT_CHANGED: Final = "O que mudou:"
