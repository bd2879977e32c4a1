"""Texts with damaged accents are refused; no real Portuguese text is taken for one."""

from __future__ import annotations

import csv

import pytest

from omie_pipeline.catalog import reference
from omie_pipeline.config.settings import project_root
from omie_pipeline.validation import Validator
from omie_pipeline.validation.values import damage, is_mojibake
from tests.validation.rows import cliente

WORDS = (
    "João Conceição", "ANTÔNIO JOSÉ", "Mônica", "Íris", "ÉRICA", "Úrsula", "À vista", "às",
    "pêssego", "Ângela", "Luís", "Müller", "Ação", "AÇÃO", "Órgão",
    "ÔNIBUS", "Ênio", "Ñandu", "avó", "avô",
)  # fmt: skip
REAL = (
    "JOÃO", "MÃE", "IRMÃ SILVA", "IRMÃ\u00a0SILVA", "“AMANHÃ”", "AMANHÃ…", "MAÇÃ – 2 kg",
    "MAÇÃ—PERA", "«IRMû", "AMÂNCIO", "ÂNGELA", "Rua D’Ávila", "Nº 10", "1ª Vara", "R$ 10 · à vista",
    "São José", "Sant’Anna", "Ação — £ 5", "20°C", "Peña", "Åsa", "Łukasz",
)  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_utf8_read_as_windows_or_latin1_is_found(word: str) -> None:
    for codec in ("cp1252", "latin-1"):
        try:
            damaged = word.encode("utf-8").decode(codec)
        except UnicodeDecodeError:
            continue
        controls = any("\x80" <= sign <= "\x9f" for sign in damaged)
        assert is_mojibake(damaged) or controls, damaged


def test_damaged_twice_and_old_dos_are_found() -> None:
    twice = "João".encode().decode("cp1252").encode().decode("cp1252")
    assert is_mojibake(twice)
    assert is_mojibake("Concei\u2021\u00c6o")  # cp850 read as cp1252
    assert is_mojibake("Jo\u2560o")
    assert is_mojibake("don\u00e2\u20ac\u2122t")
    assert is_mojibake("\u00ef\u00bb\u00bfAna")


@pytest.mark.parametrize("text", REAL)
def test_a_real_text_is_no_damaged_one(text: str) -> None:
    assert not is_mojibake(text)


def test_no_name_or_place_of_the_sample_or_of_brazil_is_taken_for_damaged() -> None:
    texts = {city.nome for city in reference.municipios()}
    for file in sorted((project_root() / "sample").rglob("*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            texts.update(cell for row in csv.reader(stream) for cell in row)
    assert len(texts) > 10_000
    for text in texts:
        assert not is_mojibake(text), text
        assert not is_mojibake(text.upper()), text


def test_the_reason_shows_the_damaged_signs_and_no_more(clientes: Validator) -> None:
    (failure,) = clientes.validate([cliente(razao_social="Jo\u00c3\u00a3o da Silva")]).failures
    (reason,) = failure.reasons
    assert (reason.field, reason.rule) == ("razao_social", "acentos_trocados")
    assert reason.reason == (
        'Nome ou razão social ("\u00c3\u00a3" no lugar de "ã"): texto com acentos trocados.'
    )
    assert "Silva" not in reason.reason


def test_what_cannot_be_told_is_only_shown() -> None:
    assert damage("Jo\u2560o") == '"\u2560"'
    assert damage("João") == ""
