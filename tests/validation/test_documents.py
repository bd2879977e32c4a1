"""CPF and CNPJ: every vector of five projects, and the cases where they disagree."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from omie_pipeline.validation.documents import bare, document_problem, is_company

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
