"""References to records of this pipeline, and to the lists read from Omie."""

from __future__ import annotations

from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY, WRITABLE
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.validation import (
    CandidateRow,
    ClinicRules,
    OmieId,
    References,
    Validator,
    marked,
    needs_lists,
)
from tests.validation.conftest import REFERENCES
from tests.validation.rows import titulo
from tests.validation.service_rows import row_of


def validator(name: str) -> Validator:
    return Validator(REGISTRY[name], ClinicRules(), REFERENCES)


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "PRO-1",
        {},
        {"$omie_id": "PRO-1"},
        {"$omie_id": ["vendedores"]},
        {"$omie_id": ["vendedores", 7]},
        {"$omie_id": ["vendedores", " "]},
        {"$omie_id": [["vendedores"], "PRO-1"]},
        {"$omie_id": ["vendedores", "PRO-1"], "x": 1},
        {"$omie_id": ["contas_correntes", "1"]},
        {"$omie_id": ["categorias", "1.01"]},
        {"$omie_id": ["excluir_contas_pagar", "DES-1"]},
        {"omie_id": ["vendedores", "PRO-1"]},
    ],
)
def test_only_the_exact_shape_is_a_marker(value: Any) -> None:
    assert marked(value) is None


def test_a_marker_names_endpoint_and_code() -> None:
    assert marked({"$omie_id": ["vendedores", "PRO-1"]}) == OmieId("vendedores", "PRO-1")


def test_codes_of_markers_and_of_dotted_references_are_looked_up() -> None:
    contrato, os_ = row_of("contratos"), row_of("ordens_servico")
    assert validator("contratos").referenced_codes([contrato]) == {
        "clientes": {"PAC-1"},
        "vendedores": {"PRO-7"},
        "servicos": {"SRV-1"},
    }
    assert validator("ordens_servico").referenced_codes([os_]) == {
        "clientes": {"PAC-1"},
        "servicos": {"SRV-1"},
    }
    assert validator("baixas_receber").referenced_codes([row_of("baixas_receber")]) == {
        "contas_receber": {"REC-1"}
    }


def test_a_row_waits_for_every_record_it_names() -> None:
    everything = {"clientes": {"PAC-1"}, "vendedores": {"PRO-7"}, "servicos": {"SRV-1"}}
    contratos = validator("contratos")
    rows = [row_of("contratos")]
    assert contratos.validate(rows, confirmed=everything).held == ()
    assert contratos.validate(rows).held == ()
    for name, codes in everything.items():
        (hold,) = contratos.validate(rows, confirmed={**everything, name: set()}).held
        (code,) = codes
        assert hold.reason == f"Aguarda o cadastro {code} ({name}): o Omie ainda não o confirmou."


def test_an_order_waits_for_its_customer_and_its_service() -> None:
    orders = validator("ordens_servico")
    rows = [
        row_of("ordens_servico"),
        row_of("ordens_servico", 2, {"Cabecalho.cCodIntCli": "PAC-2"}),
    ]
    report = orders.validate(rows, confirmed={"clientes": {"PAC-1"}, "servicos": {"SRV-1"}})
    assert [(hold.row, "PAC-2" in hold.reason) for hold in report.held] == [(2, True)]
    report = orders.validate(rows[:1], confirmed={"clientes": {"PAC-1"}, "servicos": set()})
    assert ["SRV-1" in hold.reason for hold in report.held] == [True]


def test_a_marker_in_a_column_of_its_own() -> None:
    receber = validator("contas_receber")
    marker = {"$omie_id": ["vendedores", "PRO-7"]}
    rows = [titulo(1, codigo_vendedor=marker), titulo(2, codigo_vendedor=12), titulo(3)]
    known = {"clientes": {"PAC-1"}}
    assert receber.referenced_codes(rows)["vendedores"] == {"PRO-7"}
    report = receber.validate(rows, confirmed={**known, "vendedores": set()})
    assert (report.failures, [hold.row for hold in report.held]) == ((), [1])
    assert receber.validate(rows, confirmed={**known, "vendedores": {"PRO-7"}}).held == ()
    bad = titulo(4, codigo_vendedor={"$omie_id": "PRO-7"}, numero_documento=marker)
    (failure,) = receber.validate([bad], confirmed=known).failures
    assert {(r.field, r.rule) for r in failure.reasons} == {
        ("codigo_vendedor", "marca_invalida"),
        ("numero_documento", "tipo_texto"),
    }


def test_a_row_that_fails_does_not_wait_too() -> None:
    row = row_of("contratos", 1, {"cabecalho.cNumCtr": None})
    report = validator("contratos").validate([row], confirmed={})
    assert (report.failed_rows, report.held_rows) == (1, 0)


def test_who_needs_which_list() -> None:
    both = {"categorias", "contas_correntes"}
    expected: dict[str, set[str]] = {
        "contas_receber": both,
        "contas_pagar": both,
        "contratos": both,
        "ordens_servico": both,
        "servicos": {"categorias"},
        "baixas_receber": {"contas_correntes"},
        "baixas_pagar": {"contas_correntes"},
    }
    for endpoint in WRITABLE:
        assert set(needs_lists(endpoint)) == expected.get(endpoint.name, set()), endpoint.name


@pytest.mark.parametrize(
    ("name", "missing", "title"),
    [
        ("contratos", "categorias", "categorias"),
        ("ordens_servico", "contas_correntes", "contas correntes"),
        ("servicos", "categorias", "categorias"),
        ("baixas_pagar", "contas_correntes", "contas correntes"),
    ],
)
def test_a_list_never_read_is_one_error(name: str, missing: str, title: str) -> None:
    lists = {"categorias": REFERENCES.categorias, "contas_correntes": REFERENCES.contas_correntes}
    references = References(**{**lists, missing: None})  # type: ignore[arg-type] # two kinds of key
    with pytest.raises(ConfigurationError, match=title):
        Validator(REGISTRY[name], ClinicRules(), references).validate([row_of(name)])


def test_a_delete_waits_for_nothing() -> None:
    endpoint = REGISTRY["estornar_baixas_receber"]
    deletes = Validator(endpoint, ClinicRules(), References())
    row = CandidateRow(1, "BXR-1", {"codigo_baixa_integracao": "BXR-1"})
    assert deletes.validate([row], confirmed={}).held == ()
