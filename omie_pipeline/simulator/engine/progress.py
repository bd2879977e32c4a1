"""One call under way: what is known of it, and how its answer has to be delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from omie_pipeline.simulator.engine.limits import Lane
from omie_pipeline.simulator.engine.planned import PlannedFault
from omie_pipeline.simulator.engine.routing import Operation
from omie_pipeline.simulator.wire import Answer, ApiRequest

Delivery = Literal["answer", "cut", "hang"]


@dataclass(frozen=True, slots=True)
class PageScript:
    """What happens once page ``page`` of list ``method`` has been computed."""

    method: str
    page: int
    action: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the HTTP side has to do: how to deliver, and the lane to leave afterwards."""

    answer: Answer
    delivery: Delivery = "answer"
    lane: Lane | None = None


@dataclass(slots=True)
class Progress:
    """What is known of a call so far."""

    request: ApiRequest
    operation: Operation | None = None
    plan: PlannedFault | None = None
    lane: Lane | None = None
    committed: bool = False
    headers: tuple[tuple[str, str], ...] = ()
