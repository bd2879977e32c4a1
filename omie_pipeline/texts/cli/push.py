"""Sending and what was not sent: reports, lists and warnings on the terminal."""

from __future__ import annotations

from typing import Final

# cli/push.py

OR_: Final = " ou "


def same_is_for_one(endpoints: str) -> str:
    return f"vale para um pagamento: push {endpoints} --key CÓDIGO"


NOT_WITH_APPROVE: Final = "não combina com --approve"


def not_by_date(endpoints: str) -> str:
    return f"{endpoints} não se divide por data"


def sent_whole(endpoints: str) -> str:
    return f"As datas não valem para {endpoints}: é enviado por inteiro"


# cli/push_loop.py


def not_sent_behind(*, label: str, behind: str) -> str:
    return f"{label}: não enviado, porque depende de {behind}, que parou"


def no_way_to_omie(empresa: str) -> str:
    return f"{empresa}: sem caminho até o Omie; o que falta sai na próxima execução"


def recovered(*, label: str, rows: int) -> str:
    return f"{label}: {rows} envios interrompidos foram conferidos no Omie"


def stopped(*, label: str, reason: str) -> str:
    return f"{label}: parou antes do fim: {reason}"


def new_only(label: str) -> str:
    return f"{label}: só o que é novo; o que já está no Omie fica como está"


def fields_left_out(*, label: str, fields: str) -> str:
    return f"{label}: estes campos não saem: {fields}"


def no_rows(label: str) -> str:
    return f"{label}: nenhuma linha na seleção"


def dry_run(*, label: str, rows: int) -> str:
    return f"{label}: simulação, nada foi enviado; sairiam {rows} linhas"


def would_stop(*, label: str, reason: str) -> str:
    return f"{label}: o envio de verdade pararia antes da primeira chamada: {reason}"


def would_go_in_lots(*, label: str, most: int) -> str:
    return (
        f"{label}: os registros novos sairiam em lotes de até {most} (lote), um modo que nenhuma "
        "resposta gravada do Omie comprova; cada linha é conferida pela resposta do lote"
    )


def went_in_lots(*, lots: str, rows: str, singly: str) -> str:
    return (
        f"{rows} linhas saíram em {lots} (lote), um modo que nenhuma resposta gravada do "
        f"Omie comprova; uma a uma: {singly}"
    )


ONE_LOT: Final = "1 lote"


def several_lots(number: int) -> str:
    return f"{number} lotes"


def lots_refused(lots: str) -> str:
    return f"o Omie recusou por inteiro {lots}; as linhas saíram de novo em partes"


def lots_read_back(*, rows: str, told: str) -> str:
    return (
        "linhas que a resposta de um lote deixou em aberto e que foram lidas de volta: "
        f"{rows} ({told})"
    )


def lot_rows_found(rows: str) -> str:
    return f"{rows} estavam no Omie"


def lot_rows_not_there(rows: str) -> str:
    return f"{rows} não estavam e saíram uma a uma"


def lot_rows_unsettled(rows: str) -> str:
    return f"{rows} ainda sem prova: a próxima execução confere de novo"


def lots_given_up(reason: str) -> str:
    return (
        f"lotes abandonados nesta execução; o restante saiu linha a linha. {reason}: confira no "
        "Omie e avise quem cuida deste programa"
    )


LOTS_PAUSED: Final = (
    "lotes suspensos por um tempo, para não chegar ao limite de erros do Omie; nesse tempo as "
    "linhas saíram uma a uma"
)


def held_for_client(*, label: str, rows: int) -> str:
    return (
        f"{label}: as {rows} retidas esperam um cliente que o Omie ainda não confirmou; depois de "
        "enviar clientes, elas saem"
    )


def accounts_differ(*, label: str, run: str) -> str:
    return (
        f"Erro: {label}: as contas não fecham com o registro (execução {run}). O que fazer: não "
        "confie nestes números, veja omie-pipeline status e avise quem mantém o fluxo"
    )


# cli/push_report.py

WOULD_BE_SENT: Final = "seriam enviadas"
ROWS_TO_LOOK_AT: Final = "Linhas que pedem atenção:"
COMMONEST_REASONS: Final = "Motivos mais comuns da quarentena:"


def reason_counted(*, rows: str, endpoint: str, example: str) -> str:
    return f"  {rows} em {endpoint}: {example}"


def only_the_first(*, shown: str, kept: str) -> str:
    return f"Só as primeiras {shown} de {kept}; mais: --rows N"


def not_emptied(*, endpoint: str, fields: str) -> str:
    return f"Não esvaziado no Omie ({endpoint}): {fields}"


SEND_NEXT: Final = "Para enviar: repita sem --dry-run"
SEE_REJECTED: Final = "omie-pipeline rejected      (o que o Omie recusou)"
SEE_QUARANTINE: Final = "omie-pipeline quarantine    (o que a validação segurou)"
SEE_RETRY: Final = "omie-pipeline retry         (tenta de novo só rejeitadas e retidas)"
SEE_NOT_EMPTIED: Final = "omie-pipeline not-emptied   (o que a clínica esvaziou e o Omie ainda tem)"
SEE_STATUS: Final = "omie-pipeline status"
NEXT_STEPS: Final = "Próximo passo:\n"


# cli/rows_to_fix.py

NO_TELEPHONE: Final = "sem telefone"
SHEET_HEADS: Final = (
    "pessoa",
    "empresa",
    "endpoint",
    "código",
    "data",
    "valor (R$)",
    "linha na clínica",
    "campo",
    "motivo",
    "o que fazer",
    "primeiro motivo",
    "desde",
    "última vez",
)


def reason_of_field(*, reason: str, field: str) -> str:
    return f"{reason} [campo: {field}]"


CODE: Final = "código"
VALUE: Final = "valor (R$)"
ROW_AT_CLINIC: Final = "linha na clínica"
WHAT_TO_DO: Final = "o que fazer"
FIRST_REASON: Final = "primeiro motivo"
LAST_TIME: Final = "última vez"
NOT_COPIED: Final = "não copiada"
SHEET_IS_PRIVATE: Final = "A planilha pode ter dados de pacientes: só a sua conta a lê (0600)"
WITHOUT_KEY: Final = "sem chave"
NOTHING_TO_EMPTY: Final = "Nada a esvaziar."
NOT_WITH_JSON: Final = "não combina com --json"
WITH_CONTACTS: Final = "Com nomes e telefones de pacientes: guarde e apague como tais"
NO_ROW: Final = "Nenhuma linha."


def of_person(who: str) -> str:
    return f", de {who}"


def entry_since(*, head: str, since: str) -> str:
    return f"{head}, desde {since}"


def first_time(*, at: str, words: str) -> str:
    return f"    Na primeira vez ({at}): {words}"


def only_the_first_rows(limit: int) -> str:
    return f"Só as primeiras {limit}; todas: --csv ARQUIVO, ou --limit N"


EMPTY_IN_OMIE_FIX: Final = "Esvazie no Omie, ou ponha on_emptied: empty na política do endpoint."

# cli/warnings.py

TEXTS: Final = {
    "foreign_telephone": (
        "Telefone de outro país: não foi enviado ao Omie, que só tem DDD e número.",
        "Nada a fazer, se o número está certo; no cadastro da clínica ele continua.",
    ),
    "unreadable_telephone": (
        "Telefone que não é um número brasileiro completo: não foi enviado ao Omie.",
        "Escreva o telefone com DDD, por exemplo (11) 98765-4321.",
    ),
    "several_telephones": (
        "Mais de um telefone no mesmo campo: só o primeiro foi enviado ao Omie.",
        "Deixe um telefone no campo, se o primeiro não é o certo.",
    ),
    "shared_document": (
        "Tem o mesmo CPF ou CNPJ de {holder}: é o mesmo cadastro no Omie, e tudo vai para ele.",
        "Nada a fazer, se é a mesma pessoa.",
    ),
    "shared_document_other_name": (
        "Tem o CPF ou CNPJ de {holder}, mas outro nome: no Omie há um cadastro só, com o nome de "
        "{holder}, e tudo vai para ele.",
        "Nada a fazer, se é um dependente com o CPF do responsável; se não, corrija o CPF.",
    ),
    "shared_document_holder_left": (
        "Tem o CPF ou CNPJ de {holder}, que saiu da clínica: tudo continua indo para o cadastro "
        "dele no Omie, que fica como está.",
        "Preencha o CPF da própria pessoa, se ela já tem um: ela ganha um cadastro seu.",
    ),
}
"""By kind of ``push.warnings``: what it is and what to do."""

NO_WARNING: Final = "Nenhum aviso."


# cli/duplicates.py

SIDES: Final = {"R": "a receber", "P": "a pagar"}
NO_DUPLICATES: Final = "Nenhum título repetido."
DECIDE_ONE: Final = "diga só um: --adopt, --ignore, --relist, --delete-ours ou --delete-theirs"
DECIDED: Final = {
    "adopt": "{code} agora é o título {theirs}, que alguém digitou; o nosso ({ours}) sobra.",
    "ignore": "{ours} e {theirs} são dois fatos: não são mais listados.",
    "relist": "{ours} e {theirs} são listados de novo.",
    "delete_ours": "Um plano exclui o nosso, {ours} ({code}).",
    "delete_theirs": "Um plano exclui o digitado, {theirs}; o nosso ({ours}) fica.",
}
DECISIONS: Final = {
    "adopt": "adotado",
    "ignore": "ignorado",
    "delete_ours": "excluir o nosso",
    "delete_theirs": "excluir o digitado",
}
RULES: Final = {
    "adopt": "adotar o título que alguém digitou, quando só pode ser ele",
    "list": "enviar o nosso e listar os dois",
    None: "o que diz o arquivo (on_lookalike)",
}
RESOLVE_NEXT: Final = (
    "Para decidir: omie-pipeline duplicates resolve ID --adopt, --ignore ou --delete-theirs"
)


def ignored_hidden(number: str) -> str:
    return f"Mais {number} que alguém mandou ignorar: omie-pipeline duplicates --all"


def decided_already(*, word: str, by: str) -> str:
    return f"{word}, por {by}"


def rule_decided(*, endpoint: str, empresa: str, rule: str) -> str:
    return f"{endpoint} ({empresa}): {rule}"


def adopted_next(*, endpoint: str, code: str) -> str:
    return f"Para atualizar o título adotado: omie-pipeline push {endpoint} --key {code}"


def deletion_next(plan: str) -> str:
    return (
        f"Para excluir: omie-pipeline plan show {plan}, depois omie-pipeline plan approve {plan} e "
        f"omie-pipeline apply {plan}"
    )


REFORMED_CODES: Final = (
    "Entregues com códigos que só mudam de forma; confira, e exclua no Omie o que sobra:"
)
CODES: Final = "códigos"
IDS_IN_OMIE: Final = "ids no Omie"
OUR_CODE: Final = "nosso (código)"
OUR_ID: Final = "nosso (id no Omie)"
UNLINKED_ID: Final = "sem vínculo (id)"
TYPED_BY: Final = "digitado por"


# cli/reconcile.py

BY_FIELD: Final = "Campo a campo, das diferenças acima:"
WHO_CHANGED: Final = "quem mudou"
CONFIRMED: Final = "confirmado em"
CHANGED_IN_OMIE: Final = "última alteração no Omie"
SIDES_CHANGED: Final = {
    "clinica": "a clínica",
    "omie": "alguém no Omie",
    "both": "os dois",
    "unknown": "não se sabe",
}
NOT_SENT_BY_DECISION: Final = "(fica o do Omie)"
ONLY_WITH_RESEND: Final = "só vale com --resend-missing"


def dry_resend(rows: str) -> str:
    return f"Simulação: nada foi enviado; sairiam {rows} linhas"


NOTHING_TO_RESEND: Final = "Nada a enviar de novo"


def resend_rows(rows: str) -> str:
    return f"Enviar {rows} linhas de novo ao Omie?"


NOTHING_SENT: Final = "Nada foi enviado"


def waiting_for_push(label: str) -> str:
    return f"{label}: esperando outro envio"


def back_in_queue(*, label: str, rows: str) -> str:
    return f"{label}: {rows} linhas voltaram para a fila"


IMPORT_NEXT: Final = "Próximo passo: omie-pipeline import cadastros titulos, e reconcile de novo"
NOTHING_TO_COMPARE: Final = (
    "Nada a comparar ainda. Comece com: omie-pipeline import cadastros titulos"
)
WORST_FIRST: Final = "O que pede atenção, o pior primeiro:"
ID_IN_OMIE: Final = "id no Omie"
SITUATION: Final = "situação"
AT_CLINIC: Final = "na clínica R$"
IN_OMIE: Final = "no Omie R$"
RESEND_NEXT: Final = (
    "Para enviar de novo o que o Omie perdeu: omie-pipeline reconcile --resend-missing"
)
DAYS_THAT_DIFFER: Final = "Dias com diferença:"


def more_days(days: int) -> str:
    return f"... e mais {days}; todos: --json"


def gone_from_omie(*, endpoint: str, empresa: str, rows: str) -> str:
    return f"{endpoint} ({empresa}): {rows} entregues que o Omie não tem mais"


def perhaps_gone(*, endpoint: str, empresa: str, rows: str) -> str:
    return (
        f"{endpoint} ({empresa}): outras {rows} parecem faltar, mas nenhuma leitura completa "
        f"desde a entrega prova isso. O que fazer: omie-pipeline import {endpoint} --full"
    )


STATES: Final = {
    "same": "igual",
    "different": "diferente",
    "missing_in_omie": "falta no Omie",
    "excluded_in_omie": "excluído no Omie",
    "extra_in_omie": "sobra no Omie",
    "not_sent": "não enviado",
    "to_be_checked": "a conferir (entregue depois da última leitura)",
    "only_in_omie": "só no Omie (digitado lá)",
}


# cli/sync.py

WHICH_EMPRESA: Final = "há mais de uma empresa, e o código pode ser de qualquer uma"


def which_empresa(empresas: str) -> str:
    return f"{WHICH_EMPRESA}: diga qual ({empresas})"


ONE_ENDPOINT: Final = "um só: o do registro (clientes, contas_receber, ...)"
ROW_CHANGES: Final = {
    "inserted": "linha nova",
    "updated": "linha mudou",
    "unchanged": "linha como antes",
    "set_aside": "linha deixada de lado, a cópia fica como estava",
}
"""By ``clinic.one_row.Change``."""


def row_read(*, table: str, id: str, change: str) -> str:
    return f"Clínica: {table} {id}: {change}"


def table_read(*, table: str, inserted: str, updated: str, deleted: str) -> str:
    return (
        f"Clínica: {table}: a tabela foi lida como num build ({inserted} novas, {updated} "
        f"mudaram, {deleted} saíram)"
    )


def table_waits(table: str) -> str:
    return f"Clínica: {table}: esperando outra leitura"


def delivered_under(*, code: str, holder: str) -> str:
    return f"{code} tem o documento de {holder}: é o mesmo cadastro no Omie, e vai {holder}"


def goes_before(*, endpoint: str, code: str) -> str:
    return f"{code} ({endpoint}) ainda não está no Omie: vai antes"


BUILDING_FIRST: Final = (
    "Os modelos ou as colunas da clínica mudaram desde o último build: refazendo tudo antes, o que "
    "demora"
)
SYNC_ENDED: Final = {
    "created": "incluído no Omie",
    "updated": "alterado no Omie",
    "linked": "vinculado ao que o Omie já tinha",
    "deleted": "excluído do Omie",
    "unchanged": "já está assim no Omie, nada foi enviado",
    "rejected": "recusado pelo Omie",
    "quarantined": "em quarentena, não foi enviado",
    "held": "retido, não foi enviado ou não se sabe",
}
"""By what became of the row; see ``push.report.Counts``."""


def record_ended(*, code: str, endpoint: str, ended: str, omie_id: str, said: str) -> str:
    return f"{code} ({endpoint}): {ended}{omie_id}{said}"


def with_id(omie_id: str) -> str:
    return f" (id {omie_id})"


def omie_answered(words: str) -> str:
    return f'. O Omie respondeu: "{words}"'


NOT_AT_CLINIC: Final = "a clínica, lida agora, não tem essa linha"
NO_RECORD_OF_IT: Final = (
    "a clínica tem a linha, mas o modelo não faz dela um registro deste endpoint (data de início, "
    "tipo)"
)
ROWS_SET_ASIDE: Final = (
    "a leitura da tabela deixou linhas de lado, que podem ser esta (omie-pipeline quarantine)"
)
NO_ROW_IN_MODEL: Final = "o modelo, refeito agora, não tem essa linha"


def gone_at_clinic(*, code: str, endpoint: str, read: str) -> str:
    return (
        f"{code} ({endpoint}): {read}. No Omie o registro fica como está, porque a política do "
        "endpoint não exclui (mode: mirror excluiria). Nada foi enviado"
    )


def deleted_before(*, code: str, endpoint: str, read: str) -> str:
    return f"{code} ({endpoint}): {read}, e o registro já foi excluído do Omie. Nada foi enviado"
