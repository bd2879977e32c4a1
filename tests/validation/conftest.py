"""Validators made once per session; one asks Great Expectations, the others a handful of rows."""

from __future__ import annotations

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.validation import ClinicRules, References, Validator

REFERENCES = References(
    categorias={"1.01.01": True, "1.01": False, "2.99.99": False},
    contas_correntes={9100000001: True, 9100000004: False},
)


@pytest.fixture(scope="session")
def clientes() -> Validator:
    rules = ClinicRules(require_rg_of_patients=True)
    return Validator(REGISTRY["clientes"], rules, References())


@pytest.fixture(scope="session")
def reported() -> Validator:
    """Of clientes, for a run of which a report is wanted."""
    rules = ClinicRules(require_rg_of_patients=True)
    return Validator(REGISTRY["clientes"], rules, References(), reported=True)


@pytest.fixture(scope="session")
def receber() -> Validator:
    return Validator(REGISTRY["contas_receber"], ClinicRules(), REFERENCES)


@pytest.fixture(scope="session")
def pagar() -> Validator:
    return Validator(REGISTRY["contas_pagar"], ClinicRules(), REFERENCES)
