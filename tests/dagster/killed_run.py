"""One run of ``cadastros`` in a process of its own, which is killed at a named place.

``python -m tests.dagster.killed_run PLACE``; without a place it goes on to its end. The run is
carried out by the executor of the definitions, as a run worker does it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import dagster as dg

from omie_pipeline.assets import push as push_module
from omie_pipeline.clinic import extract as extract_module
from omie_pipeline.definitions import defs
from omie_pipeline.omie.client import OmieClient

PLACES = ("extract", "mapping", "push", "checks")
_CALLS_BEFORE = 3


def cadastros() -> dg.JobDefinition:
    return defs.resolve_job_def("cadastros")


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after(function: Callable[..., Any], times: int = 1) -> Callable[..., Any]:
    """The same, and the end of the process after so many calls."""
    done = 0

    def called(*arguments: Any, **named: Any) -> Any:
        nonlocal done
        answer = function(*arguments, **named)
        done += 1
        if done == times:
            die()
        return answer

    return called


def arrange(place: str) -> None:
    """Let the process end there, with all that was done before committed and nothing after."""
    from omie_pipeline.app import models as models_module

    if place == "extract":
        extract_module.extract_table = _after(extract_module.extract_table, 2)
    elif place == "mapping":
        models_module.refresh_models = _after(models_module.refresh_models)
    elif place == "push":
        write = OmieClient.write
        writes = 0

        def counted(self: OmieClient, *arguments: Any, **named: Any) -> Any:
            nonlocal writes
            answer = write(self, *arguments, **named)
            if "UpsertCliente" in arguments:
                writes += 1
                if writes == _CALLS_BEFORE:
                    die()
            return answer

        OmieClient.write = counted  # type: ignore[method-assign]
    elif place == "checks":
        push_module.evaluations = die  # type: ignore[assignment]


def main() -> None:
    """Carry out the run; its outcome is the exit code."""
    arrange(sys.argv[1] if len(sys.argv) > 1 else "")
    with dg.DagsterInstance.get() as instance:
        done = dg.execute_job(
            dg.reconstructable(cadastros),
            instance=instance,
            tags={"dagster/partition": "principal"},
        )
    sys.exit(0 if done.success else 1)


if __name__ == "__main__":
    main()
