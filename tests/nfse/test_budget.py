"""How much is asked: bounded however many notes are open, and never the same within a minute."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from omie_pipeline.catalog.limits import REDUNDANT_SECONDS
from omie_pipeline.clock import ManualClock
from omie_pipeline.nfse.follow import follow
from omie_pipeline.nfse.state import SubmittedOrder, open_notes, submitted
from omie_pipeline.omie import Credentials, LocalRateLimiter, OmieClient
from tests.nfse.conftest import START, Notes
from tests.push.world import EMPRESA

OPEN_NOTES = 200


class CityHallIsSilent:
    """An Omie whose notes stay under way; counts what it is asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.asked[body["call"]] += 1
        if body["call"] == "ListarNFSEs":
            nothing = {"nPagina": 1, "nTotPaginas": 0, "nRegistros": 0, "nTotRegistros": 0}
            return httpx.Response(200, json={**nothing, "nfseEncontradas": []})
        (param,) = body["param"]
        return httpx.Response(
            200,
            json={
                "nCodOS": param["nCodOS"],
                "cEtapa": "60",
                "cFaturada": "S",
                "cCancelada": "N",
                "ListaRpsNfse": [{"nLote": 1, "nNfse": "", "mensagens": []}],
            },
        )


@pytest.mark.slow
def test_two_hundred_open_notes_cost_a_bounded_number_of_questions_an_hour(
    engine: sa.Engine,
) -> None:
    clock, omie = ManualClock(START), CityHallIsSilent()
    with engine.begin() as connection:
        rows = [SubmittedOrder(f"OS-{n}", n, None, None, START) for n in range(1, OPEN_NOTES + 1)]
        submitted(connection, EMPRESA, rows)
    client = OmieClient(
        Credentials(SecretStr("chave"), SecretStr("segredo")),
        "http://127.0.0.1:9/api/v1/",
        LocalRateLimiter(),
        clock,
        transport=httpx.MockTransport(omie),
    )
    most_in_a_round = 0
    for _ in range(60):
        clock.advance(60)
        before = omie.asked.total()
        follow(engine, client, EMPRESA, clock, most_questions=30)
        most_in_a_round = max(most_in_a_round, omie.asked.total() - before)
    # Seven waits of 1, 2, 4, ... minutes fit in the hour; one question per note and minute would
    # be 12,000.
    assert omie.asked["StatusOS"] <= OPEN_NOTES * 7
    assert omie.asked["ListarNFSEs"] <= 60
    assert most_in_a_round <= 30 + 1
    # None was forgotten, and the questions were spread over all of them.
    found = open_notes(engine, EMPRESA)
    assert {note.state for note in found} == {"processing"}
    assert len(found) == OPEN_NOTES


def test_no_question_is_repeated_within_a_minute(notes: Notes) -> None:
    notes.control.city_hall_down(True)
    for number in range(1, 4):
        notes.billed(number)
    notes.control.clear_calls()
    for _ in range(40):
        notes.clock.sleep(20)
        notes.follow()
    last: dict[str, datetime] = {}
    for call in notes.control.calls():
        question = f"{call.method} {sorted(call.param.items())}"
        if question in last:
            assert (call.at - last[question]).total_seconds() >= REDUNDANT_SECONDS, question
        last[question] = call.at


@pytest.mark.slow
def test_the_waits_double_up_to_an_hour(notes: Notes) -> None:
    notes.control.city_hall_down(True)
    notes.billed()
    asked = []
    for _ in range(4 * 60):
        notes.minutes(1)
        before = notes.asked("StatusOS")
        notes.follow()
        if notes.asked("StatusOS") > before:
            asked.append(notes.clock.now())
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert gaps[-1] == timedelta(minutes=60)
    assert max(gaps) <= timedelta(minutes=61)
    assert len(asked) <= 10
    assert gaps == sorted(gaps)
