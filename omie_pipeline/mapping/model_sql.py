"""The dbt payload model of a mapping, as text that dbt builds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.mapping.codes import prefix_for
from omie_pipeline.mapping.evidence import DATE_TYPES, NUMBER_TYPES, share
from omie_pipeline.mapping.proposal import Proposal
from omie_pipeline.mapping.sampling import ALIAS, SampledColumn, SampledTable
from omie_pipeline.mapping.targets import EMPRESA, PARTITION, Target
from omie_pipeline.mapping.words import OPPOSITE, words_of
from omie_pipeline.texts import mapping as texts

# One field's SQL, through the reading macros of ``dbt_mapping/macros/leitura.sql``.
#
# Nothing here runs SQL: it is text for a dbt model. Identifiers and literals are quoted for
# PostgreSQL first and then for Jinja, whatever characters they hold.

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


_PLAIN_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
SQL_TYPES = {
    "integer": "bigint",
    "decimal": "numeric",
    "date": "date",
    "object": "jsonb",
    "array": "jsonb",
}
"""Kind of one of Omie's fields -> type of its column in a payload model; others are text."""

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class ModelText:
    """What a payload model is written from.

    Attributes:
        relation: the table in Jinja: ``{{ ref('pacientes') }}``, or its quoted name.
        prefix: what our codes begin with.
        chosen: field by field; each path once, none inside another.
        also: columns that the project's YAML describes for this model: those that nothing feeds
            are there as NULL, which is never sent.
        where: which rows of the table belong, as a person wrote it in SQL; ``""`` for all.
    """

    endpoint: Endpoint
    table: SampledTable
    relation: str
    prefix: str
    chosen: Sequence[Proposal]
    also: Sequence[str] = ()
    where: str = ""

    def write(self) -> str:
        """The model.

        Raises:
            ConfigurationError: it lacks what no payload model can do without (empresa, the date
                of a fact, the key), or two fields overlap.
        """
        self._refuse_unbuildable()
        columns = {name: self._top(name, parts) for name, parts in self._tree().items()}
        key = self._key_expression()
        origin = [f"{templated(literal(self.table.name))} as _origem_tabela"]
        origin += [f"{key} as _origem_id"] if key else []
        origin.append(f"{self._unread()} as _unreadable")
        lines = [
            *(f"{sql} as {_column(name)}" for name, sql in columns.items()),
            *(self._null(name) for name in self._unfed(columns)),
            *origin,
        ]
        head = f"{self._config()}\n\nselect\n{_INDENT}"
        rows = f"\nfrom {self.relation} as {ALIAS}\n"
        if self.where:
            # On lines of its own: a comment in it must not swallow what follows.
            rows += f"where (\n{_INDENT}{templated(self.where)}\n)\n"
        return head + f",\n{_INDENT}".join(lines) + rows

    def _refuse_unbuildable(self) -> None:
        given = {one.target.path for one in self.chosen}
        problems = []
        if EMPRESA not in given:
            problems.append(texts.EMPRESA_NEEDED)
        if self.endpoint.grain == "fact" and PARTITION not in given:
            problems.append(texts.BUSINESS_DATE_NEEDED)
        deletes = self.endpoint.deletes and self.endpoint.delete_omie_key in given
        whole = self.endpoint.section in given
        if not (deletes or whole or any(one.target.is_key for one in self.chosen)):
            problems.append(texts.key_needed(_key_path(self.endpoint)))
        if problems:
            raise ConfigurationError(texts.MODEL_LACKS + "; ".join(problems))
        for path in given:
            inside = sorted(one for one in given if one.startswith(f"{path}."))
            if inside:
                raise ConfigurationError(texts.comes_whole(path=path, fields=", ".join(inside)))

    def _tree(self) -> dict[str, Any]:
        """Chosen fields nested as the payload is; a leaf is its proposal."""
        tree: dict[str, Any] = {}
        for one in self.chosen:
            *around, name = one.target.path.split(".")
            place = tree
            for part in around:
                place = place.setdefault(part, {})
            place[name] = one
        return tree

    def _top(self, name: str, content: Any) -> str:
        return self._sql((name,), content, 1)

    def _sql(self, path: tuple[str, ...], content: Any, depth: int) -> str:
        if isinstance(content, Proposal):
            return self._leaf(content)
        pad = _INDENT * (depth + 1)
        parts = f",\n{pad}".join(
            f"{literal(name)}, {self._sql((*path, name), inner, depth + 1)}"
            for name, inner in content.items()
        )
        built = f"jsonb_strip_nulls(jsonb_build_object(\n{pad}{parts}\n{_INDENT * depth}))"
        built = f"nullif({built}, '{{}}')"
        if self._is_array(path):
            return f"nullif(jsonb_build_array({built}), '[null]')"
        return built

    def _leaf(self, one: Proposal) -> str:
        column = self.table.column(one.source) if one.origin == "column" else None
        if one.origin == "column" and column is None:
            raise ConfigurationError(
                texts.no_such_column_in_model(
                    schema=self.table.schema, table=self.table.name, column=one.source
                )
            )
        sql = expression(one, column, self.prefix)
        return self._with_state(one, sql) if one.target.path == "cidade" else sql

    def _with_state(self, one: Proposal, sql: str) -> str:
        """``SAO PAULO (SP)``: Omie's documented form, if the state is known."""
        state = next((p for p in self.chosen if p.target.path == "estado"), None)
        if one.origin != "column" or state is None:
            return sql
        call = reading("texto", one.source)
        return (
            f"{macro(f'maiusculo_sem_acento({call})')} || coalesce(' (' || "
            f"{self._leaf(state)} || ')', '')"
        )

    def _unread(self) -> str:
        """What could not be read of the row, for validation to refuse it by."""
        calls = {
            one.target.path: call
            for one in self.chosen
            if one.origin == "column"
            and (call := checked_reading(one, self.table.column(one.source)))
        }
        if not calls:
            return "cast(null as jsonb)"
        inner = f",\n{_INDENT * 2}".join(f"'{path}': {call}" for path, call in calls.items())
        return macro(f"ilegiveis_lidos({{\n{_INDENT * 2}{inner}\n{_INDENT}}})")

    def _is_array(self, path: tuple[str, ...]) -> bool:
        complex_type, service = self.endpoint.payload, self.endpoint.service
        found = None
        for name in path:
            found = complex_type.field(name)
            if found is None:
                return False
            complex_type = service.types.get(found.type_name, complex_type)
        return found is not None and found.kind == "array"

    def _key_expression(self) -> str:
        key = next((one for one in self.chosen if one.target.is_key), None)
        if key is None or key.origin != "column":
            return ""
        return macro(reading("texto", key.source))

    def _unfed(self, columns: Mapping[str, str]) -> Iterable[str]:
        own = {*columns, "_origem_tabela", "_origem_id", "_unreadable"}
        return [name for name in self.also if name not in own]

    def _null(self, name: str) -> str:
        found = self.endpoint.payload.field(name)
        kind = SQL_TYPES.get(found.kind, "text") if found else "text"
        return f"cast(null as {kind}) as {_column(name)}"

    def _config(self) -> str:
        partition = [["empresa", PARTITION]] if self.endpoint.grain == "fact" else []
        key = self.endpoint.key_column
        keyed = [["empresa", key]] if key else []
        indexes = "".join(
            f"{_INDENT * 2}{{'columns': {columns!r}}},\n" for columns in [*partition, *keyed]
        )
        written = f"{_INDENT}indexes=[\n{indexes}{_INDENT}],\n" if indexes else ""
        return (
            "{{ config(\n"
            f"{_INDENT}materialized='table',\n{written}{_INDENT}post_hook='analyze {{{{ this }}}}',"
            "\n) }}\n"
            f"{{# Written by `omie-pipeline map {self.endpoint.name}`; it is yours to change. #}}"
        )


def relation_of(table: SampledTable, ref: str = "", source: tuple[str, str] | None = None) -> str:
    """How the model names its table: a model or source of the project, else by its quoted name."""
    if ref:
        return f"{{{{ ref({ref!r}) }}}}"
    if source is not None:
        return f"{{{{ source({source[0]!r}, {source[1]!r}) }}}}"
    return templated(f"{quoted(table.schema)}.{quoted(table.name)}")


def _key_path(endpoint: Endpoint) -> str:
    if endpoint.section:
        return f"{endpoint.section}.{endpoint.integration_key}"
    return endpoint.key_column


def _column(name: str) -> str:
    return name if _PLAIN_IDENTIFIER.fullmatch(name) else quoted(name)
