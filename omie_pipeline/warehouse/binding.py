"""Which Omie a ledger belongs to: what one company confirmed means nothing to another.

Without this, a warehouse that served the simulator (or another company's key) would report every
row as delivered to a company that never saw it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.warehouse.engine import warehouse_errors
from omie_pipeline.warehouse.tables import binding


def bind_empresa(engine: sa.Engine, empresa: str, scope: str, base_url: str) -> None:
    """Remember the Omie an empresa's ledger belongs to; refuse another one.

    Args:
        scope: digest of the app key.

    Raises:
        ConfigurationError: this warehouse holds the ledger of another key or another server, or
            two empresas have the same key; nothing is remembered then.
    """
    host = urlsplit(base_url).hostname or ""
    statement = insert(binding).values(empresa=empresa, scope=scope, host=host)
    known = sa.select(binding.c.scope, binding.c.host).where(binding.c.empresa == empresa)
    with warehouse_errors(), engine.begin() as connection:
        other = sa.select(binding.c.empresa).where(
            binding.c.scope == scope, binding.c.empresa != empresa
        )
        taken = connection.execute(other.limit(1)).scalar_one_or_none()
        if taken is None:
            connection.execute(statement.on_conflict_do_nothing())
            row = connection.execute(known).one()
    if taken is not None:
        raise ConfigurationError(
            f"As empresas {taken} e {empresa} usam a mesma chave do Omie: confira as variáveis, ou "
            "os dados de uma iriam para a outra"
        )
    if (row.scope, row.host) != (scope, host):
        what = "outra chave" if row.scope != scope else f"outro servidor ({row.host})"
        raise ConfigurationError(
            f"Este armazém guarda o livro-razão da empresa {empresa} com {what} do Omie: o que lá "
            "foi confirmado não vale aqui. Use outro WAREHOUSE_URL (ou OMIE_PIPELINE_HOME). Se é a "
            f"mesma empresa com chave nova, digite: omie-pipeline db religar {empresa}"
        )


def rebind_empresa(engine: sa.Engine, empresa: str, scope: str, base_url: str) -> None:
    """Accept a new key for the same company, on a person's word."""
    host = urlsplit(base_url).hostname or ""
    statement = insert(binding).values(empresa=empresa, scope=scope, host=host)
    statement = statement.on_conflict_do_update(
        index_elements=[binding.c.empresa],
        set_={"scope": statement.excluded.scope, "host": statement.excluded.host},
    )
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement)
