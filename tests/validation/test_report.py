"""What comes out: every row, no value of a row, texts people can act on, Data Docs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields
from functools import partial
from pathlib import Path

import pytest

from omie_pipeline.catalog import REGISTRY, WRITABLE
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts.validation import RULES, UNREADABLE
from omie_pipeline.validation import (
    CandidateRow,
    ClinicRules,
    References,
    ValidationReport,
    Validator,
    merge_reports,
    suite_summary,
    write_data_docs,
)
from omie_pipeline.validation.conditions import Outcome, SuiteRunner
from omie_pipeline.validation.data_docs import is_shown, renewed_page
from omie_pipeline.validation.model import label
from tests.validation.rows import cliente

# Each value is somewhere in the bad rows and may be nowhere in what comes out.
PERSONAL = ("390.533.447-06", "39053344706", "Ermengarda", "Rua Secreta", "98765-432", "55.666")


@pytest.fixture(scope="module", params=["reported", "clientes"])
def report(request: pytest.FixtureRequest) -> ValidationReport:
    """Of one chunk, by Great Expectations and without it."""
    validator: Validator = request.getfixturevalue(request.param)
    bad = map(bad_cliente, range(100, 130))
    return validator.validate([*(cliente(row) for row in range(10)), *bad])


def bad_cliente(row: int) -> CandidateRow:
    """One that breaks eight rules."""
    return cliente(
        row,
        key=f"PAC-39053344706-{row}",
        cnpj_cpf="390.533.447-06",
        razao_social="Ermengarda 😀 " * 9,
        endereco="Rua Secreta\x07",
        cep="98765-432",
        tags=[{"tag": "Ermengarda\x07"}],
        nome_fantasia={"nome": "Ermengarda"},
        extra={"_tipo": "paciente", "_rg": "55.666"},
    )


def test_every_failing_row_is_told_beyond_the_first_twenty(report: ValidationReport) -> None:
    assert [failure.row for failure in report.failures] == list(range(100, 130))
    assert {len(failure.reasons) for failure in report.failures} == {8}


def test_counts_of_expectations_close(report: ValidationReport) -> None:
    documents = next(item for item in report.expectations if item.rule == "documento")
    assert (documents.evaluated, documents.missing, documents.failed) == (40, 0, 30)
    assert not documents.success
    assert (report.evaluated, report.failed_rows, report.held_rows) == (40, 30, 0)


@pytest.mark.parametrize("value", PERSONAL)
def test_no_value_of_a_row_comes_out(report: ValidationReport, value: str) -> None:
    assert value not in repr(report)
    assert value not in json.dumps(report.to_json_dict(), ensure_ascii=False)


@pytest.mark.slow
def test_data_docs_show_rules_and_no_value(report: ValidationReport, tmp_path: Path) -> None:
    write_data_docs([report.counts_only()], tmp_path / "docs")
    page = write_data_docs([report.counts_only()], tmp_path / "docs")
    assert page.name == "clientes.html"
    assert (tmp_path / "docs" / "index.html").exists()
    pages = list((tmp_path / "docs").rglob("*.html"))
    assert len(pages) == 2  # the second call replaced the page of the first
    text = "".join(page.read_text("utf-8") for page in pages)
    assert "Recusa se: CPF ou CNPJ inválido." in text
    assert "Avisa se: CEP não está na faixa conhecida da cidade." in text
    assert not any(value in text for value in PERSONAL)


def test_data_docs_have_a_line_per_rule_with_its_fields(
    report: ValidationReport, tmp_path: Path
) -> None:
    text = write_data_docs([report.counts_only()], tmp_path / "docs").read_text("utf-8")
    rules = {(item.rule, item.severity, item.expectation) for item in report.expectations}
    assert len(re.findall(r"(?:Recusa|Aguarda|Avisa) se: ", text)) == len(rules)
    (line,) = re.findall(r"Recusa se: Tem mais de ‹máximo› caracteres[^<]*", text)
    assert "nome ou razão social (60)" in line
    assert "UF (2)" in line
    table = text[text.index(line) :]
    told = re.search(r"razao_social\W.*?caracteres[^<]*<.*?>(\d+)<", table, re.DOTALL)
    assert told is not None
    assert told[1] == "30"
    assert "30 de 40 valores" in text  # the documents


def test_data_docs_load_nothing_from_outside(report: ValidationReport, tmp_path: Path) -> None:
    write_data_docs([report.counts_only()], tmp_path / "docs")
    for page in (tmp_path / "docs").rglob("*.html"):
        text = page.read_text("utf-8")
        assert not re.findall(r"<(?:link|script|img)\b[^>]*(?:href|src)=\"https?://", text)
        assert "<style>" in text


def test_reasons_are_sentences_without_holes(report: ValidationReport) -> None:
    reasons = [reason for failure in report.failures for reason in failure.reasons]
    for text in (text for reason in reasons for text in (reason.reason, reason.fix)):
        assert re.fullmatch(r"[A-ZÁÉÍÓÚÂÊÔÇ].*\.", text)
        assert "{" not in text


def test_documented_texts(report: ValidationReport) -> None:
    reason = next(r for r in report.failures[0].reasons if r.field == "cnpj_cpf")
    assert reason.reason == "CPF inválido: os dígitos verificadores não conferem."
    assert "documento" in reason.fix


def test_counts_survive_without_the_rows(report: ValidationReport) -> None:
    counts = report.counts_only()
    assert (counts.failures, counts.held) == ((), ())
    assert counts.to_json_dict() == report.to_json_dict()
    merged = merge_reports([counts, counts])
    assert (merged.evaluated, merged.failed_rows) == (80, 60)
    assert len(merged.expectations) == len(report.expectations)
    assert merged.expectations[0].evaluated == 80


def test_reports_of_two_endpoints_do_not_merge(report: ValidationReport) -> None:
    with pytest.raises(ValueError, match="one endpoint"):
        merge_reports([])


@pytest.mark.parametrize("endpoint", WRITABLE, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_has_a_documented_suite(endpoint: object) -> None:
    summary = suite_summary(endpoint)  # type: ignore[arg-type]
    assert summary
    assert len({(s.field, s.rule, s.expectation) for s in summary}) == len(summary)
    assert all(s.reason and s.fix and "{" not in s.reason + s.fix for s in summary)


def test_every_rule_text_can_be_filled_in() -> None:
    words = {"campo": "x", "maximo": 1, "valores": "x", "padrao": "x", "dia": "x"}
    words |= {"coluna": "x", "valor": "x"}
    years = {"primeiro": 1901, "ultimo": 2100}
    for text in (*RULES.values(), *UNREADABLE.values()):
        assert "{" not in text.reason.format(**words, **years)
        assert "{" not in text.fix.format(**words, **years)


def test_label_of_a_nested_path() -> None:
    assert label("categorias[2].percentual") == "rateio por categoria, item 2: percentual"
    assert label("codigo_categoria ou categorias") == "categoria / rateio por categoria"
    assert label("campo_novo") == "campo_novo"


@pytest.mark.slow
@pytest.mark.parametrize("way", ["reported", "clientes"])
def test_expectation_that_cannot_be_evaluated_is_an_error(
    way: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("390.533.447-05")

    monkeypatch.setattr("omie_pipeline.validation.documents.valid_documents", broken)
    with pytest.raises(ConfigurationError, match="documento") as caught:
        request.getfixturevalue(way).validate([cliente()])
    assert "390" not in str(caught.value)


@pytest.mark.slow
def test_importing_the_package_is_cheap() -> None:
    code = (
        "import sys, omie_pipeline.validation;"
        "sys.exit(bool({'pandas', 'great_expectations'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rows_and_rules_are_frozen() -> None:
    assert {item.name for item in fields(CandidateRow)} == {"row", "key", "payload", "extra"}
    with pytest.raises(ValueError, match="frozen"):
        ClinicRules().require_rg = False


def test_a_page_that_shows_the_same_stays_without_great_expectations(
    report: ValidationReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "docs"
    page = renewed_page(report.counts_only(), folder)
    written = page.stat().st_mtime_ns
    asked_of: list[object] = []

    def run(_runner: SuiteRunner, data: object, _checks: object) -> list[Outcome]:
        asked_of.append(data)
        return []

    monkeypatch.setattr(SuiteRunner, "run", run)
    again = Validator(
        REGISTRY["clientes"],
        ClinicRules(require_rg_of_patients=True),
        References(),
        reported=True,
        shown=partial(is_shown, "clientes", folder),
    )
    rows = [*(cliente(row) for row in range(10)), *(bad_cliente(row) for row in range(100, 130))]
    same = again.validate(rows)
    assert same.failures == report.failures
    assert renewed_page(same.counts_only(), folder) == page
    assert page.stat().st_mtime_ns == written
    assert not asked_of

    again.validate(rows[:-1])
    assert len(asked_of) == 1


def test_a_page_that_shows_something_else_is_written_anew(
    report: ValidationReport, clientes: Validator, tmp_path: Path
) -> None:
    folder = tmp_path / "docs"
    before = renewed_page(report.counts_only(), folder).read_text("utf-8")
    other = clientes.validate([cliente(1), bad_cliente(100)]).counts_only()
    after = renewed_page(other, folder)
    assert after.read_text("utf-8") != before
    # One that somebody deleted is written again.
    after.unlink()
    assert renewed_page(other, folder).is_file()
