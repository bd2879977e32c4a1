"""The people in the finance department: settling, undoing, entries, transfers, notas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator import company, notes
from omie_pipeline.simulator.control.base import ControlBase, exact, known
from omie_pipeline.simulator.engine.fields import parse_date
from omie_pipeline.simulator.engine.state import RecordKey
from omie_pipeline.simulator.money import entries, settlements
from omie_pipeline.simulator.money.book import ENTRIES, TITLES
from omie_pipeline.simulator.money.lists import balance_on
from omie_pipeline.simulator.rules.base import audit
from omie_pipeline.simulator.rules.titulos import open_balance


class MoneyControl(ControlBase):
    """Operations on money; days are dates, values are reais (``Decimal``, ``int`` or ``str``)."""

    def settle(
        self,
        endpoint: str,
        code: RecordKey,
        *,
        value: Decimal | None = None,
        discount: Decimal | int = 0,
        interest: Decimal | int = 0,
        fine: Decimal | int = 0,
        account: int | None = None,
        day: date | None = None,
        integration_code: str = "",
        app_key: str = company.APP_KEY,
    ) -> int:
        """A person settles a título, for ``value`` reais or its whole balance. Answers the id.

        The account receives ``value + interest + fine``; the discount lowers the balance without
        money. Without ``account`` the título's own is used, without ``day`` today.

        Args:
            endpoint: name of the endpoint.
            code: Omie's id of the título.
            value: in R$; the whole balance by default.
            discount: in R$.
            interest: in R$.
            fine: in R$.
            account: id of the account.
            day: the day of the event; today by default.
            integration_code: the integration code of the settlement.
            app_key: key of the simulated app.
        """
        sent: dict[str, Any] = {"desconto": discount, "juros": interest, "multa": fine}
        with self._acting(app_key, endpoint) as (context, collection):
            record = known(collection, code)
            if value is None and discount:
                value = open_balance(record) - Decimal(discount)
            if value is not None:
                sent["valor"] = value
            if account is not None:
                sent["codigo_conta_corrente"] = account
            if day is not None:
                sent["data"] = f"{day:%d/%m/%Y}"
            sent["codigo_baixa_integracao"] = integration_code
            settlement, _ = settlements.add_settlement(context, record, exact(sent))
            return int(settlement["codigo_baixa"])

    def settle_batch(
        self,
        endpoint: str,
        codes: Sequence[RecordKey],
        *,
        account: int | None = None,
        day: date | None = None,
        app_key: str = company.APP_KEY,
    ) -> int:
        """A person settles several títulos by one entry of an account. Answers ``nCodMovCC``.

        Args:
            endpoint: name of the endpoint.
            codes: Omie's ids of the títulos.
            account: id of the account.
            day: the day of the event; today by default.
            app_key: key of the simulated app.
        """
        sent: dict[str, Any] = {}
        with self._acting(app_key, endpoint) as (context, collection):
            if account is not None:
                sent["codigo_conta_corrente"] = account
            if day is not None:
                sent["data"] = f"{day:%d/%m/%Y}"
            records = [known(collection, code) for code in codes]
            return settlements.settle_batch(context, records, exact(sent))

    def undo_settlement(self, settlement: int, *, app_key: str = company.APP_KEY) -> None:
        """A person undoes a settlement by Omie's id of it, on either side."""
        for endpoint, _ in TITLES:
            with self._acting(app_key, endpoint) as (context, _collection):
                if settlements.holds(context, settlement):
                    settlements.undo(context, {"codigo_baixa": settlement})
                    return
        raise ConfigurationError(f"no settlement {settlement!r}")

    def cancel(self, endpoint: str, code: RecordKey, *, app_key: str = company.APP_KEY) -> None:
        """A person cancels a título, settled or not."""
        with self._acting(app_key, endpoint) as (context, collection):
            settlements.cancel_title(context, known(collection, code))

    def lancar_em_conta(
        self,
        account: int,
        value: Decimal | int | str,
        *,
        day: date | None = None,
        category: str = "",
        cliente: int = 0,
        note: str = "",
        origin: str = "",
        app_key: str = company.APP_KEY,
    ) -> int:
        """A manual entry: positive ``value`` is money in (EXTR), negative money out (EXTP).

        Answers ``nCodLanc``. ``origin`` may say another word (OFXR, OFXP, APER, ...).

        Args:
            account: id of the account.
            value: in R$; negative for money out.
            day: the day of the event; today by default.
            category: its code.
            cliente: Omie's id of the cliente.
            note: free text.
            origin: Omie's ``cOrigem``.
            app_key: key of the simulated app.
        """
        amount = Decimal(value)
        details = {
            "cCodCateg": category,
            "cTipo": "DIN",
            "nCodCliente": cliente or None,
            "cObs": note,
        }
        with self._acting(app_key, ENTRIES) as (context, collection):
            word = origin or ("EXTR" if amount > 0 else "EXTP")
            record = entries.entry_record(
                context, account, amount, origin=word, day=day, details=details
            )
            context.app.put(collection, record)
            return int(record["nCodLanc"])

    def transferir(
        self,
        source: int,
        target: int,
        value: Decimal | int | str,
        *,
        day: date | None = None,
        note: str = "",
        app_key: str = company.APP_KEY,
    ) -> tuple[int, int]:
        """A transfer between two accounts: answers ``nCodLanc`` of the TRAP and of the TRAR.

        Args:
            source: id of the account that pays.
            target: id of the account that receives.
            value: in R$.
            day: the day of the event; today by default.
            note: free text.
            app_key: key of the simulated app.
        """
        with self._acting(app_key, ENTRIES) as (context, collection):
            pair = entries.transfer_records(context, source, target, Decimal(value), day, note)
            for record in pair:
                context.app.put(collection, record)
            return int(pair[0]["nCodLanc"]), int(pair[1]["nCodLanc"])

    def conciliate(self, entry: int, *, app_key: str = company.APP_KEY) -> None:
        """A person conciliates a manual entry or half of a transfer today."""
        with self._acting(app_key, ENTRIES) as (context, collection):
            before = known(collection, entry)
            done = {
                "dDtConc": f"{context.now:%d/%m/%Y}",
                "cHrConc": f"{context.now:%H:%M:%S}",
            }
            record = {**before, "diversos": {**before["diversos"], **done}}
            audit(context, record, before)
            context.app.put(collection, record)

    def balance(
        self, account: int, day: date | None = None, *, app_key: str = company.APP_KEY
    ) -> Decimal:
        """The truth: reais in ``account`` at the end of ``day`` (today without one)."""
        with self._engine.lock:
            app, collection = self._collection(app_key, "contas_correntes")
            known(collection, account)
            context = self._context(app, collection)
            return balance_on(context, account, day or context.now.date())

    def issue_note(
        self,
        kind: str,
        value: Decimal | int | str,
        *,
        cliente: int = 0,
        day: date | None = None,
        category: str = "1.01.01",
        app_key: str = company.APP_KEY,
    ) -> int:
        """Issue a nota: ``kind`` is ``notas_servico`` (NFS-e) or ``notas_produto`` (NF-e).

        Args:
            kind: ``notas_servico`` or ``notas_produto``.
            value: in R$.
            cliente: Omie's id of the cliente.
            day: the day of the event; today by default.
            category: its code.
            app_key: key of the simulated app.
        """
        with self._acting(app_key, kind) as (context, collection):
            record = notes.new_note(context, Decimal(value), cliente, day, category)
            context.app.put(collection, record)
            return int(record["_id"])

    def cancel_note(
        self, kind: str, code: int, *, reason: str = "", app_key: str = company.APP_KEY
    ) -> None:
        """Cancel a nota fiscal today; it stays in its list.

        Args:
            kind: ``notas_servico`` or ``notas_produto``.
            code: Omie's id of the nota.
            reason: in words.
            app_key: key of the simulated app.
        """
        with self._acting(app_key, kind) as (context, collection):
            record = notes.cancelled(context, known(collection, code), reason)
            context.app.put(collection, record)
            orders = context.other("ordens_servico")
            billed = (record.get("OrdemServico") or {}).get("nCodigoOS") or 0
            order = orders.get(billed) if orders is not None else None
            if orders is not None and order is not None:
                context.app.put(orders, notes.marked_cancelled(order, code))


def day_from(text: str | None) -> date | None:
    """A day as the control's HTTP side writes it: AAAA-MM-DD or dd/mm/aaaa.

    Raises:
        ValueError: neither.
    """
    if not text:
        return None
    return parse_date(text) or date.fromisoformat(text)
