"""How the steps of a run are carried out: in the process of the run, or each in one of its own.

A step of a sync costs milliseconds, and a process of its own seconds: every one imports Dagster and
builds the graph again. So a run carries its steps out one after the other in the process that it
has anyway. A run over many days is a first load or close to it: its readings and deliveries are
other methods of Omie, each with a pace of its own, and beside each other they take the time of the
longest. Those steps get processes, forked from one that has loaded the definitions already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, Literal

import dagster as dg

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.resources.dagster_internals import (
    RANGE_END_TAG,
    RANGE_START_TAG,
    sleep_between_claims,
)
from omie_pipeline.resources.run_workers import signs_of_life
from omie_pipeline.texts import dagster as texts

EXECUTOR_TAG: Final = "omie_pipeline/executor"
"""Of a run: ``one_process`` or ``process_per_step``, whatever its size says."""

ExecutorKind = Literal["one_process", "process_per_step"]

MANY_DAYS: Final = 92
"""From so many partitions on a run is a load and no sync."""

_RETRIES: Final[Mapping[str, object]] = {"retries": {"enabled": {}}}
_FORKED: Final[Mapping[str, object]] = {
    **_RETRIES,
    "max_concurrent": None,
    "tag_concurrency_limits": [],
    "start_method": {"forkserver": {"preload_modules": ["omie_pipeline.definitions"]}},
}


def executor_kind(tags: Mapping[str, str]) -> ExecutorKind:
    """How a run of these tags is carried out.

    Raises:
        ConfigurationError: the tag names none of the two.
    """
    match tags.get(EXECUTOR_TAG):
        case None:
            return "process_per_step" if _days(tags) >= MANY_DAYS else "one_process"
        case "one_process" | "process_per_step" as asked:
            return asked
        case other:
            raise ConfigurationError(texts.executor_tag(tag=EXECUTOR_TAG, value=other))


def _days(tags: Mapping[str, str]) -> int:
    """Partitions that a run over a range covers; one for any other."""
    ends = [tags.get(name, "").split("|")[0] for name in (RANGE_START_TAG, RANGE_END_TAG)]
    try:
        first, last = map(date.fromisoformat, ends)
    except ValueError:  # no range, or a range of empresas
        return 1
    return (last - first).days + 1


class RunExecutor(dg.Executor):
    """Chooses by the run, and reports as long as it goes on.

    Args:
        context: Dagster's, of which both executors are made.
    """

    def __init__(self, context: dg.InitExecutorContext) -> None:
        sleep_between_claims()
        self._context = context
        self._in_process = _made(dg.in_process_executor, context, _RETRIES)

    @property
    def retries(self) -> Any:
        """Both have the same."""
        return self._in_process.retries

    @property
    def step_dependency_config(self) -> Any:
        """Both have the same."""
        return self._in_process.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[Any]:
        """What the chosen one does, with a sign of life beside it."""
        chosen: dg.Executor = self._in_process
        if executor_kind(plan_context.dagster_run.tags) == "process_per_step":
            chosen = _made(dg.multiprocess_executor, self._context, _FORKED)
        with signs_of_life(plan_context.run_id):
            yield from chosen.execute(plan_context, execution_plan)


def _made(
    definition: dg.ExecutorDefinition, context: dg.InitExecutorContext, config: Mapping[str, object]
) -> Any:
    make = definition.executor_creation_fn
    if make is None:
        raise TypeError("Dagster's executor cannot be made")
    return make(context._replace(executor_def=definition, executor_config=config))


run_executor = dg.ExecutorDefinition(
    name="omie_pipeline",
    config_schema={},
    executor_creation_fn=RunExecutor,
    description="All steps in the process of the run; over many days each in a process of its own.",
)
"""For the definitions: every job runs with it."""
