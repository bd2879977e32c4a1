"""A round over all empresas ends in time, and the next one goes on where it ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.way_back import run_way_back, tick
from omie_pipeline.outbox.read import newest_number
from omie_pipeline.outbox.records import KINDS
from omie_pipeline.outbox.targets import target_states
from omie_pipeline.outbox.write import write_changes
from tests.app.conftest import Deployed
from tests.outbox.conftest import fill
from tests.outbox.receiver import KEY, Receiver, received
from tests.push.world import World

NAMES = ("norte", "sul", "leste")
ROUND = timedelta(seconds=50)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.stop()


@pytest.fixture
def opened(deployed: Deployed, receiver: Receiver, tmp_path: Path) -> Deployment:
    """Three empresas with the same receiver, which has 250 changes of each to get."""
    entry = (
        "  - {{nome: {0}, app_key_env: {1}_KEY, app_secret_env: {1}_SECRET, "
        "saida: {{callback: {{url_env: CALL_URL, key_env: CALL_KEY}}}}}}\n"
    )
    config = tmp_path / "three.yaml"
    config.write_text(
        "empresas:\n" + "".join(entry.format(name, name.upper()) for name in NAMES), "utf-8"
    )
    made = deployed(settings={"config": config}, CALL_URL=receiver.url, CALL_KEY=KEY)
    for name in NAMES:
        fill(made.engine, 250, name)
    return made


def reached(opened: Deployment) -> dict[str, int]:
    return {one.empresa: one.number for one in target_states(opened.engine, NAMES)}


def test_a_round_ends_in_time_and_the_next_begins_where_it_ended(
    opened: Deployment, world: World, receiver: Receiver
) -> None:
    def slowly(body: dict[str, Any]) -> tuple[int, bytes]:
        world.clock.sleep(14)
        return received(body)

    receiver.answering = slowly
    place = ""
    for done, follows in (("norte", "sul"), ("sul", "leste"), ("leste", "norte")):
        began = opened.clock.now()
        found = tick(opened, began + ROUND, place)
        assert opened.clock.now() - began <= ROUND
        assert ([one.empresa for one in found.reports], found.place) == ([done], follows)
        assert reached(opened)[done] == 250
        place = found.place
    began = opened.clock.now()
    found = tick(opened, began + ROUND, place)
    assert ([one.empresa for one in found.reports], found.place) == (["norte", "sul", "leste"], "")
    assert opened.clock.now() - began < timedelta(seconds=1)
    assert tick(opened, began + ROUND, "gone").place == ""


def test_one_with_much_to_tell_does_not_keep_the_others_waiting(
    opened: Deployment, world: World, receiver: Receiver
) -> None:
    fill(opened.engine, 600, "norte")

    def slowly(body: dict[str, Any]) -> tuple[int, bytes]:
        world.clock.sleep(14)
        return received(body)

    receiver.answering = slowly
    first = tick(opened, opened.clock.now() + ROUND)
    (report,) = first.reports
    (delivery,) = report.deliveries
    assert (delivery.state, first.place) == ("unfinished", "sul")
    assert 0 < reached(opened)["norte"] < 850
    tick(opened, opened.clock.now() + ROUND, first.place)
    assert reached(opened)["sul"] == 250


def test_a_round_does_not_wait_for_another_process_that_writes(opened: Deployment) -> None:
    engine = opened.engine
    held = sa.text("SELECT * FROM omie_sync.outbox_last WHERE empresa = 'norte' FOR UPDATE")
    with engine.begin() as other:
        other.execute(held)
        assert write_changes(engine, "norte", KINDS, opened.clock.now(), wait=False) == 0
        report = run_way_back(opened, "norte", if_news=True)
    assert report is not None
    assert (report.written, report.newest) == (0, newest_number(engine, "norte"))
