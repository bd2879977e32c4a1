"""A list read while answers come back broken: another question at once, and no record amiss."""

from __future__ import annotations

import itertools
import threading
from datetime import date, timedelta
from typing import cast

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.errors import Broken, FaultDetail, OmieFault
from omie_pipeline.imports import paging, records
from omie_pipeline.imports import range as span
from omie_pipeline.imports.change_probe import Watcher
from omie_pipeline.imports.paging import Lanes, PageReader
from omie_pipeline.omie import OmieClient, wire
from omie_pipeline.omie.rate_limiter import BROKEN_WAITS_SECONDS
from omie_pipeline.simulator.engine.call import Call
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from tests.imports.mirrored import EVERYTHING, cursor, ids, later
from tests.imports.titles import seed
from tests.push.world import EMPRESA, World

DAY = date(2026, 1, 3)
LIST = "ListarContasReceber"
BREAKS: tuple[FaultKind, ...] = (
    "html_502",
    "truncated_json",
    "truncated_json_after_commit",
    "html_502_after_commit",
    "cut_before",
    "empty_200",
    "http_500",
)


def truth(world: World) -> list[int]:
    return sorted(record["codigo_lancamento_omie"] for record in world.control.records(NAME))


NAME = "contas_receber"


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages in their order, so that it is known which of them breaks."""
    for module in (paging, span):
        monkeypatch.setitem(vars(module), "READS_AT_ONCE", 1)


def small_pages(world: World, size: int, count: int) -> None:
    """A list that is read in pages of ``size``, as if Omie had refused larger ones before."""
    seed(world, count, DAY)
    with world.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO omie_sync.import_cursor (empresa, table_name, page_size)"
                " VALUES ('principal', 'contas_receber', :size)"
            ),
            {"size": size},
        )


def break_after(world: World, page: int, kind: FaultKind, times: int = 1) -> None:
    """Break the answers that follow page ``page``; 0 is the beginning."""
    plan = PlannedFault(kind, method=LIST, times=times)
    if page:
        world.control.between_pages(LIST, page, lambda: world.control.next_faults(plan))
    else:
        world.control.next_faults(plan)


def asked(world: World) -> list[tuple[int, int]]:
    return [
        (call.param["pagina"], call.param["registros_por_pagina"]) for call in world.control.calls()
    ]


def refusals(world: World) -> list[Call]:
    return [call for call in world.control.calls() if call.fault_code.endswith("-6")]


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("kind", BREAKS)
@pytest.mark.parametrize("page", [0, 2, 5])
def test_one_broken_answer_costs_seconds(world: World, kind: FaultKind, page: int) -> None:
    small_pages(world, 50, 290)
    break_after(world, page, kind)
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert (report.complete, report.read, report.inserted) == (True, 290, 290)
    assert report.rereads == 0, "the pages in place of the broken one bring exactly its records"
    assert ids(world) == truth(world)
    assert world.clock.slept_seconds <= 5
    assert len(set(asked(world))) == len(asked(world)), "no question twice"
    assert not refusals(world)


def test_two_broken_answers_in_a_row(world: World) -> None:
    small_pages(world, 50, 290)
    break_after(world, 0, "html_502", times=2)
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert (report.complete, report.read) == (True, 290)
    assert ids(world) == truth(world)
    waits = sum(BROKEN_WAITS_SECONDS[:2])
    assert waits <= world.clock.slept_seconds <= waits + 5, "the rest is pacing"
    assert asked(world)[:3] == [(1, 50), (1, 49), (1, 48)]


@pytest.mark.usefixtures("one_by_one")
def test_an_odd_page_is_covered_by_pages_that_overlap_it(world: World) -> None:
    small_pages(world, 49, 290)
    break_after(world, 3, "truncated_json")
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert (report.complete, report.read, report.inserted) == (True, 290, 290)
    assert report.filtered == 0
    assert ids(world) == truth(world)
    assert {size for _, size in asked(world)} == {49, 48}


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("cap", [50, 31])
def test_where_omie_caps_the_page_any_size_above_is_the_same_page(world: World, cap: int) -> None:
    world.control.set_behaviour(max_page_size=cap)
    seed(world, 160, DAY)
    break_after(world, 2, "html_502")
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert (report.complete, report.read, report.rereads) == (True, 160, 0)
    assert ids(world) == truth(world)
    assert world.clock.slept_seconds <= 5
    assert {size for _, size in asked(world)} == {500, 499}


@pytest.mark.usefixtures("one_by_one")
def test_records_added_between_the_halves_of_a_page(world: World) -> None:
    """The total moves: the pass proves nothing, and the next one does."""
    small_pages(world, 50, 290)
    break_after(world, 2, "html_502")

    def insert() -> None:
        world.control.seed(NAME, [{"valor_documento": 1}])

    world.control.between_pages(LIST, 5, insert)
    report = world.import_table(NAME, date_from=DAY, date_to=date(2026, 1, 5))
    assert [page for page in asked(world)[:5] if page[1] == 25] == [(5, 25), (6, 25)]
    assert (report.complete, report.read) == (True, 291)
    assert report.rereads >= 1
    assert ids(world) == truth(world)


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("page", [1, 3, 4])
def test_a_record_deleted_behind_the_reader_and_a_broken_answer(world: World, page: int) -> None:
    keys: list[int] = []
    small_pages(world, 50, 0)
    keys += seed(world, 290, DAY)
    break_after(world, page, "truncated_json")
    world.control.between_pages(LIST, page + 1, lambda: world.control.delete(NAME, keys[3]))
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert report.complete
    assert ids(world) == truth(world)


def test_an_outage_is_asked_into_by_one_lane(world: World) -> None:
    """Four lanes that each ask again would be eight errors at the second attempt."""
    small_pages(world, 50, 990)
    break_after(world, 3, "html_502", times=5)
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert (report.complete, report.read) == (True, 990)
    assert ids(world) == truth(world)
    assert len(world.control.calls(failed=True)) == 5
    assert world.clock.slept_seconds >= sum(BROKEN_WAITS_SECONDS[:2])


def test_an_outage_that_stays_stops_below_the_limit_of_errors(world: World) -> None:
    small_pages(world, 50, 290)
    break_after(world, 2, "html_502", times=99)
    with pytest.raises(OmieFault):
        world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert len(world.control.calls(failed=True)) <= 8, "ten close the method"
    assert cursor(world) is None
    world.control.clear_faults()
    later(world, hours=1)
    world.control.forget_limits()
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert (report.complete, ids(world)) == (True, truth(world))


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("page", [0, 2])
def test_a_second_question_that_is_refused_too_is_waited_for(world: World, page: int) -> None:
    """Omie took the other question for the same one: then the wait is as long as it says."""
    small_pages(world, 50, 290)
    refused = PlannedFault("redundant", method=LIST, seconds=37)
    broken = PlannedFault("truncated_json", method=LIST)

    def plan() -> None:
        world.control.next_faults(broken, refused)

    if page:
        world.control.between_pages(LIST, page, plan)
    else:
        plan()
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert (report.complete, report.read) == (True, 290)
    assert ids(world) == truth(world)
    (only,) = refusals(world)
    assert world.clock.slept_seconds >= 38
    again = [call for call in world.control.calls() if call.param == only.param]
    assert len(again) == 2, "it is that question which is waited for, and no third one asked"
    assert again[1].at - again[0].at >= timedelta(seconds=38)


def test_a_list_without_pages_knows_no_other_question(world: World) -> None:
    world.control.next_faults(PlannedFault("html_502", method="ListarCadastroDRE"))
    report = world.import_table("dre")
    assert report.complete
    assert world.clock.slept_seconds >= 60
    assert len(world.control.calls()) == 2
    assert not refusals(world)


def test_the_total_is_asked_for_in_another_size(world: World) -> None:
    seed(world, 3, DAY)
    world.import_table(NAME)
    later(world, days=1)
    world.control.clear_calls()
    before = world.clock.slept_seconds
    seen: list[None] = []

    def after_the_window() -> None:
        seen.append(None)
        world.control.next_faults(PlannedFault("html_502", method=LIST))

    world.control.between_pages(LIST, 1, after_the_window)
    report = world.import_table(NAME, "incremental")
    assert report.complete
    assert world.clock.slept_seconds - before <= 5
    assert not refusals(world)


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("page", [1, 3])
def test_a_page_broken_in_its_middle_where_most_is_known_is_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """Nobody looks into records that stand here already, so only the merge finds it."""
    small_pages(world, 50, 190)
    world.import_table(NAME, date_from=DAY, date_to=DAY)
    later(world, minutes=2)
    world.control.clear_calls()
    break_middle(monkeypatch, page)
    report = world.import_table(NAME, date_from=DAY, date_to=DAY)
    assert (report.complete, report.read, report.unchanged) == (True, 190, 190)
    assert (report.rereads, ids(world)) == (1, truth(world))
    assert len(set(asked(world))) == len(asked(world)), "no question twice"
    assert not refusals(world)


def test_a_look_at_a_page_broken_in_its_middle_is_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends no look at any other list, and nothing is taken for seen."""
    seed(world, 5, DAY)
    world.import_table(NAME)
    later(world, minutes=2)
    seed(world, 3, DAY + timedelta(days=2))
    watcher = Watcher(world.engine, world.client, world.time, EMPRESA, "", EVERYTHING)
    break_middle(monkeypatch, 1)
    look = watcher.look(MIRROR[NAME], None)
    assert (look.left_out != "", look.changed, look.signature) == (True, False, "")
    later(world, minutes=2)
    assert watcher.look(MIRROR[NAME], None).changed


def break_middle(monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    """Let one answer come broken within a record, where splitting it does not show that."""
    split, answers = records._split, itertools.count(1)

    def broken(text: str, array: str) -> wire.Json | None:
        if next(answers) == page:
            text = text.replace('"valor_documento":', '"valor_documento":,', 1)
        return split(text, array)

    monkeypatch.setattr(records, "_split", broken)


# The parts.


def covering(
    number: int, size: int, total: int, served: int | None = None
) -> list[tuple[int, int]]:
    reader = PageReader(cast(OmieClient, None), MIRROR[NAME], {}, size, Lanes(1))
    reader._total, reader._served = total, served
    return reader._other_pages(number, size)


@given(number=st.integers(1, 2000), size=st.integers(2, 500), short=st.integers(0, 499))
def test_other_pages_bring_every_record_of_a_page(number: int, size: int, short: int) -> None:
    total = number * size - min(short, size - 1)
    wanted = set(range((number - 1) * size, total))
    pages = covering(number, size, total)
    brought = {row for n, s in pages for row in range((n - 1) * s, min(n * s, total))}
    assert wanted <= brought
    if size % 2 == 0:
        assert wanted == brought
    assert all((n - 1) * s < total for n, s in pages), "a page beyond the end is an error answer"
    assert all(s < size for _, s in pages)
    assert len(pages) <= 3


def test_a_capped_page_is_asked_for_down_to_its_cap() -> None:
    assert covering(3, 51, 999, served=50) == [(3, 50)]
    assert covering(3, 50, 999, served=50) == []


def fails(lanes: Lanes) -> None:
    with pytest.raises(Broken), lanes.turn():
        raise Broken(FaultDetail("x"), 5.0)


def test_answers_that_break_together_count_once() -> None:
    lanes = Lanes(4)
    together = threading.Barrier(4)

    def answer() -> None:
        together.wait()
        raise Broken(FaultDetail("x"), 5.0)

    def ask() -> None:
        with pytest.raises(Broken), lanes.turn():
            answer()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with lanes.turn() as turn:
        assert (turn.broken, turn.wait_seconds) == (1, BROKEN_WAITS_SECONDS[0])


def test_waits_grow_while_answers_break_and_end_with_a_good_one() -> None:
    lanes, waits = Lanes(4), []
    for _ in range(7):
        fails(lanes)
        waits.append(lanes._wait_seconds)
    assert waits == [*BROKEN_WAITS_SECONDS, BROKEN_WAITS_SECONDS[-1], BROKEN_WAITS_SECONDS[-1]]
    with lanes.turn():
        pass
    with lanes.turn() as turn:
        assert (turn.broken, turn.wait_seconds) == (0, 0.0)


def test_a_good_answer_to_an_older_question_ends_no_trouble() -> None:
    lanes = Lanes(2)
    with lanes.turn():
        fails(lanes)
    with lanes.turn() as turn:
        assert turn.broken == 1


def test_while_answers_break_one_lane_asks() -> None:
    lanes = Lanes(4)
    fails(lanes)
    assert lanes.limit == 1
    with lanes.turn():
        assert lanes.limit == 1
    assert lanes.limit == 4
    lanes.narrow()
    assert lanes.limit == 1
