"""The fault table: what Omie says -> what to do next, as data.

Order matters: a block's code first; then the first rule of ``RULES`` whose pattern is found in the
text; then the code; then the first of ``HINTS``, which know no more than what a refusal is about.
The text decides before the code because codes are reused across services, and the code after it
because texts vary (omie-api.md#text-before-code). Texts are compared after JSON and HTML
unescaping, without accents and case. A text is official, seen or reported:
omie-api.md#how-sure-each-fact-is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from omie_pipeline.texts import omie as texts

Outcome = Literal[
    "busy",
    "passing",
    "turned_away",
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
"""``passing``: a refusal that the very same request does not meet later; ``turned_away``: too many
requests, this one was not taken in; ``server``: the road broke, so a write's outcome is unknown;
``overloaded``: likewise, and a read of fewer rows may pass; ``protocol``: our request is bad."""


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One line of the table.

    Attributes:
        pattern: searched, without case and accents, in the fault text; group ``seconds`` gives the
            wait.
        wait_seconds: how long to wait when the text names no time.
        fix: what a person should do, in Portuguese.
        of_another: what is missing is a record that ours points at; only a read that asks for that
            very record misses the record itself.
    """

    outcome: Outcome
    pattern: re.Pattern[str]
    wait_seconds: float = 0.0
    fix: str = ""
    of_another: bool = False


def bare(text: str) -> str:
    """``text`` without accents, letter by letter: what is found in it stands at the same place."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(unicodedata.normalize("NFD", letter)[0] for letter in composed)


def _rule(
    outcome: Outcome,
    pattern: str,
    fix: str,
    wait_seconds: float = 0.0,
    *,
    of_another: bool = False,
) -> FaultRule:
    compiled = re.compile(bare(pattern), re.IGNORECASE | re.DOTALL)
    return FaultRule(outcome, compiled, wait_seconds, fix, of_another)


BLOCK_SECONDS = 1800.0
"""How long a block lasts if its text does not say (official: 30 minutes)."""

BUSY_SECONDS = 9.0
"""Between two askings of a question that Omie says it is answering already; one more is added."""

CROWDED_SECONDS = 60.0
"""How long too many requests are waited out if Omie does not say (omie-api.md#limits)."""

PASSING_SECONDS = 60.0
"""A refusal that passes came from a request that Omie took in: the same one within a minute would
be redundant."""


_TAKEN = r" (informado )?já (foi |está |se encontra )?(cadastrad|utilizad|em uso)"
_MISSING = r"não (foi |foram |está |estão )?(encontrad|cadastrad|localizad)[oa]s?"

_SECONDS = r"(Aguarde (?P<seconds>\d+) segundos?)"

RULES: tuple[FaultRule, ...] = (
    # Seen 2026-09; "ERROR: " prefix not always there.
    _rule(
        "blocked",
        r"API bloqueada por consumo indevido(.*?em (?P<seconds>\d+) segundos)?",
        texts.BLOCKED_FIX,
        wait_seconds=BLOCK_SECONDS,
    ),
    # Seen 2026-08 to 2026-10.
    _rule(
        "redundant",
        rf"Consumo redundante detectado(.*?{_SECONDS})?",
        texts.REPEATED_ALONE_FIX,
        wait_seconds=60,
    ),
    # Seen: the same under a shorter text, with HTTP 200.
    _rule(
        "redundant",
        rf"{_SECONDS} para efetuar a requisição",
        texts.REPEATED_ALONE_FIX,
        wait_seconds=60,
    ),
    # Seen, an older form: a Brasília clock time instead of a duration.
    _rule(
        "redundant",
        r"Esta requisição já foi processada ou está sendo processada",
        texts.REPEATED_ALONE_FIX,
        60,
    ),
    # Seen 2026-10: 10 s, then 61 s were enough; at 0, 3 and 6 s it was still there.
    _rule(
        "busy",
        r"Já existe uma requisição desse método sendo executada",
        texts.REPEATED_ALONE_FIX,
        BUSY_SECONDS,
    ),
    # Reported: weak evidence.
    _rule(
        "busy",
        r"Processo já em andamento|processando outra requisição",
        texts.REPEATED_ALONE_FIX,
        BUSY_SECONDS,
    ),
    _rule(
        "turned_away",
        r"Limite de requisições.* excedido|excesso de requisições|Too Many Requests",
        texts.REPEATED_ALONE_FIX,
        CROWDED_SECONDS,
    ),
    # CODE: AlterarOS refused a body that it took minutes before and after.
    _rule(
        "passing",
        r"Informe a Tag \[nCodOS\] ou \[cCodIntOS\]",
        texts.REPEATED_ALONE_FIX,
        PASSING_SECONDS,
    ),
    _rule("auth", r"chave de acesso está inválida ou o aplicativo está suspenso", texts.AUTH_FIX),
    _rule("auth", r"chave de acesso não está preenchida ou não é válida", texts.AUTH_FIX),
    _rule("auth", r"Chave de acesso não cadastrada para o aplicativo", texts.AUTH_FIX),
    # Reported; the "chave de acesso" of a note is no key of ours.
    _rule(
        "auth",
        r"(App[ _]?Key|App[ _]?Secret|chave de acesso(?! d[aeo]s? |.{0,20}\b(NF|CT)))"
        r"( informad[ao])?( não é válid[ao]|( está| é)? inválid[ao])",
        texts.AUTH_FIX,
    ),
    # Seen, official: infrastructure under a fault's clothes; partial processing is possible.
    _rule("overloaded", r"Broken response from Application Server", texts.REPEATED_ALONE_FIX, 5),
    _rule("server", r"PROTO_BYEBYE", texts.REPEATED_ALONE_FIX, 5),
    _rule("server", r"SOAP-ERROR: Internal Error", texts.REPEATED_ALONE_FIX, 5),
    _rule("server", r"Request timeout", texts.REPEATED_ALONE_FIX, 5),
    _rule("empty", r"Não existem (registros|cadastros) para a página", ""),
    _rule("empty", r"Não foram encontrad[oa]s (registros|cadastros)", ""),
    _rule("empty", r"Consulta não retornou dados", ""),
    _rule("empty", r"Registro não encontrado", texts.GONE_FIX),
    _rule("empty", r"Nenhuma conta corrente foi encontrada", texts.ACCOUNT_FIX),
    _rule("empty", r"Nenhuma? .{1,60}?( foi)? encontrad[ao]", texts.GONE_FIX),
    _rule(
        "exists",
        # The wording changed over time: the id, the code or both may be missing.
        r"já cadastrad[oa] para o CPF/CNPJ( \[[^\]]*\])?( com o Id \[(?P<id>\d+)\])?"
        r"(.*?código de integração \[(?P<code>.*?)\])?",
        texts.SAME_DOCUMENT_FIX,
    ),
    _rule("exists", rf"CPF/CNPJ( \[[^\]]*\])?{_TAKEN}", texts.SAME_DOCUMENT_FIX),
    _rule(
        "exists",
        # The brackets are missing in one recorded body.
        r"já cadastrad[oa] para o Código de Integração( \[(?P<code>.*?)\])?"
        r"( com o nCod \[(?P<id>\d+)\])?",
        texts.CODE_IN_USE_FIX,
    ),
    # Seen.
    _rule("exists", rf"código de integração( \[(?P<code>.*?)\])?{_TAKEN}", texts.CODE_IN_USE_FIX),
    _rule(
        "exists",
        r"já cadastrad[oa] para o código \[(?P<id>\d+)\]",
        texts.SAME_RECORD_FIX,
    ),
    # A título names them: the record that was asked for is not what is missing (reported).
    _rule("rejected", rf"Categoria {_MISSING}", texts.CATEGORY_FIX, of_another=True),
    _rule("rejected", rf"Conta Corrente {_MISSING}", texts.ACCOUNT_FIX, of_another=True),
    _rule(
        "rejected",
        rf"(departamento|local de estoque) {_MISSING}",
        texts.REFERENCE_FIX,
        of_another=True,
    ),
    _rule("not_found", _MISSING, texts.GONE_FIX),
    # Seen: one tag per answer, printed in capitals.
    _rule(
        "rejected",
        r"Tag \[(?P<tag>\w+)\] não faz parte da estrutura do tipo complexo",
        texts.UNKNOWN_TAG_FIX,
    ),
    _rule(
        "rejected",
        r"O preenchimento da[s]? tag[s]? .+ é obrigatório",
        texts.MANDATORY_FIX,
    ),
    _rule(
        "rejected",
        r"número máximo de caracteres permitido para o elemento",
        texts.TOO_LONG_FIX,
    ),
    _rule(
        "rejected",
        r"(CPF|CNPJ).*inválid",
        texts.DOCUMENT_FIX,
    ),
    # Client-105 stands for "no such record" and for a value outside its list alike (reported).
    _rule(
        "rejected",
        r"\b(valor|data|conteúdo)\b.*\btag \[",
        texts.VALUE_FIX,
    ),
    _rule(
        "protocol",
        r"(Invalid JSON Object|JSON request with SyntaxError|Nenhum parâmetro foi recebido|"
        r"Method .+ not exists)",
        texts.OURS_FIX,
    ),
)

MISUSE_CODE = "MISUSE_API_PROCESS"
"""A block, whatever the HTTP status and the words beside it (seen)."""

CODE_RULES: Mapping[str, FaultRule] = MappingProxyType(
    {
        "6": _rule("redundant", rf"(.*?{_SECONDS})?", texts.REPEATED_ALONE_FIX, 60),
        "8020": _rule("redundant", "", texts.REPEATED_ALONE_FIX, 60),
        "1100": _rule("redundant", "", texts.REPEATED_ALONE_FIX, 60),
        "1880": _rule("busy", "", texts.REPEATED_ALONE_FIX, BUSY_SECONDS),
        "500": _rule("turned_away", "", texts.REPEATED_ALONE_FIX, CROWDED_SECONDS),
        "5113": _rule("empty", "", ""),
    }
)
"""What a code means if no text does (omie-api.md#text-before-code)."""

KEY_CODES = frozenset({"103", "105"})
"""On a read by key, if no text says more: no such record. 105 on a write also stands for a value
outside its list (reported)."""

HINTS: tuple[FaultRule, ...] = (
    _rule("rejected", r"categoria", texts.CATEGORY_FIX),
    _rule("rejected", r"conta corrente", texts.ACCOUNT_FIX),
    _rule(
        "rejected",
        r"(baixa|liquidad|recebid[oa]|pago)",
        texts.SETTLED_FIX,
    ),
    _rule(
        "rejected",
        r"(contábil|período|fechad)",
        texts.CLOSED_MONTH_FIX,
    ),
    # The last resort for texts that are not recorded: "ERROR: ..." with a Client code is about a
    # row.
    _rule("rejected", r"^ERROR: ", texts.REJECTED_FIX),
)
