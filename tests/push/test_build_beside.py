"""A ``build`` beside a running push: the accounts close over what the push took upon itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ModelError
from omie_pipeline.payload import Selection, load_payload_model
from omie_pipeline.push import run as pushing
from omie_pipeline.push.plan import write_plan
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from tests.push.world import CLIENTE_COLUMNS, EMPRESA, World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")

FOUR = [cliente(number) for number in range(1, 5)]
MIRROR = EndpointPolicy(mode="mirror", guardrails=Guardrails(max_delete_share=1))


def during(world: World, build: Callable[[], object], *, call: int = 2) -> None:
    """Let ``build`` happen right after the ``call``-th call of the next push."""
    seen = 0

    def tell(_record: object) -> None:
        nonlocal seen
        seen += 1
        if seen == call:
            build()

    world.on_call = tell


BUILDS: dict[str, list[dict[str, Any]]] = {
    "a row leaves": FOUR[:3],
    "the first row leaves": FOUR[1:],
    "a row comes": [*FOUR, cliente(9)],
    "a row changes": [*FOUR[:3], cliente(4, bairro="Novo")],
    "a delivered row changes": [cliente(1, bairro="Novo"), *FOUR[1:]],
    "a row goes to another empresa": [*FOUR[:3], cliente(4, empresa="outra")],
    "a code stands twice": [*FOUR, cliente(4, bairro="Novo")],
    "all rows leave": [],
}


@pytest.mark.parametrize("rows", BUILDS.values(), ids=list(BUILDS))
def test_the_accounts_close(world: World, rows: list[dict[str, Any]]) -> None:
    world.model("clientes", FOUR)
    during(world, lambda: world.model("clientes", rows))
    report = world.push()
    assert (report.total.selected, report.total.created) == (4, 4)
    assert report.closes
    assert {record["bairro"] for record in world.held_by_omie().values()} == {"Centro"}


def test_the_table_is_gone_for_a_moment(world: World) -> None:
    world.model("clientes", FOUR)

    def rename() -> None:
        with world.engine.begin() as connection:
            name = REGISTRY["clientes"].model
            connection.execute(sa.text(f"ALTER TABLE omie_payload.{name} RENAME TO x__backup"))

    during(world, rename)
    report = world.push()
    assert report.total.created == 4
    assert report.closes


def test_what_the_ledger_remembers_is_what_was_sent(world: World) -> None:
    world.model("clientes", FOUR)
    during(world, lambda: world.model("clientes", [*FOUR[:3], cliente(4, bairro="Novo")]))
    world.push()
    world.on_call = None
    world.clock.sleep(120)
    report = world.push()
    assert (report.total.updated, report.total.unchanged) == (1, 3)
    assert world.held_by_omie()["PAC-4"]["bairro"] == "Novo"


def test_rejected_and_held_rows_that_left_meanwhile(world: World) -> None:
    from omie_pipeline.simulator.engine.planned_faults import PlannedFault

    world.control.next_faults(
        PlannedFault("fault_in_200", integration_code="PAC-2"),
        PlannedFault("blocked_425", integration_code="PAC-4", seconds=300),
    )
    world.model("clientes", FOUR)
    during(world, lambda: world.model("clientes", []))
    report = world.push()
    assert (report.total.created, report.total.rejected, report.total.held) == (2, 1, 1)
    assert report.closes


def test_a_table_that_is_replaced_while_the_plan_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dbt puts a new table in the place of the old one. Seen halfway it would be empty, and
    ``mirror`` would take every record for one that left the clinic."""
    world.confirmed(1, 2, 3)
    began, done = threading.Event(), threading.Event()
    name = REGISTRY["clientes"].model

    def replace_table() -> None:
        try:
            with world.engine.begin() as connection:
                connection.execute(sa.text(
                    f"CREATE TABLE omie_payload.{name}__tmp AS SELECT * FROM omie_payload.{name}"
                ))  # fmt: skip
                began.set()
                for old, new in ((name, f"{name}__backup"), (f"{name}__tmp", name)):
                    connection.execute(sa.text(f"ALTER TABLE omie_payload.{old} RENAME TO {new}"))
        finally:
            done.set()

    from omie_pipeline.push import plan

    inserting = plan.insert_plan
    thread = threading.Thread(target=replace_table)

    def halfway(*arguments: Any) -> None:
        inserting(*arguments)
        if not began.is_set():
            thread.start()
            assert began.wait(10)
            # Free to go on, the other would be done by now.
            done.wait(0.5)

    monkeypatch.setattr(plan, "insert_plan", halfway)
    report = world.push(policy=MIRROR)
    thread.join(10)
    assert done.is_set()
    assert (report.total.selected, report.total.unchanged, report.total.deleted) == (3, 3, 0)
    assert report.closes


def test_other_columns_stop_before_the_first_call(world: World) -> None:
    world.model("clientes", FOUR)
    model = load_payload_model(world.engine, REGISTRY["clientes"])
    world.model("clientes", FOUR, {**CLIENTE_COLUMNS, "_nova": sa.Text})
    with pytest.raises(ModelError, match="rode de novo"):
        write_plan(world.engine, "r", model, Selection(EMPRESA), "upsert")
    assert world.rows("SELECT 1 FROM omie_sync.plan") == []


def test_columns_that_came_while_an_earlier_run_was_settled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column for links only must never be sent as if it were a field of Omie's."""
    world.model("clientes", FOUR)
    recover = pushing._Run._recover

    def slowly(run: Any) -> None:
        recover(run)
        rows = [{**row, "_nova": "x"} for row in FOUR]
        world.model("clientes", rows, {**CLIENTE_COLUMNS, "_nova": sa.Text})

    monkeypatch.setattr(pushing._Run, "_recover", slowly)
    assert world.push().total.created == 4
    assert all("_nova" not in call.param for call in world.writes())


def test_a_view_in_the_place_of_the_table(world: World) -> None:
    world.model("clientes", FOUR)
    name = REGISTRY["clientes"].model
    with world.engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE omie_payload.{name} RENAME TO of_the_user"))
        view = f"CREATE VIEW omie_payload.{name} AS SELECT * FROM omie_payload.of_the_user"
        connection.execute(sa.text(view))
    assert world.push().total.created == 4
