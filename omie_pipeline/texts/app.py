"""The use cases that the terminal and Dagster share."""

from __future__ import annotations

from typing import Final

# app/deployment.py


def unknown_table(*, table: str, known: str) -> str:
    return f"Tabela desconhecida: {table} (existem: {known})"


def no_empresa_column(table: str) -> str:
    return (
        f"Tabela '{table}': várias empresas usam a mesma clínica, então ela precisa de uma coluna "
        "de empresa (meta.empresa)"
    )


NO_CLINIC: Final = "CLINIC_URL não está definida: aponte-a para a clínica"


# app/freshness.py


def cannot_decide(*, empresa: str, table: str, error: object) -> str:
    return (
        f"{empresa}: não dá para decidir o que a lei manda guardar, porque o Omie não pôde ser "
        f"lido ({table}: {error}). Nada foi apagado; repita quando ele responder"
    )


# app/map_lists.py

ONLY_CATEGORIES: Final = "Só uma categoria pode ser criada no Omie por aqui"
CATEGORY_OF_ONE: Final = "Diga em que empresa a categoria nasce: cada Omie tem as suas"
SOMEBODY: Final = "outra pessoa"


def unset_meanwhile(source: str) -> str:
    return f"O mapeamento de '{source}' foi tirado por outra pessoa enquanto isso. Nada mudou"


def decided_meanwhile(*, source: str, code: str, by: str, at: str) -> str:
    return (
        f"'{source}' foi decidido enquanto isso: {code}, por {by} em {at}. Nada mudou. Veja "
        "omie-pipeline mapping history, e use mapping set se ainda quiser outro código"
    )


def category_not_made(*, name: str, reason: str, fix: str) -> str:
    return (
        f"A categoria {name} não pôde ser criada no Omie: {reason}. {fix}. Nada foi mapeado; o "
        "mesmo comando pode ser repetido"
    )


# app/recategorise.py

BUILD_BEFORE_PLAN: Final = (
    "Os modelos não estão como o último build os deixou: rode omie-pipeline build e repita. Nada "
    "foi planejado"
)


def recategorised_from(day: str) -> str:
    return f"De-para no histórico, desde {day}"


# app/notes.py

NOTHING_SAID_OF_NOTE: Final = "O Omie não disse nada da nota"


# app/register_client.py

TRY_LATER_FIX: Final = "Repita em alguns minutos"


def no_such_client(*, key: str, empresa: str) -> str:
    return (
        f"Não há cliente {key} ({empresa}) no modelo omie_clientes: confira o código, ou refaça "
        "os modelos com omie-pipeline build"
    )


# app/sync_one.py

BUILD_FAILED: Final = (
    "Os modelos não puderam ser refeitos, e nada foi enviado: rode omie-pipeline build, que diz "
    "por quê"
)


# app/suggest_mappings.py

NOTHING_SUGGESTED: Final = "nenhuma"
REFUSE_WHICH: Final = "Falta o código da sugestão recusada"
SUGGESTED_FOR_ONE: Final = (
    "Sugestões são de uma empresa, não de todas. Diga qual, ou use omie-pipeline mapping set"
)


NOT_NAMED: Final = "Nada"


def not_suggested(*, source: str, code: str, known: str) -> str:
    return (
        f"{code} não é uma sugestão para '{source}' (sugestões: {known}). Se é o código "
        "certo, use omie-pipeline mapping set"
    )


# app/mapping_patterns.py


def pattern_says_nothing(glob: str) -> str:
    return (
        f"O padrão '{glob}' é curto ou longo demais: escreva ao menos três letras além de * e ?, e "
        "no máximo 100 sinais"
    )


# app/duplicates.py


def no_such_duplicate(titulo: int) -> str:
    return (
        f"O título {titulo} não está na lista de repetidos (omie-pipeline duplicates): use o "
        "número do título sem vínculo"
    )


def ours_is_paid(titulo: int) -> str:
    return (
        f"O nosso título {titulo} tem baixa: estorne-a primeiro, ou confira no banco se o dinheiro "
        "entrou uma ou duas vezes"
    )


def theirs_is_paid(titulo: int) -> str:
    return (
        f"O título {titulo} tem baixa no Omie: cancele-a lá primeiro e leia de novo (omie-pipeline "
        "import titulos)"
    )


def duplicate_subject(titulo: int) -> str:
    return f"Título repetido {titulo}"


# app/switches.py


def fields_unknown(*, endpoint: str, names: str) -> str:
    return f"{endpoint} não tem estes campos: {names}"


def fields_required(*, endpoint: str, names: str) -> str:
    return (
        f"{endpoint} não sai sem estes campos: {names}. O Omie ou uma regra da clínica "
        "(omie-pipeline rules) pede cada um deles"
    )


def would_ask(reason: str) -> str:
    return f"a política pediria a aprovação de uma pessoa: {reason}"


# app/sync_all.py

MODELS_NOT_MADE: Final = "os modelos não foram refeitos; omie-pipeline build diz por quê"

# app/connection.py

PANEL: Final = "no painel do Omie (Configurações > Integrações > API)"
FIXES: Final = {
    "no_key": "defina-as no ambiente ou no arquivo .env (modelo: .env.example)",
    "key_with_spaces": "apague os espaços ou aspas em volta do valor",
    "key_refused": (
        f"copie de novo App Key e App Secret {PANEL}: o segredo muda quando é gerado outra vez. "
        "Se estão certos, o aplicativo está suspenso ou foi revogado: reative-o ali"
    ),
    "app_suspended": f"reative o aplicativo {PANEL}",
    "unknown_key": f"o Omie não conhece esta App Key: copie-a de novo {PANEL}",
    "blocked": "aguarde o prazo sem novas chamadas; cada tentativa antes dele é em vão",
    "limit": "a chave está certa ou em uso por outro programa; repita em um minuto",
    "wrong_url": "confira OMIE_BASE_URL; a do Omie é https://app.omie.com.br/api/v1/",
    "dns": "o nome do servidor não foi encontrado: confira a internet, o DNS e OMIE_BASE_URL",
    "tls": (
        "a conexão segura falhou: confira o relógio da máquina e se um proxy ou antivírus abre o "
        "tráfego"
    ),
    "certificate": (
        "confira OMIE_BASE_URL, o relógio da máquina e se um proxy ou antivírus abre o tráfego"
    ),
    "network": "confira a internet e a rede desta máquina",
    "scheme": "o endereço deve começar por https://: confira OMIE_BASE_URL",
    "refused": "nada responde neste endereço: confira OMIE_BASE_URL e se o simulador está ligado",
    "no_answer": "confira a internet e o firewall (saída para app.omie.com.br, porta 443)",
    "proxy": (
        "há um proxy no ambiente ({variable}), e este programa não passa por ele: libere a saída "
        "direta para app.omie.com.br, porta 443"
    ),
    "down": "o Omie está instável: repita em alguns minutos",
    "other": "leia a mensagem do Omie acima",
}


def key_and_secret(*, key: str, secret: str) -> str:
    return f"{key} e {secret}"


def omie_key_missing(names: str) -> str:
    return f"falta a chave do Omie ({names})"


AND: Final = " e "


def untidy(names: str) -> str:
    return f"{names} tem espaços ou aspas em volta"


NOT_OMIES_ANSWER: Final = "a resposta não é do Omie"


def key_closed(until: str) -> str:
    return f"o Omie fechou a API desta chave até {until}"
