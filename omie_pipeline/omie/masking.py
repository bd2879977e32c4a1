"""What may be kept of a request or an answer: never the secret, never who the patient is.

Works on names of fields: a value under a personal field keeps its first and last character at
most; everything under a secret field disappears (LGPD, and the body holds the secret).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

_SECRET = frozenset({"app_key", "app_secret", "ct_eskey", "ct_espass", "ct_esvlpss", "csc_idh"})
_PERSONAL = re.compile(
    r"cpf|cnpj|^doc_|documento_exterior|razao_?social|nome|contato|telefone|fax|email|endereco|entend|"
    r"logradouro|bairro|complemento|^cep$|entcep|entie$|numero$|agencia|conta_corrente$|chave_?pix|cchavepix|conteudo|"
    r"titular|inscricao|observacao|obs_|homepage|^rg$|_rg|nif|pix_qrcode",
    re.IGNORECASE,
)
_PUBLIC = frozenset(
    {"id_conta_corrente", "numero_documento", "numero_parcela", "codigo_conta_corrente"}
)
# Omie's ids reach 11 digits as a CPF does; where the text says that it is an id, it stays.
_NOT_AN_ID = r"(?<!Id \[)(?<!nCod \[)(?<!Código \[)"
_DOCUMENT = re.compile(
    _NOT_AN_ID + r"(?<![\dA-Za-z])(\d{3}\.?\d{3}\.?\d{3}-?\d{2}"
    r"|[\dA-Z]{2}\.?[\dA-Z]{3}\.?[\dA-Z]{3}/?[\dA-Z]{4}-?\d{2})(?![\dA-Za-z])"
)
_KEY_IN_TEXT = re.compile(r"(aplicativo \[)[^\]]*(\])")
_SHORTEST_TOLD = 4
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def mask_value(value: Any) -> Any:
    """``"Maria Souza"`` -> ``"M***a"``; numbers and short texts vanish altogether."""
    text = str(value)
    return f"{text[0]}***{text[-1]}" if len(text) > 4 else "***"


def mask_document(document: str) -> str:
    """A CPF or CNPJ with only its last two characters readable."""
    return f"***{document[-2:]}" if document else ""


def mask(value: Any) -> Any:
    """A copy of a JSON value with secret fields removed and personal fields masked."""
    if isinstance(value, Mapping):
        return {key: _mask_field(key, item) for key, item in value.items() if key not in _SECRET}
    if isinstance(value, list):
        return [mask(item) for item in value]
    return value


def _mask_field(name: str, value: Any) -> Any:
    if isinstance(value, (Mapping, list)):
        return mask(value)
    if value in (None, "") or name in _PUBLIC or not _PERSONAL.search(name):
        return value
    return mask_value(value)


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
        elif name not in _PUBLIC and (name in _SECRET or _PERSONAL.search(name)):
            text = str(item).strip()
            if item is not None and len(text) >= _SHORTEST_TOLD:
                yield text


def mask_text(text: str, hidden: Collection[str] = ()) -> str:
    """A fault text without whole documents, e-mail addresses, the app key it may echo, or any of
    the ``hidden`` texts, whatever their case."""
    for secret in hidden:
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", text, flags=re.IGNORECASE)
    text = _KEY_IN_TEXT.sub(r"\1***\2", text)
    text = _DOCUMENT.sub(lambda found: mask_document(found.group()), text)
    return _EMAIL.sub("***@***", text)
