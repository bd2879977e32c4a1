"""The suite of each endpoint, derived from the catalog and the clinic's rules, as plain data.

A ``Check`` says which condition is asked of which column and what a failure means; the checks of a
rule make up one expectation. Columns are those of ``frame.build_frame``: the payload's own names,
and helper columns with a leading underscore.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from omie_pipeline.catalog import Endpoint, Field, reference
from omie_pipeline.catalog.markers import MARKER
from omie_pipeline.catalog.model import KEY_COLUMN
from omie_pipeline.validation.model import ClinicRules, References, RuleSummary
from omie_pipeline.validation.references import list_of, takes_markers
from omie_pipeline.validation.rules import (
    BLOCK_RULES,
    MARKERS_COLUMN,
    Check,
    confirmed_column,
    customer_checks,
    either_column,
    filled,
    gap_checks,
    holds,
    in_list,
    matching,
    patient_checks,
    reading_checks,
)
from omie_pipeline.validation.texts import ALTERNATIVES
from omie_pipeline.validation.values import bad_text_pattern, field_pattern, is_computed, is_flag

MANDATORY: Final[Mapping[str, tuple[str, ...]]] = {
    "projetos": ("nome",),
    "vendedores": ("nome",),
    "associar_clientes": ("codigo_cliente_omie",),
    "servicos": ("cabecalho",),
    "contratos": ("itensContrato",),
    "baixas_receber": ("valor", "data"),
    "baixas_pagar": ("valor", "data"),
    "ordens_servico": ("ServicosPrestados",),
}
"""Fields without which a record makes no sense, though no document marks them (a guess)."""


def checks_for(endpoint: Endpoint, rules: ClinicRules, references: References) -> tuple[Check, ...]:
    """The whole suite of an endpoint, in the order in which reasons are shown."""
    return (
        *_key_checks(endpoint),
        *reading_checks(endpoint),
        *gap_checks(endpoint),
        *_catalog_checks(endpoint, rules),
        *customer_checks(endpoint, rules),
        *patient_checks(endpoint, rules),
        *_money_checks(endpoint, rules, references),
        *_block_checks(endpoint),
        *_confirmation_checks(endpoint),
    )


def suite_summary(endpoint: Endpoint, rules: ClinicRules | None = None) -> tuple[RuleSummary, ...]:
    """Every rule of an endpoint's suite, for the documentation."""
    rules = (rules or ClinicRules()).of_grain(endpoint.grain)
    return tuple(
        RuleSummary(endpoint.name, check.field, check.rule, *check.texts(rules), check.expectation)
        for check in checks_for(endpoint, rules, References())
    )


def key_column(endpoint: Endpoint) -> str:
    """Column of the frame with our code: the payload's own field, else ``_chave``."""
    return endpoint.key_column or KEY_COLUMN


def key_path(endpoint: Endpoint) -> str:
    """Where a person finds our code: inside a section where Omie keeps it there."""
    if endpoint.section:
        return f"{endpoint.section}.{endpoint.integration_key}"
    return key_column(endpoint)


def _key_checks(endpoint: Endpoint) -> Iterator[Check]:
    path, key = key_path(endpoint), key_column(endpoint)
    if not endpoint.deletes:
        expectation = "expect_fields_to_be_filled"
        yield Check(path, "chave_ausente", expectation, (key,), always=True)
    yield Check(path, "chave_repetida", "expect_fields_to_be_unique", (key,))
    yield holds(path, "chave_repetida", "_chave_unica")


def mandatory_of_ours(endpoint: Endpoint) -> tuple[str, ...]:
    """Fields that we ask for, whether or not Omie's documents do: :data:`MANDATORY`, and those by
    which a record is recognised."""
    naming = endpoint.naming
    named = (naming.parent, naming.name) if naming is not None else ()
    return (*MANDATORY.get(endpoint.name, ()), *named)


def is_mandatory(endpoint: Endpoint, item: Field) -> bool:
    """A top-level field without which no record is made, whatever else is filled in.

    An object is mandatory if a field inside it is.
    """
    if item.name in mandatory_of_ours(endpoint) or item.name == endpoint.section:
        return True
    if item.kind == "object":
        inner = endpoint.service.type_of(item).fields
        return any(field.required and not field.required_when for field in inner)
    return item.required and item.required_when in ("", "create")


def _catalog_checks(endpoint: Endpoint, rules: ClinicRules) -> Iterator[Check]:
    for group in endpoint.either:
        if rules.require_category or "codigo_categoria" not in group:
            path = ALTERNATIVES.join(group)
            rule = "categoria_ausente" if "codigo_categoria" in group else "um_dos"
            yield replace(holds(path, rule, either_column(group)), always=True)
    told_elsewhere = {name for group in endpoint.either for name in group}
    told_elsewhere.add(endpoint.integration_key)
    for item in endpoint.payload.fields:
        if is_computed(item):
            yield Check(item.name, "somente_leitura", "expect_fields_to_be_left_out", (item.name,))
            continue
        if is_mandatory(endpoint, item) and item.name not in told_elsewhere:
            yield filled(item.name, "obrigatorio")
        yield from _field_checks(endpoint, item, rules)


def _field_checks(endpoint: Endpoint, item: Field, rules: ClinicRules) -> Iterator[Check]:
    columns = (item.name,)
    if item.kind in ("object", "array"):
        yield replace(holds(item.name, "estrutura", item.name), catalog=item)
        return
    arguments = {
        "endpoint": endpoint.name,
        "field_name": item.name,
        "earliest_year": rules.earliest_year,
        "latest_year": rules.latest_year,
    }
    yield Check(
        item.name, "formato", "expect_fields_to_fit_their_type", columns, arguments, catalog=item
    )
    if item.kind not in ("string", "text"):
        return
    if item.values:
        rule = "valor_sn" if is_flag(item) else "valor_fechado"
        arguments = {"value_set": list(item.values)}
        yield Check(item.name, rule, "expect_fields_to_be_listed", columns, arguments, catalog=item)
        return
    if item.max_length is not None:
        arguments = {"max_value": item.max_length}
        expectation = "expect_fields_to_be_short_enough"
        yield Check(item.name, "tamanho", expectation, columns, arguments, catalog=item)
    arguments = {"regex": bad_text_pattern(item)}
    expectation = "expect_fields_to_be_free_of_pattern"
    yield Check(item.name, "caracteres", expectation, columns, arguments, catalog=item)
    if item.pattern:
        yield matching(item.name, "padrao", columns, field_pattern(item), catalog=item)


def _money_checks(
    endpoint: Endpoint, rules: ClinicRules, references: References
) -> Iterator[Check]:
    if endpoint.value_field:
        yield Check(
            endpoint.value_field,
            "valor_positivo",
            "expect_fields_to_exceed",
            (f"_{endpoint.value_field}",),
            {"min_value": 0},
        )
    for item in endpoint.payload.fields:
        wanted = list_of(item.name)
        if wanted == "categorias":
            yield in_list(item.name, "categoria", references.categorias)
        elif wanted == "contas_correntes":
            if rules.require_conta_corrente or endpoint.effect == "settlement":
                yield filled(item.name, "conta_ausente")
            yield in_list(item.name, "conta", references.contas_correntes)
    if endpoint.payload.field("codigo_tipo_documento"):
        known = dict.fromkeys(reference.tipos_documento(), True)
        yield in_list("codigo_tipo_documento", "tipo_documento", known)
    if endpoint.payload.field("categoria_superior") and references.categorias:
        parents = dict.fromkeys(references.categorias, True)
        yield in_list("categoria_superior", "categoria_superior", parents)


def _block_checks(endpoint: Endpoint) -> Iterator[Check]:
    for rule in BLOCK_RULES.get(endpoint.name, ()):
        yield holds(rule.field, rule.rule, rule.column)


def _confirmation_checks(endpoint: Endpoint) -> Iterator[Check]:
    if endpoint.deletes:
        return
    for name, _ in endpoint.references:
        yield holds(name, "aguarda_cadastro", confirmed_column(name), "hold")
    if takes_markers(endpoint.name):
        yield holds(MARKER, "aguarda_cadastro", MARKERS_COLUMN, "hold")
