"""The state machine: a clinic, a pipeline, a faulty road, people in Omie, and the clocks."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from omie_pipeline.errors import ConfigurationError, OmieFault
from omie_pipeline.imports.report import Mode
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from tests.histories import plans
from tests.histories.clinic import CHAIN, Edit, Receipt
from tests.histories.company import Company, Pause
from tests.histories.ending import check_end, check_mirror
from tests.histories.safety import check_delivered, check_doubles
from tests.histories.way_back import Mishap, Receiver

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
NUMBERS = st.sampled_from((1, 2, 3))
PICKED = st.integers(0, 2)
PLACES = st.sampled_from((1, 2))
VALUES = st.sampled_from((60, 100, 150))
TEXTS = st.sampled_from(("A", "B"))
# A timeout costs real seconds; "cut" is the same to the client.
KINDS: tuple[FaultKind, ...] = tuple(
    kind
    for kind in get_args(FaultKind)
    if kind not in ("custom", "custom_after_commit", "timeout", "timeout_after_commit")
    and not kind.startswith("lot_")
)
LOT = "UpsertContaReceberPorLote"
LOT_KINDS = (*KINDS, *(kind for kind in get_args(FaultKind) if kind.startswith("lot_")))
METHODS = (
    "UpsertCliente", "UpsertCadastroServico", "IncluirCategoria", "UpsertContaReceber",
    "LancarRecebimento", "CancelarRecebimento", "IncluirOS", "AlterarOS", "FaturarOS",
    "ListarOS", "ConsultarOS", "StatusOS", "PesquisarLancamentos", "ListarNFSEs", "ObterNFSe",
)  # fmt: skip
WRITES = {
    "contas_receber": ("UpsertContaReceber",),
    "baixas_receber": ("LancarRecebimento",),
    "estornar_baixas_receber": ("CancelarRecebimento",),
    "ordens_servico": ("IncluirOS", "AlterarOS"),
    "faturar_os": ("FaturarOS",),
}
LOST = tuple(kind for kind in KINDS if kind.endswith("_after_commit"))
_ROUNDS = 10
AHEAD = st.sampled_from((0, 0, 90, 600, 3600, 86400, -90, -600, -3600, -86400))
"""Seconds by which a machine's clock is off."""
STEPS = ("send", "call", "begin")
READ = ("clientes", "contas_receber", "baixas")
EDITS = st.builds(
    Edit,
    what=st.sampled_from(("adds", "removes", "changes", "pays", "takes_back", "leaves_order")),
    number=NUMBERS,
    value=VALUES,
    place=PLACES,
)


class Histories(RuleBasedStateMachine):
    """One history; ``company`` is lent to all of them, one after the other.

    Attributes:
        undo: whether the policy is to take settlements back for a change.
        lote: how many new títulos may leave in one call.
        tell_every: the figures so far are told after so many histories.
    """

    company: ClassVar[Company]
    undo: ClassVar[bool] = False
    lote: ClassVar[int] = 0
    tell_every: ClassVar[int] = 0

    @initialize(
        mirror=st.booleans(),
        delivered=st.booleans(),
        clocks=st.tuples(AHEAD, AHEAD, AHEAD),
        database=st.sampled_from((0, 0, 120, 3600, -120, -3600)),
    )
    def open_the_clinic(
        self,
        mirror: bool,
        delivered: bool,
        clocks: tuple[int, ...] = (0, 0, 0),
        database: int = 0,
    ) -> None:
        """Machines whose clocks are off, and a database whose clock is not Omie's."""
        self.company.begin(START, clocks, database)
        self.readings: set[str] = set()
        self.receiver: Receiver | None = None
        self.plans: list[plans.Approved] = []
        self.mirror = mirror
        self.touched: set[tuple[str, str]] = set()
        self.billed_by_person: set[str] = set()
        # Endpoint -> what its last run stood on, where that run left nothing to be done: it found
        # nothing to do (idle), or delivered all (clean).
        self.idle: dict[str, object] = {}
        self.clean: dict[str, object] = {}
        self.clinic.receive(1)
        self.clinic.pay(1, 1, 100)
        self.clinic.receive(2)
        if delivered:
            self.run_all()

    @property
    def clinic(self):  # type: ignore[no-untyped-def]  # narrowed by its only value
        return self.company.clinic

    # -- the clinic -------------------------------------------------------------------------------

    @rule(number=NUMBERS, value=VALUES, text=TEXTS)
    def edit_receipt(self, number: int, value: int, text: str) -> None:
        receipt: Receipt = self.clinic.receive(number)
        receipt.value, receipt.text = value, text

    @rule(number=NUMBERS, order=st.booleans(), bill=st.booleans())
    def mark_receipt(self, number: int, order: bool, bill: bool) -> None:
        receipt = self.clinic.receive(number)
        receipt.order, receipt.bill = order, bill

    @rule(number=NUMBERS)
    def remove_receipt(self, number: int) -> None:
        self.clinic.receipts.pop(number, None)

    @rule(number=NUMBERS, place=PLACES, value=st.sampled_from((40, 60, 100)))
    def pay(self, number: int, place: int, value: int) -> None:
        self.clinic.pay(number, place, value)

    @rule(number=NUMBERS, place=PLACES, undone=st.booleans())
    def reverse_payment(self, number: int, place: int, undone: bool) -> None:
        receipt = self.clinic.receipts.get(number)
        if receipt and place in receipt.payments:
            receipt.payments[place].reversed = not undone

    @rule(
        number=st.sampled_from((1, 2)),
        state=st.sampled_from(("good", "good", "invalid", "homeless")),
        district=TEXTS,
        taxable=st.sampled_from((True, True, False)),
    )
    def edit_registers(self, number: int, state: str, district: str, taxable: bool) -> None:
        patient = self.clinic.patients[number]
        patient.state, patient.district = state, district
        self.clinic.taxable = taxable

    # -- the pipeline -----------------------------------------------------------------------------

    @rule()
    def run_all(self) -> None:
        for endpoint in CHAIN:
            if not self.at_rest(endpoint):
                self.send(endpoint)
        self.follow()

    def at_rest(self, endpoint: str) -> bool:
        """Whether a run cannot do anything: left out for the sake of time."""
        if endpoint == "estornar_baixas_receber":
            return not self.undo and not self.clinic.rows(endpoint)
        return self.idle.get(endpoint) == self.company.all_facts(endpoint)

    @rule(endpoint=st.sampled_from(CHAIN[1:]))
    def run_one(self, endpoint: str) -> None:
        self.send(endpoint)

    @rule(endpoint=st.sampled_from(CHAIN[1:]))
    def retry(self, endpoint: str) -> None:
        self.send(endpoint, unfinished_only=True)

    @rule()
    def follow(self) -> None:
        self.company.follow()
        check_doubles(self.company, self.company.truth(), self.billed_by_person)

    @rule(what=st.sampled_from(("call", "commit")), number=st.integers(1, 9))
    def crash(self, what: str, number: int) -> None:
        """The whole chain, until the process ends."""
        number = number if what == "call" else number * 12
        self.idle.clear()
        with self.company.ending_at(what, number):
            self.run_all()

    @rule(
        endpoint=st.sampled_from(CHAIN[3:]),
        what=st.sampled_from(("call", "commit")),
        number=st.integers(1, 12),
    )
    def crash_one(self, endpoint: str, what: str, number: int) -> None:
        with self.company.ending_at(what, min(number, 4) if what == "call" else number):
            self.send(endpoint)

    @rule(
        endpoint=st.sampled_from(CHAIN[3:]),
        what=st.sampled_from(("call", "begin")),
        number=st.integers(1, 12),
        pause_seconds=st.sampled_from((1, 62, 400)),
    )
    def lose_the_lane(self, endpoint: str, what: str, number: int, pause_seconds: int) -> None:
        """A run is paused and its lock lost; another run has done the work when it wakes."""
        number = min(number, 5) if what == "call" else number
        self.forget(endpoint)
        policy = self.policy(endpoint)
        self.company.lose_the_lane(endpoint, policy, what, number, pause_seconds)
        check_doubles(self.company, self.company.truth(), self.billed_by_person)

    @rule(
        endpoint=st.sampled_from(CHAIN[3:]),
        before=st.lists(EDITS, max_size=2),
        what=st.sampled_from(STEPS),
        number=st.integers(1, 8),
        pause=st.builds(
            Pause,
            seconds=st.sampled_from((0, 62, 400, 7200, 90000)),
            cut=st.booleans(),
            ahead_seconds=AHEAD,
        ),
    )
    def stand_still(
        self, endpoint: str, before: list[Edit], what: str, number: int, pause: Pause
    ) -> None:
        """A process is stopped, or its machine: when it goes on, the connection of its lock may be
        dead and the machine's clock wrong. Nobody came meanwhile."""
        number = number if what == "begin" else max(1, number - 4)  # few runs call often
        self.change(before)
        self.forget(endpoint)
        self.company.stand_still(endpoint, self.policy(endpoint), what, number, pause)
        check_doubles(self.company, self.company.truth(), self.billed_by_person)

    @rule(
        endpoint=st.sampled_from(CHAIN[3:]),
        before=st.lists(EDITS, max_size=2),
        what=st.sampled_from(STEPS),
        number=st.integers(1, 8),
        edits=st.lists(EDITS, min_size=1, max_size=3),
    )
    def build_between(
        self, endpoint: str, before: list[Edit], what: str, number: int, edits: list[Edit]
    ) -> None:
        """Rows come, change and go, and the models are built, while a run sends."""
        number = number if what == "begin" else max(1, number - 4)  # few runs call often
        self.change(before)
        self.forget(endpoint)
        policy = self.policy(endpoint)
        report = self.company.build_between(
            endpoint, policy, what, number, lambda: self.change(edits)
        )
        truth = self.company.truth()
        check_doubles(self.company, truth, self.billed_by_person)
        check_delivered(self.company, truth, report)

    @rule(
        endpoint=st.sampled_from(CHAIN[1:]),
        before=st.lists(EDITS, max_size=2),
        between=st.lists(EDITS, max_size=1),
        at_once=st.sampled_from((True, True, False)),
        ending=st.sampled_from(("", "", "call", "commit")),
        number=st.integers(1, 9),
    )
    def plan(
        self,
        endpoint: str,
        before: list[Edit],
        between: list[Edit],
        at_once: bool,
        ending: str,
        number: int,
    ) -> None:
        """A person approves a plan, which is applied then, or later; the process may end."""
        self.change(before)
        found = plans.approve(self.company, endpoint, self.policy(endpoint))
        self.change(between)
        self.plans.append(found)
        if at_once:
            self.apply(-1, ending, number)

    @precondition(lambda self: self.plans)
    @rule(place=PICKED, ending=st.sampled_from(("", "call", "commit")), number=st.integers(1, 9))
    def apply(self, place: int, ending: str, number: int) -> None:
        """An approved plan is applied, perhaps once more."""
        found = self.plans[place % len(self.plans)]
        self.forget(found.endpoint)
        policy = self.policy(found.endpoint)
        if ending:
            with self.company.ending_at(ending, number):
                plans.apply(self.company, found, policy)
            return
        report = plans.apply(self.company, found, policy)
        truth = self.company.truth()
        check_doubles(self.company, truth, self.billed_by_person)
        if report is not None:
            check_delivered(self.company, truth, report)

    def change(self, edits: list[Edit]) -> None:
        for one in edits:
            self.clinic.change(one)

    @rule(machine=st.integers(0, 2), ahead_seconds=AHEAD)
    def set_a_clock(self, machine: int, ahead_seconds: int) -> None:
        """A machine's clock is set, rightly or wrongly."""
        self.company.machines[machine].ahead_seconds = ahead_seconds
        self.company.figures.clocks_set += 1

    @rule(table=st.sampled_from(READ), mode=st.sampled_from(("full", "incremental", "incremental")))
    def read(self, table: str, mode: Mode) -> None:
        """One table of Omie is read into the mirror."""
        try:
            self.company.read(table, mode)
        except OmieFault:
            return  # a planned fault, or a block; what was merged stays
        self.readings.add(table)

    @rule(mishap=st.sampled_from(get_args(Mishap)))
    def tell_back(self, mishap: Mishap) -> None:
        """What Omie knows is told to the clinic, which may be down or take a part."""
        if self.receiver is None:
            self.receiver = Receiver(self.company)
        self.receiver.round(mishap)

    def forget(self, endpoint: str) -> None:
        """What a run found is not what the next one finds."""
        self.idle.pop(endpoint, None)
        self.clean.pop(endpoint, None)

    def send(self, endpoint: str, *, unfinished_only: bool = False) -> None:
        self.forget(endpoint)
        report = self.company.send(endpoint, self.policy(endpoint), unfinished_only=unfinished_only)
        total = report.total
        if not unfinished_only and total.delivered + total.unchanged == total.selected:
            self.clean[endpoint] = self.company.facts(endpoint)
            if not total.delivered:
                self.idle[endpoint] = self.company.all_facts(endpoint)
        truth = self.company.truth()
        check_doubles(self.company, truth, self.billed_by_person)
        check_delivered(self.company, truth, report)

    def policy(self, endpoint: str) -> EndpointPolicy:
        mirrors = self.mirror and endpoint in ("contas_receber", "ordens_servico")
        return EndpointPolicy(
            mode="mirror" if mirrors else "upsert",
            on_settled="undo" if self.undo else "conflict",
            lote=self.lote if endpoint == "contas_receber" else 0,
            guardrails=Guardrails(
                max_quarantined_share=1, max_delete_share=1, min_rows_vs_median=0
            ),
        )

    # -- the road to Omie, and the city hall ------------------------------------------------------

    @rule(kind=st.sampled_from(KINDS), method=st.sampled_from(("", *METHODS)))
    def fault(self, kind: FaultKind, method: str) -> None:
        self.company.figures.faults += 1
        self.company.control.next_faults(PlannedFault(kind, method=method, seconds=50))

    @precondition(lambda self: self.lote)
    @rule(kind=st.sampled_from(LOT_KINDS), at_once=st.booleans())
    def fault_of_a_lot(self, kind: FaultKind, at_once: bool) -> None:
        """Receipts come that are new, and their lot goes wrong."""
        for number in (1, 2, 3):
            self.clinic.receive(number)
        self.fault(kind, LOT)
        if at_once:
            self.send("contas_receber")

    @rule(kind=st.sampled_from(LOST), method=st.sampled_from(METHODS[3:9]))
    def lose_an_answer(self, kind: FaultKind, method: str) -> None:
        """A write takes effect and its answer does not come, in a run of its endpoint."""
        self.fault(kind, method)
        self.send(next(name for name, methods in WRITES.items() if method in methods))

    @rule(seconds=st.sampled_from((0, 30, 60)))
    def stale_reads(self, seconds: int) -> None:
        self.company.control.set_behaviour(stale_reads_seconds=seconds)

    @rule(what=st.sampled_from(("down", "up", "refuses")))
    def city_hall(self, what: str) -> None:
        if what == "refuses":
            self.company.control.reject_next_note("Tomador não identificado")
        else:
            self.company.control.city_hall_down(what == "down")

    @rule(seconds=st.sampled_from((5, 45, 70, 400, 1900, 86400)))
    def wait(self, seconds: int) -> None:
        self.company.clock.sleep(seconds)

    # -- people in Omie ---------------------------------------------------------------------------

    @rule(place=PICKED, what=st.sampled_from(("bills", "cancels", "edits", "deletes", "note")))
    def person_and_order(self, place: int, what: str) -> None:
        control, found = self.company.control, sorted(self.company.truth().orders)
        if not found:
            return
        code = found[place % len(found)]
        try:
            if what == "bills":
                if any(note.state != "rejected" for note in control.notes(code)):
                    return
                self.company.person_bills(code)
                self.billed_by_person.add(code)
            elif what == "cancels":
                self.company.person_cancels(code)
            elif what == "note":
                control.cancel_note_of(code)
            elif what == "edits":
                control.edit("ordens_servico", code, {"Observacoes": {"cObsOS": "Recepção"}})
            else:
                control.delete("ordens_servico", code)
        except ConfigurationError:
            return
        self.company.figures.people += 1
        if what != "note":
            self.touched |= {("ordens_servico", code), ("faturar_os", code)}

    @rule(place=PICKED, what=st.sampled_from(("settles", "undoes", "deletes")))
    def person_and_title(self, place: int, what: str) -> None:
        control, found = self.company.control, sorted(self.company.truth().titles)
        if not found:
            return
        code = found[place % len(found)]
        settled = control.settlements(code)
        baixas = [f"BXR-{code.removeprefix('REC-')}{number}" for number in (1, 2)]
        try:
            if what == "settles":
                control.settle("contas_receber", code, value=Decimal(30))
            elif what == "deletes":
                control.delete("contas_receber", code)
                self.touched.add(("contas_receber", code))
            elif settled:
                control.undo_settlement(settled[0]["codigo_baixa"])
                baixas = [str(settled[0].get("codigo_baixa_integracao"))]
                self.touched.add(("contas_receber", code))  # it still counts as settled
        except ConfigurationError:
            return
        self.company.figures.people += 1
        if what != "settles":
            names = ("baixas_receber", "estornar_baixas_receber")
            self.touched |= {(name, baixa) for name in names for baixa in baixas}

    @rule(place=PICKED, what=st.sampled_from(("bills", "deletes")))
    def person_meddles(self, place: int, what: str) -> None:
        self.person_and_order(place, what)

    # -- the end ----------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "touched"):
            return
        control = self.company.control
        control.clear_faults()
        control.set_behaviour(stale_reads_seconds=0, city_hall_down=False)
        self.rest()
        check_end(self.company, self.undo, self.touched)
        for table in self.readings:
            self.company.read(table, "incremental")
            check_mirror(self.company, table)
        if self.receiver is not None:
            self.receiver.check_end()
        self.company.count_calls()
        figures = self.company.figures
        if self.tell_every and figures.histories % self.tell_every == 0:
            sys.stdout.write(f"{figures}\n")
            sys.stdout.flush()

    def rest(self) -> None:
        """Time passes and the schedule goes on until a whole round changes nothing."""
        before = self.standing()
        for number in range(_ROUNDS):
            self.company.clock.sleep(7 * 3600)
            for endpoint in CHAIN:
                if self.clean.get(endpoint) != self.company.facts(endpoint):
                    self.send(endpoint)
            self.follow()
            now = self.standing()
            if now == before and self.company.open_intents() == 0:
                figures = self.company.figures
                figures.most_rounds_to_rest = max(figures.most_rounds_to_rest, number)
                return
            before = now
        raise AssertionError("the history never comes to rest")

    def standing(self) -> object:
        """Omie and ledger, to be compared with what they were."""
        ledger = sorted(tuple(map(str, row[:5])) for row in self.company.ledger_rows())
        return self.company.truth(), ledger
