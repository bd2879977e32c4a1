"""What may happen between a clinic and people in Omie, step by step, and histories by chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

from tests.histories.machine import KINDS
from tests.histories.two_sides import CODES, FIELDS, LISTS, MAY_STAY, NAMES, TwoSides

_ROUNDS = 8
_QUIET = 2
"""Whole rounds without a write call that end a history."""


@dataclass(frozen=True)
class Step:
    """``what`` happens, about a record, a field or a value where it is about one."""

    what: str
    endpoint: str = "clientes"
    number: int = 1
    field: str = ""
    value: Any = ""


def begin(house: TwoSides) -> None:
    """Everything is delivered and read, and policies of all four words stand."""
    house.begin()
    house.set_wins("clientes", "clinica", email="omie", observacao="pessoa")
    house.set_wins("contas_receber", "so_se_vazio", valor_documento="pessoa")
    house.push()
    house.clock.sleep(70)
    for name in LISTS:
        house.read(name, "full")


def take(house: TwoSides, step: Step) -> None:
    """One step."""
    match step.what:
        case "clinic":
            house.clinic_edits(step.endpoint, step.number, step.field, step.value)
        case "person":
            house.person_edits(step.endpoint, step.number, step.field, step.value)
        case "wins":
            default, word, minutes = step.value
            house.set_wins(step.endpoint, default, minutes, **{step.field: word})
        case "read":
            house.read(step.endpoint, step.value)
        case "push":
            house.push()
        case "crash":
            house.crash(step.value, step.number)
        case "decides":
            house.decide(step.value, step.number)
        case "removes":
            house.clinic_removes(step.endpoint, step.number)
        case "settles":
            house.person_settles(step.number)
        case "deletes":
            house.person_deletes(step.endpoint, step.number)
        case "mirror":
            house.mirror(step.value)
        case "maps":
            house.maps(*step.value)
        case "builds":
            house.transform()
        case "rests":
            house.pause(step.value)
        case "switch":
            house.switch(step.endpoint, step.value)
        case "leaves out":
            house.leave_out(step.endpoint, *step.value)
        case "tells":
            house.tell()
        case "mail":
            house.mail(step.number, again=step.value)
        case "opens mail":
            house.open_mail()
        case "breaks":
            house.breaks(*step.value)
        case "meanwhile":
            what: Step = step.value
            house.meanwhile(step.number, lambda: take(house, what))
        case "while building":
            house.while_building = partial(take, house, step.value)
        case _:
            _take_more(house, step)


def _take_more(house: TwoSides, step: Step) -> None:
    match step.what:
        case "plans":
            house.make_plan(*step.value)
        case "approves":
            house.approve()
        case "applies":
            house.apply(*(step.value or ()))
        case _:
            house.clock.sleep(step.value)


def rest(house: TwoSides) -> None:
    """Everything is let through, whatever was sent arrives, and the schedule goes on until two
    whole rounds change nothing, on either side."""
    house.mended()
    house.pause(False)
    for endpoint, state in house.states.items():
        if state != "on":
            house.switch(endpoint, "on")
    quiet = 0
    for number in range(_ROUNDS):
        house.clock.sleep(7200)
        if house.post.waiting:
            while house.post.waiting:
                house.mail(-1)
            house.open_mail()
        for name in LISTS:
            house.read(name, "incremental" if number else "full")
        written = house.tell()
        first = house.newest_call()
        results = house.push()
        held = sum(one.report.total.held for one in results if one.report is not None)
        sent = house.writes_after(first)
        moved = written or held or sent or house.world.open_intents()
        quiet = 0 if moved else quiet + 1
        if quiet == _QUIET:
            return
    raise AssertionError("the history never comes to rest")


# -- by chance ------------------------------------------------------------------------------------

TEXTS = ("Aa", "Bb", "Cc", "")
VALUES = {
    "email": ("p1@exemplo.com.br", "b@clinica.com.br", "c@clinica.com.br", ""),
    "valor_documento": (Decimal(100), Decimal(120), Decimal(150)),
}
TYPED = {
    "email": ("x@omie.com.br", "y@omie.com.br", "p1@exemplo.com.br", ""),
    "valor_documento": (Decimal(90), Decimal(95), Decimal(100)),
    "codigo_categoria": ("1.01.03", "1.01.02", "1.01.01"),
}
TYPED_TEXTS = ("Xx", "Yy", "Aa", "")
WORDS = ("clinica", "omie", "pessoa", "so_se_vazio")
_PLACES = [(endpoint, name) for endpoint, names in FIELDS.items() for name in names]
_NUMBERS = (1, 1, 2, 3)
_MOST_CALLS = 12
_METHODS = (
    "UpsertCliente", "AlterarCliente", "UpsertContaReceber", "AlterarContaReceber",
    "ExcluirContaReceber", "ConsultarCliente", "ConsultarContaReceber", "ListarClientes",
    "ListarContasReceber", "PesquisarLancamentos",
)  # fmt: skip

Steps = list[Step]


@dataclass(frozen=True)
class Chance:
    """Histories that a number stands for."""

    seed: int

    def history(self) -> Steps:
        """Some parts, each of a few steps that belong together."""
        dice = Dice(self.seed)
        parts = (dice.meeting, dice.decision, dice.on_the_way, dice.plan, dice.trouble, dice.any)
        weights = (3, 3, 5, 2, 2, 3)
        picked = dice.choices(parts, weights, k=dice.randint(2, 5))
        return [step for part in picked for step in part()]


class Dice(random.Random):
    """Draws steps."""

    def likely(self, share: float) -> bool:
        return self.random() < share

    def edit(self, side: str, endpoint: str = "") -> Step:
        """An edit on one side."""
        places = [one for one in _PLACES if endpoint in ("", one[0])]
        endpoint, name = self.choice(places)
        if side == "clinic" and name == "codigo_categoria":
            return self.maps()
        if side == "clinic":
            value = self.choice(VALUES.get(name, TEXTS))
            return Step("clinic", endpoint, self.choice(_NUMBERS), name, value)
        value = self.choice(TYPED.get(name, TYPED_TEXTS))
        return Step("person", endpoint, self.choice((1, 1, 2)), name, value)

    def maps(self) -> Step:
        """A category of the clinic's is mapped otherwise, or not any more."""
        codes = ("1.01.01", "1.01.02", "1.01.03", "")
        return Step("maps", value=(self.choice(sorted(set(NAMES.values()))), self.choice(codes)))

    def pair(self) -> tuple[Step, Step]:
        """An edit of the clinic's, and one of a person's, of the same field often enough."""
        first, second = self.edit("clinic"), self.edit("person")
        if first.field and self.likely(0.6):
            values = TYPED.get(first.field, TYPED_TEXTS)
            second = replace(first, what="person", value=self.choice(values))
        return first, second

    def meeting(self) -> Steps:
        """Both sides change one record, and Omie is read before the clinic's change leaves."""
        first, second = self.pair()
        waits = Step("waits", value=self.choice((70, 70, 400, 7200)))
        read = [Step("read", second.endpoint, value="incremental")] if self.likely(0.7) else []
        return [second, waits, first, *read, Step("push")]

    def decision(self) -> Steps:
        """A conflict that a person decides, of what they saw and what may have changed since."""
        endpoint, name = self.choice((("clientes", "observacao"),
                                      ("contas_receber", "valor_documento")))  # fmt: skip
        number = self.choice((1, 2))
        values, typed = VALUES.get(name, TEXTS), TYPED.get(name, TYPED_TEXTS)
        steps = [
            Step("person", endpoint, number, name, self.choice(typed)),
            Step("waits", value=70),
            Step("read", endpoint, value="incremental"),
            Step("clinic", endpoint, number, name, self.choice(values)),
            Step("push"),
        ]
        since = [
            Step("person", endpoint, number, name, self.choice(typed)),
            Step("clinic", endpoint, number, name, self.choice(values)),
            self.edit("person", endpoint),
            self.edit("clinic", endpoint),
            Step("waits", value=70),
            Step("read", endpoint, value="incremental"),
            Step("leaves out", endpoint, value=self.choice(((), *_LEFT[endpoint]))),
            Step("push"),
        ]
        steps += self.sample(since, k=self.choice((0, 0, 1, 2)))
        steps.append(Step("decides", number=0, value=self.choice(("clinica", "omie"))))
        steps += self.sample(since, k=self.choice((0, 1, 2)))
        return [*steps, Step("push")]

    def on_the_way(self) -> Steps:
        """Something happens while a push is on its way that has something to send."""
        first, second = self.pair()
        kinds: Sequence[Callable[[], Step]] = (
            lambda: second,
            lambda: self.edit("person"),
            self.maps,
            lambda: Step("mail", number=-1, value=False),
            lambda: Step("rests", value=True),
            lambda: Step("switch", self.choice(LINES), value=self.choice(("off", "so_novos"))),
            lambda: Step("deletes", "contas_receber", self.choice((1, 2))),
            lambda: Step("decides", value=self.choice(("clinica", "omie"))),
            lambda: Step("builds"),
            self.left_out,
        )
        what = self.choices(kinds, (5, 2, 1, 4, 2, 1, 2, 1, 1, 1))[0]()
        if self.likely(0.2):
            built = Step("while building", value=self.choice((self.maps(), self.edit("person"))))
            return [first, built, Step("push")]
        edits = [first, *(self.edit("clinic") for _ in range(self.choice((0, 1, 2))))]
        step = Step("meanwhile", number=self.choice((1, 1, 2, 3)), value=what)
        after = [Step("mail", number=-1, value=False)] if self.likely(0.3) else []
        if what.what == "rests" and self.likely(0.8):
            after.append(Step("rests", value=False))
        return [*edits, step, Step("push"), *after]

    def plan(self) -> Steps:
        """A plan is made of an edit, approved and applied, perhaps in two halves, and once more;
        perhaps something happens between."""
        broken: Steps = []
        if self.likely(0.4):
            ending = (self.choice(("call", "commit")), self.randint(1, _MOST_CALLS))
            broken = [Step("applies", value=ending)]
        return [
            *(self.edit("clinic") for _ in range(self.choice((1, 1, 2)))),
            Step("plans", value=self.choice(((), ("clientes",), ("contas_receber",)))),
            Step("waits", value=70),
            Step("approves"),
            *(self.any() if self.likely(0.4) else ()),
            *broken,
            Step("applies"),
            Step("applies"),
        ]

    def trouble(self) -> Steps:
        """The road or a process breaks while something is to be sent."""
        breaks = [
            Step("breaks", value=(self.choice(KINDS), self.choice(_METHODS), self.choice((1, 2))))
            for _ in range(self.choice((1, 2)))
        ]
        first, second = self.pair()
        ends = [Step("push")]
        if self.likely(0.3):
            crash = self.choice(("call", "commit"))
            ends = [Step("crash", number=self.randint(1, _MOST_CALLS), value=crash)]
        more = [second, Step("waits", value=self.choice((5, 70, 700, 7200))), Step("push")]
        return [*breaks, first, *ends, *(more if self.likely(0.6) else ())]

    def any(self) -> Steps:
        """Whatever may happen, once or a few times."""
        kinds: Sequence[Callable[[], Step]] = (
            lambda: self.edit("clinic"),
            lambda: self.edit("person"),
            self.words,
            self.maps,
            self.mail,
            self.left_out,
            lambda: Step("opens mail"),
            lambda: Step("removes", "contas_receber", self.choice((1, 2, 3))),
            lambda: Step("deletes", "contas_receber", self.choice((1, 2))),
            lambda: Step("mirror", value=self.choice((True, False))),
            lambda: Step("settles", number=self.choice((1, 2))),
            lambda: Step("push"),
            lambda: Step("read", self.choice(LISTS), value=self.choice(("incremental", "full"))),
            lambda: Step("decides", number=self.randint(0, 2),
                         value=self.choice(("clinica", "omie"))),
            lambda: Step("waits", value=self.choice((5, 70, 700, 7200))),
            lambda: Step("rests", value=self.choice((True, False))),
            lambda: Step("switch", self.choice(LINES),
                         value=self.choice(("on", "off", "so_novos"))),
            lambda: Step("tells"),
        )  # fmt: skip
        return [self.choice(kinds)() for _ in range(self.choice((1, 1, 2, 3)))]

    def words(self) -> Step:
        """Who wins changes."""
        endpoint, name = self.choice(_PLACES)
        value = (self.choice(WORDS), self.choice(WORDS), self.choice((1, 10)))
        return Step("wins", endpoint, field=name, value=value)

    def mail(self) -> Step:
        """An event arrives: the newest, or an older one, and perhaps once more later."""
        if self.likely(0.4):
            return Step("mail", number=-1, value=False)
        return Step("mail", number=self.randint(0, 3), value=self.choice((True, False)))

    def left_out(self) -> Step:
        """A field is left out of what is exported, or all are exported again."""
        endpoint = self.choice(LINES)
        return Step("leaves out", endpoint, value=self.choice(((), *_LEFT[endpoint])))


LINES = sorted(CODES)
_LEFT = {endpoint: [(name,) for name in names] for endpoint, names in MAY_STAY.items()}


def shortest(steps: Steps, fails: Callable[[Steps], bool]) -> Steps:
    """The history without what it fails without."""
    size = max(1, len(steps) // 2)
    while size:
        place = 0
        while place < len(steps):
            fewer = steps[:place] + steps[place + size :]
            if fails(fewer):
                steps = fewer
            else:
                place += size
        size //= 2
    return steps
