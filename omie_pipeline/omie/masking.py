"""What may be kept of a request or an answer: never the secret, never who the patient is.

Works on names of fields: a value under a personal field or a free text keeps its first and last
character at most, a link to a document nothing; everything under a secret field disappears (LGPD,
and the body holds the secret). In every other text, documents, telephones, e-mail addresses and
links are hidden, but in codes: those are what the rows are found by.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

_SECRET = frozenset({"app_key", "app_secret", "ct_eskey", "ct_espass", "ct_esvlpss", "csc_idh"})
_PERSONAL = re.compile(
    r"cpf|cnpj|^doc_|documento_exterior|razao_?social|nome|contato|telefone|fax|email|endereco|entend|"
    r"logradouro|bairro|complemento|^cep$|entcep|entie$|numero$|agencia|conta_corrente$|chave_?pix|cchavepix|conteudo|"
    r"titular|inscricao|observacao|obs_|homepage|^rg$|_rg|nif|pix_qrcode|cmc7|imdestinatario|conta_corrente_transf|"
    r"(end|compl|cep)(ext)?evento$|"
    # Free texts of orders, contracts, services, notes: people type the patient's name into them.
    r"enviarpara|^c?obs|dadosadic|descserv$|descrcompleta|descreemb|descmateriais|motivocanc|"
    r"correcao$",
    re.IGNORECASE,
)
# Such a link leads to the whole note, and Omie requires no login for it.
_LINK = re.compile(r"^c?(url|link|pdf|xml)|^danfe", re.IGNORECASE)
# Never looked into: numbers of their own that look like a document or a telephone.
_CODE = re.compile(
    r"integra|codint|^_chave$|^\$omie_id$|^chave|barras|nsu$|protocolo|verif|nfs?e?$",
    re.IGNORECASE,
)
# The city hall's words may name the patient; they are kept where they belong (omie_sync.nfse).
_MESSAGES = "mensagens"
_MESSAGE_TEXTS = frozenset({"cDescricao", "cCorrecao"})
_PUBLIC = frozenset(
    {"id_conta_corrente", "numero_documento", "numero_parcela", "codigo_conta_corrente"}
)
# Omie's ids reach 11 digits as a CPF does; if the text says that it is an id, it stays.
_NOT_AN_ID = r"(?<!Id \[)(?<!nCod \[)(?<!Código \[)"
_DOCUMENT = re.compile(
    _NOT_AN_ID + r"(?<![\dA-Za-z])(\d{3}\.?\d{3}\.?\d{3}-?\d{2}"
    r"|[\dA-Z]{2}\.?[\dA-Z]{3}\.?[\dA-Z]{3}/?[\dA-Z]{4}-?\d{2})(?![\dA-Za-z])"
)
_KEY_IN_TEXT = re.compile(r"(aplicativo \[)[^\]]*(\])")
_SHORTEST_TOLD = 4
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_PHONE = re.compile(
    r"(?<![\w.,/-])(?:\+?55[ -]?)?(?:\(\d{2}\) ?(?:9 ?)?\d{4}[ -]?\d{4}"
    r"|\d{2} (?:9\d{4}-?\d{4}|\d{4}-\d{4})|9\d{4}-\d{4})(?![\w-])"
)
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_SHORTEST_FOUND = 8
# One look that most texts pass: an address, or what every document and telephone has.
_SUSPECT = re.compile(r"@|://|\d[\d.]\d{3}|\d{2}\)|[\dA-Z]{4}-?\d{2}")
_Kind = Literal["masked", "link", "code", "text"]


def mask_value(value: Any) -> Any:
    """``"Maria Souza"`` -> ``"M***a"``; numbers and short texts vanish altogether."""
    text = str(value)
    return f"{text[0]}***{text[-1]}" if len(text) > 4 else "***"


def mask_document(document: str) -> str:
    """A CPF or CNPJ with only its last two characters readable."""
    return f"***{document[-2:]}" if document else ""


def mask(value: Any) -> Any:
    """A copy of a JSON value with secret fields removed, personal fields, free texts and links
    masked, and what looks like a document, telephone, address or link hidden in other texts."""
    return _mask_item("text", value)


def _mask_field(name: str, value: Any) -> Any:
    if name == _MESSAGES and isinstance(value, list):
        return [_mask_message(item) for item in value]
    return _mask_item(_kind(name), value)


def _mask_item(kind: _Kind, value: Any) -> Any:
    """A value under a field of this kind; a list is one field many times."""
    if isinstance(value, Mapping):
        return {key: _mask_field(key, item) for key, item in value.items() if key not in _SECRET}
    if isinstance(value, list):
        return [_mask_item(kind, item) for item in value]
    if kind == "code" or value is None or value == "":
        return value
    if kind == "masked":
        return mask_value(value)
    if not isinstance(value, str):
        return value
    return "***" if kind == "link" and len(value) > 1 else _without_patterns(value)


def _mask_message(message: Any) -> Any:
    masked = _mask_item("text", message)
    if isinstance(masked, dict):
        masked |= {n: mask_value(message[n]) for n in _MESSAGE_TEXTS if message.get(n)}
    return masked


@lru_cache(maxsize=4096)
def _kind(name: str) -> _Kind:
    if name in _PUBLIC:
        return "text"
    if _PERSONAL.search(name):
        return "masked"
    if _LINK.search(name):
        return "link"
    return "code" if _CODE.search(name) else "text"


def _without_patterns(text: str) -> str:
    if len(text) < _SHORTEST_FOUND or _SUSPECT.search(text) is None:
        return text
    return mask_text(_URL.sub("***", text))


def personal_texts(value: Any) -> tuple[str, ...]:
    """Texts under personal fields that are long enough to be told from a word, longest first."""
    return tuple(sorted(set(_personal(value)), key=len, reverse=True))


def _personal(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _personal(item)
    if not isinstance(value, Mapping):
        return
    for name, item in value.items():
        if isinstance(item, (Mapping, list)):
            yield from _personal(item)
        elif name in _SECRET or _kind(name) == "masked":
            text = str(item).strip()
            if item is not None and len(text) >= _SHORTEST_TOLD:
                yield text


def mask_text(text: str, hidden: Collection[str] = ()) -> str:
    """A fault text without whole documents, telephones, e-mail addresses, the app key it may echo,
    or any of the ``hidden`` texts, whatever their case."""
    for secret in hidden:
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", text, flags=re.IGNORECASE)
    text = _KEY_IN_TEXT.sub(r"\1***\2", text)
    text = _DOCUMENT.sub(lambda found: mask_document(found.group()), text)
    text = _PHONE.sub("***", text)
    return _EMAIL.sub("***@***", text)
