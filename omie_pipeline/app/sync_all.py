"""One empresa from the clinic to Omie and back, in the order in which the parts need each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from omie_pipeline.app.build import BuildRequest, BuildResult, build, reads_clinic
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.import_all import ImportAllRequest, import_all
from omie_pipeline.app.push_all import PushRequest, push_all
from omie_pipeline.app.way_back import run_way_back, tells_back
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.errors import OmiePipelineError
from omie_pipeline.push.report import PushOptions
from omie_pipeline.texts import app as texts

Step = Literal["build", "import", "push", "way_back", "plan"]


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one part ended.

    Attributes:
        name: of the endpoint or the list; ``""`` for a part as a whole.
        rows: that were delivered, read or told.
        refused: that were rejected or quarantined.
        error: why it stopped; ``""`` if it did not.
    """

    step: Step
    name: str = ""
    rows: int = 0
    refused: int = 0
    error: str = ""


def sync_all(
    deployment: Deployment,
    empresa: str,
    by: str,
    on_step: Callable[[StepResult], None],
) -> bool:
    """Copy the clinic, read what changed in Omie, send, and tell the clinic; whether all of it went
    well.

    What one part leaves undone does not stop the others: a list that could not be read stops what
    needs it, by the rules of ``app.consequences``.

    Args:
        deployment: the composed deployment.
        empresa: whose rows.
        by: who asked for it, for the history.
        on_step: told how each part ended.
    """
    well = True

    def told(one: StepResult) -> None:
        nonlocal well
        well = well and not one.error
        on_step(one)

    _build(deployment, empresa, told)
    tables = tuple(name for name in (*MIRROR, STATEMENT) if _is_read(deployment, empresa, name))
    for read in import_all(deployment, ImportAllRequest((empresa,), tables)):
        rows = read.report.read if read.report else 0
        error = str(read.error) if read.error and read.asked else ""
        told(StepResult("import", read.table, rows, error=error))
    wanted = PushRequest((empresa,), tuple(WRITABLE), PushOptions(trigger=by))
    try:
        for sent in push_all(deployment, wanted):
            counts = sent.report.total if sent.report else None
            stopped = str(sent.error) if sent.error else ""
            if sent.report is not None:
                stopped = sent.report.stopped_by
            told(
                StepResult(
                    "push",
                    sent.endpoint.name,
                    counts.delivered if counts else 0,
                    counts.rejected + counts.quarantined if counts else 0,
                    stopped,
                )
            )
    except OmiePipelineError as error:
        told(StepResult("push", error=str(error)))
    if tells_back(deployment, empresa):
        try:
            run_way_back(deployment, empresa)
            told(StepResult("way_back"))
        except OmiePipelineError as error:
            told(StepResult("way_back", error=str(error)))
    return well


def _build(deployment: Deployment, empresa: str, told: Callable[[StepResult], None]) -> None:
    if not reads_clinic(deployment, [empresa]):
        return
    try:
        result = build(deployment, BuildRequest((empresa,)))
    except OmiePipelineError as error:
        told(StepResult("build", error=str(error)))
        return
    told(StepResult("build", error=_why(result)))


def _why(result: BuildResult) -> str:
    """Why not everything was built; ``""`` if it was."""
    refused = [f"{copy.table}: {copy.error}" for copy in result.copies if copy.error]
    if not result.made:
        refused.append(texts.MODELS_NOT_MADE)
    return "; ".join(refused)


def _is_read(deployment: Deployment, empresa: str, table: str) -> bool:
    unread = deployment.switches.unread_lists(empresa)
    return table not in unread
