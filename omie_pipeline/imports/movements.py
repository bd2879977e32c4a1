"""Which rows of ``omie.movimentacoes`` repeat money that another row counts.

The list mixes títulos, settlements and account entries (omie-api.md#movements). Money counts
once: in the row of the settlement, else of the account entry, else of the paid título. One account
entry may settle several títulos; each of their rows then counts what it paid of its own, and never
the entry's sum (docs/adr/0028).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import mirror_table

_m = mirror_table(MIRROR["movimentacoes"])
_other = _m.alias("outra")
_LINKS = ("chave", "codigo_titulo", "codigo_movimento_cc", "codigo_baixa")
_SETTLEMENT, _PART, _ENTRY, _TITLE = 0, 1, 2, 3
"""``_PART``: a título's part of an account entry, without the settlement's own id."""

Expression = sa.ColumnElement[Any]


def mark_mirror_rows(
    engine: sa.Engine, empresa: str, since: datetime | None, *, every_row_is_here: bool = True
) -> int:
    """Recompute ``espelho`` and ``valor_movimentado`` of rows linked to what was read since then.

    ``since`` reaches back over readings that died before they came here. ``every_row_is_here`` is
    false if a filter keeps rows out: the settlement of a paid título may be one of them, so no
    título counts as money then.

    Returns the number of rows whose marks changed.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        since: rows read since then.
        every_row_is_here: false if a filter keeps rows out.
    """
    repeats = sa.and_(_m.c.excluido_em.is_(None), sa.exists().where(*_counted_elsewhere()))
    amount = _signed_amount()
    nothing = sa.or_(repeats, _m.c.excluido_em.is_not(None), amount == 0)
    if not every_row_is_here:
        nothing = sa.or_(nothing, _rank(_m) == _TITLE)
    value = sa.case((nothing, sa.null()), else_=amount)
    statement = (
        sa.update(_m)
        .where(
            _m.c.empresa == empresa,
            _linked_to_changes(empresa, since),
            sa.or_(
                _m.c.espelho.is_distinct_from(repeats),
                _m.c.valor_movimentado.is_distinct_from(value),
            ),
        )
        .values(espelho=repeats, valor_movimentado=value)
    )
    with warehouse_errors(), engine.begin() as connection:
        return connection.execute(statement).rowcount


def _linked_to_changes(empresa: str, since: datetime | None) -> Expression:
    if since is None:
        return sa.true()
    changed = sa.or_(_other.c.lido_em >= since, _other.c.excluido_em >= since)
    return sa.or_(
        *(
            _m.c[name].in_(
                sa.select(_other.c[name]).where(
                    _other.c.empresa == empresa, changed, _names_something(_other, name)
                )
            )
            for name in _LINKS
        )
    )


def _names_something(table: Any, name: str) -> Expression:
    condition: Expression = table.c[name] != "" if name == "chave" else table.c[name] > 0
    return condition


def _counted_elsewhere() -> list[Expression]:
    """Conditions on another row that counts this row's money."""
    mine, theirs = _rank(_m), _rank(_other)
    before = sa.tuple_(
        theirs, _beside_account(_other), _other.c.grupo, _other.c.origem
    ) < sa.tuple_(mine, _beside_account(_m), _m.c.grupo, _m.c.origem)
    same_movement = _other.c.codigo_movimento_cc == _m.c.codigo_movimento_cc
    same_entry = sa.and_(mine == _ENTRY, theirs < _ENTRY, same_movement)
    same_part = sa.and_(
        mine == _PART,
        theirs == _SETTLEMENT,
        same_movement,
        _other.c.codigo_titulo == _m.c.codigo_titulo,
    )
    # The whole of a settlement beside its parts.
    same_settlement = sa.and_(
        _m.c.codigo_baixa > 0,
        _other.c.codigo_baixa == _m.c.codigo_baixa,
        sa.func.coalesce(_m.c.codigo_titulo, 0) == 0,
        _other.c.codigo_titulo > 0,
    )
    same_title = sa.and_(
        mine == _TITLE,
        theirs < _TITLE,
        _m.c.codigo_titulo > 0,
        _other.c.codigo_titulo == _m.c.codigo_titulo,
    )
    same_key = sa.and_(_other.c.chave == _m.c.chave, before)
    return [
        _other.c.empresa == _m.c.empresa,
        _other.c.excluido_em.is_(None),
        sa.or_(same_key, same_entry, same_part, same_settlement, same_title),
    ]


def _rank(table: Any) -> Expression:
    return sa.case(
        (table.c.codigo_baixa > 0, _SETTLEMENT),
        (sa.and_(table.c.codigo_movimento_cc > 0, table.c.codigo_titulo > 0), _PART),
        (table.c.codigo_movimento_cc > 0, _ENTRY),
        else_=_TITLE,
    )


def _beside_account(table: Any) -> Expression:
    """0 for rows of an account's own group: of two rows of one settlement they are the money."""
    return sa.case((table.c.grupo.like("CONTA_CORRENTE%"), 0), else_=1)


def _shares_its_entry() -> Expression:
    """Whether the row's account entry settled other títulos too."""
    return sa.and_(
        _m.c.codigo_titulo > 0,
        _m.c.codigo_movimento_cc > 0,
        sa.exists().where(
            _other.c.empresa == _m.c.empresa,
            _other.c.excluido_em.is_(None),
            _other.c.codigo_movimento_cc == _m.c.codigo_movimento_cc,
            _other.c.codigo_titulo > 0,
            _other.c.codigo_titulo != _m.c.codigo_titulo,
        ),
    )


def _signed_amount() -> Expression:
    """In R$; an account row's sign is its group's, since its cNatureza can look inverted (seen)."""
    # Whether a row that shares its entry carries the entry's sum or its part is a guess.
    of_entry = sa.case(
        (_shares_its_entry(), sa.null()), else_=sa.func.nullif(_m.c.valor_movimento_cc, 0)
    )
    moved = sa.func.coalesce(of_entry, _m.c.valor_pago, 0)
    paid = sa.func.coalesce(sa.func.nullif(_m.c.valor_liquido, 0), _m.c.valor_pago, 0)
    amount = sa.func.abs(sa.case((_rank(_m) == _TITLE, paid), else_=moved))
    sign = sa.case(
        (_m.c.grupo.like("PREVISAO%"), 0),
        (_m.c.grupo == "CONTA_CORRENTE_REC", 1),
        (_m.c.grupo == "CONTA_CORRENTE_PAG", -1),
        (_m.c.natureza == "P", -1),
        else_=1,
    )
    return amount * sign
