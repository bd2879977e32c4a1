"""Sending: why a row was not sent, refused or held, and what a person does about it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

# push/binding.py


def same_key(*, taken: str, empresa: str) -> str:
    return (
        f"As empresas {taken} e {empresa} usam a mesma chave do Omie: confira as variáveis, ou os "
        "dados de uma iriam para a outra"
    )


OTHER_KEY: Final = "outra chave"


def other_server(host: str) -> str:
    return f"outro servidor ({host})"


def ledger_of_another(*, empresa: str, what: str) -> str:
    return (
        f"Este armazém guarda o livro-razão da empresa {empresa} com {what} do Omie: o que lá foi "
        "confirmado não vale aqui. Use outro WAREHOUSE_URL (ou OMIE_PIPELINE_HOME). Se é a mesma "
        f"empresa com chave nova, digite: omie-pipeline db rebind {empresa}"
    )


# push/effects/deletion.py

TITLE_NOT_OURS: Final = "O título não foi criado por este fluxo."
TITLE_NOT_OURS_FIX: Final = "Exclua-o no Omie, ou libere delete_foreign na política deste endpoint."
TITLE_SETTLED: Final = "O título está baixado no Omie, que não exclui título baixado."
TITLE_SETTLED_FIX: Final = "Estorne o pagamento na clínica: o título sai depois do estorno."
NAMES_NO_TITLE: Final = (
    "A linha não nomeia um título só: a chave falta ou se repete no modelo de exclusão."
)
NAMES_NO_TITLE_FIX: Final = (
    "Deixe no modelo de exclusão uma linha por título, com o código de integração."
)
CODES_DISAGREE: Final = "O código de integração e o código do Omie apontam para títulos diferentes."
CODES_DISAGREE_FIX: Final = "Informe só um dos dois, ou corrija o que está errado."


# push/conflicts.py

ASK_FINANCE_FIX: Final = "Confira com o financeiro: estorne na clínica, ou libere on_settled: undo."
DOES_NOT_FIT: Final = (
    "A clínica tem nele pagamentos acima do valor, ou o Omie tem uma baixa sem pagamento na "
    "clínica: estornada, não voltaria."
)
DOES_NOT_FIT_FIX: Final = (
    "Acerte na clínica o valor ou os pagamentos, ou estorne lá o que não vale."
)
TITLE_CHANGED_AFTER_SETTLING: Final = (
    "O título mudou na clínica depois de baixado no Omie, que não altera título baixado."
)
TITLE_DOES_NOT_FIT: Final = f"O título mudou na clínica depois de baixado no Omie. {DOES_NOT_FIT}"
PAYMENT_DOES_NOT_FIT: Final = (
    f"O pagamento mudou na clínica depois de baixado no Omie. Título: {DOES_NOT_FIT}"
)
PAYMENT_CHANGED_AFTER_SETTLING: Final = "O pagamento mudou na clínica depois de baixado no Omie."
SETTLED_BY_ANOTHER: Final = (
    "O pagamento mudou ou foi estornado na clínica, mas a baixa que o liquida no Omie foi feita "
    "pelo banco ou à mão."
)
SETTLED_BY_ANOTHER_FIX: Final = (
    "Acerte a baixa no Omie, e devolva o pagamento na clínica ao que era."
)
ORDER_BILLED: Final = (
    "O recebimento mudou na clínica depois de faturada a OS; a nota já saiu ou está saindo."
)
ORDER_BILLED_FIX: Final = (
    "Desfaça a mudança na clínica, ou cancele a nota (omie-pipeline nfse cancel) e faça a nova OS "
    "direto no Omie, ou cadastre um novo recebimento."
)
NOTE_CANCELLED: Final = (
    "O recebimento mudou na clínica depois de cancelada a nota; a OS cancelada não muda."
)
NOTE_CANCELLED_FIX: Final = (
    "Faça a nova OS direto no Omie, ou cadastre um novo recebimento; este sai da quarentena "
    "quando voltar ao que era, ou quando sair da clínica."
)
ALREADY_CREATED: Final = "O registro mudou na clínica depois de criado no Omie."
ALREADY_CREATED_FIX: Final = (
    "Altere-o no Omie: este fluxo só cria estes registros, não muda os que existem."
)


def twin_settlement(*, value: str, day: str) -> str:
    return (
        f"O título já tem no Omie uma baixa de {value}{day}, feita pelo banco ou à mão: pode ser "
        "este mesmo pagamento."
    )


def twin_settlement_fix(*, endpoint: str, code: str) -> str:
    return (
        f"Se for o mesmo, diga que é (nada é enviado): omie-pipeline push {endpoint} --key {code} "
        f"--same. Se forem dois pagamentos, envie este: omie-pipeline push {endpoint} --key "
        f"{code} --approve"
    )


def only_open(value: str) -> str:
    return f"só tem {value} em aberto"


ALREADY_SETTLED: Final = "já está liquidado"


def too_little_left(*, what: str, value: str) -> str:
    return (
        f"O título {what} no Omie, e o pagamento é de {value}: outra pessoa, ou o banco, já o "
        "baixou."
    )


TOO_LITTLE_LEFT_FIX: Final = (
    "Se for o mesmo pagamento, estorne no Omie a baixa que está lá (esta sai em seguida) ou tire "
    "o pagamento da clínica. Se não for, acerte o valor do título ou do pagamento na clínica."
)
TITLE_CANCELLED: Final = "O título está cancelado no Omie, que não aceita baixa nele."
TITLE_CANCELLED_FIX: Final = (
    "Confira com o financeiro: tire o pagamento da clínica, ou cadastre um novo recebimento para "
    "ele."
)


def title_settled_in_omie(*, value: str, day: str) -> str:
    return (
        f"O título mudou na clínica, mas já tem no Omie uma baixa de {value}{day}, feita pelo "
        "banco ou à mão; o Omie não altera título baixado."
    )


TITLE_SETTLED_IN_OMIE_FIX: Final = (
    "Desfaça a mudança na clínica, ou estorne a baixa no Omie: a alteração sai em seguida."
)
CANCELLED_TITLE_CHANGED: Final = (
    "O título mudou na clínica, mas está cancelado no Omie, que não o altera."
)
CANCELLED_TITLE_CHANGED_FIX: Final = (
    "Desfaça a mudança na clínica, ou cadastre um novo recebimento."
)


def code_reformed(*, old: str, code: str) -> str:
    return (
        f"O identificador mudou de forma: o Omie já tem este registro como {old}, e ele viria de "
        f"novo como {code}."
    )


def code_reformed_fix(*, endpoint: str, code: str) -> str:
    return (
        "Confira na origem como o id é lido (planilha, zeros à esquerda, maiúsculas) e volte à "
        f"forma antiga. Se for outro registro: omie-pipeline push {endpoint} --key {code} "
        "--approve"
    )


def code_of_two(*, code: object, two: str) -> str:
    return f"O código {code} seria de dois: {two}."


CODE_OF_TWO_FIX: Final = (
    "Mude na clínica o id de um deles (sem terminar em hífen e número, nem começar com R no caso "
    "de repasse): os dois saem em seguida."
)


def instalments_changed(codes: str) -> str:
    return (
        f"O número de parcelas mudou na clínica, e o Omie ainda tem as de antes ({codes} entre "
        "elas): com estas, o valor estaria lá duas vezes."
    )


INSTALMENTS_CHANGED_FIX: Final = (
    "Exclua do Omie as de antes (modelo omie_excluir_contas_receber, ou mode: mirror), ou volte "
    "ao número de antes. Se o certo é ter as duas: omie-pipeline push contas_receber --key CÓDIGO "
    "--approve"
)


def lookalikes(ids: str) -> str:
    return (
        f"Já há no Omie, digitado à mão, título do mesmo cliente e valor (Id {ids}), e não dá "
        "para saber qual é de qual recebimento."
    )


def lookalikes_fix(*, endpoint: str, code: str) -> str:
    return (
        "Se for repetido, exclua o que sobra no Omie. Se este for outro, envie-o: omie-pipeline "
        f"push {endpoint} --key {code} --approve"
    )


def adopted_title_changed(omie_id: int | None) -> str:
    return (
        f"O título Id {omie_id}, digitado à mão no Omie, parecia ser este, mas mudou lá depois da "
        "última leitura (valor, código, baixa ou cancelamento)."
    )


ADOPTED_TITLE_CHANGED_FIX: Final = (
    "Leia de novo (omie-pipeline import) e repita o envio, ou confira no Omie."
)


def adopted_title_gone(omie_id: int | None) -> str:
    return (
        f"O título Id {omie_id}, digitado à mão no Omie e adotado por esta linha, não está mais lá."
    )


ADOPTED_TITLE_GONE_FIX: Final = (
    "Para que seja feito de novo: omie-pipeline import, depois omie-pipeline reconcile "
    "--resend-missing."
)
VALUE_NOT_SHOWN: Final = "valor que o Omie não mostra"


def on_day(day: date) -> str:
    return f" em {day:%d/%m/%Y}"


# push/deliver.py

OMIE_UNREACHABLE: Final = (
    "O Omie não responde como deve: o restante fica retido para a próxima execução"
)
FIRST_REFUSAL: Final = "Envio interrompido na primeira recusa (partial_success desligado)"
NOT_SEEN: Final = "O Omie não mostrou se isto já foi feito: nada foi enviado"
WAITS_FOR_PROOF: Final = "a prova, por leitura, de um envio sem resposta clara"
WAITS_FOR_TURN: Final = "a vez de uma linha que o Omie pediu para repetir depois"
METHOD_BUSY: Final = "o método do Omie está ocupado com outra requisição"
NEVER_ARRIVED: Final = (
    "Enviada várias vezes sem resposta clara; a leitura mostra que nenhuma delas chegou ao Omie"
)
EARLIER_UNANSWERED: Final = "Um envio anterior desta linha ainda está sem resposta"


def waits_for(*, endpoint: str, code: str) -> str:
    return f"Aguarda a confirmação de {endpoint} {code}"


# push/effects/billing.py

ORDER_CANCELLED: Final = "A OS está cancelada no Omie"
ORDER_CANCELLED_FIX: Final = "Faça outra OS, ou desmarque o faturamento do recebimento na clínica."
ORDER_NOT_SHOWN: Final = (
    "O Omie não mostra a OS: se alguém a excluiu lá, desmarque o faturamento do recebimento na "
    "clínica, ou mude o código dele para fazer outra"
)


# push/effects/category.py

NO_LIST: Final = "O Omie respondeu sem a lista"
NO_PARENT: Final = "O Omie não diz sob qual registro este está"
CATEGORY_TWICE: Final = "Já existe mais de uma vez no Omie, com a mesma descrição"
CATEGORY_TWICE_FIX: Final = (
    "Deixe uma só no Omie (inative a outra) ou use outra descrição na clínica."
)


# push/effects/settlement.py

SETTLEMENT_WITHOUT_CODE: Final = (
    "O título já tem uma baixa do mesmo valor e dia sem código de integração: confira no Omie"
)
OTHER_SETTLEMENT: Final = "O título já tem no Omie uma baixa com este código, de outro valor ou dia"
OTHER_SETTLEMENT_FIX: Final = (
    "Confira com o financeiro: estorne no Omie a baixa errada (esta sai em seguida), ou corrija o "
    "pagamento na clínica."
)
SETTLEMENT_NOT_SHOWN: Final = (
    "O Omie não mostra o título desta baixa, nem se ela já foi lançada; se alguém excluiu o "
    "título lá, confira com omie-pipeline reconcile"
)


# push/effects/order.py

BILLED_STAYS: Final = (
    "A OS saiu da clínica, mas já foi faturada, e o Omie não a exclui: cancele a nota no Omie, ou "
    "devolva o recebimento à clínica"
)


# push/effects/situation.py

CONTRACT_MADE_AGAIN: Final = "O contrato foi refeito no Omie: a situação será pedida de novo"
CONTRACT_CANCELLED: Final = "O contrato está cancelado no Omie e não volta a outra situação"
CONTRACT_CANCELLED_FIX: Final = "Faça um contrato novo, ou corrija a situação na clínica."


# push/checks.py


def many_quarantined(*, quarantined: int, selected: int, most: float) -> str:
    return (
        f"{quarantined} de {selected} linhas em quarentena, mais que {most:.0%} "
        "(max_quarantined_share)"
    )


def many_deletes(*, deletes: int, most: int) -> str:
    return f"{deletes} exclusões, mais que {most} (max_deletes)"


def large_share_deleted(*, deletes: int, known: int, most: float) -> str:
    return f"{deletes} exclusões de {known} registros, mais que {most:.0%} (max_delete_share)"


def field_emptied(*, field: str, rows: int, known: int, most: float) -> str:
    return (
        f"o campo {field} ficaria vazio em {rows} de {known} registros, mais que {most:.0%}: a "
        "coluna da origem mudou de nome? (max_emptied_share)"
    )


def few_rows(*, rows: int, usual: float, least: float) -> str:
    return f"só {rows} linhas, quando o habitual são {usual:.0f} (min_rows_vs_median {least:.0%})"


def large_sum(*, total: Decimal, most: Decimal) -> str:
    return f"soma de R$ {total:.2f} acima do teto de R$ {most:.2f} (max_value_sum)"


# push/effects/lookalikes.py


def list_never_read(endpoint: str) -> str:
    return (
        "A lista do Omie nunca foi lida, e on_lookalike: adopt precisa dela: omie-pipeline import "
        f"{endpoint}"
    )


# push/lots.py

LOT_SAYS_NOTHING: Final = "A resposta do lote não diz o que foi feito desta linha"
LOT_SAYS_TOO_LITTLE: Final = "A resposta do lote não confirma esta linha"
LOT_OF_ANOTHER: Final = "O Omie respondeu com o número de outro lote"
LOT_NAMES_ANOTHER: Final = "A resposta do lote nomeia um código que não foi enviado"
LOT_NAMES_ONE_TWICE: Final = "A resposta do lote nomeia duas vezes o mesmo título"
LOT_NOT_SEEN: Final = "O que o lote respondeu não é o que a leitura mostra no Omie"
LOT_NOT_PROVED: Final = "O que o lote respondeu desta linha ainda não foi provado por leitura"
LOT_PROOF: Final = "a prova, por leitura, do primeiro lote"


# push/policy.py


def no_mirror(endpoint: str) -> str:
    return (
        f"{endpoint}: o modo mirror não existe aqui, porque o Omie não exclui por este endpoint; "
        "use upsert ou insert"
    )


def on_lookalike_only(*, endpoint: str, endpoints: str) -> str:
    return f"{endpoint}: on_lookalike só existe em {endpoints}"


def wins_only(*, endpoint: str, endpoints: str) -> str:
    return f"{endpoint}: wins não se aplica; só os cadastros e títulos se comparam: {endpoints}"


def wins_no_field(*, endpoint: str, field: str, near: str) -> str:
    return f"{endpoint}: wins: o campo {field} não existe ou não se compara{near}"


def wins_and_undo(endpoint: str) -> str:
    return (
        f"{endpoint}: on_settled: undo estornaria baixas por uma alteração que wins pode deixar de "
        "fora; com undo, só wins: clinica"
    )


def above_value_only(*, endpoint: str, endpoints: str) -> str:
    return (
        f"{endpoint}: approval.above_value só vale em {endpoints}; para excluir há "
        "approval.deletes, para o resto approval.above_rows"
    )


def lote_only(*, endpoint: str, endpoints: str) -> str:
    return f"{endpoint}: lote só existe em {endpoints}"


def lote_needs_partial_success(endpoint: str) -> str:
    return (
        f"{endpoint}: lote envia várias linhas de uma vez, e partial_success: false para na "
        "primeira recusa; escolha um dos dois"
    )


def on_settled_belongs_to(*, endpoint: str, title: str) -> str:
    return f"{endpoint}: on_settled se decide no título; escreva-o em {title}"


# push/effects/title.py

TITLE_MADE_AGAIN: Final = "O título foi refeito no Omie: a baixa será lançada de novo"
WAITS_FOR_REVERSAL: Final = "Aguarda o estorno da baixa, para alterar no Omie"
SETTLEMENT_UNANSWERED: Final = "Uma baixa deste título ainda está sem resposta do Omie"
WAITS_FOR_TITLE: Final = (
    "Estornada para alterar o título; volta quando o título for alterado no Omie"
)
SETTLED_STAYS: Final = (
    "O título saiu da clínica, mas está baixado no Omie, que não o exclui: estorne o pagamento na "
    "clínica, ou devolva o título a ela"
)
REFUSED_BEFORE: Final = "O Omie já recusou esta alteração"


def waits_for_deletion(codes: str) -> str:
    return f"Aguarda a exclusão de {codes}: o número de parcelas mudou"


# push/renamed_codes.py


def codes_reformed(*, pairs: int, examples: str) -> str:
    return (
        f"os identificadores mudaram de forma: {pairs} registros que o Omie já tem viriam de novo "
        f"com outro código ({examples}). Confira na origem como o id é lido (planilha que o fez "
        "número, zeros à esquerda, maiúsculas) e volte à forma antiga; só aprove se forem mesmo "
        "registros novos (max_changed_codes)"
    )


# push/both_sides/judge.py

READ_BEFORE_CHANGE: Final = "a leitura do cadastro antes de alterar"


def changed_in_omie(fields: str) -> str:
    return f"Alguém alterou no Omie o que a clínica envia ({fields}), e a política pede uma pessoa."


def changed_in_omie_fix(*, endpoint: str, code: str) -> str:
    return (
        f"Veja os dois valores com omie-pipeline conflicts show {code} e decida: "
        f"omie-pipeline conflicts resolve {code} --endpoint {endpoint} --keep clinica (ou omie)."
    )


# push/report.py

INTERRUPTED: Final = "O processo foi interrompido"
WITHOUT_CODE: Final = "sem código"


def and_more(number: int) -> str:
    return f" e mais {number}"


def push_interrupted(*, endpoint: str, until: datetime) -> str:
    return f"envio interrompido de {endpoint}: o Omie será consultado de novo às {until:%H:%M:%S}"


# push/rows_to_fix.py

QUARANTINED: Final = "em quarentena"
TRIED_FIRST_NEXT_TIME: Final = "Nada a fazer: a próxima execução tenta esta linha primeiro."


# push/run.py


def undo_not_open(endpoints: str) -> str:
    return (
        f"Durante o envio, {endpoints} deixou de ser exportado por inteiro: nenhuma baixa é "
        "desfeita sem poder voltar. O próximo envio continua"
    )


def rows_counted(*, rows: int, example: str) -> str:
    return f"{rows} linha(s): {example}"


# push/send.py

REQUEST_REPEATED: Final = (
    "Não saiu: a cada tentativa, outra requisição idêntica com esta chave tinha saído há menos de "
    "um minuto, e o Omie recusaria a repetição"
)
NOT_CONFIRMED: Final = "O Omie respondeu sem confirmar o registro"
WITHOUT_INTEGRATION_CODE: Final = "sem código de integração"


def taken_by(*, text: str, code: str | None, omie_id: int | None, theirs: str) -> str:
    return f"{text} Aqui: {code}; no Omie: Id {omie_id}, {theirs}."


# push/effects/reversal.py

REVERSED_FOR_TITLE: Final = "Estornada para alterar o título; volta com a próxima execução"
PAYMENT_UNANSWERED: Final = (
    "A baixa deste pagamento ainda está sem resposta do Omie: estorna depois dela"
)
NAMES_NO_SETTLEMENT: Final = (
    "A linha não nomeia uma baixa só: a chave falta ou se repete no modelo de estorno."
)
NAMES_NO_SETTLEMENT_FIX: Final = (
    "Deixe no modelo de estorno uma linha por pagamento, com o código de integração."
)
SETTLEMENT_NOT_OURS: Final = (
    "A baixa deste código do Omie não é deste pagamento, ou não saiu deste fluxo."
)
SETTLEMENT_NOT_OURS_FIX: Final = (
    "Estorne-a no Omie, ou libere delete_foreign na política deste endpoint."
)
