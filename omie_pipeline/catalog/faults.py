"""The fault table: what Omie says -> what to do next, as data.

Order matters: the first rule whose pattern is found in the text wins. Texts are compared after
JSON and HTML unescaping; the text decides before the code, because codes are reused across
services (PROTOCOL section 3). Tags: OFF official text, REAL recorded, CODE seen in integrations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Outcome = Literal[
    "busy",
    "redundant",
    "blocked",
    "auth",
    "empty",
    "not_found",
    "exists",
    "rejected",
    "server",
    "overloaded",
    "protocol",
]
"""``server``: the road broke, so a write's outcome is unknown; ``overloaded``: likewise, and a read
of fewer rows may pass; ``protocol``: our request is bad."""


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One line of the table.

    Attributes:
        pattern: searched, case-insensitive, in the fault text; group ``seconds`` gives the wait.
        wait_seconds: how long to wait when the text names no time.
        fix: what a person should do, in Portuguese.
    """

    outcome: Outcome
    pattern: re.Pattern[str]
    wait_seconds: float = 0.0
    fix: str = ""


def _rule(outcome: Outcome, pattern: str, fix: str, wait_seconds: float = 0.0) -> FaultRule:
    return FaultRule(outcome, re.compile(pattern, re.IGNORECASE | re.DOTALL), wait_seconds, fix)


BLOCK_SECONDS = 1800.0
"""How long a block lasts where its text does not say (OFF: 30 minutes)."""

BLOCKED_FIX = (
    "O Omie fechou a API por excesso de erros. Aguarde o prazo; as linhas retidas saem depois."
)
_AGAIN = "Nada a fazer: o envio é repetido sozinho após a espera."
AUTH_FIX = "Confira App Key e App Secret no painel do Omie (Configurações > Integrações > API)."
_GONE = "O registro não existe mais no Omie: foi excluído ou nunca foi criado."
_CATEGORY = "Confira se a categoria existe e está ativa no Omie (Finanças > Categorias)."
_ACCOUNT = "Confira a conta corrente da forma de pagamento: deve existir e estar ativa no Omie."

RULES: tuple[FaultRule, ...] = (
    # REAL 2026-09; "ERROR: " prefix not always there.
    _rule(
        "blocked",
        r"API bloqueada por consumo indevido(.*?em (?P<seconds>\d+) segundos)?",
        BLOCKED_FIX,
        wait_seconds=BLOCK_SECONDS,
    ),
    # REAL 2026-08..10.
    _rule(
        "redundant",
        r"Consumo redundante detectado(.*?Aguarde (?P<seconds>\d+) segundos)?",
        _AGAIN,
        wait_seconds=60,
    ),
    # REAL, older form: a Brasília clock time instead of a duration.
    _rule("redundant", r"Esta requisição já foi processada ou está sendo processada", _AGAIN, 60),
    # REAL 2026-10; clears in 1-3 s, up to 60 s after an abandoned call.
    _rule("busy", r"Já existe uma requisição desse método sendo executada", _AGAIN, 2),
    _rule("auth", r"chave de acesso está inválida ou o aplicativo está suspenso", AUTH_FIX),
    _rule("auth", r"Chave de acesso não cadastrada para o aplicativo", AUTH_FIX),
    # REAL/OFF: infrastructure under a fault's clothes; partial processing is possible.
    _rule("overloaded", r"Broken response from Application Server", _AGAIN, 5),
    _rule("server", r"PROTO_BYEBYE", _AGAIN, 5),
    _rule("server", r"SOAP-ERROR: Internal Error", _AGAIN, 5),
    _rule("server", r"Request timeout", _AGAIN, 5),
    _rule("empty", r"Não existem (registros|cadastros) para a página", ""),
    _rule("empty", r"Registro não encontrado", _GONE),
    _rule("empty", r"Nenhuma conta corrente foi encontrada", _ACCOUNT),
    _rule("empty", r"Nenhuma? .+ foi encontrad[ao]", _GONE),
    _rule(
        "exists",
        # The wording changed over time: the id, the code or both may be missing.
        r"já cadastrad[oa] para o CPF/CNPJ( \[[^\]]*\])?( com o Id \[(?P<id>\d+)\])?"
        r"(.*?código de integração \[(?P<code>.*?)\])?",
        "Já existe no Omie um cadastro com este CPF/CNPJ. Una os dois ou libere o vínculo "
        "automático (on_duplicate_document: link).",
    ),
    _rule(
        "exists",
        # The brackets are missing in one recorded body.
        r"já cadastrad[oa] para o Código de Integração( \[(?P<code>.*?)\])?"
        r"( com o nCod \[(?P<id>\d+)\])?",
        "Este código de integração já está em uso no Omie.",
    ),
    _rule(
        "exists",
        r"já cadastrad[oa] para o código \[(?P<id>\d+)\]",
        "Já existe no Omie um cadastro igual. Confira o código citado e una os dois.",
    ),
    # A título names them: what is missing is not the record that was asked for (SEC: Client-102).
    _rule("rejected", r"Categoria não cadastrada", _CATEGORY),
    _rule("rejected", r"Conta Corrente não cadastrada", _ACCOUNT),
    _rule("not_found", r"não cadastrad[oa] para o Código", _GONE),
    # REAL: one tag per answer, printed in capitals.
    _rule(
        "rejected",
        r"Tag \[(?P<tag>\w+)\] não faz parte da estrutura do tipo complexo",
        "O modelo dbt envia um campo que o Omie não conhece neste método: retire a coluna.",
    ),
    _rule(
        "rejected",
        r"O preenchimento da[s]? tag[s]? .+ é obrigatório",
        "Preencha no sistema da clínica o campo que a mensagem cita.",
    ),
    _rule(
        "rejected",
        r"número máximo de caracteres permitido para o elemento",
        "O texto é mais longo do que o Omie aceita: abrevie o campo citado.",
    ),
    _rule(
        "rejected",
        r"(CPF|CNPJ).*inválid",
        "Confira o CPF/CNPJ no documento da pessoa e corrija o cadastro na clínica.",
    ),
    _rule("rejected", r"categoria", _CATEGORY),
    _rule("rejected", r"conta corrente", _ACCOUNT),
    _rule(
        "rejected",
        r"(baixa|liquidad|recebid[oa]|pago)",
        "O título já tem baixa no Omie: cancele a baixa lá antes de alterar ou excluir.",
    ),
    _rule(
        "rejected",
        r"(contábil|contabil|período|fechad)",
        "O mês está fechado no Omie: peça a reabertura a quem o fechou, ou mude a data.",
    ),
    _rule(
        "protocol",
        r"(Invalid JSON Object|JSON request with SyntaxError|Nenhum parâmetro foi recebido|"
        r"Method .+ not exists)",
        "Falha deste programa: avise quem o mantém, com o texto acima.",
    ),
    # The last resort for texts nobody has recorded: "ERROR: ..." with a Client code is about a row.
    _rule("rejected", r"^ERROR: ", "Leia a mensagem do Omie e corrija o cadastro de origem."),
)

REJECTED_FIX = "Leia a mensagem do Omie e corrija o cadastro de origem."
UNKNOWN_FIX = "Falha que ainda não conhecemos: leia a mensagem do Omie e avise quem mantém o fluxo."
