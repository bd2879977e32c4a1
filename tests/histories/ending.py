"""How every history must end: Omie, ledger and report say the same, and what does not is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tests.histories.clinic import Clinic, Payment, Receipt
from tests.histories.company import CHAIN, Company, Truth
from tests.histories.safety import LIVING, stands

Key = tuple[str, str]

NOTE_STATES = {
    "processing": {"submitted", "processing"},
    "authorised": {"issued"},
    "cancelled": {"cancelled"},
    "rejected": {"rejected"},
}


@dataclass(frozen=True)
class Verdict:
    """What should be of a row: the states that are right, and whether Omie must hold it as the
    clinic says it."""

    states: frozenset[str]
    equal: bool = False


DELIVERED = Verdict(frozenset({"confirmed"}), equal=True)


def waits(*states: str) -> Verdict:
    """A person, or another row, comes first."""
    return Verdict(frozenset(states))


@dataclass
class Expected:
    """The small model of what the pipeline owes the clinic, from the clinic and Omie alone."""

    clinic: Clinic
    truth: Truth
    undo: bool

    def rows(self) -> dict[Key, Verdict]:
        """A verdict for every row of the clinic's models."""
        found: dict[Key, Verdict] = {("categorias", "CAT-1"): DELIVERED}
        found["servicos", "SRV-1"] = DELIVERED
        for patient in self.clinic.patients.values():
            good = patient.state != "invalid"
            found["clientes", f"PAC-{patient.number}"] = DELIVERED if good else waits("quarantined")
        for receipt in self.clinic.receipts.values():
            found["contas_receber", receipt.title] = self._title(receipt)
            if receipt.order:
                found["ordens_servico", receipt.order_code] = self._order(receipt)
            if receipt.order and receipt.bill:
                found["faturar_os", receipt.order_code] = self._billing(receipt)
        for payment in self.clinic.payments():
            if payment.reversed:
                # One that was never settled has nothing to take back.
                states = frozenset({"confirmed", "quarantined"})
                found["estornar_baixas_receber", payment.code] = Verdict(states, equal=True)
            else:
                found["baixas_receber", payment.code] = self._settlement(payment)
        return found

    def _title(self, receipt: Receipt) -> Verdict:
        held = self.truth.titles.get(receipt.title)
        if held is None:
            return DELIVERED if self._known(receipt.patient) else waits("held")
        settled = held[0].get("_baixas") or []
        if same_title(receipt, held[0]) or not settled:
            return DELIVERED
        ours = [one for one in settled if one.get("codigo_baixa_integracao")]
        if len(ours) < len(settled):
            return waits("rejected", "quarantined", "held")
        # Taken back only where what is paid could come back.
        paid = sum(
            payment.value
            for payment in self.clinic.payments()
            if payment.title == receipt.title and not payment.reversed
        )
        fits = self.undo and paid <= receipt.value
        return DELIVERED if fits else waits("quarantined")

    def _settlement(self, payment: Payment) -> Verdict:
        held = self.truth.settlements.get(payment.code)
        if held is not None:
            same = int(held[0]["valor"]) == payment.value
            return DELIVERED if same or self.undo else waits("quarantined")
        titles = self.truth.titles.get(payment.title)
        if titles is None:
            return waits("held")
        standing = titles[0].get("_baixas") or []
        paid = sum(int(one["valor"]) for one in standing)
        if paid + payment.value > int(titles[0]["valor_documento"]):
            return waits("rejected", "quarantined")
        by_hand = [one for one in standing if not one.get("codigo_baixa_integracao")]
        if any(int(one["valor"]) == payment.value for one in by_hand):
            # It may be this very payment, where the days are near.
            return waits("confirmed", "quarantined")
        return DELIVERED

    def _order(self, receipt: Receipt) -> Verdict:
        held = self.truth.orders.get(receipt.order_code)
        if held is None:
            return DELIVERED if self._known(receipt.patient) else waits("held")
        out = [note for note in self.truth.notes[receipt.order_code] if note.state != "rejected"]
        return DELIVERED if same_order(receipt, held[0]) or not out else waits("quarantined")

    def _billing(self, receipt: Receipt) -> Verdict:
        notes = self.truth.notes.get(receipt.order_code)
        if notes is None:
            return waits("held")
        if any(note.state != "rejected" for note in notes):
            return DELIVERED
        if notes:
            return waits("rejected")
        return DELIVERED if self.clinic.taxable else waits("rejected")

    def _known(self, patient: int) -> bool:
        return f"PAC-{patient}" in self.truth.clientes


def same_title(receipt: Receipt, record: dict[str, Any]) -> bool:
    """Whether a título says what the clinic says."""
    value, text = int(record["valor_documento"]), record.get("observacao")
    return (value, text) == (receipt.value, receipt.text)


def same_order(receipt: Receipt, record: dict[str, Any]) -> bool:
    """Whether an order says what the clinic says."""
    items, notes = record["ServicosPrestados"], record.get("Observacoes") or {}
    values = [int(item["nValUnit"]) for item in items]
    return values == [receipt.value] and notes.get("cObsOS") == receipt.text


def same_everywhere(clinic: Clinic, truth: Truth, key: Key) -> bool:
    """Whether Omie holds what the clinic says of a row."""
    endpoint, code = key
    number = int(code.rsplit("-", 1)[1])
    match endpoint:
        case "clientes":
            held = truth.clientes.get(code, [])
            patient = clinic.patients[number]
            ceps = {"good": "01001000", "homeless": "00000000"}
            return [(one["bairro"], _digits(one["cep"])) for one in held] == [
                (patient.district, ceps[patient.state])
            ]
        case "servicos":
            heads = [one["cabecalho"] for one in truth.servicos.get(code, [])]
            # A code that the clinic no longer gives stays in Omie: nothing is sent for it.
            return len(heads) == 1 and (not clinic.taxable or heads[0].get("cCodLC116") == "4.03")
        case "contas_receber":
            held = truth.titles.get(code, [])
            return len(held) == 1 and same_title(clinic.receipts[number], held[0])
        case "ordens_servico":
            held = truth.orders.get(code, [])
            return len(held) == 1 and same_order(clinic.receipts[number], held[0])
        case "baixas_receber":
            said = next(one for one in clinic.payments() if one.code == code)
            held = truth.settlements.get(code, [])
            return [int(one["valor"]) for one in held] == [said.value]
        case "estornar_baixas_receber":
            return code not in truth.settlements
        case "categorias":
            return len(truth.categories.get(clinic.category, [])) == 1
        case _:
            return any(note.state != "rejected" for note in truth.notes.get(code, ()))


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def check_end(company: Company, undo: bool, touched: Collection[Key]) -> None:
    """Truth = ledger, row by row; every row that is not delivered is told with its reason."""
    clinic, truth = company.clinic, company.truth()
    ledger = {(row[0], row[1]): row for row in company.ledger_rows()}
    quarantined = {
        (row[0], row[1]): row[2]
        for row in company.rows(
            "SELECT endpoint, codigo_integracao, reasons FROM omie_sync.quarantine"
        )
    }
    expected = Expected(clinic, truth, undo).rows()
    for key, verdict in expected.items():
        state = "quarantined" if key in quarantined else ledger[key].state if key in ledger else ""
        if state != "confirmed":
            told = quarantined[key] if key in quarantined else ledger[key].last_error
            assert told, f"{key} is {state} without a reason"
        if key in touched:
            continue
        assert state in verdict.states, (key, state, sorted(verdict.states), ledger.get(key))
        if verdict.equal:
            assert same_everywhere(clinic, truth, key), (key, state)
    for key, row in ledger.items():
        # A settlement that was taken back for a change came back since.
        was_undone = key[0] == "estornar_baixas_receber" and key not in expected
        if row.state == "confirmed" and key not in touched and not was_undone:
            assert stands(truth, *key, row.omie_id, row.omie_code), key
    assert set(quarantined) <= set(expected), set(quarantined) - set(expected)
    _check_all_known(truth, ledger)
    _check_notes(company, truth, touched)
    assert company.open_intents() == 0


def check_mirror(company: Company, table: str) -> None:
    """The mirror has what Omie has, no more and no less."""
    records = company.control.records("clientes" if table == "clientes" else "contas_receber")
    key = "codigo_cliente_omie" if table == "clientes" else "codigo_lancamento_omie"
    assert company.mirrored(table) == {record[key] for record in records}, table


def _check_all_known(truth: Truth, ledger: dict[Key, Any]) -> None:
    """Omie holds nothing of ours that the ledger does not know."""
    for endpoint, records in (
        ("clientes", truth.clientes),
        ("servicos", truth.servicos),
        ("contas_receber", truth.titles),
        ("ordens_servico", truth.orders),
        ("baixas_receber", truth.settlements),
    ):
        for code in records:
            row = ledger.get((endpoint, code))
            assert row is not None, (endpoint, code)
            assert row.omie_id is not None, (endpoint, code)
            assert row.state != "deleted", (endpoint, code)


def _check_notes(company: Company, truth: Truth, touched: Collection[Key]) -> None:
    told = dict(company.rows("SELECT cod_int_os, state FROM omie_sync.nfse"))
    for code, state in told.items():
        if ("faturar_os", code) in touched:
            continue
        notes = truth.notes.get(code, ())
        if code not in truth.orders:
            # The mirror took away an order that was not billed any more.
            assert state in ("error", "deleted"), (code, state)
            continue
        assert notes, f"{code} is {state} and Omie has no note"
        living = [note for note in notes if note.state in LIVING]
        last = (living or list(notes))[-1]
        assert state in NOTE_STATES[last.state], (code, state, notes)


__all__ = ["CHAIN", "Expected", "check_end", "check_mirror"]
