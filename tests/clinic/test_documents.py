"""Documents in bulk, and what every clinic table has."""

from __future__ import annotations

import numpy as np
import pytest
from validate_docbr import CNPJ, CPF

from omie_pipeline.clinic.tables import CLINIC_TABLES
from sample.generator import documents

SEQUENCE = np.arange(20_000, dtype=np.int64)
ALL = np.ones(len(SEQUENCE), dtype=bool)


@pytest.mark.parametrize("multiplier", [0, 1, 123_456_789, 999_999_936])
def test_cpfs_are_valid_different_and_wrong_on_request(multiplier: int) -> None:
    bases = documents.cpf_bases(SEQUENCE, multiplier)
    found = documents.cpf(bases).to_pylist()
    assert len(set(found)) == len(SEQUENCE)
    assert all(CPF().validate(one) for one in found)
    assert not any(CPF().validate(one) for one in documents.cpf(bases, ALL).to_pylist())


def test_repeated_digits_are_never_a_cpf() -> None:
    repeated = np.array([111_111_111 * digit for digit in range(10)], dtype=np.int64)
    found = documents.cpf(documents.cpf_bases(repeated, 1)).to_pylist()
    assert all(CPF().validate(one) for one in found)
    assert len(set(found)) == 10


@pytest.mark.slow
@pytest.mark.parametrize("alphanumeric", [False, True])
def test_cnpjs_are_valid_different_and_wrong_on_request(alphanumeric: bool) -> None:
    bases = documents.cnpj_bases(SEQUENCE, 7_654_321)
    letters = ALL & alphanumeric
    found = documents.cnpj(bases, letters).to_pylist()
    assert len(set(found)) == len(SEQUENCE)
    assert all(CNPJ().validate(one) for one in found)
    assert all(one[0].isalpha() == alphanumeric for one in found)
    assert not any(CNPJ().validate(one) for one in documents.cnpj(bases, letters, ALL).to_pylist())


def test_published_cnpj_of_the_alphanumeric_format() -> None:
    # Receita Federal's own example is 12.ABC.345/01DE-35; same rule, letters in our two places.
    (found,) = documents.cnpj(np.array([1_999_999]), np.array([True])).to_pylist()
    assert found.startswith("AB.999.999/0001-")
    assert CNPJ().validate(found)


def test_rg_check_digits() -> None:
    # 2*2+4*3+6*4+7*5+8*6+1*7+3*8+5*9 = 199; 199 mod 11 = 1; 11 - 1 = 10, written X.
    assert documents.rg(np.array([24_678_135])).to_pylist() == ["24.678.135-X"]
    assert documents.rg(np.array([0])).to_pylist() == ["00.000.000-0"]


def test_every_table_has_key_date_and_last_change() -> None:
    assert len(CLINIC_TABLES) == 16
    assert sum(table.optional for table in CLINIC_TABLES.values()) == 6
    for table in CLINIC_TABLES.values():
        types = {column.name: column.type for column in table.columns}
        assert len(types) == len(table.columns)
        last = tuple(types)[len(types) - len(table.optional_columns) :]
        assert table.optional_columns == last, "optional columns stand last"
        assert types["empresa"] == types["id"] == "text"
        assert types["atualizado_em"] == "timestamptz"
        assert types[table.business_date] == "date"
        assert table.business_date == ("data" if table.grain == "fact" else "data_cadastro")
