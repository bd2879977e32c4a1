"""Which column feeds which field: by its name, and by what its values look like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from omie_pipeline.catalog import Endpoint
from omie_pipeline.mapping.codes import ROLES, prefix_for
from omie_pipeline.mapping.evidence import (
    DATE_TYPES,
    EXPECTED,
    FITS,
    NUMBER_TYPES,
    Pattern,
    distinct,
    evidence,
    share,
)
from omie_pipeline.mapping.sampling import SampledColumn, SampledTable
from omie_pipeline.mapping.targets import EMPRESA, PARTITION, Target, fills_unasked, targets_of
from omie_pipeline.mapping.words import FOREIGN, GENERIC, OPPOSITE, Words, alternatives, words_of
from omie_pipeline.texts import mapping as texts

# Columns that may hold data of a person's health: never proposed for a text that is sent.
#
# Health data are sensitive (LGPD, articles 5 II and 11), and Omie needs none of them. A free remark
# of a clinic's record is as likely clinical as not, whatever table it stands in, so a person has to
# ask for it by name.

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


Origin = Literal["column", "constant"]

_FEWEST_ROWS: Final = 3

_TELLING: Final[tuple[Pattern, ...]] = ("document", "email", "uf", "phone", "cep")
"""Patterns that say by themselves what a column is, whatever its name."""

_NEXT_BEST_DATES: Final = (
    "data_emissao", "data", "data_vencimento", "Cabecalho.dDtPrevisao",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """A field and where it comes from.

    Attributes:
        origin: a column of the table, or a constant.
        source: name of the column, or the constant's text.
        confidence: 0 to 1; 1 if a person said so.
        reason: Portuguese; names patterns and counts, never a value of the table.
    """

    target: Target
    origin: Origin
    source: str
    confidence: float
    reason: str

    @property
    def level(self) -> str:
        """``alta``, ``média`` or ``baixa``."""
        return (
            "alta"
            if self.confidence >= 0.85
            else texts.MIDDLING
            if self.confidence >= 0.65
            else "baixa"
        )


def propose(
    endpoint: Endpoint, table: SampledTable, empresas: Sequence[str] = ()
) -> tuple[Proposal, ...]:
    """The best column for every field that has one, in the catalog's order.

    A column may feed several fields (a date the issue and the entry of a título). Fields that Omie
    computes, and retired ones, are never among them.

    Args:
        empresas: names of the deployment's companies: a column whose values are these is theirs.
    """
    known = targets_of(endpoint)
    targets = [target for target in known if target.proposable and fills_unasked(endpoint, target)]
    found = {target.path: _by_name(endpoint, target, table, empresas) for target in targets}
    claimed = {one.source for one in found.values() if one is not None}
    for target in targets:
        if found[target.path] is None:
            found[target.path] = _by_values(target, table, claimed)
    _drop_second_of_a_choice(endpoint, found)
    _drop_empty_shells(endpoint, found)
    if endpoint.grain == "fact":
        found[PARTITION] = found[PARTITION] or _other_date(found)
    if endpoint.document_field:
        found.update(role_constants(known, prefix_for(endpoint.name, key_words(table))))
    return tuple(one for target in known if (one := found.get(target.path)) is not None)


def key_words(table: SampledTable) -> Words:
    """The words of the table's own name."""
    return words_of(table.name)


def _by_name(
    endpoint: Endpoint, target: Target, table: SampledTable, empresas: Sequence[str]
) -> Proposal | None:
    judged = [
        proposal
        for column in table.columns
        if (proposal := _judged(endpoint, target, column, table, empresas)) is not None
    ]
    best = max(judged, key=lambda one: one.confidence, default=None)
    return best if best is not None and best.confidence >= _ENOUGH else None


def _judged(
    endpoint: Endpoint,
    target: Target,
    column: SampledColumn,
    table: SampledTable,
    empresas: Sequence[str],
) -> Proposal | None:
    if target.is_key:
        return _judged_as_key(target, column, table)
    if withheld(target, column):
        return None
    words = words_of(column.name)
    if target.omie_key and "omie" not in words:
        return None
    score, reason = _name_score(endpoint.name, target, column.name, key_words(table))
    if not score:
        return None
    if target.path == EMPRESA:
        known, filled = sum(value in empresas for value in column.values), len(column.values)
        if filled and not known:
            return None
        told = texts.empresa_known(known=known, filled=filled) if filled else ""
        lowered = score if known == filled else score - 0.25
        return Proposal(target, "column", column.name, lowered, reason + told)
    bonus, told = evidence(target, column)
    return Proposal(target, "column", column.name, min(0.99, score + bonus), f"{reason}{told}")


def _judged_as_key(target: Target, column: SampledColumn, table: SampledTable) -> Proposal | None:
    words, own = words_of(column.name), key_words(table)
    same = column.name.lower() == target.field.name.lower()
    primary = table.primary_key == (column.name,)
    plain = words - own
    if not (same or primary or plain in ({"id"}, {"codigo"}, {"chave"}, {"codigo", "integracao"})):
        return None
    score = 0.97 if same else 0.95 if primary else 0.9 if plain == {"id"} else 0.85
    reason = texts.SAME_NAME if same else texts.PRIMARY_KEY if primary else texts.NAME_OF_A_KEY
    if not column.values:
        return Proposal(target, "column", column.name, score, texts.reason_without_rows(reason))
    if distinct(column, table.rows):
        return Proposal(
            target,
            "column",
            column.name,
            score,
            texts.reason_one_value_a_row(reason=reason, rows=table.rows),
        )
    return Proposal(target, "column", column.name, score - 0.3, texts.reason_but_repeated(reason))


def _name_score(endpoint: str, target: Target, column: str, own: Words) -> tuple[float, str]:
    """0 to 0.99 and why; 0 if the name says nothing of the field."""
    if column.lower() == target.field.name.lower():
        return 0.95, texts.SAME_NAME
    words = words_of(column)
    if OPPOSITE.get(target.field.name) in words and len(words - own) == 1:
        return 0.85, texts.SAYS_THE_OPPOSITE
    score = 0.0
    for place, said in enumerate(alternatives(endpoint, target.path)):
        late = 0.01 * min(place, 12)
        if said == words:
            score = max(score, 0.92 - late)
        elif said == words - own and said:
            score = max(score, 0.88 - late)
        elif said < words and said - GENERIC and not (words - said) & FOREIGN:
            score = max(score, 0.66 - late)
    if not score:
        return 0.0, ""
    return score, texts.KNOWN_NAME if score > 0.7 else texts.SIMILAR_NAME


def _by_values(target: Target, table: SampledTable, claimed: Collection[str]) -> Proposal | None:
    """A column that matches no field by name, and one by its values."""
    expected = EXPECTED.get(target.field.name)
    if target.parents or expected not in _TELLING:
        return None
    for column in table.columns:
        if column.name in claimed or words_of(column.name) & FOREIGN or is_clinical(column):
            continue
        if column.data_type in NUMBER_TYPES or column.data_type.startswith(DATE_TYPES):
            continue
        found = share(column, expected)
        if found.filled < _FEWEST_ROWS or found.ratio < FITS or _rather(column, expected):
            continue
        told = texts.name_says_nothing(found.told(expected))
        return Proposal(target, "column", column.name, 0.55, told)
    return None


def _rather(column: SampledColumn, expected: Pattern) -> bool:
    """Whether a more telling pattern fits as well: a CPF has as many digits as a mobile phone."""
    stronger = _TELLING[: _TELLING.index(expected)]
    return any(share(column, one).ratio >= FITS for one in stronger)


def _drop_second_of_a_choice(endpoint: Endpoint, found: dict[str, Proposal | None]) -> None:
    """Of fields that say one thing (Omie's number, our code) our code alone is proposed."""
    pairs = [*endpoint.either, ("Cabecalho.nCodCli", "Cabecalho.cCodIntCli")]
    for group in pairs:
        given = [path for path in group if found.get(path) is not None]
        ours = [path for path in given if "Int" in path or path.endswith("_integracao")]
        for path in given:
            if ours and path not in ours:
                found[path] = None


def _drop_empty_shells(endpoint: Endpoint, found: dict[str, Proposal | None]) -> None:
    """An object made of weak guesses alone would send more than the table says."""
    sections = {p.target.section for p in found.values() if p is not None}
    for section in sections - {"", endpoint.section}:
        inside = [p for p in found.values() if p is not None and p.target.section == section]
        if all(one.confidence < 0.65 for one in inside):
            for one in inside:
                found[one.target.path] = None


def _other_date(found: Mapping[str, Proposal | None]) -> Proposal | None:
    """The partition of a fact that names no business date: the nearest thing it has."""
    for path in _NEXT_BEST_DATES:
        near = found.get(path)
        if near is not None and near.origin == "column":
            told = texts.business_date_of(path)
            target = Target(PARTITION, near.target.field)
            return Proposal(target, "column", near.source, 0.6, told)
    return None


def role_constants(targets: Sequence[Target], prefix: str) -> dict[str, Proposal]:
    """What every cliente of one kind has: its kind here, and its tag in Omie."""
    if prefix not in ROLES:
        return {}
    kind, tag = ROLES[prefix]
    told = texts.by_code(prefix)
    values = {"_tipo": kind, "tags": f'[{{"tag": "{tag}"}}]'}
    return {
        target.path: Proposal(target, "constant", values[target.path], 0.9, told)
        for target in targets
        if target.path in values
    }
