"""What must be true in the end, said without the engine: from the journal, from Omie, from the
clinic's rows, and from what people can read (conflicts, quarantine)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from omie_pipeline.app.conflicts import list_conflicts
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.outbox.read import Change, changes_after
from omie_pipeline.push.both_sides.decide import FieldConflict, WantedConflicts
from omie_pipeline.push.both_sides.overwritten import ANY_FIELD
from tests.histories.two_sides import CODES, FIELDS, NAMES, Lost, Spot, TwoSides, text_of
from tests.push.world import EMPRESA


@dataclass(frozen=True)
class Told:
    """What people can read of one history."""

    entries: tuple[FieldConflict, ...]
    quarantined: frozenset[tuple[str, str]]

    def of(self, spot: Spot, *states: str) -> list[FieldConflict]:
        """Entries of a field, the newest first."""
        return [
            one
            for one in self.entries
            if (one.endpoint, one.codigo_integracao, one.field) == spot and one.state in states
        ]


def told(house: TwoSides) -> Told:
    """What people can read now."""
    rows = house.world.rows("SELECT endpoint, codigo_integracao FROM omie_sync.quarantine")
    return Told(
        list_conflicts(house.deployment, WantedConflicts((EMPRESA,))),
        frozenset((row[0], row[1]) for row in rows),
    )


def check_explained(house: TwoSides) -> None:
    """Every field is the same on both sides, or it is told why not; nothing typed is lost
    untold."""
    omie, clinic, known = house.omie(), house.clinic(), told(house)
    for spot, value in clinic.items():
        why = _why(house, known, spot, value, omie.get(spot))
        assert why, (spot, "clinic", value, "omie", omie.get(spot), known.of(spot, *_ALL))
        house.figures.kept_for_omie += why == "kept"
    for entry in known.entries:
        if entry.field == ANY_FIELD:
            record = (entry.endpoint, entry.codigo_integracao)
            # A change that was seen before its event came may be told once more: conflicts.md.
            assert record in house.journal.touched, (entry, "nobody had typed anything")
    for one in house.journal.lost:
        why = _why_lost(known, one)
        assert why, (one, known.of(one.spot, *_ALL))
        house.figures.replaced += 1
        house.figures.replaced_unseen += why == "unseen"


_ALL = ("open", "kept_clinica", "kept_omie", "overwritten", "gone")


def _why(house: TwoSides, known: Told, spot: Spot, clinic: str, omie: str | None) -> str:
    """Why a field may stand as it does; ``""`` if nobody says."""
    endpoint, code, name = spot
    delivered = house.journal.delivered.get(spot, "")
    if clinic == omie:
        return "same"
    if omie is None and spot[:2] in house.journal.deleted:
        # A person deleted it in Omie, and the clinic changed nothing since.
        fields = FIELDS[endpoint]
        own, said = house.clinic(), house.journal.delivered
        spots = [(endpoint, code, one) for one in fields if one not in house.left[endpoint]]
        settled = {
            (one.endpoint, one.codigo_integracao, one.field, text_of(one.clinic_new))
            for one in known.entries
            if one.state == "kept_omie"
        }
        news = [one for one in spots if own[one] != said.get(one, "")]
        if all((*one, own[one]) in settled for one in news):
            return "deleted"
    pending = [
        one
        for one in known.of(spot, "open")
        if (text_of(one.clinic_new), text_of(one.omie_new)) == (clinic, omie)
    ]
    decided = [
        one
        for one in known.of(spot, "kept_clinica", "kept_omie")
        if one.decided_by and (text_of(one.clinic_new), text_of(one.omie_new)) == (clinic, omie)
    ]
    if pending:
        # What a person decided of these two values is not asked again.
        return "" if decided else "pending"
    record = [
        one
        for one in known.entries
        if (one.endpoint, one.codigo_integracao, one.state) == (endpoint, code, "open")
    ]
    if (endpoint, code) in known.quarantined:
        # A row of which one field waits for a person does not leave, and none that Omie refuses.
        if record:
            return "row pending"
        if (endpoint, code) in house.paid:
            return "settled"
        if endpoint == "contas_receber" and NAMES[int(code.split("-")[1])] not in house.codes:
            return "not mapped"
    typed = house.journal.standing.get(spot)
    stands = typed is not None and typed.value == omie
    if name in house.left[endpoint]:
        # Not exported: a person's, or what was sent when it still was.
        return "left out" if stands or omie == delivered else ""
    for one in known.of(spot, "kept_omie"):
        # What a person typed over a value that was kept needs no new word until a push meets it.
        if text_of(one.clinic_new) == clinic and (stands or text_of(one.omie_new) == omie):
            return "kept"
    if stands and delivered == clinic:
        # Omie had the clinic's value; a person changed it there, and the clinic nothing since.
        return "only omie"
    return ""


def _why_lost(known: Told, lost: Lost) -> str:
    """By what a value that a person typed might be replaced, if that is told."""
    entries = [
        one
        for one in known.of(lost.spot, "kept_clinica", "overwritten")
        if text_of(one.omie_new) == lost.typed.value
    ]
    if lost.word == "so_se_vazio" and not lost.typed.value:
        return "empty"
    if lost.word == "clinica" and entries:
        return "policy"
    if any(one.decided_by for one in entries):
        return "decided"
    kept = [one for one in known.of(lost.spot, "kept_omie") if one.decided_by]
    if entries and any(text_of(one.omie_new) == lost.typed.value for one in kept):
        # A person kept it until the clinic's changes again.
        return "decided before"
    if any(one.state == "overwritten" for one in entries):
        return "overwritten"
    # No look could show it: Omie's word of it, which came in the end, tells it.
    whole = (*lost.spot[:2], ANY_FIELD)
    told_since = known.of(whole, "overwritten", "kept_clinica")
    return "unseen" if lost.unseen and told_since else ""


def check_way_back(house: TwoSides) -> None:
    """The outbox has no gap, tells each state once, and ends with what Omie has; the clinic's own
    table shows the same."""
    changes = changes_after(house.engine, EMPRESA, 0)
    assert [one.number for one in changes] == list(range(1, len(changes) + 1))
    assert len({one.key for one in changes}) == len(changes)
    newest: dict[tuple[str, int], Change] = {}
    for one in changes:
        before = newest.get((one.kind, one.omie_id))
        assert one.version == (before.version if before else 0) + 1
        assert before is None or _said(before) != _said(one), one
        newest[one.kind, one.omie_id] = one
    assert house.retorno() == {key: one.number for key, one in newest.items()}
    for endpoint in CODES:
        held = {
            int(record[REGISTRY[endpoint].omie_key]): record
            for record in house.control.records(endpoint)
            if record.get(REGISTRY[endpoint].integration_key)
        }
        told_of = {omie_id: one for (kind, omie_id), one in newest.items() if kind == endpoint}
        assert set(held) <= set(told_of)
        for omie_id, one in told_of.items():
            _check_change(endpoint, one, held.get(omie_id))


def _check_change(endpoint: str, one: Change, record: Mapping[str, Any] | None) -> None:
    if record is None:
        # One that went before any reading showed it is never said to be anything else.
        assert one.state in ("removed", "unread"), one
        return
    assert one.integration_code == record[REGISTRY[endpoint].integration_key]
    if endpoint == "clientes":
        assert one.state == "active"
        return
    paid = sum(Decimal(str(each["valor"])) for each in record.get("_baixas") or ())
    amount = Decimal(str(record["valor_documento"]))
    state = "partly_paid" if 0 < paid < amount else "paid" if paid else "open"
    assert (one.state, one.amount, one.paid_amount) == (state, amount, paid), (one, paid)


def _said(one: Change) -> tuple[Any, ...]:
    ours = ("number", "key", "version", "happened_at", "written_at", "clinic_table", "clinic_id")
    return tuple(value for name, value in asdict(one).items() if name not in ours)


def check_removed(house: TwoSides) -> None:
    """What the clinic removed under ``mirror`` is gone from Omie and told as deleted."""
    ledger = house.world.ledger("contas_receber")
    clinic = {code for endpoint, code, _ in house.clinic() if endpoint == "contas_receber"}
    held = {code for endpoint, code, _ in house.omie() if endpoint == "contas_receber"}
    for code, state in ledger.items():
        if code in clinic or ("contas_receber", code) in house.paid:
            continue
        if ("contas_receber", code) in house.journal.deleted:
            assert code not in held
            continue
        assert (code in held) == (state != "deleted"), (code, state)
        assert not house.mirrors or state == "deleted", (code, state)
