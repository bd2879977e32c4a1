"""What nobody could read reaches a person with the source's column and text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.texts.validation import UNREADABLE
from omie_pipeline.validation import CandidateRow, ClinicRules, Validator
from omie_pipeline.validation.model import Reason
from tests.validation.conftest import REFERENCES
from tests.validation.rows import titulo


def entry(column: str, text: str, kind: str, source_column: str = "VLR") -> dict[str, str]:
    return {"column": column, "source_column": source_column, "text": text, "kind": kind}


def reasons(validator: Validator, row: CandidateRow, *entries: dict[str, str]) -> list[Reason]:
    row = replace(row, extra={**row.extra, "_unreadable": list(entries)})
    report = validator.validate([row, titulo(2)])
    assert [failure.row for failure in report.failures] == [row.row]
    return list(report.failures[0].reasons)


def test_the_reason_names_the_column_and_shows_the_text(receber: Validator) -> None:
    (reason,) = reasons(
        receber, titulo(valor_documento=None), entry("valor", "R$ 1.000,0O", "number")
    )
    assert (reason.field, reason.rule) == ("valor_documento", "ilegivel")
    assert reason.reason == "A coluna VLR da origem: o valor 'R$ 1.000,0O' não é um número."
    assert "VLR" in reason.fix


def test_a_field_that_is_empty_because_of_it_is_not_missing_as_well(receber: Validator) -> None:
    row = titulo(
        valor_documento=None, data_vencimento=None, data_previsao=None, id_conta_corrente=None
    )
    told = reasons(
        receber, row, entry("data", "31/02/2026", "date", "DT_PGTO"),
        entry("valor", "x", "number"),
    )  # fmt: skip
    assert [(reason.field, reason.rule) for reason in told] == [
        ("data_emissao", "ilegivel"),
        ("valor_documento", "ilegivel"),
        ("id_conta_corrente", "conta_ausente"),
    ]


def test_a_text_of_a_hundred_lines_is_shown_on_one(receber: Validator) -> None:
    (reason,) = reasons(receber, titulo(), entry("desconto", "a\n\x02" * 100, "number"))
    assert "\n" not in reason.reason
    assert "\x02" not in reason.reason
    assert len(reason.reason) < 150


def test_the_same_value_twice_is_one_reason(receber: Validator) -> None:
    one = entry("juros", "abc", "number")
    assert len(reasons(receber, titulo(), one, one)) == 1


@pytest.mark.parametrize("kind", [*UNREADABLE, "something_of_tomorrow"])
def test_every_kind_has_its_words(receber: Validator, kind: str) -> None:
    (reason,) = reasons(receber, titulo(), entry("parcelas", "duas", kind, "PARC"))
    assert reason.reason.startswith("A coluna PARC da origem: o valor 'duas' ")


@pytest.mark.parametrize(
    "endpoint", [e for e in WRITABLE if not e.deletes], ids=lambda endpoint: endpoint.name
)
def test_every_endpoint_refuses_what_could_not_be_read(endpoint: Endpoint) -> None:
    row = CandidateRow(1, "X-1", {}, {"_unreadable": [entry("valor", "x", "number")]})
    validator = Validator(endpoint, ClinicRules(), REFERENCES)
    (failure,) = validator.validate([row]).failures
    assert "ilegivel" in {reason.rule for reason in failure.reasons}


@pytest.mark.parametrize("day", ["0206-05-01", "1926-05-01", "2062-05-01"])
def test_an_improbable_year_is_refused_with_its_day(receber: Validator, day: str) -> None:
    report = receber.validate([titulo(data_vencimento=day)])
    (reason,) = report.failures[0].reasons
    year, month, date = day.split("-")
    assert reason.rule == "data_ano"
    assert f"{date}/{month}/{year} é uma data improvável" in reason.reason
    assert "1970 a 2050" in reason.reason
