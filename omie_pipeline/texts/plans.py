"""Stored plans: what they say of themselves, and why one is not applied."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

# plans/store.py

NO_FREE_ID: Final = "Não foi possível escolher um número de plano livre; tente de novo"


def no_such_plan(plan_id: str) -> str:
    return f"Não há plano {plan_id}. Veja os que há: omie-pipeline plan list"


ENDED_WITHOUT_WORDS: Final = "sem motivo escrito"


def superseded_by(plan_id: str) -> str:
    return f"substituído pelo plano {plan_id}"


# plans/comparison.py

ROW_GONE: Final = "não está mais entre as linhas a enviar: a clínica ou o livro-razão mudou"
PAYLOAD_CHANGED: Final = "a linha mudou na clínica ou no mapeamento"
LEDGER_CHANGED: Final = "o livro-razão mudou: outra execução mexeu nela"
ACTION_CHANGED: Final = "a linha valeria agora para outro registro do Omie"
FIELDS_CHANGED: Final = "sairiam outros campos: uma decisão sobre um conflito mudou"
OMIE_CHANGED: Final = "o registro foi alterado ou excluído no Omie"


def does_not_leave(reason: str) -> str:
    return f"não pode mais sair: {reason}"


def row_differs(*, code: str, why: str) -> str:
    return f"{code}: {why}"


def new_stop(stop: str) -> str:
    return f"trava de segurança que o plano não mostrava: {stop}"


BASIS_CHANGED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "policy": "a política do endpoint mudou (empresas.yaml)",
        "mapping": "o de-para mudou (mapping)",
        "defaults": "os padrões de categorias e contas mudaram (defaults)",
    }
)


def basis_changed(name: str) -> str:
    return f"mudou o que decide as linhas: {name}"


def ended_meanwhile(*, plan_id: str, why: str) -> str:
    return f"O plano {plan_id} foi encerrado enquanto era aplicado: {why}. O resto não sai"


def not_of_this_plan(*, plan_id: str, endpoint: str, empresa: str) -> str:
    return f"O plano {plan_id} não tem {endpoint} de {empresa}"


def plan_changed(*, plan_id: str, endpoint: str, empresa: str, count: int, first: str) -> str:
    return (
        f"O plano {plan_id} não vale mais: {count} diferença(s) em {endpoint} ({empresa}). "
        f"{first}. Agora não saiu nada disso; faça outro plano"
    )


# app/plans.py

NOT_WHOLE: Final = "não ficou completo"


def behind(names: str) -> str:
    return f"depende de {names}, que parou"


def approved_before(*, plan_id: str, by: str, at: str) -> str:
    return (
        f"O plano {plan_id} já foi aprovado por {by} em {at}. "
        f"Aplique: omie-pipeline apply {plan_id}"
    )


def applied_before(*, plan_id: str, by: str, at: str) -> str:
    return f"O plano {plan_id} já foi aplicado por {by} em {at}"


def ended_before(*, plan_id: str, why: str, at: str) -> str:
    return f"O plano {plan_id} foi encerrado em {at}: {why}. Faça outro plano"


def part_without_plan(*, plan_id: str, endpoint: str, empresa: str, error: str) -> str:
    return f"O plano {plan_id} não tem {endpoint} de {empresa}: {error}. Resolva e faça outro plano"


def nothing_to_approve(plan_id: str) -> str:
    return f"O plano {plan_id} não envia nenhuma linha: não há o que aprovar"


def guardrails_stop(*, plan_id: str, stops: str) -> str:
    return (
        f"As travas de segurança barram o plano {plan_id}: {stops}. Se estiver certo assim: "
        f"omie-pipeline plan approve {plan_id} --over-guardrails"
    )


def not_approved(plan_id: str) -> str:
    return (
        f"O plano {plan_id} ainda não foi aprovado. Leia e aprove: omie-pipeline plan show "
        f"{plan_id}; omie-pipeline plan approve {plan_id} --by NOME"
    )


def not_readable(*, plan_id: str, code: str) -> str:
    return (
        f"O registro de {code} não pôde ser lido no Omie, e sem isso o plano {plan_id} não é "
        f"aplicado. Nada saiu; repita em alguns minutos"
    )


def rejected_by(*, by: str, why: str) -> str:
    return f"recusado por {by}: {why}"


def rejected_without_words(by: str) -> str:
    return f"recusado por {by}"


def other_file(plan_id: str) -> str:
    return f"O arquivo não é do plano {plan_id} como está guardado: as linhas são outras"


def changed_file(plan_id: str) -> str:
    return (
        f"O arquivo não diz o mesmo que o plano {plan_id} como está guardado, e é o guardado que "
        f"sai. Veja-o: omie-pipeline plan show {plan_id}"
    )


NAME_NEEDED: Final = "Falta o nome de quem decide"


# plans/shown.py


def file_not_written(*, file: str, cause: str) -> str:
    return f"Não foi possível gravar {file}: {cause}"


def no_plan_file(file: str) -> str:
    return f"{file} não é um plano gravado por omie-pipeline plan -o"


# plans/approval.py


def policy_subject(*, endpoint: str, reasons: str) -> str:
    return f"{endpoint}: {reasons}"


def approval_needed(*, plan_id: str, reasons: str) -> str:
    return (
        f"A política pede aprovação: {reasons}. Nada saiu; leia e aprove: omie-pipeline plan show "
        f"{plan_id}; omie-pipeline plan approve {plan_id} --by NOME; omie-pipeline apply {plan_id}"
    )


def approved_and_waiting(*, plan_id: str, by: str, reasons: str) -> str:
    return (
        f"A política pede aprovação: {reasons}. O plano {plan_id} já foi aprovado por {by}; "
        f"aplique: omie-pipeline apply {plan_id}"
    )


def rows_of_a_waiting_plan(*, rows: int, plan_id: str) -> str:
    return (
        f"{rows} linha(s) esperam pela aprovação do plano {plan_id} e só saem com ele: "
        f"omie-pipeline plan show {plan_id}; omie-pipeline plan approve {plan_id} --by NOME, ou "
        f"omie-pipeline plan reject {plan_id}"
    )


def rows_of_an_approved_plan(*, rows: int, plan_id: str, by: str) -> str:
    return (
        f"{rows} linha(s) são do plano {plan_id}, já aprovado por {by}, e saem com ele: "
        f"omie-pipeline apply {plan_id}"
    )


def above_rows(*, rows: int, most: int) -> str:
    return f"{rows} linhas a enviar (sem pedir, até {most})"


def above_value(*, total: Decimal, most: Decimal) -> str:
    return f"R$ {total} a enviar (sem pedir, até R$ {most})"


def deletes_asked(rows: int) -> str:
    return f"{rows} exclusões no Omie"
