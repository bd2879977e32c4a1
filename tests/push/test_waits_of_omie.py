"""A wait is the line's, as long as Omie asks and never without an end."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.limits import Admission
from omie_pipeline.errors import Paused, RetryLater
from omie_pipeline.omie.client import of_other_sizes
from omie_pipeline.omie.rate_limiter import SharedRateLimiter, told_wait_seconds
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects.rows import item, model, ordem, servico
from tests.push.world import World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")

CLIENTES = REGISTRY["clientes"]


def turned_away(status: int = 429, times: int = 1, **headers: str) -> PlannedFault:
    """An answer that asks to wait, in nobody's JSON."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return PlannedFault(
        "custom", method="UpsertCliente", status=status, body="", headers=named, times=times
    )


def three(world: World) -> None:
    world.model("clientes", [cliente(number) for number in (1, 2, 3)])


def gaps(world: World) -> list[float]:
    return [
        round((later.at - earlier.at).total_seconds())
        for earlier, later in pairwise(world.writes())
    ]


def test_two_seconds_again_and_again_stay_two_seconds(world: World) -> None:
    world.control.next_faults(turned_away(times=5, Retry_After="2"))
    three(world)
    report = world.push()
    assert (report.total.created, report.total.held) == (3, 0)
    assert gaps(world)[:5] == [2, 2, 2, 2, 2]
    assert world.clock.slept_seconds < 12


@pytest.mark.parametrize(("header", "seconds"), [("2", 2), ("50", 50), (None, 15)])
def test_a_line_that_stays_closed_is_left_with_its_rows_held(
    world: World, header: str | None, seconds: int
) -> None:
    headers = {} if header is None else {"Retry_After": header}
    world.control.next_faults(turned_away(times=999, **headers))
    three(world)
    report = world.push()
    assert (report.total.held, report.total.delivered) == (3, 0)
    assert report.closes
    assert "esperar" in report.stopped_by
    assert set(gaps(world)) == {seconds}
    assert len(world.writes()) <= 21
    assert world.clock.slept_seconds <= 121
    until = world.rows("SELECT DISTINCT held_until FROM omie_sync.ledger WHERE state = 'held'")
    assert len(until) == 1
    assert abs((until[0][0] - world.clock.now()).total_seconds() - seconds) < 3
    assert world.open_intents() == 0

    world.control.clear_faults()
    world.clock.sleep(seconds)
    assert world.push().total.created == 3


def test_an_hour_is_not_slept_but_told_and_resumed(world: World) -> None:
    world.control.next_faults(turned_away(Retry_After="3600"))
    three(world)
    report = world.push()
    assert (report.total.held, len(world.writes())) == (3, 1)
    assert world.clock.slept_seconds < 1
    again = world.push()
    assert (again.total.held, again.total.calls) == (3, 0)
    # It is the method's: a question of the same key may leave.
    code = {"codigo_cliente_integracao": "PAC-1"}
    with world.client() as client, pytest.raises(Exception, match="não cadastrado"):
        client.read(CLIENTES.service, "ConsultarCliente", code)
    world.clock.sleep(3600)
    assert world.push().total.created == 3


@pytest.mark.parametrize(
    ("date", "after", "seconds"),
    [
        ("Tue, 06 Jan 2026 01:00:00 GMT", "Tue, 06 Jan 2026 01:00:07 GMT", 7),
        ("Tue, 06 Jan 2026 01:00:00 GMT", "Mon, 05 Jan 2026 23:00:00 -0300", 3600),
        ("Tue, 06 Jan 2026 01:00:00 GMT", "Tue, 06 Jan 2026 00:59:00 GMT", None),
        ("never", "Mon, 05 Jan 2026 12:00:30 GMT", 30),
        ("", "Fri, 01 Jan 2027 00:00:00 GMT", 86400),
    ],
)
def test_a_date_counts_from_the_answers_own_clock(
    date: str, after: str, seconds: float | None
) -> None:
    now = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    assert told_wait_seconds({"Date": date, "Retry-After": after}, now) == seconds


@pytest.mark.parametrize(
    "value", ["-5", "soon", "", "0", "1e9", "²", "Thu, 01 Jan 1970 00:00:00 GMT", "9" * 400]
)
def test_nonsense_is_the_usual_wait_or_a_pause(world: World, value: str) -> None:
    world.control.next_faults(turned_away(Retry_After=value.encode().decode("latin-1")))
    three(world)
    report = world.push()
    if value.startswith("9"):
        assert (report.total.held, world.clock.slept_seconds) == (3, 0)
        return
    assert report.total.created == 3
    assert gaps(world)[0] == 15


def test_a_503_of_a_write_is_read_back_and_its_wait_kept(world: World) -> None:
    world.control.next_faults(turned_away(503, Retry_After="30"))
    three(world)
    report = world.push()
    assert report.total.created == 3
    first, second = world.writes("PAC-1")
    assert second.at - first.at > timedelta(seconds=60), "what became of it was unknown"
    assert gaps(world)[0] == 30, "the method rests as long as it was asked to"


def test_a_503_of_a_read_waits_as_told_or_stops(world: World) -> None:
    fault = PlannedFault(
        "custom", method="ListarClientes", status=503, body="<html/>",
        headers=(("Retry-After", "30"),),
    )  # fmt: skip
    world.control.next_faults(fault)
    world.import_table("clientes")
    first, second = world.control.calls()[:2]
    # As long as Omie asks; the same question would wait for its minute, so it is another one.
    assert 30 <= (second.at - first.at).total_seconds() < 32
    assert first.param != second.param
    hour = PlannedFault(
        "custom", method="ListarClientes", status=503, body="<html/>",
        headers=(("Retry-After", "3600"),),
    )  # fmt: skip
    world.control.next_faults(hour)
    slept = world.clock.slept_seconds
    with pytest.raises(Paused):
        world.import_table("clientes")
    assert world.clock.slept_seconds - slept < 70


def test_who_may_not_wait_is_told_to_come_back(world: World) -> None:
    world.control.next_faults(turned_away(Retry_After="30"))
    world.model("clientes", [cliente(1)])
    with world.client() as client:
        with pytest.raises(RetryLater):
            client.write(CLIENTES.service, "UpsertCliente", {"codigo_cliente_integracao": "PAC-1"})
        with pytest.raises(RetryLater) as later:
            client.read_now(CLIENTES.service, "UpsertCliente", {"x": 1})
    assert 29 < later.value.wait_seconds <= 30
    assert world.clock.slept_seconds == 0


def test_a_busy_question_is_asked_after_ten_seconds_and_then_after_a_minute(world: World) -> None:
    world.control.next_faults(PlannedFault("busy", integration_code="PAC-1", times=99))
    world.model("clientes", [cliente(number) for number in range(1, 6)])
    report = world.push()
    assert (report.total.created, report.total.held) == (4, 1)
    asked = [call.at for call in world.writes("PAC-1")]
    assert [round((b - a).total_seconds()) for a, b in pairwise(asked)] == [10, 61]
    last = [call.at for call in world.writes("PAC-5")]
    assert last[0] < asked[1], "the others did not wait for it"


def test_a_busy_method_is_spared(world: World) -> None:
    """Each refusal counts towards a block: what is busy for all is not tried row by row."""
    world.control.next_faults(PlannedFault("busy", method="UpsertCliente", times=99))
    world.model("clientes", [cliente(number) for number in range(1, 30)])
    report = world.push()
    assert report.total.held == 29
    assert report.closes
    assert len(world.writes()) <= 5
    assert world.open_intents() == 0


@pytest.mark.slow
def test_a_passing_refusal_is_asked_again_once(world: World) -> None:
    words = "ERROR: Informe a Tag [nCodOS] ou [cCodIntOS] na alteração!"
    body = f'{{"faultstring": "{words}", "faultcode": "SOAP-ENV:Client-1000"}}'
    world.read_references()
    world.model("clientes", [cliente(1)])
    model(world, "servicos", servico(1))
    model(world, "ordens_servico", ordem(1))
    for name in ("clientes", "servicos", "ordens_servico"):
        assert world.push(name).total.created == 1
    for times, outcome in ((1, "updated"), (2, "rejected")):
        world.clock.sleep(300)
        world.control.clear_calls()
        model(world, "ordens_servico", ordem(1, item(f"1{times}0.00")))
        world.control.next_faults(
            PlannedFault("custom", method="AlterarOS", status=500, body=body, times=times)
        )
        report = world.push("ordens_servico")
        assert getattr(report.total, outcome) == 1, report.total
        first, second = [call.at for call in world.control.calls() if call.method == "AlterarOS"]
        assert second - first > timedelta(seconds=60)


def test_a_long_wait_is_told_and_shown(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.control.next_faults(turned_away(Retry_After="50"))
    three(world)
    with caplog.at_level(logging.INFO, logger="omie_pipeline.waits"):
        world.push()
    (record,) = caplog.records
    assert "Esperando até 09:00:50 (Brasília)" in record.getMessage()
    assert "UpsertCliente" in record.getMessage()
    ((method, reason),) = world.rows("SELECT method, reason FROM omie_sync.line_wait")
    assert method == "UpsertCliente"
    assert "esperar" in reason


def test_a_short_wait_is_nobodys_business(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.control.next_faults(turned_away(Retry_After="3"))
    three(world)
    with caplog.at_level(logging.INFO, logger="omie_pipeline.waits"):
        world.push()
    assert caplog.records == []


def test_a_row_that_never_left_for_another_programs_twin_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire = SharedRateLimiter.acquire

    def twin_first(
        rate_limiter: SharedRateLimiter, method: str, fingerprint: str, now: datetime, **more: bool
    ) -> Admission:
        """Somebody with the same key asks the same just before."""
        if method == "UpsertCliente":
            acquire(rate_limiter, method, fingerprint, now, **more)
        return acquire(rate_limiter, method, fingerprint, now, **more)

    monkeypatch.setattr(SharedRateLimiter, "acquire", twin_first)
    world.model("clientes", [cliente(1)])
    assert world.push().total.held == 1
    assert world.writes() == []
    ((told,),) = world.rows("SELECT last_error FROM omie_sync.ledger")
    assert told.startswith("Não saiu: a cada tentativa")
    assert world.clock.slept_seconds < 130, "no wait after the last try"
    assert world.open_intents() == 0


LISTED = {"pagina": 1, "registros_por_pagina": 50}


def sizes_asked(world: World) -> list[int]:
    return [call.param["registros_por_pagina"] for call in world.control.calls()]


def test_a_broken_answer_to_one_question_is_followed_by_another(world: World) -> None:
    world.control.seed("clientes", [{"razao_social": "Um"}])
    others = of_other_sizes(LISTED, "registros_por_pagina")
    world.control.next_faults(PlannedFault("html_502", method="ListarClientes"))
    with world.client() as client:
        answer = client.read(CLIENTES.service, "ListarClientes", LISTED, others=others)
    assert len(answer["clientes_cadastro"]) == 1
    assert sizes_asked(world) == [50, 51]
    assert world.clock.slept_seconds <= 5


def test_one_that_left_within_the_minute_is_passed_over(world: World) -> None:
    world.control.seed("clientes", [{"razao_social": "Um"}])
    with world.client() as client:
        client.read(CLIENTES.service, "ListarClientes", {**LISTED, "registros_por_pagina": 51})
        world.control.next_faults(PlannedFault("truncated_json", method="ListarClientes"))
        others = of_other_sizes(LISTED, "registros_por_pagina")
        client.read(CLIENTES.service, "ListarClientes", LISTED, others=others)
    assert sizes_asked(world) == [51, 50, 52]
    assert world.clock.slept_seconds <= 5


def test_where_all_of_them_break_the_last_one_waits_its_minute(world: World) -> None:
    world.control.seed("clientes", [{"razao_social": "Um"}])
    world.control.next_faults(PlannedFault("html_502", method="ListarClientes", times=3))
    with world.client() as client:
        others = of_other_sizes(LISTED, "registros_por_pagina")
        client.read(CLIENTES.service, "ListarClientes", LISTED, others=others)
    assert sizes_asked(world) == [50, 51, 52, 52]
    assert world.clock.slept_seconds >= 60


def test_a_question_without_another_waits_its_minute(world: World) -> None:
    world.control.seed("clientes", [{"razao_social": "Um"}])
    world.control.next_faults(PlannedFault("html_502", method="ListarClientes"))
    with world.client() as client:
        client.read(CLIENTES.service, "ListarClientes", LISTED)
    assert sizes_asked(world) == [50, 50]
    assert world.clock.slept_seconds >= 60
