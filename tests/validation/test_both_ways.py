"""Great Expectations and the plain functions: one answer, whoever asks."""

from __future__ import annotations

import copy
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omie_pipeline.catalog import REGISTRY, WRITABLE, ComplexType, Endpoint, Service
from omie_pipeline.validation import (
    CandidateRow,
    ClinicRules,
    References,
    Validator,
    validator,
)
from omie_pipeline.validation.conditions import CONDITIONS
from omie_pipeline.validation.rules import by_rule, checks_for
from tests.validation.conftest import REFERENCES
from tests.validation.rows import cliente, titulo
from tests.validation.service_rows import row_of

ENDPOINTS = ("clientes", "contas_receber", "contratos", "ordens_servico", "baixas_receber")
CONFIRMED = {"clientes": {"PAC-1"}, "vendedores": {"PRO-7"}, "contas_receber": {"REC-1"}}
RULES = ClinicRules(require_rg_of_patients=True)
VALUES: tuple[Any, ...] = (
    *(None, "", "  ", "Maria", "M" * 61, "M" * 501, "Maria 😀", "a\x07b", "a\nb", "NaN", "JoÃ£o"),
    *("\ufffd", "\ud83d", 0, 1, -5, 2**63, 9100000001, 9100000004, Decimal("1.005"), 1.5, True),
    *([], {}, [{"a": 1}], {"$omie_id": ["vendedores", "PRO-7"]}, {"$omie_id": ["nada", "1"]}),
    *("2026-02-05", "2026-02-30", "1800-01-01", "10:00:00", "S", "N", "s", "SP", "RJ", "ZZ"),
    *("São Paulo", "Campinos", "01310-100", "20040-002", "0131-100", "390.533.447-05"),
    *("390.533.447-06", "11222333000182", "1.01.01", "1.01", "9.99", "PIX", "001/003", "PAC-2"),
)
EXTRAS: dict[str, tuple[Any, ...]] = {
    "_tipo": ("paciente", "fornecedor"),
    "_rg": (None, "12", "AB"),
    "_cep": ("01310-100", "0131", "20040-002", None),
    "_unreadable": ([{"column": "valor", "source_column": "vl", "text": "1,x", "kind": "number"}],),
    "_missing": (
        [{"kind": "empty", "table": "recebimentos", "column": "paciente_id", "text": ""}],
    ),
}
MORE_EXTRAS: dict[str, tuple[Any, ...]] = {
    **EXTRAS,
    "_missing": tuple(
        [{"kind": kind, "table": "recebimentos", "column": "paciente_id", "text": "7"}]
        for kind in ("empty", "unknown", "twice")
    ),
    "_tipo": ("paciente",),
    "_cpf": (None, "390.533.447-06", "390.533.447-05"),
    "_rg": (None, "AB"),
    "_rg_orgao_emissor": (None, "1"),
    "_cidade": (None, "Campinos"),
    "_estado": ("SP", "ZZ"),
    "_cep": ("0131", "20040-002", None),
}
"""Beside which every row of the battery has half of the others."""


def good(endpoint: str, number: int) -> CandidateRow:
    """A row that passes."""
    if endpoint == "clientes":
        return cliente(number)
    return titulo(number) if endpoint == "contas_receber" else row_of(endpoint, number)


@st.composite
def chunks(draw: st.DrawFn) -> tuple[str, list[CandidateRow]]:
    """Rows of one endpoint, with any field holding anything."""
    endpoint = draw(st.sampled_from(ENDPOINTS))
    names = [field.name for field in REGISTRY[endpoint].payload.fields]
    rows = []
    for number in range(draw(st.integers(1, 12))):
        row = good(endpoint, number)
        payload, extra = dict(copy.deepcopy(row.payload)), dict(row.extra)
        broken = draw(st.dictionaries(st.sampled_from(names), st.sampled_from(VALUES), max_size=4))
        payload |= copy.deepcopy(broken)
        for name in draw(st.lists(st.sampled_from(sorted(EXTRAS)), max_size=2)):
            extra[name] = draw(st.sampled_from(EXTRAS[name]))
        key = draw(st.sampled_from([row.key, row.key, None, "REPETIDA"]))
        rows.append(CandidateRow(number, key, payload, extra))
    return endpoint, rows


@pytest.fixture(scope="module")
def validators() -> dict[tuple[str, bool], Validator]:
    return {
        (name, reported): Validator(REGISTRY[name], RULES, REFERENCES, reported=reported)
        for name in ENDPOINTS
        for reported in (False, True)
    }


@pytest.mark.slow
@settings(max_examples=15, deadline=None, derandomize=True)
@given(chunk=chunks())
def test_a_handful_gets_every_reason_that_a_reported_run_gets(
    validators: dict[tuple[str, bool], Validator], chunk: tuple[str, list[CandidateRow]]
) -> None:
    name, rows = chunk
    directly, reported = (
        validators[name, way].validate(rows, confirmed=CONFIRMED, duplicated_keys={"REPETIDA"})
        for way in (False, True)
    )
    assert directly == reported


PLACE = {"cidade": "São Paulo", "estado": "SP"}
LAST: dict[str, tuple[dict[str, Any], ...]] = {
    "clientes": ({**PLACE, "cep": "20040-002"}, {**PLACE, "cep": "13010-001"}),
    "clientes_cpf_cnpj": ({**PLACE, "cep": "20040-002"}, {**PLACE, "cep": "13010-001"}),
    "contratos": (
        {
            "cabecalho": {"dVigInicial": "2026-02-01", "dVigFinal": "2026-01-01"},
            "itensContrato": [],
            "vencTextos": {"cTpVenc": "001"},
        },
        {"vencTextos": {"cTpVenc": "002"}},
    ),
    "ordens_servico": ({"ServicosPrestados": []},),
}
"""What no value by itself breaks: two fields that do not go together, an empty list."""
ALONE: tuple[dict[str, Any], ...] = (
    {"_tipo": "paciente", "_rg": "AB", "_rg_orgao_emissor": None},
    {"_estado": "SP", "_cidade": "Campinos", "_cep": "20040-002", "_rg": "AB"},
)


def _value(kind: ComplexType, service: Service, at: int) -> dict[str, Any]:
    """An object of which every field has a value, the next one in each: a Latin square, so that in
    as many rows as there are values every field has each of them once."""
    made = {}
    for number, field in enumerate(kind.fields):
        turn = at + number
        if field.kind in ("object", "array") and turn % 3:
            inside = _value(service.type_of(field), service, turn)
            made[field.name] = inside if field.kind == "object" else [inside, inside]
        else:
            made[field.name] = copy.deepcopy(VALUES[turn % len(VALUES)])
    return made


def battery(endpoint: Endpoint) -> list[CandidateRow]:
    """Rows in which every field has every value once."""
    rows = []
    for number in range(len(VALUES)):
        extra = {
            name: copy.deepcopy(values[number % len(values)])
            for place, (name, values) in enumerate(MORE_EXTRAS.items())
            if (number + place) % 2
        }
        key = (None, "REPETIDA", f"PAC-{number}")[number % 3]
        payload = _value(endpoint.payload, endpoint.service, number)
        rows.append(CandidateRow(number, key, payload, extra))
    waiting = {
        field.name: marker if field.kind == "integer" else {"nCod": marker}
        for field in endpoint.payload.fields
        if field.kind in ("integer", "object")
        for marker in ({"$omie_id": ["vendedores", "PRO-8"]},)
    }
    for number, payload in enumerate(({}, waiting, *LAST.get(endpoint.name, ())), len(rows)):
        rows.append(CandidateRow(number, "M" * 61, payload, ALONE[number % len(ALONE)]))
    return rows


@pytest.mark.parametrize(
    "endpoint", [e for e in WRITABLE if not e.deletes], ids=lambda endpoint: endpoint.name
)
def test_every_rule_of_every_endpoint_is_broken_alike_both_ways(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = battery(endpoint)
    monkeypatch.setattr(validator, "HANDFUL_ROWS", len(rows))
    directly, reported = (
        Validator(endpoint, RULES, REFERENCES, reported=way).validate(
            rows, confirmed=CONFIRMED, duplicated_keys={"REPETIDA"}
        )
        for way in (False, True)
    )
    assert directly == reported
    assert [(one.rule, one.columns) for one in directly.expectations if one.success] == []
    asked = {(one.rule, one.columns) for one in directly.expectations}
    suite = checks_for(endpoint, RULES.of_grain(endpoint.grain), REFERENCES)
    assert asked == {(check.rule, check.columns) for check in suite}


def test_conditions_and_expectations_are_the_same_ones() -> None:
    from omie_pipeline.validation.expectations import EXPECTATIONS

    asked = {
        check.expectation
        for endpoint in WRITABLE
        for check in checks_for(endpoint, RULES, References())
    }
    assert set(EXPECTATIONS) == set(CONDITIONS) == asked


@pytest.mark.parametrize("endpoint", WRITABLE, ids=lambda endpoint: endpoint.name)
def test_a_suite_has_an_expectation_for_each_rule_not_for_each_field(endpoint: Any) -> None:
    rules = by_rule(checks_for(endpoint, RULES, References()))
    assert len(rules) <= 30
    for rule in rules:
        assert len({check.field for check in rule.checks}) == len(rule.checks)


@pytest.mark.slow
def test_a_handful_does_not_import_great_expectations() -> None:
    code = (
        "import sys\n"
        "from tests.validation.test_both_ways import RULES, REFERENCES\n"
        "from tests.validation.rows import titulo\n"
        "from omie_pipeline.catalog import REGISTRY\n"
        "from omie_pipeline.validation import Validator\n"
        "validator = Validator(REGISTRY['contas_receber'], RULES, REFERENCES)\n"
        "assert validator.validate([titulo()]).failed_rows == 0\n"
        "sys.exit(bool({'great_expectations', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
