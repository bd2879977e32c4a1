"""What goes wrong between us and Omie while a list is read."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import AuthFailed, Blocked, OmieFault, RetryLater, WarehouseError
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.imports.mirrored import cursor, ids, later
from tests.imports.titles import seed
from tests.push.world import World

DAY = date(2026, 1, 3)
LIST = "ListarContasReceber"
PAGES = {"pagina": 1, "total_de_paginas": 1}


def state(world: World) -> list[tuple[str, bool | None, str | None]]:
    query = "SELECT state, complete, error_class FROM omie_sync.import_run ORDER BY started_at"
    return [tuple(row) for row in world.rows(query)]


@pytest.mark.parametrize(
    "name", ["contas_receber", "contas_pagar", "movimentacoes", "notas_servico", "notas_produto"]
)
def test_an_empty_list_is_a_normal_end_in_one_call(world: World, name: str) -> None:
    report = world.import_table(name)
    assert (report.complete, report.read, report.total_omie) == (True, 0, 0)
    assert len(world.control.calls()) == 1
    assert cursor(world, name) == world.clock.now()


def test_a_year_without_payables_costs_few_errors(world: World) -> None:
    """An empty month is an error answer: ten of those would close the method."""
    report = world.import_table("contas_pagar", start=date(2023, 1, 1))
    assert report.complete
    assert len(world.control.calls(failed=True)) <= 7
    assert len(report.partitions) == (date(2026, 1, 5) - date(2023, 1, 1)).days + 1


def test_one_old_month_and_years_of_nothing(world: World) -> None:
    old = seed(world, 2, date(2023, 5, 4), "contas_pagar")
    seed(world, 2, date(2025, 9, 9), "contas_pagar")
    report = world.import_table("contas_pagar", start=date(2023, 1, 1))
    assert (report.read, report.complete) == (4, True)
    world.control.delete("contas_pagar", old[0])
    later(world, hours=1)
    world.control.clear_calls()
    report = world.import_table("contas_pagar", "incremental", start=date(2023, 1, 1))
    assert (report.excluded, report.complete) == (1, True)
    assert len(world.control.calls()) <= 9


@pytest.mark.parametrize(
    "kind", ["html_502", "truncated_json", "http_429", "busy", "redundant", "empty_200", "http_500"]
)
def test_a_passing_fault_is_waited_out(world: World, kind: str) -> None:
    seed(world, 20, DAY)
    world.control.next_faults(PlannedFault(kind, method=LIST))  # type: ignore[arg-type]
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.read, report.complete) == (20, True)
    assert world.clock.slept_seconds > 1
    assert len(world.control.calls()) <= 3, "waits, does not spin"


@pytest.mark.parametrize("kind", ["html_502", "truncated_json", "http_429"])
def test_a_fault_in_the_middle_loses_nothing(world: World, kind: str) -> None:
    world.control.set_behaviour(max_page_size=50)
    seed(world, 300, DAY)
    plan = PlannedFault(kind, method=LIST)  # type: ignore[arg-type]
    world.control.between_pages(LIST, 1, lambda: world.control.next_faults(plan))
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.read, report.complete, len(ids(world))) == (300, True, 300)


def test_a_fault_that_stays_stops_the_reading_and_the_next_one_goes_on(world: World) -> None:
    seed(world, 5, DAY)
    world.control.next_faults(PlannedFault("html_502", method=LIST, times=6))
    with pytest.raises(OmieFault):
        world.import_table("contas_receber")
    ((how, complete, _),) = state(world)
    assert (how, complete) == ("stopped", False)
    assert cursor(world) is None
    world.control.clear_faults()
    later(world, hours=1)
    assert world.import_table("contas_receber").complete


def test_a_block_stops_every_lane_and_is_probed_once(world: World) -> None:
    world.control.set_behaviour(max_page_size=50)
    seed(world, 1000, DAY)
    block = PlannedFault("blocked_425", method=LIST, seconds=900)
    world.control.between_pages(LIST, 3, lambda: world.control.next_faults(block))
    before = cursor(world)
    with pytest.raises(Blocked):
        world.import_table("contas_receber")
    refused = [call for call in world.control.calls() if call.http_status == 425]
    assert len(refused) <= 4, "what was in flight already, and nothing after it"
    assert cursor(world) == before
    assert len(ids(world)) < 1000
    world.control.clear_calls()
    again = World(world.engine, world.sim, world.clock._clock)
    for _ in range(3):
        later(world, seconds=60)
        with pytest.raises(Blocked):
            again.import_table("contas_receber")
    assert world.control.calls() == (), "nobody knocks before the time, whoever asks"
    ((until,),) = world.rows("SELECT until FROM omie_sync.block")
    world.clock.sleep((until - world.clock.now()).total_seconds() + 1)
    world.control.forget_limits()
    world.control.next_faults(PlannedFault("blocked_425", method=LIST, seconds=900))
    with pytest.raises(Blocked):
        again.import_table("contas_receber")
    assert len(world.control.calls()) == 1, "one probe, alone, although four may be in flight"
    later(world, seconds=1000)
    world.control.forget_limits()
    report = again.import_table("contas_receber")
    assert (report.read, report.complete) == (1000, True)


def test_a_method_that_serves_one_at_a_time_is_read_one_at_a_time(world: World) -> None:
    world.control.set_limits(reads_at_once=1)
    world.control.set_behaviour(max_page_size=50, latency_ms=3)
    seed(world, 900, DAY)
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.read, report.complete) == (900, True)
    busy = [call for call in world.control.calls() if call.fault_code.endswith("1880")]
    assert len(busy) <= 4, "each refusal counts towards a block: only what was in flight is refused"


def test_a_broken_server_gets_smaller_pages_and_that_is_remembered(world: World) -> None:
    world.control.set_behaviour(broken_above_page_size=50)
    seed(world, 120, DAY)
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.read, report.complete, report.page_size) == (120, True, 50)
    asked = [call.param["registros_por_pagina"] for call in world.control.calls()]
    assert asked == [500, 100, 50, 50, 50]
    world.control.clear_calls()
    later(world, minutes=2)
    world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    asked = [call.param["registros_por_pagina"] for call in world.control.calls()]
    assert asked == [50, 50, 50]


def test_a_server_broken_at_every_size_is_an_error(world: World) -> None:
    world.control.set_behaviour(broken_above_page_size=0)
    seed(world, 10, DAY)
    with pytest.raises(OmieFault):
        world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert ids(world) == []
    assert len(world.control.calls()) < 10, "ten errors would close the method"


def test_within_a_minute_another_question_is_asked(world: World) -> None:
    seed(world, 3, DAY)
    for _ in range(2):
        world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    calls = world.control.calls()
    assert [call.http_status for call in calls] == [200, 200]
    assert [call.param["registros_por_pagina"] for call in calls] == [500, 499]
    assert world.clock.slept_seconds < 1


def test_where_there_is_only_one_question_the_minute_is_waited_for(world: World) -> None:
    for _ in range(2):
        world.import_table("dre")
    assert [call.http_status for call in world.control.calls()] == [200, 200]
    assert world.clock.slept_seconds >= 60


def test_a_refused_key_stops_at_once(world: World) -> None:
    world.secret = "outro"
    with pytest.raises(AuthFailed):
        world.import_table("contas_receber")
    assert len(world.control.calls()) == 1
    ((name, complete, error),) = state(world)
    assert (name, complete, error) == ("stopped", False, "AuthFailed")
    ((text,),) = world.rows("SELECT error FROM omie_sync.import_run")
    assert "outro" not in text
    assert world.sim.app_key not in text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "ok"},
        {"pagina": 1},
        {"conta_receber_cadastro": []},
        {"conta_receber_cadastro": None, "total_de_registros": None},
        {"conta_receber_cadastro": {"a": 1}, "total_de_registros": 1},
        {"conta_receber_cadastro": [], "total_de_registros": "muitos"},
        {"conta_receber_cadastro": [], "total_de_registros": -1},
    ],
)
def test_an_answer_without_a_list_deletes_nothing(world: World, body: dict[str, object]) -> None:
    seed(world, 3, DAY)
    world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    later(world, minutes=2)
    text = json.dumps(body)
    world.control.next_faults(PlannedFault("custom", method=LIST, status=200, body=text, times=9))
    with pytest.raises(RetryLater):
        world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert len(ids(world)) == 3
    world.control.clear_faults()
    later(world, minutes=2)
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.complete, report.excluded, len(ids(world))) == (True, 0, 3)


def test_an_answer_without_a_list_is_asked_for_again(world: World) -> None:
    seed(world, 3, DAY)
    world.control.next_faults(PlannedFault("custom", method=LIST, status=200, body="{}"))
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.complete, report.read) == (True, 3)


@pytest.mark.parametrize("records", [[None], [5], ["x"], [{}], [{"codigo_lancamento_omie": None}]])
def test_records_that_are_none_are_not_counted_as_read(world: World, records: list[object]) -> None:
    text = json.dumps({"conta_receber_cadastro": records, "total_de_registros": 1, **PAGES})
    world.control.next_faults(PlannedFault("custom", method=LIST, status=200, body=text, times=4))
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.complete, report.read, report.total_omie) == (False, 0, 1)
    assert cursor(world) is None


def test_a_null_list_with_a_total_of_zero_is_empty(world: World) -> None:
    text = json.dumps({"conta_receber_cadastro": None, "total_de_registros": 0, **PAGES})
    world.control.next_faults(PlannedFault("custom", method=LIST, status=200, body=text))
    assert world.import_table("contas_receber", date_from=DAY, date_to=DAY).complete


def test_records_of_no_day_prove_no_day(world: World) -> None:
    """A record without its day of inclusion stands in no partition: nothing is proven of them."""
    world.control.set_limits(Limits.off())
    record = {"codigo_lancamento_omie": 77, "valor_documento": 1}
    text = json.dumps({"conta_receber_cadastro": [record], "total_de_registros": 1, **PAGES})
    world.control.next_faults(PlannedFault("custom", method=LIST, status=200, body=text, times=4))
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.complete, report.partitions) == (False, ())
    assert ids(world) == [77], "it is kept all the same"


def test_a_field_that_omie_adds_is_kept_and_told(world: World) -> None:
    seed(world, 2, DAY)
    fields = {LIST: {"novo_campo": "x", "info.cNovo": 1}}
    world.control.set_behaviour(extra_fields=fields)
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.complete, report.new_fields) == (True, ("info.cNovo", "novo_campo"))
    kept = world.rows("SELECT raw->>'novo_campo', raw->'info'->>'cNovo' FROM omie.contas_receber")
    assert [tuple(row) for row in kept] == [("x", "1")] * 2
    ((counts,),) = world.rows("SELECT counts->'new_fields' FROM omie_sync.import_run")
    assert counts == ["info.cNovo", "novo_campo"]


def test_a_database_that_goes_away_proves_nothing(world: World) -> None:
    world.control.set_behaviour(max_page_size=50)
    seed(world, 200, DAY)
    end = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    killed = []

    def kill() -> None:
        with world.engine.connect() as connection:
            killed.append(connection.execute(end).rowcount)

    world.control.between_pages(LIST, 2, kill)
    with pytest.raises(WarehouseError):
        world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert killed
    assert world.rows("SELECT * FROM omie_sync.import_partition") == []
    assert cursor(world) is None
    later(world, minutes=2)
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.complete, len(ids(world))) == (True, 200)
    assert [row[0] for row in state(world)] == ["failed", "done"]


def test_what_a_list_says_stays_out_of_errors(world: World) -> None:
    """A refusal by the database does not repeat the row."""
    record = {"codigo_cliente_omie": 1, "razao_social": "Maria Sigilosa", "info": {"dInc": NAN}}
    text = json.dumps({"clientes_cadastro": [record], "total_de_registros": 1, **PAGES})
    world.control.next_faults(
        PlannedFault("custom", method="ListarClientes", status=200, body=text)
    )
    with pytest.raises((WarehouseError, OmieFault)) as told:
        world.import_table("clientes")
    assert "Sigilosa" not in str(told.value)
    assert "Sigilosa" not in str(world.rows("SELECT * FROM omie_sync.import_run"))


NAN = float("nan")


def test_a_wait_is_as_long_as_told(world: World) -> None:
    seed(world, 1, DAY)
    world.control.next_faults(PlannedFault("redundant", method=LIST, seconds=37))
    world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    first, second = world.control.calls()
    assert second.at - first.at >= timedelta(seconds=38)
