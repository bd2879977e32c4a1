"""Histories that are about plans: approved, applied late, twice, half, over what people change."""

from __future__ import annotations

import os
import random

import pytest

from tests.histories.clinic import Edit
from tests.histories.company import Company
from tests.histories.machine import KINDS, WRITES, Histories

pytestmark = pytest.mark.slow

_FEW, _ENOUGH = 6, 12
_NUMBER = int(os.environ.get("OMIE_PIPELINE_HISTORIES", _FEW))
_SEED = int(os.environ.get("OMIE_PIPELINE_HISTORIES_SEED") or 7)
_ENDPOINTS = (
    "clientes", "contas_receber", "contas_receber", "baixas_receber", "baixas_receber",
    "ordens_servico", "faturar_os",
)  # fmt: skip
_WHAT = ("adds", "removes", "changes", "changes", "pays", "pays", "takes_back", "leaves_order")
_METHODS = sorted({method for methods in WRITES.values() for method in methods})
_LEAST, _MOST = 4, 12
_EDITED_AGAIN = 0.3


def _edits(chance: random.Random, most: int) -> list[Edit]:
    return [
        Edit(
            what=chance.choice(_WHAT),
            number=chance.choice((1, 2, 3)),
            value=chance.choice((60, 100, 150)),
            place=chance.choice((1, 2)),
        )
        for _ in range(chance.randint(0, most))
    ]


def _ending(chance: random.Random) -> str:
    return chance.choice(("", "", "", "call", "commit"))


def _step(history: Histories, chance: random.Random) -> None:
    match chance.randint(1, 10):
        case 1 | 2 | 3:
            # What a plan is about is what is edited once more, often enough.
            number = chance.choice((1, 2, 3))
            first, second = chance.sample((60, 100, 150), 2)
            again = [Edit(what="changes", number=number, value=second, place=1)]
            history.plan(
                endpoint=chance.choice(_ENDPOINTS),
                before=[
                    Edit(what="adds", number=number, value=first, place=1),
                    *_edits(chance, 2),
                ],
                between=again if chance.random() < _EDITED_AGAIN else _edits(chance, 1),
                at_once=chance.choice((True, False)),
                ending=_ending(chance),
                number=chance.randint(1, 9),
            )
        case 4 | 5:
            if history.plans:
                place = chance.randint(0, 2)
                history.apply(place=place, ending=_ending(chance), number=chance.randint(1, 9))
        case 6:
            history.change(_edits(chance, 2))
        case 7:
            what = chance.choice(("settles", "undoes", "deletes"))
            history.person_and_title(place=chance.randint(0, 2), what=what)
        case 8:
            history.fault(kind=chance.choice(KINDS), method=chance.choice(_METHODS))
        case 9:
            table = chance.choice(("clientes", "contas_receber"))
            history.read(table=table, mode="incremental")
            history.wait(seconds=chance.choice((70, 1900)))
        case _:
            history.run_all()


@pytest.mark.parametrize("undo", [False, True], ids=["conflict", "undo"])
def test_a_history_of_plans_ends_in_the_truth(company: Company, undo: bool) -> None:
    for number in range(_NUMBER):
        chance = random.Random(_SEED * 1_000_003 + number)
        history: Histories = type("Lent", (Histories,), {"company": company, "undo": undo})()
        history.open_the_clinic(mirror=chance.choice((True, False)), delivered=True)
        try:
            for _ in range(chance.randint(_LEAST, _MOST)):
                _step(history, chance)
            history.teardown()
        except BaseException as error:
            error.add_note(f"history {number} of seed {_SEED}, undo {undo}")
            raise
    figures = company.figures
    assert figures.plans_applied >= _NUMBER
    if _NUMBER >= _ENOUGH:
        assert figures.plans_refused
        assert figures.crashes


def test_an_edit_between_ends_a_plan(company: Company) -> None:
    history: Histories = type("Lent", (Histories,), {"company": company})()
    history.open_the_clinic(mirror=False, delivered=True)
    history.edit_receipt(number=2, value=60, text="A")
    history.plan(
        endpoint="contas_receber",
        before=[],
        between=[Edit(what="changes", number=2, value=150, place=1)],
        at_once=True,
        ending="",
        number=1,
    )
    assert company.figures.plans_refused == 1
    history.teardown()
