"""Talking to Omie: no answer, a block, a fault, and what a person does about it."""

from __future__ import annotations

from typing import Final

# omie/client.py

PAUSED: Final = "O Omie pediu para esperar antes de chamar {method}"
CALLS_PER_MINUTE: Final = "o limite de chamadas por minuto do Omie"
KEY_BLOCKED: Final = "A API desta chave está bloqueada pelo Omie"


def budget_spent(method: str) -> str:
    return f"Limite próprio de erros do método {method} atingido"


REDUNDANT: Final = "Requisição idêntica há menos de 60 segundos"
ADDRESS_INVALID: Final = "OMIE_BASE_URL não é um endereço"


def address_redirects(status: int) -> str:
    return f"OMIE_BASE_URL redireciona (HTTP {status}): não é a API"


def address_leads_elsewhere(status: int) -> str:
    return f"OMIE_BASE_URL não leva à API do Omie (HTTP {status})"


def no_answer(cause: str) -> str:
    return f"Sem resposta do Omie ({cause})"


def answer_too_large(most: int) -> str:
    return f"O Omie devolveu mais de {most} MB, o que nenhuma resposta tem"


# omie/downloads.py


def file_too_large(most: int) -> str:
    return f"O documento tem mais de {most} MB; não foi guardado"


FILE_ELSEWHERE: Final = (
    "O link do documento não é de um servidor do Omie; o arquivo não foi baixado"
)
ENDLESS_REDIRECTS: Final = "O link do documento redireciona sem fim"


def file_not_yet(status: int) -> str:
    return f"O documento ainda não veio (HTTP {status})"


def file_did_not_come(status: int) -> str:
    return f"O documento não veio (HTTP {status})"


def file_failed(cause: str) -> str:
    return f"O documento não veio ({cause})"


# omie/faults.py

UNREACHABLE_FIX: Final = "O Omie não respondeu: nada a fazer, o envio é repetido sozinho."
THE_STATE: Final = "o status"
THE_CODE: Final = "o código do registro"


def another_record(field: str) -> str:
    return f"a resposta é de outro registro ({field})"


THE_TOTAL: Final = "o total da lista"
THE_LIST: Final = "a lista"
TOO_MANY_REQUESTS: Final = "Limite de requisições do Omie (429)"


def answer_lacks(lacking: str) -> str:
    return f"O Omie respondeu sem o que foi pedido: {lacking}"


def only_a_code(code: str) -> str:
    return f"O Omie respondeu só com um código de falha: {code}"


EMPTY_ANSWER: Final = "resposta vazia"
NO_JSON: Final = "resposta que não é JSON"


def answer_was(*, what: str, status: int) -> str:
    return f"O Omie devolveu {what} (HTTP {status})"


# omie/rate_limiter.py

TRYING_AGAIN: Final = "%s. Tento de novo por até %.0f segundos. O que fazer: %s"


# omie/wire.py

FAILURES: Final = {
    "certificate": (
        "O certificado do servidor não é de confiança",
        "confira OMIE_BASE_URL, o relógio da máquina e se um proxy ou antivírus abre o tráfego",
    ),
    "tls": (
        "A conexão segura (TLS) com o Omie falhou",
        "confira o relógio da máquina e se um proxy ou antivírus abre o tráfego",
    ),
    "dns": (
        "O nome do servidor do Omie não foi encontrado",
        "confira a internet, o DNS e OMIE_BASE_URL",
    ),
    "refused": (
        "Nada responde no endereço do Omie (conexão recusada)",
        "confira OMIE_BASE_URL e se o simulador está ligado",
    ),
    "network": ("Não há caminho de rede até o Omie", "confira a internet e a rede desta máquina"),
    "proxy": (
        "Sem conexão com o Omie, e há um proxy no ambiente",
        "este programa não passa pelo proxy: libere a saída direta para app.omie.com.br, porta 443",
    ),
    "scheme": (
        "O endereço do Omie não começa por https://",
        "confira OMIE_BASE_URL; a do Omie é https://app.omie.com.br/api/v1/",
    ),
    "no_answer": (
        "O servidor do Omie não aceitou a conexão a tempo",
        "confira a internet e o firewall (saída para app.omie.com.br, porta 443)",
    ),
}


def certificates_unreadable(*, variable: str, place: str, cause: object) -> str:
    return f"{variable}: não foi possível ler certificados de {place} ({cause})."


# catalog/faults.py

BLOCKED_FIX: Final = (
    "O Omie fechou a API por excesso de erros. Aguarde o prazo; as linhas retidas saem depois."
)
REPEATED_ALONE_FIX: Final = "Nada a fazer: o envio é repetido sozinho após a espera."
AUTH_FIX: Final = (
    "Confira App Key e App Secret no painel do Omie (Configurações > Integrações > API)."
)
GONE_FIX: Final = "O registro não existe mais no Omie: foi excluído ou nunca foi criado."
CATEGORY_FIX: Final = "Confira se a categoria existe e está ativa no Omie (Finanças > Categorias)."
ACCOUNT_FIX: Final = (
    "Confira a conta corrente da forma de pagamento: deve existir e estar ativa no Omie."
)
REFERENCE_FIX: Final = (
    "O registro aponta para outro que o Omie não tem: confira o código que a mensagem cita."
)
SAME_DOCUMENT_FIX: Final = (
    "Já existe no Omie um cadastro com este CPF/CNPJ. Una os dois ou libere o vínculo "
    "automático (on_duplicate_document: link)."
)
CODE_IN_USE_FIX: Final = "Este código de integração já está em uso no Omie."
REJECTED_FIX: Final = "Leia a mensagem do Omie e corrija o cadastro de origem."
UNKNOWN_FIX: Final = (
    "Falha que ainda não conhecemos: leia a mensagem do Omie e avise quem mantém o fluxo."
)
SAME_RECORD_FIX: Final = (
    "Já existe no Omie um cadastro igual. Confira o código citado e una os dois."
)
UNKNOWN_TAG_FIX: Final = (
    "O modelo dbt envia um campo que o Omie não conhece neste método: retire a coluna."
)
MANDATORY_FIX: Final = "Preencha no sistema da clínica o campo que a mensagem cita."
TOO_LONG_FIX: Final = "O texto é mais longo do que o Omie aceita: abrevie o campo citado."
DOCUMENT_FIX: Final = "Confira o CPF/CNPJ no documento da pessoa e corrija o cadastro na clínica."
VALUE_FIX: Final = "Corrija no sistema da clínica o campo que a mensagem cita."
OURS_FIX: Final = "Falha deste programa: avise quem o mantém, com o texto acima."
SETTLED_FIX: Final = (
    "O título já tem baixa no Omie: cancele a baixa lá antes de alterar ou excluir."
)
CLOSED_MONTH_FIX: Final = (
    "O mês está fechado no Omie: peça a reabertura a quem o fechou, ou mude a data."
)
