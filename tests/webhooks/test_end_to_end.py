"""From a change in Omie's screens to the mirror: simulator, receiver, inbox and readings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.inbox import process_inbox
from omie_pipeline.inbox.act import InboxReport
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.control import Control
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from omie_pipeline.webhooks.auth import WebhookAddress
from omie_pipeline.webhooks.server import Receiver
from tests.webhooks.bodies import SECRET

EMPRESA = "principal"
TABLES = (
    "contas_correntes",
    "clientes",
    "contas_receber",
    "baixas",
    "movimentacoes",
    "lancamentos_conta_corrente",
)


class SharedClock:
    """The simulator's clock as the package sees one."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now().astimezone(UTC)

    def sleep(self, wait_seconds: float) -> None:
        self._clock.advance(max(wait_seconds, 0.0))


@dataclass
class Clinic:
    """A deployment whose mirror has been loaded, with the receiver on."""

    deployment: Deployment
    simulator: Simulator
    clock: SharedClock

    def arrived(self) -> None:
        """Wait for every event that Omie sends."""
        stats = self.simulator.control.flush_webhooks()
        assert (stats.waiting, stats.retrying) == (0, 0)

    def process(self) -> InboxReport:
        self.arrived()
        self.simulator.control.clear_calls()
        return process_inbox(self.deployment, EMPRESA)

    def settled(self) -> None:
        """Rounds until nothing waits."""
        for _ in range(4):
            self.process()
            self.clock.sleep(62)
        assert set(self.column("SELECT state FROM omie_inbox.events")) == {"done"}

    def column(self, query: str) -> list[Any]:
        with self.deployment.engine.connect() as connection:
            return list(connection.execute(sa.text(query)).scalars())

    def asked(self) -> Counter[str]:
        return Counter(call.method for call in self.simulator.control.calls())


@pytest.fixture
def clinic(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    sim_clock = ManualClock(datetime(2026, 3, 10, 12, tzinfo=UTC))
    with running_simulator(clock=sim_clock, limits=Limits.off()) as simulator:
        for name, value in {
            "OMIE_APP_KEY": simulator.app_key,
            "OMIE_APP_SECRET": simulator.app_secret,
            "OMIE_BASE_URL": simulator.base_url,
            "OMIE_CALLS_PER_MINUTE": "60000",
            "OMIE_CALLS_PER_MINUTE_IP": "240000",
            "WAREHOUSE_URL": database_url,
            "OMIE_PIPELINE_HOME": str(tmp_path),
            "OMIE_PIPELINE_START_DATE": "2026-01-01",
        }.items():
            monkeypatch.setenv(name, value)
        clock = SharedClock(sim_clock)
        deployment = Deployment(clock=clock)
        simulator.control.seed_receivables(20, days=30)
        for table in TABLES:
            deployment.import_table(table, EMPRESA, mode="full")
        clock.sleep(120)
        door = WebhookAddress(EMPRESA, SECRET, simulator.app_key)
        with Receiver([door], database_url, clock=clock, port=0) as receiver:
            simulator.control.set_webhook(receiver.url(door), ping=True)
            yield Clinic(deployment, simulator, clock)
            simulator.control.set_webhook(None)
        deployment.engine.dispose()


def _title(clinic: Clinic, position: int = 0) -> int:
    codes = clinic.column(
        "SELECT codigo_lancamento_omie FROM omie.contas_receber "
        "WHERE status_titulo NOT IN ('RECEBIDO', 'CANCELADO') ORDER BY 1"
    )
    return int(codes[position])


@pytest.mark.slow
def test_a_change_in_omie_is_in_the_mirror_after_one_round(clinic: Clinic) -> None:
    code = _title(clinic)
    clinic.simulator.control.edit("contas_receber", code, {"valor_documento": Decimal("77.70")})
    report = clinic.process()
    assert report.events == 1
    value = f"SELECT valor_documento FROM omie.contas_receber WHERE codigo_lancamento_omie = {code}"
    assert clinic.column(value) == [Decimal("77.70")]
    clinic.settled()


@pytest.mark.slow
def test_many_changes_are_one_question_to_each_list(clinic: Clinic) -> None:
    for position in range(10):
        code = _title(clinic, position)
        clinic.simulator.control.edit("contas_receber", code, {"valor_documento": position + 1})
    report = clinic.process()
    assert (report.events, report.readings) == (10, 3)
    assert max(clinic.asked().values()) <= 3


@pytest.mark.slow
def test_a_settlement_and_its_undoing(clinic: Clinic) -> None:
    code = _title(clinic)
    settlement = clinic.simulator.control.settle("contas_receber", code)
    clinic.settled()
    here = f"SELECT excluido_em IS NULL FROM omie.baixas WHERE codigo_baixa = {settlement}"
    assert clinic.column(here) == [True]
    money = f"SELECT sum(valor_movimentado) FROM omie.movimentacoes WHERE codigo_titulo = {code}"
    assert clinic.column(money)[0] > 0
    clinic.simulator.control.undo_settlement(settlement)
    clinic.settled()
    assert clinic.column(here) == [False]
    moved = (
        "SELECT count(*) FROM omie.movimentacoes "
        f"WHERE codigo_baixa = {settlement} AND excluido_em IS NULL"
    )
    assert clinic.column(moved) == [0]
    assert clinic.column(money) == [None], "no row may count money that came back"
    account = f"SELECT id_conta_corrente FROM omie.baixas WHERE codigo_baixa = {settlement}"
    (number,) = clinic.column(account)
    balance = (
        f"SELECT saldo_atual FROM omie.extrato WHERE n_cod_cc = {number} "
        "ORDER BY periodo_inicial DESC LIMIT 1"
    )
    assert clinic.column(balance) == [clinic.simulator.control.balance(number)]


@pytest.mark.slow
def test_a_deleted_title_is_marked_by_what_the_list_says(clinic: Clinic) -> None:
    code = _title(clinic)
    clinic.simulator.control.delete("contas_receber", code)
    clinic.settled()
    for table, column in (
        ("contas_receber", "codigo_lancamento_omie"),
        ("saldos_titulos", "codigo_titulo"),
        ("movimentacoes", "codigo_titulo"),
    ):
        left = f"SELECT count(*) FROM omie.{table} WHERE {column} = {code} AND excluido_em IS NULL"
        assert clinic.column(left) == [0], table


@pytest.mark.slow
def test_reads_that_lag_are_asked_again(clinic: Clinic) -> None:
    """Lists that still show the old state when the event is there (omie-api.md#stale-reads)."""
    omie, code = clinic.simulator.control, _title(clinic)
    old = omie.record("contas_receber", code)
    assert old is not None
    omie.edit("contas_receber", code, {"valor_documento": Decimal("55.50")})
    clinic.arrived()
    new = omie.record("contas_receber", code)
    assert new is not None
    _show(omie, code, old)
    assert clinic.process().done == 0
    _show(omie, code, new)
    clinic.clock.sleep(62)
    clinic.settled()
    value = f"SELECT valor_documento FROM omie.contas_receber WHERE codigo_lancamento_omie = {code}"
    assert clinic.column(value) == [Decimal("55.50")]


def _show(omie: Control, code: int, record: Mapping[str, Any]) -> None:
    """Let the lists show this state, without an event."""
    fields = {tag: record[tag] for tag in ("valor_documento", "info")}
    omie.set_webhook("http://127.0.0.1:9/", topics=["nenhum"])
    omie.edit("contas_receber", code, fields)


@pytest.mark.slow
def test_an_event_delivered_again_long_after_asks_nothing(clinic: Clinic) -> None:
    code = _title(clinic)
    clinic.simulator.control.edit("contas_receber", code, {"valor_documento": 12})
    clinic.settled()
    (message_id,) = clinic.column("SELECT message_id FROM omie_inbox.events")
    clinic.simulator.control.resend_webhook(message_id)
    assert clinic.process().events == 0
    assert clinic.asked() == Counter()
