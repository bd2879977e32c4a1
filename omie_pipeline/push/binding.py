"""Which Omie a ledger belongs to: what one company confirmed says nothing of another.

Without this, a warehouse that served the simulator (or another company's key) would report every
row as delivered to a company that never saw it. What binds is the first good answer: a mistyped key
or address, which never gave a good answer, is corrected and forgotten.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import binding
from omie_pipeline.texts import push as texts

_CONFIRM_LOCK = 0x0A11F


def bind_empresa(engine: sa.Engine, empresa: str, scope: str, base_url: str) -> bool:
    """Remember the Omie that an empresa is about to talk to; refuse another than it is bound to.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        scope: digest of the app key.
        base_url: the address of Omie.

    Returns:
        Whether this Omie has ever given a good answer; see :func:`confirm_binding`.

    Raises:
        ConfigurationError: this warehouse holds the ledger of another key or another server, or
            two empresas have the same key; nothing is remembered then.
    """
    host = _host(base_url)
    statement = insert(binding).values(empresa=empresa, scope=scope, host=host)
    statement = statement.on_conflict_do_update(
        index_elements=[binding.c.empresa],
        set_={"scope": statement.excluded.scope, "host": statement.excluded.host},
        where=binding.c.confirmed_at.is_(None),
    )
    this_one = sa.select(binding.c.confirmed_at).where(
        binding.c.empresa == empresa, binding.c.scope == scope, binding.c.host == host
    )
    with warehouse_errors(), engine.connect() as connection:
        # Nearly always it is known for good, and there is nothing to write.
        if connection.scalar(this_one) is not None:
            _refuse_shared_key(connection, empresa, scope)
            return True
    with warehouse_errors(), engine.begin() as connection:
        _refuse_shared_key(connection, empresa, scope)
        connection.execute(statement)
        return _refuse_other_omie(connection, empresa, scope, host)


def confirm_binding(engine: sa.Engine, empresa: str, scope: str, base_url: str) -> None:
    """Bind the ledger for good: this Omie has given a good answer.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        scope: digest of the app key.
        base_url: the address of Omie.

    Raises:
        ConfigurationError: meanwhile another Omie did, or another empresa has the same key.
    """
    mine = sa.and_(
        binding.c.empresa == empresa, binding.c.scope == scope, binding.c.host == _host(base_url)
    )
    with warehouse_errors(), engine.begin() as connection:
        # Two processes with two keys, or two empresas with one, must not both be confirmed.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CONFIRM_LOCK)))
        _refuse_shared_key(connection, empresa, scope)
        connection.execute(sa.update(binding).where(mine).values(confirmed_at=sa.func.now()))
        _refuse_other_omie(connection, empresa, scope, _host(base_url))


def rebind_empresa(engine: sa.Engine, empresa: str, scope: str, base_url: str) -> None:
    """Accept a new key for the same company, on a person's word.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        scope: digest of the new app key.
        base_url: the address of Omie.

    Raises:
        ConfigurationError: the key is another empresa's.
    """
    statement = insert(binding).values(
        empresa=empresa, scope=scope, host=_host(base_url), confirmed_at=sa.func.now()
    )
    statement = statement.on_conflict_do_update(
        index_elements=[binding.c.empresa],
        set_={name: statement.excluded[name] for name in ("scope", "host", "confirmed_at")},
    )
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CONFIRM_LOCK)))
        _refuse_shared_key(connection, empresa, scope)
        connection.execute(statement)


def _host(base_url: str) -> str:
    return urlsplit(base_url).hostname or ""


def _refuse_shared_key(connection: sa.Connection, empresa: str, scope: str) -> None:
    other = sa.select(binding.c.empresa).where(
        binding.c.scope == scope,
        binding.c.empresa != empresa,
        binding.c.confirmed_at.is_not(None),
    )
    taken = connection.execute(other.limit(1)).scalar_one_or_none()
    if taken is not None:
        raise ConfigurationError(texts.same_key(taken=taken, empresa=empresa))


def _refuse_other_omie(connection: sa.Connection, empresa: str, scope: str, host: str) -> bool:
    """Whether the binding, which is to this very Omie, is confirmed."""
    row = connection.execute(sa.select(binding).where(binding.c.empresa == empresa)).one()
    if (row.scope, row.host) != (scope, host):
        what = texts.OTHER_KEY if row.scope != scope else texts.other_server(row.host)
        raise ConfigurationError(texts.ledger_of_another(empresa=empresa, what=what))
    return row.confirmed_at is not None
