"""Whether what the warehouse knows of a person is new enough to decide upon."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.errors import ConfigurationError, EmpresaPaused, OmieFault
from omie_pipeline.privacy.places import HELD
from omie_pipeline.texts import app as texts

_NEW_ENOUGH: Final = timedelta(hours=1)
# A list lags behind a change about as long (omie-api.md#stale-reads).
_SETTLES: Final = timedelta(seconds=60)
_NAMED: Final = {held.name for held in HELD}
TABLES: Final = tuple(
    name
    for name, mirror in MIRROR.items()
    if mirror.table in _NAMED or (mirror.child is not None and mirror.child.table in _NAMED)
)
"""Every list of Omie that may name a person."""


def read_again(
    deployment: Deployment,
    empresa: str,
    confirmed_at: datetime | None,
    on_reading: Callable[[str], None],
) -> tuple[str, ...]:
    """Read what is old of the lists that name people; what the filters of the empresa leave out.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose rows are meant.
        confirmed_at: when Omie last confirmed something of the person: readings must be younger.
        on_reading: called with the list that is about to be asked for.

    Raises:
        ConfigurationError: Omie cannot be read, so that nothing can be decided.
    """
    now = deployment.clock.now()
    since = now - _NEW_ENOUGH
    if confirmed_at is not None:
        since = min(now, max(since, confirmed_at + _SETTLES))
    filters = deployment.config.empresa(empresa).importar.filters()
    left_out = []
    for name in TABLES:
        on_reading(name)
        try:
            report = deployment.import_table(
                name, empresa, mode="incremental", not_before=since, needed=True
            )
        except (OmieFault, EmpresaPaused, ConfigurationError) as error:
            raise ConfigurationError(
                texts.cannot_decide(empresa=empresa, table=name, error=error)
            ) from None
        del report
        if filters.leaves_out(MIRROR[name]) or not filters.wants(MIRROR[name]):
            left_out.append(name)
    return tuple(left_out)
