"""CPF and CNPJ: every vector of five projects, and the cases where they disagree."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omie_pipeline.validation.documents import (
    bare,
    document_problem,
    is_company,
    valid_documents,
)

VECTORS = [
    row
    for row in csv.DictReader(
        (Path(__file__).parent / "br_documents.csv").read_text("utf-8").splitlines()
    )
    if row["kind"] in ("CPF", "CNPJ")
]

# Where we refuse what a source calls valid.
STRICTER = {
    # An en dash and stray spaces: only python-stdnum forgives them. A pasted en dash is no sign of
    # a CNPJ, and Omie would get it as it is.
    "12. ABC.345 /01DE–35",
    # Ten digits: only validate-docbr pads with zeros. A digit that is missing at the front cannot
    # be told from one that is missing at the back.
    "9380826044",
}


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: f"{row['kind']} {row['value']}")
def test_vector(row: dict[str, str]) -> None:
    valid = row["valid_per_source"] == "True" and row["value"] not in STRICTER
    # A CPF vector that has the length of a CNPJ (and the other way round) is valid as the other.
    expected_length = 11 if row["kind"] == "CPF" else 14
    fits = document_problem(row["value"]) is None and len(bare(row["value"])) == expected_length
    assert fits is valid


def test_the_vectors_are_all_there() -> None:
    assert len(VECTORS) == 104


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("390.533.447-06", "cpf_digitos"),
        ("11.222.333/0001-82", "cnpj_digitos"),
        ("1234567890", "documento_sem_zero"),
        ("1234567891", "documento_tamanho"),
        ("191", "documento_tamanho"),
        ("111.111.111-11", "documento_repetido"),
        ("AAAAAAAAAAAAAA", "documento_repetido"),
        ("390.533.447=05", "documento_caracteres"),
        ("3905334470A", "documento_caracteres"),
        ("12ABC34501DEAA", "documento_caracteres"),
        ("٣٩٠٥٣٣٤٤٧٠٥", "documento_caracteres"),
        ("-./", "documento_caracteres"),
        ("12abc34501de35", None),
        ("390 533 447 05", None),
    ],
)
def test_problem(value: str, rule: str | None) -> None:
    assert document_problem(value) == rule


def test_company_is_told_by_the_length_of_its_document() -> None:
    assert is_company("12.ABC.345/01DE-35")
    assert not is_company("390.533.447-05")
    assert not is_company(None)


def _mutated(text: str, at: int, sign: str) -> str:
    place = at % (len(text) + 1)
    return text[:place] + sign + text[place + 1 :]


_GOOD = st.sampled_from([row["value"] for row in VECTORS] + ["12abc34501de35", "390 533 447 05"])
_SIGN = st.sampled_from(list("0123456789ABZabzıſß٣.-/ \n–"))


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    texts=st.lists(
        st.one_of(
            _GOOD, st.builds(_mutated, _GOOD, st.integers(0, 20), _SIGN), st.text(max_size=16)
        ),
        max_size=12,
    )
)
def test_a_column_is_judged_as_each_of_its_documents(texts: list[str]) -> None:
    texts = [text for text in texts if text.isprintable() or "\n" in text]
    column = pd.Series(texts, index=range(7, 7 + len(texts)), dtype="str")
    judged = valid_documents(column)
    assert judged.index.equals(column.index)
    assert list(judged) == [document_problem(text) is None for text in texts]
    mixed = column.astype(object)
    assert list(valid_documents(mixed)) == list(judged)
