"""Many new records in one call: each has its outcome, and nothing is believed that does not fit."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from omie_pipeline.push import lots
from omie_pipeline.push.lots import LotTally
from omie_pipeline.push.pace import answer_seconds
from omie_pipeline.push.policy import EndpointPolicy, Guardrails, Policies
from omie_pipeline.push.report import PushReport
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from omie_pipeline.texts import push as push_texts
from tests.push.test_lost_answers import AFTER, BEFORE
from tests.push.world import TITULO_COLUMNS, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

LOT, ONE, LIST = "UpsertContaReceberPorLote", "UpsertContaReceber", "ListarContasReceber"
LOTS = EndpointPolicy(lote=50, guardrails=Guardrails(max_quarantined_share=1))
SMALL = LOTS.model_copy(update={"lote": 10})
TOO_LONG = {"numero_documento": "x" * 30}
"""What a whole lot is refused for, wherever in it the row stands."""
BAD = {"codigo_categoria": "9.9"}
"""What Omie refuses a row for, in its own status."""


@pytest.fixture(autouse=True)
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lots, "LEAST_ROWS", 2)


@pytest.fixture
def clinic(world: World) -> World:
    """A cliente whose títulos are new."""
    world.confirmed(1)
    return world


def send(world: World, rows: Sequence[dict[str, Any]], policy: EndpointPolicy = LOTS) -> PushReport:
    columns = {**TITULO_COLUMNS, "numero_documento": sa.Text}
    world.model("contas_receber", rows, columns)
    return world.push("contas_receber", policy=policy)


def made(world: World, method: str) -> int:
    return world.methods_called().count(method)


def assert_delivered(world: World, report: PushReport, numbers: Collection[int]) -> None:
    """Each título stands once, under the id that the ledger knows, and nothing is left open."""
    codes = {f"REC-{number}" for number in numbers}
    held = world.held_by_omie("contas_receber")
    assert set(held) == codes
    assert report.closes
    assert (report.total.created, report.total.delivered) == (len(codes), len(codes))
    assert world.open_intents() == 0
    query = (
        "SELECT codigo_integracao AS code, omie_id, state, created_here FROM omie_sync.ledger"
        " WHERE endpoint = 'contas_receber'"
    )
    known = {row.code: row for row in world.rows(query)}
    assert set(known) == codes
    for code, record in held.items():
        assert known[code].omie_id == record["codigo_lancamento_omie"]
        assert (known[code].state, known[code].created_here) == ("confirmed", True)


def test_new_records_leave_together_and_the_first_lot_is_read_back(clinic: World) -> None:
    report = send(clinic, [titulo(number) for number in range(1, 121)])
    assert_delivered(clinic, report, range(1, 121))
    assert clinic.methods_called() == [LOT, LIST, LOT, LOT]
    assert [len(call.param["conta_receber_cadastro"]) for call in clinic.writes()] == [50, 50, 20]
    assert report.lots == LotTally(calls=3, rows=120)
    assert report.total.calls == 4


def test_without_the_policy_each_record_has_a_call_of_its_own(clinic: World) -> None:
    report = send(clinic, [titulo(number) for number in range(1, 5)], EndpointPolicy())
    assert_delivered(clinic, report, range(1, 5))
    assert clinic.methods_called() == [ONE] * 4
    assert (report.lots.rows, report.lot_rows) == (0, 0)


def test_few_new_records_go_one_by_one(clinic: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lots, "LEAST_ROWS", 4)
    send(clinic, [titulo(number) for number in range(1, 4)])
    assert clinic.methods_called() == [ONE] * 3


def test_a_change_a_refused_and_an_adopted_row_have_calls_of_their_own(clinic: World) -> None:
    send(clinic, [titulo(1), titulo(2, **BAD)], EndpointPolicy())
    clinic.clock.sleep(120)
    clinic.control.clear_calls()
    rows = [titulo(1, observacao="B"), titulo(2, **BAD), titulo(3), titulo(4)]
    report = send(clinic, rows)
    assert (report.total.created, report.total.updated, report.total.rejected) == (2, 1, 1)
    assert report.lots.rows == 2
    assert [call.param["codigo_lancamento_integracao"] for call in clinic.writes()
            if call.method == ONE] == ["REC-1", "REC-2"]  # fmt: skip


def test_a_record_that_omie_had_is_no_creation(clinic: World) -> None:
    """As after a ledger that was restored from an older copy."""
    send(clinic, [titulo(number) for number in (1, 2)])
    with clinic.engine.begin() as connection:
        connection.execute(
            sa.text("DELETE FROM omie_sync.ledger WHERE endpoint = 'contas_receber'")
        )
    clinic.clock.sleep(3600)
    report = send(clinic, [titulo(number) for number in (1, 2, 3)])
    assert (report.total.updated, report.total.created) == (2, 1)
    assert len(clinic.held_by_omie("contas_receber")) == 3


def test_what_omie_had_for_long_is_read_by_its_code_until_a_lot_was_proved(clinic: World) -> None:
    """It is too old for the list of what was made since."""
    send(clinic, [titulo(number) for number in range(1, 54)])
    with clinic.engine.begin() as connection:
        connection.execute(
            sa.text("DELETE FROM omie_sync.ledger WHERE codigo_integracao <> 'PAC-1'")
        )
    clinic.clock.sleep(10 * 86400)
    clinic.control.clear_calls()
    report = send(clinic, [titulo(number) for number in range(1, 61)])
    assert (report.total.updated, report.total.created) == (53, 7)
    assert report.closes
    assert report.lots.given_up == ""
    assert clinic.methods_called().count(LOT) == 2
    assert len(clinic.held_by_omie("contas_receber")) == 60


@pytest.mark.parametrize("kind", AFTER)
def test_a_lot_whose_answer_is_lost_is_read_back_and_sent_once(
    clinic: World, kind: FaultKind
) -> None:
    clinic.timeout_seconds = 0.3
    clinic.control.next_faults(PlannedFault(kind, method=LOT))
    report = send(clinic, [titulo(number) for number in range(1, 8)])
    assert_delivered(clinic, report, range(1, 8))
    assert clinic.methods_called() == [LOT, LIST]


@pytest.mark.parametrize("kind", BEFORE)
def test_a_lot_that_never_arrived_goes_row_by_row_after_five_minutes(
    clinic: World, kind: FaultKind
) -> None:
    clinic.timeout_seconds = 0.3
    clinic.control.next_faults(PlannedFault(kind, method=LOT))
    report = send(clinic, [titulo(number) for number in range(1, 5)])
    assert_delivered(clinic, report, range(1, 5))
    first, *others = clinic.writes()
    assert [call.method for call in others] == [ONE] * 4
    assert others[0].at - first.at >= timedelta(minutes=5)
    assert report.lots == LotTally(calls=1, rows=4, left_open=4, not_there=4)
    assert not clinic.reads(), "an absent record is an error answer: none is asked for by its code"


def test_a_lot_of_which_half_is_refused(clinic: World) -> None:
    rows = [titulo(number, **(BAD if number % 2 else {})) for number in range(1, 9)]
    report = send(clinic, rows)
    assert (report.total.created, report.total.rejected) == (4, 4)
    assert report.closes
    assert set(clinic.held_by_omie("contas_receber")) == {f"REC-{n}" for n in (2, 4, 6, 8)}
    words = clinic.rows("SELECT fault_text FROM omie_sync.rejected")
    assert len(words) == 4
    assert all("9.9" in text for (text,) in words)
    assert clinic.open_intents() == 0
    assert clinic.rows("SELECT count(*) FROM omie_sync.quota_fault") == [(1,)]


def test_where_the_proof_of_a_lot_cannot_be_read_its_answer_is_not_lost(clinic: World) -> None:
    rows = [titulo(number) for number in range(1, 7)]
    clinic.control.next_faults(PlannedFault("blocked_425", method=LIST, times=99))
    report = send(clinic, [*rows, titulo(7, **BAD)])
    assert report.stopped_by
    assert report.closes
    assert (report.total.rejected, report.total.held) == (1, 6)
    assert (report.lots.left_open, report.lots.unsettled) == (6, 6)
    ((code, words),) = clinic.rows("SELECT codigo_integracao, fault_text FROM omie_sync.rejected")
    assert (code, "9.9" in words) == ("REC-7", True)
    assert clinic.open_intents() == 6
    told = clinic.rows(
        "SELECT DISTINCT last_error FROM omie_sync.ledger"
        " WHERE endpoint = 'contas_receber' AND state = 'held'"
    )
    assert [row[0] for row in told] == [push_texts.LOT_NOT_PROVED]
    clinic.control.clear_faults()
    clinic.clock.sleep(3600)
    clinic.control.clear_calls()
    assert_delivered(clinic, send(clinic, rows), range(1, 7))
    assert clinic.methods_called() == [LIST]


def test_what_a_lot_changed_keeps_its_reason_where_no_reading_is_to_be_had(clinic: World) -> None:
    """As after a ledger that was restored from an older copy."""
    rows = [titulo(number) for number in range(1, 5)]
    send(clinic, rows)
    with clinic.engine.begin() as connection:
        connection.execute(
            sa.text("DELETE FROM omie_sync.ledger WHERE endpoint = 'contas_receber'")
        )
    clinic.clock.sleep(10 * 86400)
    clinic.control.next_faults(PlannedFault("blocked_425", method="ConsultarContaReceber", times=9))
    report = send(clinic, [*rows, titulo(5, **BAD)])
    assert (report.total.rejected, report.total.held, report.lots.unsettled) == (1, 4, 4)
    told = clinic.rows(
        "SELECT DISTINCT last_error FROM omie_sync.ledger"
        " WHERE endpoint = 'contas_receber' AND state = 'held'"
    )
    assert [row[0] for row in told] == [push_texts.LOT_NOT_PROVED]
    assert clinic.open_intents() == 4


def test_an_answer_that_names_what_was_not_sent_is_not_believed(clinic: World) -> None:
    clinic.control.next_faults(PlannedFault("lot_names_another_after_commit"))
    report = send(clinic, [titulo(number) for number in range(1, 61)])
    assert_delivered(clinic, report, range(1, 61))
    assert clinic.methods_called() == [LOT, LIST, *[ONE] * 10]
    assert "não foi enviado" in report.lots.given_up


@pytest.mark.parametrize(
    ("kind", "left_open"),
    [
        ("lot_leaves_one_out_after_commit", 1),
        ("lot_bad_status_after_commit", 50),
        ("lot_without_statuses_after_commit", 50),
    ],
)
def test_what_an_answer_leaves_open_is_read_back_and_told(
    clinic: World, kind: FaultKind, left_open: int
) -> None:
    clinic.control.next_faults(PlannedFault(kind))
    report = send(clinic, [titulo(number) for number in range(1, 61)])
    assert_delivered(clinic, report, range(1, 61))
    assert clinic.writes()[0].method == LOT
    assert all(call.method == LOT for call in clinic.writes())
    assert report.lots == LotTally(calls=2, rows=60, left_open=left_open, found=left_open)


def test_ids_that_are_not_those_of_the_records_are_found_out(clinic: World) -> None:
    clinic.control.next_faults(PlannedFault("lot_swaps_ids_after_commit"))
    report = send(clinic, [titulo(number) for number in range(1, 61)])
    assert_delivered(clinic, report, range(1, 61))
    assert [call.method for call in clinic.writes()] == [LOT, *[ONE] * 10]
    assert "leitura" in report.lots.given_up
    told = report.lots
    assert (told.calls, told.rows, told.singly) == (1, 50, 10)
    assert (told.left_open, told.found, told.unsettled) == (50, 50, 0)


def test_the_bad_row_of_a_refused_lot_is_found_by_halves(clinic: World) -> None:
    rows = [titulo(number, **(TOO_LONG if number == 37 else {})) for number in range(1, 51)]
    report = send(clinic, rows)
    assert (report.total.created, report.total.rejected) == (49, 1)
    assert report.closes
    assert set(clinic.ledger("contas_receber").items()) >= {("REC-37", "rejected")}
    ((words,),) = clinic.rows("SELECT fault_text FROM omie_sync.rejected")
    assert "numero_documento" in words
    assert len(clinic.held_by_omie("contas_receber")) == 49
    assert len(clinic.writes()) <= 2 * 6 + 13
    lots_sent = made(clinic, LOT)
    assert (report.lots.calls, report.lots.singly) == (lots_sent, len(clinic.writes()) - lots_sent)
    assert 0 < report.lots.refused < lots_sent
    assert report.lots.rows + report.lots.singly == 50
    assert clinic.open_intents() == 0


def test_bad_rows_everywhere_close_no_method_and_keep_no_good_row_back(clinic: World) -> None:
    bad = {3, 14, 25, 36, 47, 58}
    rows = [titulo(number, **(TOO_LONG if number in bad else {})) for number in range(1, 71)]
    report = send(clinic, rows, SMALL)
    assert report.closes
    assert (report.total.created, report.total.rejected) == (64, 6)
    assert not [call for call in clinic.control.calls() if call.http_status == 425]
    assert len(clinic.held_by_omie("contas_receber")) == 64


def test_where_the_errors_of_lots_are_spent_rows_go_one_by_one(clinic: World) -> None:
    with clinic.client() as client:
        for _ in range(8):
            client.count_refusals(LOT)
    report = send(clinic, [titulo(number) for number in range(1, 5)])
    assert_delivered(clinic, report, range(1, 5))
    assert clinic.methods_called() == [ONE] * 4


def test_a_lot_that_breaks_midway_makes_nothing_twice(clinic: World) -> None:
    clinic.control.next_faults(PlannedFault("lot_breaks_midway_after_commit"))
    report = send(clinic, [titulo(number) for number in range(1, 9)])
    assert report.closes
    assert report.total.delivered == 8
    assert len(clinic.held_by_omie("contas_receber")) == 8
    assert clinic.open_intents() == 0


@pytest.mark.parametrize("kind", ["busy", "redundant", "already_processed", "http_429"])
def test_a_lot_that_omie_turns_away_makes_nothing_twice(clinic: World, kind: FaultKind) -> None:
    clinic.control.next_faults(PlannedFault(kind, method=LOT))
    report = send(clinic, [titulo(number) for number in range(1, 5)])
    assert_delivered(clinic, report, range(1, 5))


def test_a_lot_above_omies_limit_is_halved(clinic: World) -> None:
    clinic.control.set_behaviour(lot_records=20)
    report = send(clinic, [titulo(number) for number in range(1, 51)])
    assert_delivered(clinic, report, range(1, 51))


def test_lost_answers_that_a_reading_proves_stop_nothing(clinic: World) -> None:
    clinic.control.next_faults(PlannedFault("html_502_after_commit", method=LOT, times=5))
    report = send(clinic, [titulo(number) for number in range(1, 61)], SMALL)
    assert_delivered(clinic, report, range(1, 61))
    assert report.stopped_by == ""
    assert report.lots.rows == 60


def test_three_unclear_lots_stop_the_endpoint_and_the_next_run_settles_them(clinic: World) -> None:
    clinic.control.next_faults(PlannedFault("html_502_after_commit", method=LOT, times=9))
    clinic.control.next_faults(PlannedFault("html_502", method=LIST, times=9))
    rows = [titulo(number) for number in range(1, 51)]
    report = send(clinic, rows, SMALL)
    assert (report.total.delivered, report.total.held) == (0, 50)
    assert report.closes
    assert len(clinic.writes()) == 3
    clinic.control.clear_faults()
    clinic.clock.sleep(120)
    again = send(clinic, rows, SMALL)
    assert_delivered(clinic, again, range(1, 51))
    assert again.recovered == 30


class _End(BaseException):
    """Stands for a process that ends."""


def _end(_: object) -> None:
    raise _End


@pytest.mark.parametrize("arrived", [True, False])
def test_a_process_that_ends_between_lot_and_ledger(clinic: World, arrived: bool) -> None:
    rows = [titulo(number) for number in range(1, 31)]
    if not arrived:
        clinic.control.next_faults(PlannedFault("cut_before", method=LOT))

    clinic.on_call = _end
    with pytest.raises(_End):
        send(clinic, rows)
    clinic.on_call = None
    assert clinic.open_intents() == 30
    clinic.control.clear_calls()
    report = send(clinic, rows)
    assert_delivered(clinic, report, range(1, 31))
    if arrived:
        assert clinic.methods_called() == [LIST]
        assert report.recovered == 30
    assert not clinic.reads()


def test_the_last_open_row_of_a_lot_is_looked_for_as_a_lots_is(clinic: World) -> None:
    """Nobody knows how long Omie works on a lot, whatever became of its other rows."""
    clinic.control.next_faults(PlannedFault("cut_before", method=LOT))
    clinic.on_call = _end
    with pytest.raises(_End):
        send(clinic, [titulo(number) for number in range(1, 4)])
    clinic.on_call = None
    with clinic.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE omie_sync.intent SET closed_at = :now, outcome = 'not_sent'"
                " WHERE codigo_integracao IN ('REC-1', 'REC-2')"
            ),
            {"now": clinic.clock.now()},
        )
    report = send(clinic, [titulo(3)])
    assert report.total.created == 1
    first, again = clinic.writes()
    assert again.at - first.at >= timedelta(minutes=5)


def test_a_lost_lot_in_an_empty_window_does_not_stay_unknown(clinic: World) -> None:
    """That nothing was made since is no list; what it would have shown is asked for by code."""
    rows = [titulo(number) for number in range(1, 4)]
    clinic.control.next_faults(PlannedFault("cut_before", method=LOT))
    clinic.on_call = _end
    with pytest.raises(_End):
        send(clinic, rows)
    clinic.on_call = None
    nothing = {
        "faultstring": "ERROR: Não existem registros para a página [1]!",
        "faultcode": "SOAP-ENV:Client-5113",
    }
    clinic.control.next_faults(
        PlannedFault("custom", method=LIST, body=json.dumps(nothing), times=99)
    )
    report = send(clinic, rows)
    assert_delivered(clinic, report, range(1, 4))


def test_a_lot_is_remembered_as_it_leaves(clinic: World) -> None:
    """A row with an intent of its own changes the lot, and so the request that is looked for."""
    with clinic.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO omie_sync.intent (run_id, empresa, endpoint, codigo_integracao,"
                " partition, action, payload_hash, payload, omie_id, fingerprint, created_at,"
                " sent_at) VALUES ('x', 'principal', 'contas_receber', 'REC-2', '2026-01-05',"
                " 'upsert', 'h', '{}', 7, 'f', :now, :now)"
            ),
            {"now": clinic.clock.now()},
        )
    clinic.control.next_faults(PlannedFault("html_502", method="ConsultarContaReceber", times=9))
    report = send(clinic, [titulo(number) for number in range(1, 5)])
    assert (report.total.created, report.total.held) == (3, 1)
    assert report.closes
    assert clinic.open_intents() == 1


def test_the_trace_of_a_lot_is_that_of_its_records(clinic: World) -> None:
    send(clinic, [titulo(1), titulo(2, **BAD), titulo(3)])
    query = (
        "SELECT codigo_integracao AS code, request, response FROM omie_sync.attempt"
        f" WHERE method = '{LOT}' ORDER BY attempt_id"
    )
    found = clinic.rows(query)
    assert [row.code for row in found] == ["REC-1", "REC-2", "REC-3"]
    for row in found:
        assert row.request["codigo_lancamento_integracao"] == row.code
        assert row.response["codigo_lancamento_integracao"] == row.code
    assert found[1].response["codigo_status"] == "102"


def test_how_long_omie_takes_is_told_by_calls_and_not_by_rows(clinic: World) -> None:
    send(clinic, [titulo(number) for number in range(1, 31)])
    with clinic.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE omie_sync.attempt SET duration_ms = 1500 WHERE duration_ms > 0")
        )
    assert answer_seconds(clinic.engine) == 1.5


def test_lots_are_refused_where_they_mean_nothing() -> None:
    with pytest.raises(ValidationError, match="lote só existe em contas_receber"):
        Policies.model_validate({"endpoints": {"clientes": {"lote": 50}}})
    with pytest.raises(ValidationError, match="partial_success"):
        Policies.model_validate(
            {"endpoints": {"contas_receber": {"lote": 50, "partial_success": False}}}
        )
    with pytest.raises(ValidationError, match="50"):
        Policies.model_validate({"endpoints": {"contas_receber": {"lote": 51}}})
