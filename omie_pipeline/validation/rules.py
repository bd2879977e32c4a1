"""The rules: a check as plain data, the shapes that checks come in, the suite of each endpoint."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from omie_pipeline.catalog import Endpoint, Field, reference
from omie_pipeline.catalog.model import KEY_COLUMN, MARKER
from omie_pipeline.texts import validation as texts
from omie_pipeline.texts.validation import ALTERNATIVES, LABELS, RULES, UNREADABLE
from omie_pipeline.validation.addresses import CEP_PATTERN, ufs
from omie_pipeline.validation.model import (
    CandidateRow,
    ClinicRules,
    Reason,
    References,
    RuleSummary,
    Severity,
    UnmappedValue,
    label,
    sentence,
)
from omie_pipeline.validation.values import (
    SERVICE_ITEMS,
    bad_text_pattern,
    field_pattern,
    is_blank,
    is_computed,
    is_flag,
    list_of,
    takes_markers,
)

MARKERS_COLUMN: Final = "_marcas_confirmadas"
"""Helper column: true if every record that a marker names is confirmed by Omie."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule asked of one field, and what a failure means.

    Attributes:
        field: path shown to people and stored with the reason.
        expectation: what is asked: a name in ``conditions.CONDITIONS``, and the type of the
            expectation that asks it where Great Expectations does.
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


@dataclass(frozen=True, slots=True)
class SuiteRule:
    """One expectation of a suite: a rule, with all the fields that it is asked of."""

    rule: str
    severity: Severity
    expectation: str
    checks: tuple[Check, ...]


def by_rule(checks: Iterable[Check]) -> tuple[SuiteRule, ...]:
    """The rules that ``checks`` make up, in the order in which they come first."""
    found: dict[tuple[str, Severity, str], list[Check]] = {}
    for check in checks:
        found.setdefault((check.rule, check.severity, check.expectation), []).append(check)
    return tuple(SuiteRule(*key, tuple(items)) for key, items in found.items())


def rule_texts(
    rule: str,
    path: str,
    catalog: Field | None,
    rules: ClinicRules,
    *,
    shown: str = "",
    day: str = "",
) -> tuple[str, str]:
    """Motivo and correção of ``rule`` on the field at ``path``.

    Args:
        rule: name of the rule.
        path: field that the reason names, dotted.
        catalog: the field's declaration, if there is one.
        rules: rules of the clinic.
        shown: what follows the field's name.
        day: the improbable date itself, if there is a row in view.
    """
    words = {
        "campo": label(path) + shown,
        "maximo": catalog.max_length if catalog else "",
        "valores": ", ".join(catalog.values) if catalog else "",
        "padrao": catalog.pattern if catalog else "",
        "primeiro": rules.earliest_year,
        "ultimo": rules.latest_year,
        "dia": day or texts.THE_VALUE,
        "coluna": "…",
        "valor": "…",
    }
    text = RULES[rule]
    return sentence(text.reason.format(**words)), sentence(text.fix.format(**words))


def either_column(group: tuple[str, ...]) -> str:
    """Helper column: true if one of ``group`` is filled in."""
    return "_" + "_ou_".join(group)


def confirmed_column(name: str) -> str:
    """Helper column: true if the record that ``name`` points at is confirmed by Omie."""
    return f"_{name}_confirmado"


def holds(path: str, rule: str, column: str, severity: Severity = "critical") -> Check:
    """A helper column that is true if the rule holds, null if there is nothing to ask.

    Args:
        path: field that the reason names, dotted.
        rule: name of the rule.
        column: the helper column.
        severity: whether a failure refuses the row.
    """
    return Check(path, rule, "expect_flags_to_be_true", (column,), severity=severity)


def filled(name: str, rule: str) -> Check:
    """``name`` has to be filled in, even if no row of a chunk has it."""
    return Check(name, rule, "expect_fields_to_be_filled", (name,), always=True)


def matching(
    path: str, rule: str, columns: tuple[str, ...], regex: str, catalog: Field | None = None
) -> Check:
    """Text that has to match a regular expression (Python's and RE2's).

    Args:
        path: field that the reason names, dotted.
        rule: name of the rule.
        columns: the columns that are checked.
        regex: one that both engines understand.
        catalog: the field's declaration, if there is one.
    """
    arguments = {"regex": regex}
    return Check(path, rule, "expect_fields_to_match_pattern", columns, arguments, catalog=catalog)


def in_list(name: str, what: str, known: Mapping[Any, bool] | None) -> Check:
    """``name`` has to be an active entry of a list; ``what`` begins the rule's name."""
    active = [code for code, is_active in (known or {}).items() if is_active]
    arguments = {"value_set": active}
    rule = f"{what}_inexistente"
    return Check(name, rule, "expect_fields_to_be_listed", (name,), arguments)


# Values of the clinic that could not be read, as payload models carry them in ``_unreadable``.
#
# Each is reported with the source's own column and text; that a field is then empty is no reason of
# its own.

COLUMN: Final = "_unreadable"
"""Column of a payload model: a JSON list, empty or null if everything was read."""

RULE: Final = "ilegivel"
_READ: Final = "_tudo_lido"
_LONGEST: Final = 60

_FED: Final[Mapping[str, tuple[str, ...]]] = {
    "valor": ("valor_documento", "valor", "nPrecoUnit", "nValUnit"),
    "data": (
        "data", "data_emissao", "data_registro", "data_entrada", "data_vencimento",
        "data_previsao", "dDtPrevisao",
    ),
    "data_vencimento": ("data_vencimento", "data_previsao"),
    "dias_para_vencer": ("data_vencimento", "data_previsao"),
    "percentual": ("valor_documento",),
    "parcelas": ("numero_parcela",),
    "codigo_conta_corrente": ("id_conta_corrente", "codigo_conta_corrente", "nCodCC"),
    "tipo": ("codigo_tipo_documento",),
    "valor_unitario": ("valorUnit",),
    "quantidade": ("quant",),
    "desconto": ("desconto", "valorDesconto"),
    "ordem": ("seq",),
    "dia_faturamento": ("nDiaFat",),
    "dias_vencimento": ("nDias",),
    "dia_fixo": ("nDiaFixo",),
    "vigencia_inicial": ("dVigInicial",),
    "vigencia_final": ("dVigFinal",),
    "aliquota_iss": ("nAliqISS", "aliqISS"),
    "retem_iss": ("cRetISS", "retISS"),
    "conciliado": ("conciliar_documento",),
    "ativo": ("inativo",),
}  # fmt: skip
"""Column of a canonical table -> the fields of Omie that it feeds; others feed their namesake."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One value that could not be read.

    Attributes:
        column: of the canonical table (of the payload, if a model reads the source itself).
        source_column: the clinic's own name of it.
        text: as the source has it.
        kind: what it should have been, see ``messages.UNREADABLE``.
    """

    column: str
    source_column: str
    text: str
    kind: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Omie's names of the fields that are empty because of it."""
        return _FED.get(self.column, (self.column,))


def unreadable_of(row: CandidateRow) -> tuple[Unreadable, ...]:
    """What could not be read of a row, each column and text once."""
    entries = row.extra.get(COLUMN)
    if not isinstance(entries, list):
        return ()
    found = [
        Unreadable(*(str(entry.get(name) or "") for name in Unreadable.__slots__))
        for entry in entries
        if isinstance(entry, Mapping)
    ]
    return tuple(dict.fromkeys(found))


def reading_checks(endpoint: Endpoint) -> tuple[Check, ...]:
    """The check that everything was read: of every endpoint that sends a payload."""
    return () if endpoint.deletes else (holds(COLUMN, RULE, _READ),)


def reading_columns(rows: Sequence[CandidateRow]) -> Mapping[str, list[bool | None]]:
    """The helper column of :func:`reading_checks`, if a row of the chunk has an entry."""
    if not any(row.extra.get(COLUMN) for row in rows):
        return {}
    return {_READ: [False if unreadable_of(row) else None for row in rows]}


def reason_of(value: Unreadable, endpoint: Endpoint) -> Reason:
    """The reason of one value: the source's column and text, and what is wrong with it."""
    known = {field.name for field in endpoint.payload.fields}
    field = next((name for name in value.fields if name in known), value.column)
    text = UNREADABLE.get(value.kind, RULES[RULE])
    words = {"coluna": value.source_column or value.column, "valor": shown(value.text)}
    return Reason(field, RULE, text.reason.format(**words), text.fix.format(**words))


def shown(text: Any) -> str:
    """A source's text fit for a line of a list: on one line, and not endless."""
    line = " ".join(str(text).split())
    line = "".join(sign if sign.isprintable() else "?" for sign in line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


# Values of the clinic's that no category of Omie's stands for, as payload models carry them
# (``dbt_mapping/macros/mapeamento.sql``).

UNMAPPED: Final = "_unmapped"
UNMAPPED_RULE: Final = "unmapped_category"
_UNKNOWN_CATEGORY: Final = frozenset({"categoria_ausente", "categoria_inexistente"})


def unmapped_of(row: CandidateRow) -> tuple[UnmappedValue, ...]:
    """The values for which the row has no category: one, or a list of those of its parts."""
    said = row.extra.get(UNMAPPED)
    return tuple(
        UnmappedValue(*(str(one.get(name) or "") for name in UnmappedValue.__slots__))
        for one in (said if isinstance(said, list) else [said])
        if isinstance(one, Mapping)
    )


def with_unmapped(
    row: CandidateRow, reasons: Sequence[Reason], references: References
) -> tuple[Reason, ...]:
    """``reasons``, and in place of unknown categories the clinic's values that nobody mapped."""
    unknown = {one.field for one in reasons if one.rule in _UNKNOWN_CATEGORY}
    told: dict[tuple[str, str], Reason] = {}
    explained: set[str] = set()
    for value in unmapped_of(row):
        mine = {field for field in unknown if field.startswith(value.field)}
        if not mine:
            continue
        explained |= mine
        if (value.kind, value.source) not in told:
            told[value.kind, value.source] = _unmapped_reason(value, references)
    return (*told.values(), *(one for one in reasons if one.field not in explained))


def _unmapped_reason(value: UnmappedValue, references: References) -> Reason:
    name = f"'{shown(value.name)}'"
    if value.name != value.source:
        name += f" ({shown(value.source)})"
    found = references.suggest(value) if references.suggest else ()
    told = texts.perhaps("; ".join(found)) if found else ""
    return Reason(
        "codigo_categoria",
        UNMAPPED_RULE,
        texts.unmapped(kind=texts.UNMAPPED_KINDS.get(value.kind, value.kind), name=name),
        texts.unmapped_fix(kind=value.kind, source=shown(value.source), suggestions=told),
    )


# What a row lacks at the clinic itself: columns left empty, ids that name nothing
# or two rows that differ.
#
# The payload models say it in ``_missing`` (``dbt_mapping/macros/faltas.sql``), because a payload
# alone does not show it: without a payment method it still has an account, the default one.

MISSING: Final = "_missing"
_RULES: Final[Mapping[str, str]] = {
    "empty": "origem_vazia",
    "unknown": "origem_desconhecida",
    "twice": "origem_repetida",
}
_PAYMENT_METHOD: Final = frozenset(
    {("formas_pagamento", "tipo")}
    | {
        (table, "forma_pagamento_id")
        for table in (
            "recebimentos",
            "vendas_produtos",
            "despesas",
            "compras_produtos",
            "pagamentos",
        )
    }
)
_PERSON: Final = (
    *("codigo_cliente_fornecedor", "Cabecalho.cCodIntCli", "cabecalho.nCodCli"),
    *("_cpf", "_rg", "_endereco", "_bairro", "_cidade", "_estado", "_cep"),
)
_ACCOUNT: Final = ("id_conta_corrente", "codigo_conta_corrente", "InformacoesAdicionais.nCodCC")
_FEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "paciente_id": _PERSON,
    "profissional_id": _PERSON,
    "fornecedor_id": _PERSON,
    "procedimento_id": ("ServicosPrestados",),
    "forma_pagamento_id": (*_ACCOUNT, "codigo_tipo_documento"),
    "tipo": ("codigo_tipo_documento",),
    "data": (
        *("data_vencimento", "data_previsao", "data_emissao", "data_registro", "data_entrada"),
        "Cabecalho.dDtPrevisao",
    ),
    "produto": ("observacao",),
    "quantidade": ("itensContrato",),
    "valor_unitario": ("itensContrato",),
    "situacao": ("cabecalho.cCodSit",),
    "tipo_vencimento": ("vencTextos",),
    "origem": ("codigo_lancamento",),
    "origem_id": ("codigo_lancamento",),
}
"""By column of the clinic: beginnings of the fields of Omie that it feeds."""
_ABSENCES: Final = frozenset(
    {
        *("obrigatorio", "um_dos", "conta_ausente", "os_sem_cliente", "documento_ausente"),
        *("rg_ausente", "rg_orgao_ausente", "endereco_incompleto", "item_sem_servico"),
    }
)
"""Rules that say no more than that a field is not filled in."""


def tells_gaps(endpoint: Endpoint) -> bool:
    """Rows of this endpoint are made of a movement or a contract of the clinic."""
    money = endpoint.value_field or endpoint.effect in ("settlement", "order")
    return not endpoint.deletes and (bool(money) or endpoint.name == "contratos")


def gap_checks(endpoint: Endpoint) -> Iterator[Check]:
    """One check for what is empty, one for what names nothing, one for what names two rows."""
    if tells_gaps(endpoint):
        for kind, rule in _RULES.items():
            yield holds(MISSING, rule, f"{MISSING}_{kind}")


def gap_flags(row: CandidateRow, rules: ClinicRules) -> Mapping[str, bool | None]:
    """By helper column, whether the row has no gap of that kind; ``None`` if it has no gap."""
    kinds = {entry["kind"] for entry in _entries(row, rules)}
    return {f"{MISSING}_{kind}": (kind not in kinds) if kinds else None for kind in _RULES}


def gap_reasons(row: CandidateRow, rules: ClinicRules) -> tuple[Reason, ...]:
    """One reason for each gap, in the clinic's own names."""
    return tuple(_reason(entry) for entry in _entries(row, rules))


def without_echoes(
    row: CandidateRow, rules: ClinicRules, reasons: Sequence[Reason]
) -> tuple[Reason, ...]:
    """``reasons`` without those that only say again, in Omie's names, what a gap has said."""
    fed = tuple(name for entry in _entries(row, rules) for name in _FEEDS.get(entry["column"], ()))
    if not fed:
        return tuple(reasons)
    return tuple(
        reason
        for reason in reasons
        if reason.rule not in _ABSENCES
        or not any(field.startswith(fed) for field in reason.field.split(ALTERNATIVES))
    )


def _entries(row: CandidateRow, rules: ClinicRules) -> list[Mapping[str, Any]]:
    # A value that is there and could not be read is no gap: it has a reason of its own.
    unread = {value.column for value in unreadable_of(row)}
    entries = [
        one
        for one in row.extra.get(MISSING) or []
        if one["kind"] != "empty" or one["column"] not in unread
    ]
    if rules.require_payment_method:
        return entries
    return [one for one in entries if (one["table"], one["column"]) not in _PAYMENT_METHOD]


def _reason(entry: Mapping[str, Any]) -> Reason:
    where = f"{entry['table']}.{entry['column']}"
    named = LABELS.get(entry["column"], entry["column"])
    if entry["kind"] != "empty":
        named = f"{named} '{entry['text']}'"
    rule = _RULES[entry["kind"]]
    text = RULES[rule]
    words = {"campo": f"{named} ({where})"}
    fix = text.fix.format(**words)
    if entry.get("of"):
        fix += texts.record_is(entry["of"])
    return Reason(where, rule, sentence(text.reason.format(**words)), sentence(fix))


# Rules on what stands inside the blocks of services, contracts, orders: beyond types and lengths.
#
# Each is asked of one top-level field and answers with the paths that break it.

Finder = Callable[[Any], Iterator[str]]
"""From the content of a block to the paths, below it, of what breaks the rule."""

_LC116: Final = re.compile(r"^[0-9]{1,2}\.[0-9]{2}$")
_LAST_DAY: Final = 31


@dataclass(frozen=True, slots=True)
class BlockRule:
    """One rule on a block.

    Attributes:
        block: the top-level field.
        below: path below it, as the documentation shows it; ``""`` for the block itself.
        rule: see ``messages.RULES``.
    """

    block: str
    below: str
    rule: str
    find: Finder

    @property
    def field(self) -> str:
        """The path that the documentation shows."""
        return f"{self.block}.{self.below}" if self.below else self.block

    @property
    def column(self) -> str:
        """Helper column: true if the rule holds."""
        return f"_{self.field}_{self.rule}"

    def paths(self, value: Any) -> list[str]:
        """Full paths of what breaks the rule in one row."""
        return [f"{self.block}{path}" for path in self.find(value)]


def _text(block: Any, name: str) -> str:
    value = block.get(name) if isinstance(block, Mapping) else None
    return value.strip(" ") if isinstance(value, str) else ""


def _blank(name: str) -> Finder:
    """``name`` is not filled in."""

    def find(block: Any) -> Iterator[str]:
        if isinstance(block, Mapping) and is_blank(block.get(name)):
            yield f".{name}"

    return find


def _blank_when(condition: str, value: str, name: str) -> Finder:
    """``name`` is not filled in though ``condition`` has ``value``."""

    def find(block: Any) -> Iterator[str]:
        if _text(block, condition) == value and is_blank(block.get(name)):
            yield f".{name}"

    return find


def _no_day(name: str) -> Finder:
    """``name`` is a number that is no day of a month."""

    def find(block: Any) -> Iterator[str]:
        day = block.get(name) if isinstance(block, Mapping) else None
        if isinstance(day, int) and not isinstance(day, bool) and not 1 <= day <= _LAST_DAY:
            yield f".{name}"

    return find


def _malformed_lc116(block: Any) -> Iterator[str]:
    code = _text(block, "cCodLC116")
    if code and not _LC116.match(code):
        yield ".cCodLC116"


def _ends_before_it_begins(block: Any) -> Iterator[str]:
    first, last = _date(block, "dVigInicial"), _date(block, "dVigFinal")
    if first is not None and last is not None and last <= first:
        yield ".dVigFinal"


def _date(block: Any, name: str) -> date | None:
    try:
        return date.fromisoformat(_text(block, name))
    except ValueError:
        return None


def _no_customer(block: Any) -> Iterator[str]:
    if isinstance(block, Mapping) and all(
        is_blank(block.get(n)) for n in ("nCodCli", "cCodIntCli")
    ):
        yield ".cCodIntCli"


def _no_items(block: Any) -> Iterator[str]:
    if block == []:
        yield ""


def _contract_items_without_service(block: Any) -> Iterator[str]:
    names = SERVICE_ITEMS["itemCabecalho"]
    for number, item in enumerate(block if isinstance(block, list) else (), start=1):
        head = item.get("itemCabecalho") if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and names.says_nothing(head if isinstance(head, dict) else {}):
            yield f"[{number}]"


def _order_items_without_service(block: Any) -> Iterator[str]:
    names = SERVICE_ITEMS["ServicosPrestados"]
    for number, item in enumerate(block if isinstance(block, list) else (), start=1):
        if isinstance(item, Mapping) and names.says_nothing(item):
            yield f"[{number}]"


BLOCK_RULES: Final[Mapping[str, tuple[BlockRule, ...]]] = {
    "servicos": (
        BlockRule("cabecalho", "cDescricao", "obrigatorio", _blank("cDescricao")),
        BlockRule("cabecalho", "cCodLC116", "lc116_ausente", _blank("cCodLC116")),
        BlockRule("cabecalho", "cCodLC116", "lc116_formato", _malformed_lc116),
        BlockRule("cabecalho", "cCodServMun", "servico_municipal_ausente", _blank("cCodServMun")),
    ),
    "contratos": (
        BlockRule("cabecalho", "dVigFinal", "vigencia_invertida", _ends_before_it_begins),
        BlockRule("cabecalho", "nDiaFat", "dia_do_mes", _no_day("nDiaFat")),
        BlockRule("itensContrato", "", "sem_itens", _no_items),
        BlockRule("itensContrato", "", "item_sem_servico", _contract_items_without_service),
        BlockRule("vencTextos", "nDias", "vencimento_dias", _blank_when("cTpVenc", "001", "nDias")),
        BlockRule(
            "vencTextos",
            "nDiaFixo",
            "vencimento_dia_fixo",
            _blank_when("cTpVenc", "002", "nDiaFixo"),
        ),
        BlockRule("vencTextos", "nDiaFixo", "dia_do_mes", _no_day("nDiaFixo")),
    ),
    "ordens_servico": (
        BlockRule("Cabecalho", "cCodIntCli", "os_sem_cliente", _no_customer),
        BlockRule("ServicosPrestados", "", "sem_itens", _no_items),
        BlockRule("ServicosPrestados", "", "item_sem_servico", _order_items_without_service),
    ),
}
"""By endpoint. The format of an LC 116 code (servicos_lc116) and the days 1 to 31 are official.
That a service needs a description is a guess: Omie's form asks for it."""


# What a person's record needs: document, RG with its issuer, address.
#
# Asked of clientes, and of the patient whom a service order names (in columns that are not sent).

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


# The suite of each endpoint, derived from the catalog and the clinic's rules, as plain data.
#
# A ``Check`` says which condition is asked of which column and what a failure means; the checks of
# a rule make up one expectation. Columns are those of ``frame.build_frame``: the payload's own
# names, and helper columns with a leading underscore.

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
