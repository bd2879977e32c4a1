"""Every call that Omie would take twice, met by every fault: one effect in the end, never two."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from omie_pipeline.errors import FaultDetail, Unreachable, WarehouseError
from omie_pipeline.omie import CallRecord, OmieClient
from omie_pipeline.push.ledger import Intents
from omie_pipeline.push.send import Sender
from omie_pipeline.simulator.engine.planned_faults import KINDS, FaultKind, PlannedFault
from tests.effects.kinds import (
    BILLING,
    CATEGORY,
    FULL,
    LONGER,
    ORDER,
    OTHERS,
    RECEIPT,
    RECEIPT_BACK,
    SHORTER,
    Kind,
)
from tests.effects.rows import baixa, model, push, said, with_title
from tests.push.world import World

pytestmark = pytest.mark.usefixtures("unvalidated")

FAULTS: tuple[FaultKind, ...] = tuple(k for k in KINDS if not k.startswith("custom"))  # type: ignore[misc]
AFTER = tuple(kind for kind in FAULTS if kind.endswith("_after_commit"))
MET = [
    *((BILLING, fault) for fault in FAULTS),
    *((kind, fault) for kind in (ORDER, RECEIPT) for fault in (*AFTER, "html_502", "redundant")),
    *((kind, fault) for kind in OTHERS for fault in ("http_500_after_commit", "already_processed")),
    *(
        (kind, fault)
        for kind in (CATEGORY, LONGER, RECEIPT_BACK)
        for fault in ("cut_before", "fault_in_200")
    ),
]
"""Billing meets every fault there is, the others those of each sort."""
_SOON = ("timeout_after_commit", "http_500_after_commit", "cut_before")
_RUNS = 4


def name_of(kind: object) -> str:
    return f"{kind.method}-{kind.expected}" if isinstance(kind, Kind) else str(kind)


def deliver(world: World, kind: Kind) -> None:
    """Run until the row is delivered, an hour between two runs."""
    for _ in range(_RUNS):
        push(world, kind.endpoint, policy=kind.policy)
        if world.ledger(kind.endpoint)[kind.code] == "confirmed":
            break
        world.clock.sleep(3600)
    assert world.ledger(kind.endpoint)[kind.code] == "confirmed"
    assert kind.truth(world) == kind.expected
    assert effects(world, kind) == 1
    assert world.open_intents() == 0
    world.clock.sleep(3600)
    world.control.clear_calls()
    assert push(world, kind.endpoint, policy=kind.policy).total.calls == 0
    assert world.control.calls() == ()


def effects(world: World, kind: Kind) -> int:
    """How often Omie did what was asked."""
    return sum(call.committed for call in world.control.calls(method=kind.method))


def suffers(world: World, kind: Kind, fault: FaultKind, *, times: int = 1) -> None:
    world.timeout_seconds = 0.3
    kind.prepare(world)
    world.control.next_faults(PlannedFault(fault, method=kind.method, times=times))


@pytest.mark.parametrize(
    ("kind", "fault"),
    [pytest.param(*met, marks=() if met[1] in _SOON else pytest.mark.slow) for met in MET],
    ids=name_of,
)
def test_one_effect_whatever_the_answer(world: World, kind: Kind, fault: FaultKind) -> None:
    suffers(world, kind, fault)
    deliver(world, kind)


@pytest.mark.parametrize("kind", [*FULL, CATEGORY, LONGER, RECEIPT_BACK], ids=name_of)
def test_a_stale_read_proves_nothing(world: World, kind: Kind) -> None:
    suffers(world, kind, "http_500_after_commit")
    world.control.set_behaviour(stale_reads_seconds=60)
    deliver(world, kind)


PROOFS: dict[str, str] = {
    "IncluirOS": "ConsultarOS",
    "AlterarOS": "ConsultarOS",
    "FaturarOS": "StatusOS",
    "LancarRecebimento": "PesquisarLancamentos",
    "IncluirCategoria": "ListarCategorias",
    "CancelarContrato": "ConsultarContrato",
}


@pytest.mark.parametrize(
    "kind", [k for k in (*FULL, *OTHERS) if k.method in PROOFS and k is not SHORTER], ids=name_of
)
def test_nothing_is_repeated_while_omie_cannot_be_read(world: World, kind: Kind) -> None:
    """The first look is answered; then the call is lost, and every read with it."""
    kind.prepare(world)
    seen: list[str] = []

    def close_the_books(record: CallRecord) -> None:
        if record.method == kind.method and not seen:
            seen.append(record.method)
            fault = PlannedFault("html_502", method=PROOFS[kind.method], times=99)
            world.control.next_faults(fault)

    world.on_call = close_the_books
    world.control.next_faults(PlannedFault("html_502_after_commit", method=kind.method))
    for _ in range(2):
        report = push(world, kind.endpoint, policy=kind.policy)
        assert (report.total.held, report.total.delivered) == (1, 0)
        assert said(world, kind.endpoint, kind.code)
        assert world.open_intents() == 1
        world.clock.sleep(3600)
    assert effects(world, kind) == 1
    world.control.clear_faults()
    deliver(world, kind)


@pytest.mark.parametrize("kind", [*FULL, CATEGORY], ids=name_of)
def test_nothing_leaves_unseen(world: World, kind: Kind) -> None:
    """What may stand already is looked for first; unseen, it is not sent."""
    kind.prepare(world)
    first = {"IncluirOS": "ListarOS"}.get(kind.method, PROOFS[kind.method])
    world.control.next_faults(PlannedFault("html_502", method=first, times=99))
    report = push(world, kind.endpoint, policy=kind.policy)
    assert report.total.held == 1
    assert world.control.calls(method=kind.method) == ()
    world.control.clear_faults()
    world.clock.sleep(3600)
    deliver(world, kind)


@pytest.mark.parametrize("kind", FULL, ids=name_of)
def test_words_that_nobody_knows_after_the_effect(world: World, kind: Kind) -> None:
    kind.prepare(world)
    body = '{"faultstring":"Algo deu errado","faultcode":"SOAP-ENV:Outro"}'
    fault = PlannedFault("custom_after_commit", method=kind.method, body=body)
    world.control.next_faults(fault)
    assert push(world, kind.endpoint).total.delivered == 1
    deliver(world, kind)


@pytest.mark.parametrize("kind", [*FULL, CATEGORY, LONGER], ids=name_of)
def test_a_request_that_the_road_sent_twice(world: World, kind: Kind) -> None:
    """The first took effect and its answer was lost; the second is told of it."""
    kind.prepare(world)
    body = (
        '{"faultstring":"ERROR: Esta requisição já foi processada ou está sendo processada e você '
        'pode tentar novamente às 12:00:00. (1)","faultcode":"SOAP-ENV:Client-8020"}'
    )
    fault = PlannedFault("custom_after_commit", method=kind.method, body=body)
    world.control.next_faults(fault)
    deliver(world, kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*FULL, *OTHERS], ids=name_of)
def test_a_crash_before_the_answer_is_written_down(world: World, kind: Kind) -> None:
    kind.prepare(world)

    def crash(record: CallRecord) -> None:
        if record.method == kind.method:
            raise WarehouseError("gone")

    world.on_call = crash
    with pytest.raises(WarehouseError):
        push(world, kind.endpoint, policy=kind.policy)
    world.on_call = None
    assert (world.open_intents(), effects(world, kind)) == (1, 1)
    deliver(world, kind)


@pytest.mark.parametrize(
    ("kind", "step"),
    [(kind, step) for kind in (*FULL, RECEIPT_BACK) for step in ("write", "send")],
    ids=name_of,
)
def test_a_crash_before_the_call(world: World, kind: Kind, step: str) -> None:
    """Before its intent, and with it written."""
    kind.prepare(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Intents if step == "write" else Sender, step, _crash)
        with pytest.raises(WarehouseError):
            push(world, kind.endpoint, policy=kind.policy)
    assert (world.open_intents(), effects(world, kind)) == (int(step == "send"), 0)
    deliver(world, kind)


def _crash(*_: object) -> NoReturn:
    raise WarehouseError("gone")


def test_a_refusal_behind_which_nobody_can_look_stays_unclear(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The road breaks between the refusal of the second call and the question about the first."""
    with_title(world)
    model(world, "baixas_receber", baixa(1))
    read, method = OmieClient.read, "LancarRecebimento"

    def broken(self: OmieClient, *question: Any, **others: Any) -> Any:
        if world.methods_called().count(method) == 2:
            raise Unreachable(FaultDetail("ninguém", fix="espere"), "refused")
        return read(self, *question, **others)

    monkeypatch.setattr(OmieClient, "read", broken)
    world.control.next_faults(
        PlannedFault("html_502", method=method), PlannedFault("fault_in_200", method=method)
    )
    report = push(world, "baixas_receber")
    assert (report.total.held, report.total.rejected, report.line_down) == (1, 0, True)
    assert world.open_intents() == 1
