"""What did not get through, by its cause and by who can do something about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY, WRITABLE
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger, quarantine, rejected
from omie_pipeline.status.history import (
    WHY,
    ListFilter,
    RefusedEntry,
    RowState,
    held_rows,
    quarantined_rows,
    rejected_rows,
)
from omie_pipeline.status.seen_rows import (
    PersonAndValue,
    codes_naming,
    column_naming,
    people_found,
    people_of,
)

Actor = Literal["reception", "finance", "engineering", "itself"]
"""Who acts: people with the patients' data; with categories, sums and decisions; with the machine;
nobody, since it goes on by itself when what it waits for is done."""

ACTORS: Final[tuple[Actor, ...]] = ("reception", "finance", "engineering", "itself")
STATES: Final[tuple[RowState, ...]] = ("quarantined", "rejected", "held")
_PEOPLE: Final = frozenset({"clientes", "clientes_cpf_cnpj", "associar_clientes", "vendedores"})
# Rules that a mapping breaks, not a person who types.
_MACHINE: Final = frozenset(
    {
        "campo_desconhecido",
        "somente_leitura",
        "estrutura",
        "tipo_texto",
        "tipo_inteiro",
        "tipo_decimal",
        "tipo_estrutura",
        "chave_ausente",
        "chave_repetida",
        "marca_invalida",
        "chaves_divergentes",
        "codigo_mudou_de_forma",
        "codigo_de_dois",
        "origem_desconhecida",
        "origem_repetida",
    }
)
_OF_PEOPLE: Final = (
    "documento",
    "cpf_",
    "cnpj_",
    "rg_",
    "endereco",
    "uf_",
    "cidade_",
    "cep_",
)
_KEYS_AND_SETTINGS: Final = frozenset({"AuthFailed", "ConfigurationError"})
_APPROVALS: Final = frozenset({"GuardrailStopped", "ApprovalNeeded"})


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """Rows of an empresa and an endpoint that did not get through for one cause.

    Attributes:
        why: the cause, see :data:`omie_pipeline.status.history.WHY`.
        rows: how many.
        reason, fix, field: of one of them, as an example.
        oldest: when the first of them was first seen.
    """

    empresa: str
    endpoint: str
    state: RowState
    why: str
    rows: int
    reason: str
    fix: str
    field: str
    oldest: datetime

    @property
    def actor(self) -> Actor:
        """Who can do something about it."""
        return who_acts(self.state, self.endpoint, self.why)


def who_acts(state: RowState, endpoint: str, why: str) -> Actor:
    """Who can do something about rows with this cause.

    Args:
        state: why they did not get through.
        endpoint: whose rows they are.
        why: the rule, or what they wait for; of refusals it says nothing.
    """
    if state == "held":
        if why in _KEYS_AND_SETTINGS:
            return "engineering"
        return "finance" if why in _APPROVALS else "itself"
    if state == "quarantined" and why in _MACHINE:
        return "engineering"
    of_people = state == "quarantined" and why.startswith(("os_sem_cliente", *_OF_PEOPLE))
    return "reception" if endpoint in _PEOPLE or of_people else "finance"


def cause_groups(engine: sa.Engine, empresas: Sequence[str]) -> tuple[CauseGroup, ...]:
    """All that did not get through, by cause, the most rows first; each row counts once.

    Args:
        engine: the warehouse; one that shows some empresas only shows theirs.
        empresas: whose rows.
    """
    first = quarantine.c.reasons[0]
    c = ledger.c
    parts = (
        _grouped(
            "quarantined",
            quarantine,
            (first["reason"].astext, first["fix"].astext, first["field"].astext),
            empresas,
        ),
        _grouped("rejected", rejected, (rejected.c.fault_text, rejected.c.fix, _NOTHING), empresas),
        _grouped("held", ledger, (c.last_error, _NOTHING, _NOTHING), empresas, c.state == "held"),
    )
    with warehouse_errors(), engine.connect() as connection:
        found = [
            CauseGroup(
                row.empresa,
                row.endpoint,
                state,
                row.why,
                row.rows,
                row.reason or "",
                row.fix or "",
                row.field or "",
                row.oldest,
            )
            for state, query in zip(STATES, parts, strict=True)
            for row in connection.execute(query)
        ]
    order = {one.name: number for number, one in enumerate(WRITABLE)}
    return tuple(sorted(found, key=lambda one: (-one.rows, order.get(one.endpoint, 0), one.why)))


_NOTHING: Final = sa.literal("")


def _grouped(
    state: RowState,
    table: sa.Table,
    told: tuple[sa.ColumnElement[Any], ...],
    empresas: Sequence[str],
    *conditions: sa.ColumnElement[bool],
) -> sa.Select[Any]:
    """Rows of a table by empresa, endpoint and cause.

    Args:
        state: of all these rows.
        table: in which they stand.
        told: reason, fix and field, of which the least is the example.
        empresas: whose rows.
        conditions: further ones.
    """
    c, why = table.c, WHY[state]
    reason, fix, field = told
    return (
        sa.select(
            c.empresa,
            c.endpoint,
            why.label("why"),
            sa.func.count().label("rows"),
            sa.func.min(reason).label("reason"),
            sa.func.min(fix).label("fix"),
            sa.func.min(field).label("field"),
            sa.func.min(c.first_seen_at).label("oldest"),
        )
        .where(c.empresa.in_(empresas), *conditions)
        .group_by(c.empresa, c.endpoint, why)
    )


def rows_in_state(
    engine: sa.Engine, state: RowState, wanted: ListFilter
) -> tuple[RefusedEntry, ...]:
    """Rows that did not get through, newest first, as their own table has them."""
    return _READ[state](engine, wanted)


_READ: Final = {"quarantined": quarantined_rows, "rejected": rejected_rows, "held": held_rows}


def rows_to_correct(
    engine: sa.Engine, state: RowState, wanted: ListFilter
) -> tuple[RefusedEntry, ...]:
    """Rows that did not get through, newest first, each with its person where that is known.

    Args:
        engine: one that shows some empresas only.
        state: why they did not get through.
        wanted: which of them.
    """
    entries = rows_in_state(engine, state, wanted)
    asked: dict[str, set[str]] = {}
    for one in entries:
        if not one.person or one.value is None:
            target, code = one.acts_upon if one.acts_upon[0] else (one.endpoint, one.code)
            asked.setdefault(target, set()).add(code)
    known: Mapping[tuple[str, str, str], PersonAndValue] = {
        (target, *who): told
        for target, codes in asked.items()
        for who, told in people_of(engine, target, codes).items()
    }

    def told(one: RefusedEntry) -> RefusedEntry:
        target, code = one.acts_upon if one.acts_upon[0] else (one.endpoint, one.code)
        person, value = known.get((target, one.empresa, code), ("", None))
        # The sum of what it acts upon is not its own.
        own = one.value if one.value is not None or target != one.endpoint else value
        return replace(one, person=one.person or person, value=own)

    return tuple(map(told, entries))


def codes_about(
    engine: sa.Engine, empresas: Sequence[str], text: str, named: Collection[str]
) -> dict[str, set[str]]:
    """Empresa -> our codes that a person may mean: the code itself, everybody of that name or
    document, and the records that name them.

    Args:
        engine: one that shows some empresas only.
        empresas: whose codes.
        text: as it was typed.
        named: the empresas in which the person who asks may see names.
    """
    typed = {text.strip(), text.strip().upper()} - {""}
    codes = {name: set(typed) for name in empresas}
    for one in people_found(engine, text.strip()) if named else ():
        if one.empresa in codes and one.empresa in named:
            codes[one.empresa].add(one.code)
    for endpoint in ("clientes", "contas_receber", "contas_pagar"):
        asked = {code for found in codes.values() for code in found}
        for name, rows in codes_naming(engine, endpoint, asked).items():
            column, naming = REGISTRY[name].key_column, column_naming(name, endpoint)
            for row in rows:
                mine = codes.get(row["empresa"], set())
                if str(row[naming]) in mine:
                    mine.add(str(row[column]))
    return codes
