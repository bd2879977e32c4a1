"""What a person's record needs: document, RG with its issuer, address.

Asked of clientes, and of the patient whom a service order names (in columns that are not sent).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from omie_pipeline.catalog import Endpoint
from omie_pipeline.validation.addresses import CEP_PATTERN, ufs
from omie_pipeline.validation.checks import Check, filled, holds, matching
from omie_pipeline.validation.model import ClinicRules

ADDRESS_FIELDS: Final = ("endereco", "endereco_numero", "bairro", "cidade", "estado", "cep")
PATIENT_DOCUMENT: Final = "_cpf"
PATIENT_COLUMNS: Final = (PATIENT_DOCUMENT, *(f"_{name}" for name in ADDRESS_FIELDS))
"""Columns of ``omie_ordens_servico`` with the patient, beside ``_rg`` and ``_rg_orgao_emissor``."""


def names_patient(endpoint: Endpoint) -> bool:
    """Rows of this endpoint name a patient whose record must be complete."""
    return endpoint.effect == "order"


def customer_checks(endpoint: Endpoint, rules: ClinicRules) -> Iterator[Check]:
    """Checks of an endpoint whose records are persons; none for any other."""
    document = endpoint.document_field
    if not document:
        return
    if rules.require_document or endpoint.effect == "document":
        yield filled(document, "documento_ausente")
    yield Check(document, "documento", "expect_fields_to_be_cpf_or_cnpj", (document,))
    if rules.require_rg_of_patients:
        yield from _rg_checks()
    if rules.require_address:
        for name in ADDRESS_FIELDS:
            yield filled(name, "endereco_incompleto")
    yield from _place_checks("")
    yield Check(
        "cep",
        "cep_fora_da_cidade",
        "expect_fields_to_be_cep_of_city",
        ("cep", "_municipio"),
        severity="warning",
    )


def patient_checks(endpoint: Endpoint, rules: ClinicRules) -> Iterator[Check]:
    """Checks of the patient of a service order: without them no NFS-e can be issued."""
    if not names_patient(endpoint) or not rules.os_requires_patient:
        return
    yield filled(PATIENT_DOCUMENT, "documento_ausente")
    yield Check(
        PATIENT_DOCUMENT, "documento", "expect_fields_to_be_cpf_or_cnpj", (PATIENT_DOCUMENT,)
    )
    if rules.require_rg:
        yield from _rg_checks()
    for name in ADDRESS_FIELDS:
        yield filled(f"_{name}", "endereco_incompleto")
    yield from _place_checks("_")


def _rg_checks() -> Iterator[Check]:
    for name, what in (("_rg", "rg"), ("_rg_orgao_emissor", "rg_orgao")):
        regex = "[0-9]" if name == "_rg" else "[A-Za-z]{2}"
        yield holds(name, f"{what}_ausente", f"{name}_preenchido")
        yield matching(name, f"{what}_invalido", (name,), regex)


def _place_checks(prefix: str) -> Iterator[Check]:
    cidade, estado, cep = (f"{prefix}{name}" for name in ("cidade", "estado", "cep"))
    known = {"value_set": sorted(ufs())}
    yield Check(estado, "uf_inexistente", "expect_fields_to_be_listed", (estado,), known)
    city = "expect_fields_to_be_city_of_uf"
    yield Check(cidade, "cidade_fora_da_uf", city, (cidade, estado))
    yield matching(cep, "cep_formato", (cep,), CEP_PATTERN)
    yield Check(cep, "cep_fora_da_uf", "expect_fields_to_be_cep_of_uf", (cep, estado))
