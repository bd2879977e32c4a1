"""Who wins where clinic and Omie both changed a field: listed, and decided by a person."""

from __future__ import annotations

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.push.both_sides import decide
from omie_pipeline.push.both_sides.decide import FieldConflict, Keep, Resolved, WantedConflicts


def list_conflicts(deployment: Deployment, wanted: WantedConflicts) -> tuple[FieldConflict, ...]:
    """The conflicts that are meant, the newest first; values are personal data.

    Raises:
        WarehouseError: the database is gone.
    """
    return decide.conflicts(deployment.engine, wanted)


def resolve_conflicts(
    deployment: Deployment,
    wanted: WantedConflicts,
    keep: Keep,
    by: str,
    seen: str | None = None,
) -> Resolved:
    """Decide the open conflicts of one record, in one transaction; sends nothing.

    Args:
        deployment: the composed deployment.
        wanted: the record, and perhaps one field of it.
        keep: whose value stands.
        by: name of the person.
        seen: digest of what the person was shown (:func:`decide.digest_of`); nothing is decided if
            something else waits by now. ``None``: whatever waits.

    Raises:
        WarehouseError: the database is gone; nothing was decided.
    """
    return decide.resolve(deployment.engine, wanted, keep, by, deployment.clock.now(), seen)
