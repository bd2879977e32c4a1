"""A long step tells how far it is while it goes on."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster_postgres.utils import DagsterPostgresException

from omie_pipeline.assets.progress import telling_headway
from omie_pipeline.assets.run_tags import PROGRESS_TAG
from omie_pipeline.progress import Headway
from omie_pipeline.resources.executors import EXECUTOR_TAG

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
LAST = "05/01 09:40 clientes: 4.000 de 4.000 linhas, 100 por minuto"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def carried_out(
    instance: dg.DagsterInstance, *, minutes: int = 41, fails: bool = False, **tags: str
) -> tuple[dg.DagsterRun, list[str], list[str]]:
    """A run of one long step: the run, its lines, and what its tag said while it went on."""
    shown: list[str] = []

    @dg.asset
    def long_step(context: dg.AssetExecutionContext) -> None:
        with telling_headway(context, "clientes") as tell:
            for minute in range(minutes):
                tell(Headway(minute * 100, 4000, START + timedelta(minutes=minute), 100))
                run = instance.get_run_by_id(context.run.run_id)
                assert run is not None
                shown.append(run.tags.get(PROGRESS_TAG, ""))
            if fails:
                raise dg.Failure("parou")

    chosen = {name.replace("__", "/"): value for name, value in tags.items()}
    result = dg.materialize([long_step], instance=instance, tags=chosen, raise_on_error=False)
    assert result.success is not fails
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    lines = [entry.user_message for entry in instance.all_logs(result.run_id)]
    return run, [line for line in lines if "linhas" in line], shown


def test_the_tenths_of_a_long_step_stand_in_its_log_and_the_last_in_a_tag_of_the_run(
    instance: dg.DagsterInstance,
) -> None:
    _, lines, shown = carried_out(instance)
    assert len(lines) == 10
    assert lines[0] == "clientes: 400 de 4.000 linhas, 100 por minuto, faltam cerca de 36 min"
    assert shown[-1] == LAST


@pytest.mark.parametrize(("fails", "said"), [(False, "concluído"), (True, "interrompido")])
def test_when_the_step_is_over_its_tag_tells_of_no_time_left(
    instance: dg.DagsterInstance, fails: bool, said: str
) -> None:
    run, _, shown = carried_out(instance, minutes=20, fails=fails)
    assert "faltam cerca de" in shown[-1]
    assert run.tags[PROGRESS_TAG].endswith(f" clientes: {said}")


def test_a_step_of_a_moment_leaves_no_tag(instance: dg.DagsterInstance) -> None:
    run, _, _ = carried_out(instance, minutes=1)
    assert PROGRESS_TAG not in run.tags


def test_steps_in_processes_of_their_own_write_no_tag_of_the_run(
    instance: dg.DagsterInstance,
) -> None:
    """Dagster writes all tags of a run with each: two at once would undo each other's."""
    tag = EXECUTOR_TAG.replace("/", "__")
    run, lines, _ = carried_out(instance, **{tag: "process_per_step"})
    assert len(lines) == 10
    assert PROGRESS_TAG not in run.tags


@pytest.mark.parametrize(
    "error",
    [
        sa.exc.OperationalError("UPDATE", {}, Exception("gone")),
        dg.DagsterRunNotFoundError("deleted", invalid_run_id="x"),
        DagsterPostgresException("too many retries for DB connection"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_tag_that_cannot_be_written_ends_no_step(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    asked: list[Mapping[str, str]] = []

    def refused(_run: str, tags: Mapping[str, str]) -> None:
        asked.append(tags)
        raise error

    monkeypatch.setattr(instance, "add_run_tags", refused)
    run, lines, _ = carried_out(instance)
    assert len(asked) == len(lines) == 10
    assert run.status == dg.DagsterRunStatus.SUCCESS
