"""The suite of each endpoint, derived from the catalog and the clinic's rules, as plain data.

A ``Check`` says which expectation is asked of which column and what a failure means; the runner
turns it into Great Expectations. Columns are those of ``frame.build_frame``: the payload's own
names, and helper columns with a leading underscore.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from omie_pipeline.catalog import Endpoint, Field, reference
from omie_pipeline.validation.addresses import CEP_PATTERN, ufs
from omie_pipeline.validation.fields import bad_text_pattern, field_pattern, is_flag
from omie_pipeline.validation.labels import ALTERNATIVES, label, sentence
from omie_pipeline.validation.messages import RULES
from omie_pipeline.validation.model import ClinicRules, References, RuleSummary, Severity

TRUE_ONLY: Final[Mapping[str, Any]] = {"value_set": [True]}
ADDRESS_FIELDS: Final = ("endereco", "endereco_numero", "bairro", "cidade", "estado", "cep")


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation and what it means.

    Attributes:
        field: path shown to people and stored with the reason.
        expectation: class name, of Great Expectations' gallery or of ``expectations``.
        columns: one column, or the two of a pair.
        always: asked even when no row has the column, because absence is the failure.
        catalog: the catalog's field, for the texts' lengths and lists.
    """

    field: str
    rule: str
    expectation: str
    columns: tuple[str, ...]
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    severity: Severity = "critical"
    always: bool = False
    catalog: Field | None = None

    @property
    def name(self) -> str:
        """``campo.regra``, unique in a suite."""
        return f"{self.field}.{self.rule}.{self.expectation}"

    def texts(self, rules: ClinicRules) -> tuple[str, str]:
        """Motivo and correção of the rule as such, with no row in view."""
        return rule_texts(self.rule, self.field, self.catalog, rules)


def rule_texts(rule: str, path: str, catalog: Field | None, rules: ClinicRules) -> tuple[str, str]:
    """Motivo and correção of ``rule`` on the field at ``path``."""
    words = {
        "campo": label(path),
        "maximo": catalog.max_length if catalog else "",
        "valores": ", ".join(catalog.values) if catalog else "",
        "padrao": catalog.pattern if catalog else "",
        "primeiro": rules.earliest_year,
        "ultimo": rules.latest_year,
    }
    text = RULES[rule]
    return sentence(text.motivo.format(**words)), sentence(text.correcao.format(**words))


def checks_for(endpoint: Endpoint, rules: ClinicRules, references: References) -> tuple[Check, ...]:
    """The whole suite of an endpoint, in the order in which reasons are told."""
    return (
        *_key_checks(endpoint),
        *_catalog_checks(endpoint, rules),
        *_customer_checks(endpoint, rules),
        *_titulo_checks(endpoint, rules, references),
        *_confirmation_checks(endpoint),
    )


def suite_summary(endpoint: Endpoint, rules: ClinicRules | None = None) -> tuple[RuleSummary, ...]:
    """Every rule of an endpoint's suite, for the documentation."""
    rules = rules or ClinicRules()
    return tuple(
        RuleSummary(endpoint.name, check.field, check.rule, *check.texts(rules), check.expectation)
        for check in checks_for(endpoint, rules, References())
    )


def _key_checks(endpoint: Endpoint) -> Iterator[Check]:
    key = endpoint.integration_key
    if not endpoint.deletes:
        yield _filled(key, "chave_ausente")
    yield Check(key, "chave_repetida", "ExpectColumnValuesToBeUnique", (key,))
    yield Check(key, "chave_repetida", "ExpectColumnValuesToBeInSet", ("_chave_unica",), TRUE_ONLY)


def _catalog_checks(endpoint: Endpoint, rules: ClinicRules) -> Iterator[Check]:
    for group in endpoint.either:
        if rules.require_category or "codigo_categoria" not in group:
            path = ALTERNATIVES.join(group)
            columns = (either_column(group),)
            yield Check(
                path, "um_dos", "ExpectColumnValuesToBeInSet", columns, TRUE_ONLY, always=True
            )
    alternatives = {name for group in endpoint.either for name in group}
    for item in endpoint.payload.fields:
        if item.read_only:
            yield Check(item.name, "somente_leitura", "ExpectColumnValuesToBeNull", (item.name,))
            continue
        unconditional = item.required_when in ("", "create")
        optional = {*alternatives, endpoint.integration_key}
        if item.required and unconditional and item.name not in optional:
            yield _filled(item.name, "obrigatorio")
        yield from _field_checks(endpoint, item, rules)


def _field_checks(endpoint: Endpoint, item: Field, rules: ClinicRules) -> Iterator[Check]:
    columns = (item.name,)
    if item.kind in ("object", "array"):
        yield Check(
            item.name, "estrutura", "ExpectColumnValuesToBeInSet", columns, TRUE_ONLY, catalog=item
        )
        return
    arguments = {
        "endpoint": endpoint.name,
        "field_name": item.name,
        "earliest_year": rules.earliest_year,
        "latest_year": rules.latest_year,
    }
    yield Check(
        item.name, "formato", "ExpectColumnValuesToFitOmieField", columns, arguments, catalog=item
    )
    if item.kind not in ("string", "text"):
        return
    if item.values:
        rule = "valor_sn" if is_flag(item) else "valor_fechado"
        arguments = {"value_set": list(item.values)}
        yield Check(
            item.name, rule, "ExpectColumnValuesToBeInSet", columns, arguments, catalog=item
        )
        return
    if item.max_length is not None:
        arguments = {"max_value": item.max_length}
        expectation = "ExpectColumnValueLengthsToBeBetween"
        yield Check(item.name, "tamanho", expectation, columns, arguments, catalog=item)
    arguments = {"regex": bad_text_pattern(item)}
    expectation = "ExpectColumnValuesToNotMatchRegex"
    yield Check(item.name, "caracteres", expectation, columns, arguments, catalog=item)
    if item.pattern:
        yield _matching(item.name, "padrao", columns, field_pattern(item), catalog=item)


def _customer_checks(endpoint: Endpoint, rules: ClinicRules) -> Iterator[Check]:
    if not endpoint.document_field:
        return
    document = endpoint.document_field
    if rules.require_document:
        yield _filled(document, "documento_ausente")
    yield Check(document, "documento", "ExpectColumnValuesToBeCpfOrCnpj", (document,))
    if rules.require_rg:
        for name, what in (("_rg", "rg"), ("_rg_orgao_emissor", "rg_orgao")):
            regex = "[0-9]" if name == "_rg" else "[A-Za-z]{2}"
            filled = (f"{name}_preenchido",)
            yield Check(name, f"{what}_ausente", "ExpectColumnValuesToBeInSet", filled, TRUE_ONLY)
            yield _matching(name, f"{what}_invalido", (name,), regex)
    if rules.require_address:
        for name in ADDRESS_FIELDS:
            yield _filled(name, "endereco_incompleto")
    yield Check(
        "estado",
        "uf_inexistente",
        "ExpectColumnValuesToBeInSet",
        ("estado",),
        {"value_set": sorted(ufs())},
    )
    city = "ExpectColumnPairValuesToBeCityAndUf"
    yield Check("cidade", "cidade_fora_da_uf", city, ("cidade", "estado"))
    yield _matching("cep", "cep_formato", ("cep",), CEP_PATTERN)
    yield Check("cep", "cep_fora_da_uf", "ExpectColumnPairValuesToBeCepAndUf", ("cep", "estado"))
    yield Check(
        "cep",
        "cep_fora_da_cidade",
        "ExpectColumnPairValuesToBeCepAndCity",
        ("cep", "_municipio"),
        severity="warning",
    )


def _titulo_checks(
    endpoint: Endpoint, rules: ClinicRules, references: References
) -> Iterator[Check]:
    if endpoint.value_field:
        arguments = {"min_value": 0, "strict_min": True}
        yield Check(
            endpoint.value_field,
            "valor_positivo",
            "ExpectColumnValuesToBeBetween",
            (f"_{endpoint.value_field}",),
            arguments,
        )
    payload = endpoint.payload
    if payload.field("codigo_categoria"):
        yield _in_list("codigo_categoria", "categoria", references.categorias)
    if payload.field("id_conta_corrente"):
        if rules.require_conta_corrente:
            yield _filled("id_conta_corrente", "conta_ausente")
        yield _in_list("id_conta_corrente", "conta", references.contas_correntes)
    if payload.field("codigo_tipo_documento"):
        known = dict.fromkeys(reference.tipos_documento(), True)
        yield _in_list("codigo_tipo_documento", "tipo_documento", known)


def _confirmation_checks(endpoint: Endpoint) -> Iterator[Check]:
    for name, _ in endpoint.references:
        yield Check(
            name,
            "aguarda_cadastro",
            "ExpectColumnValuesToBeInSet",
            (confirmed_column(name),),
            TRUE_ONLY,
            severity="hold",
        )


def either_column(group: tuple[str, ...]) -> str:
    """Helper column: true where one of ``group`` is filled in."""
    return "_" + "_ou_".join(group)


def confirmed_column(name: str) -> str:
    """Helper column: true where the record that ``name`` points at is confirmed by Omie."""
    return f"_{name}_confirmado"


def _filled(name: str, rule: str) -> Check:
    return Check(name, rule, "ExpectColumnValuesToNotBeNull", (name,), always=True)


def _matching(
    path: str, rule: str, columns: tuple[str, ...], regex: str, catalog: Field | None = None
) -> Check:
    arguments = {"regex": regex}
    return Check(path, rule, "ExpectColumnValuesToMatchRegex", columns, arguments, catalog=catalog)


def _in_list(name: str, what: str, known: Mapping[Any, bool] | None) -> Check:
    active = [code for code, is_active in (known or {}).items() if is_active]
    arguments = {"value_set": active}
    rule = f"{what}_inexistente"
    return Check(name, rule, "ExpectColumnValuesToBeInSet", (name,), arguments)
