"""Columns that may hold data of a person's health: never proposed for a text that is sent.

Health data are sensitive (LGPD, articles 5 II and 11), and Omie needs none of them. A free remark
of a clinic's record is as likely clinical as not, whatever table it stands in, so a person has to
ask for it by name.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from omie_pipeline.mapping.sampling import SampledColumn, SampledTable
from omie_pipeline.mapping.targets import Target
from omie_pipeline.mapping.words import words_of

_WORDS: Final = frozenset(
    {
        # Free remarks.
        "observacao", "anotacao", "comentario", "memo", "historico", "history",
        # What a record of a patient holds.
        "anamnese", "anamnesis", "prontuario", "diagnostico", "diagnosis", "evolucao", "queixa",
        "complaint", "alergia", "alergico", "allergy", "allergie", "medicacao", "medicamento",
        "medication", "remedio", "prescricao", "prescription", "laudo", "sintoma", "symptom",
        "doenca", "disease", "patologia", "comorbidade", "antecedente", "hipotese",
        "conduta", "parecer", "atestado", "cirurgia", "surgery", "vacina", "vaccine", "deficiencia",
        "gestante", "gravida", "pregnant", "tabagista", "etilista", "fumante", "smoker",
        "clinico", "clinical", "medical", "saude", "health", "odontograma", "triagem", "hiv",
        # Other sensitive data.
        "raca", "etnia", "race", "ethnicity", "religiao", "religion", "sexual",
    }
)  # fmt: skip
_CID_NAME: Final = re.compile(r"(?:^|_)cid_?(?:10|11)(?:_|$)|(?:^|_)icd(?:_?\d+)?(?:_|$)")
_CID_VALUE: Final = re.compile(r"[A-TV-Z]\d{2}(?:\.?\d{1,2})?", re.IGNORECASE)
_TEXT: Final = ("string", "text")
_ENOUGH: Final = 0.5


def is_clinical(column: SampledColumn) -> bool:
    """Whether the name of ``column``, or codes of diseases in it, say that it may be clinical."""
    return bool(words_of(column.name) & _WORDS) or _holds_diseases(column)


def clinical_columns(table: SampledTable) -> tuple[str, ...]:
    """Names of the columns of ``table`` that may be clinical."""
    return tuple(column.name for column in table.columns if is_clinical(column))


def withheld(target: Target, column: SampledColumn) -> bool:
    """Whether ``column`` must not be proposed for ``target``.

    A key, a reference and a name of the deployment's own (``empresa``) tell nothing of a person's
    health; nor does a date or an amount.
    """
    told = target.field.kind in _TEXT and not (target.is_key or target.reference or target.marked)
    return told and is_clinical(column)


def _holds_diseases(column: SampledColumn) -> bool:
    """``cid`` is a city in one system and a disease (CID-10) in the next: its values tell."""
    plain = unicodedata.normalize("NFKD", column.name).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain)
    if _CID_NAME.search(name):
        return True
    if "cid" not in name.split("_"):
        return False
    fitting = sum(_CID_VALUE.fullmatch(value) is not None for value in column.values)
    return fitting >= _ENOUGH * len(column.values)
