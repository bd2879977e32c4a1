"""One field's SQL, through the reading macros of ``dbt_mapping/macros/leitura.sql``.

Nothing here runs SQL: it is text for a dbt model. Identifiers and literals are quoted for
PostgreSQL first and then for Jinja, whatever characters they hold.
"""

from __future__ import annotations

import json

from omie_pipeline.mapping.codes import prefix_for
from omie_pipeline.mapping.patterns import DATE_TYPES, NUMBER_TYPES, share
from omie_pipeline.mapping.proposing import Proposal
from omie_pipeline.mapping.sampling import ALIAS, SampledColumn
from omie_pipeline.mapping.targets import PARTITION, Target
from omie_pipeline.mapping.words import OPPOSITE, words_of

_JINJA = ("{{", "{%", "{#")
_MONEY = ("valor", "nVal", "nPreco")
_PHONES = ("telefone1", "telefone2", "fax")
_LOSES_ZEROS = {
    "cnpj_cpf": "documento_de_numero",
    "cep": "cep_de_numero",
    "entCnpjCpf": "documento_de_numero",
    "entCEP": "cep_de_numero",
}
"""Fields whose zeros in front a column of numbers loses, and the macro that puts them back."""


def quoted(identifier: str) -> str:
    """``identifier`` quoted for PostgreSQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def templated(sql: str) -> str:
    """``sql`` so that Jinja writes it as it is."""
    return f"{{{{ {json.dumps(sql)} }}}}" if any(mark in sql for mark in _JINJA) else sql


def macro(call: str) -> str:
    """A Jinja expression, printed."""
    return f"{{{{ {call} }}}}"


def reading(name: str, column: str) -> str:
    """Call of a reading macro over a column: ``texto('origem."NOME"')``."""
    reference = f"{ALIAS}.{quoted(column)}"
    plain = "'" not in reference and "\\" not in reference
    return f"{name}('{reference}')" if plain else f"{name}({json.dumps(reference)})"


def as_type(sql_type: str, call: str) -> str:
    """A reading as a value of an SQL type: NULL if it could not be read."""
    return f"como('{sql_type}', {call})"


def checked_reading(proposal: Proposal, column: SampledColumn | None) -> str:
    """The reading whose failure ``_unreadable`` has to tell; empty if any text will do."""
    target = proposal.target
    if column is None or _is_code(target, column):
        return ""
    if target.path == PARTITION:
        return _date(column)
    match target.field.kind:
        case "date":
            return _date(column)
        case "decimal":
            return _number(column)
        case "integer":
            return reading("inteiro", column.name)
    if set(target.field.values) == {"S", "N"}:
        return reading("logico", column.name)
    return ""


def expression(proposal: Proposal, column: SampledColumn | None, prefix: str) -> str:
    """SQL of one field.

    Args:
        column: the table's, for a proposal that comes from one.
        prefix: what our code begins with.
    """
    if column is None:
        return _constant(proposal.target, proposal.source)
    target = proposal.target
    if target.path == PARTITION:
        return macro(f"data_particao({as_type('date', _date(column))})")
    if _is_code(target, column):
        code = _code(column, code_prefix(target, column, prefix))
        return _marker(target, column, code) if target.marked else code
    return _by_kind(target, column)


def code_prefix(target: Target, column: SampledColumn, prefix: str) -> str:
    """What stands before the values of ``column`` in ``target``; ``""`` if it is no code.

    Args:
        prefix: what our own codes begin with.
    """
    if target.is_key:
        return prefix
    if not _is_code(target, column):
        return ""
    return prefix_for(target.reference, words_of(column.name), column)


def _is_code(target: Target, column: SampledColumn) -> bool:
    """One of our codes; a column of Omie's own numbers says so in its name."""
    marked = target.marked and "omie" not in words_of(column.name)
    return target.is_key or marked or bool(target.reference and not target.marked)


def _constant(target: Target, text: str) -> str:
    kind = target.field.kind
    if kind in ("object", "array"):
        return templated(f"cast({literal(text)} as jsonb)")
    if kind == "date":
        return f"cast({literal(text)} as date)"
    if kind in ("integer", "decimal"):
        return f"cast({literal(text)} as {'bigint' if kind == 'integer' else 'numeric'})"
    return templated(f"cast({literal(text)} as text)")


def _by_kind(target: Target, column: SampledColumn) -> str:
    field = target.field
    match field.kind:
        case "date":
            return macro(as_type("date", _date(column)))
        case "decimal":
            call = as_type("numeric", _number(column))
            return macro(f"dinheiro({call})" if field.name.startswith(_MONEY) else call)
        case "integer":
            return macro(as_type("bigint", reading("inteiro", column.name)))
        case "object" | "array":
            return templated(f"cast({ALIAS}.{quoted(column.name)} as jsonb)")
    if set(field.values) == {"S", "N"}:
        return _yes_no(target, column)
    return _text(target, column)


def _text(target: Target, column: SampledColumn) -> str:
    name, call = target.field.name, reading("texto", column.name)
    if name in _LOSES_ZEROS and column.data_type in NUMBER_TYPES:
        return macro(reading(_LOSES_ZEROS[name], column.name))
    phone, _, part = name.rpartition("_")
    if phone in _PHONES and "ddd" not in words_of(column.name) and part in ("ddd", "numero"):
        return macro(f"telefone_{part}({call})")
    if name in ("estado", "entEstado"):
        return macro(f"uf_em_letras({call})")
    if name == "numero_parcela":
        return macro(f"numero_parcela({call})")
    return macro(call)


def _date(column: SampledColumn) -> str:
    brazilian = not column.data_type.startswith(DATE_TYPES) and (
        share(column, "date_br").fitting > share(column, "date_iso").fitting
    )
    return reading("data_br" if brazilian else "data_iso", column.name)


def _number(column: SampledColumn) -> str:
    brazilian = share(column, "number_br").fitting > share(column, "number").fitting
    return reading("numero_br" if brazilian else "numero", column.name)


def _yes_no(target: Target, column: SampledColumn) -> str:
    call = macro(as_type("boolean", reading("logico", column.name)))
    contrary = OPPOSITE.get(target.field.name) in words_of(column.name)
    true, false = ("N", "S") if contrary else ("S", "N")
    return f"case {call} when true then '{true}' when false then '{false}' end"


def _code(column: SampledColumn, prefix: str) -> str:
    call = macro(reading("texto", column.name))
    return f"{templated(literal(prefix))} || {call}" if prefix else call


def _marker(target: Target, column: SampledColumn, code: str) -> str:
    """Omie's number of a record that is delivered from here: known only when it stands there."""
    call = macro(reading("texto", column.name))
    return (
        f"case when {call} is not null then jsonb_build_object('$omie_id', "
        f"jsonb_build_array({literal(target.reference)}, {code})) end"
    )
