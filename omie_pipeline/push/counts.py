"""The accounting identity: every selected row ends in exactly one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from omie_pipeline.push.planning import PlannedPartition


@dataclass(frozen=True, slots=True)
class Counts:
    """The outcome of the rows of one partition, or of several added up.

    Attributes:
        partition: business date of a fact, empresa of a register, ``total`` for a sum.
        delivered: rows Omie confirmed in this run: created + updated + linked + deleted.
        calls: HTTP calls made for these rows, read-backs included.
        seconds: time spent sending them.
    """

    partition: str
    selected: int = 0
    created: int = 0
    updated: int = 0
    linked: int = 0
    deleted: int = 0
    unchanged: int = 0
    rejected: int = 0
    quarantined: int = 0
    held: int = 0
    calls: int = 0
    seconds: float = 0.0

    @property
    def delivered(self) -> int:
        return self.created + self.updated + self.linked + self.deleted

    @property
    def closes(self) -> bool:
        """selected = delivered + unchanged + rejected + quarantined + held."""
        ended = self.delivered + self.unchanged + self.rejected + self.quarantined + self.held
        return self.selected == ended

    def to_json(self) -> dict[str, Any]:
        """The keys ``--json`` promises, ``delivered`` included."""
        values = asdict(self)
        return {
            "partition": values.pop("partition"),
            "selected": values.pop("selected"),
            "delivered": self.delivered,
            **values,
            "seconds": round(self.seconds, 2),
        }


def count_partitions(
    planned: Iterable[PlannedPartition],
    states: Mapping[tuple[str, str], int],
    calls: Mapping[str, int],
    seconds: Mapping[str, float],
) -> tuple[Counts, ...]:
    """Counts per partition, from the plan's final states. A row still ``ready`` counts nowhere.

    Args:
        planned: partitions of the plan.
        states: rows by partition and final state.
        calls: by partition.
        seconds: by partition.
    """
    result = []
    for part in planned:
        name = part.particao
        kinds = ("created", "updated", "linked", "deleted", "rejected", "quarantined", "held")
        result.append(
            Counts(
                partition=name,
                selected=part.selected,
                unchanged=part.unchanged + states.get((name, "unchanged"), 0),
                calls=calls.get(name, 0),
                seconds=seconds.get(name, 0.0),
                **{kind: states.get((name, kind), 0) for kind in kinds},
            )
        )
    return tuple(result)


def total(counts: Iterable[Counts]) -> Counts:
    """All partitions added up."""
    fields = [f for f in Counts.__dataclass_fields__ if f != "partition"]
    listed = list(counts)
    return Counts("total", **{name: sum(getattr(c, name) for c in listed) for name in fields})
