"""A mirror that is read from a dictionary instead of Omie, and a clock that is told the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.lists import STATEMENT
from omie_pipeline.clock import ManualClock
from omie_pipeline.errors import OmiePipelineError
from omie_pipeline.inbox.act import InboxReport, InboxRound
from omie_pipeline.inbox.events import INSERT_EVENTS, NewEvent, as_arrays
from omie_pipeline.webhooks.message import NotStored, read_message
from tests.webhooks.bodies import body
from tests.webhooks.conftest import DOOR

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = date(2026, 3, 1)
SCOPE = "escopo"
COLUMNS = {
    "contas_receber": "codigo_lancamento_omie",
    "clientes": "codigo_cliente_omie",
    "movimentacoes": "codigo_titulo",
}


@dataclass(frozen=True)
class Read:
    """One reading that was asked for."""

    name: str
    mode: str
    date_from: date | None
    date_to: date | None
    not_before: datetime | None


@dataclass
class Answer:
    complete: bool = True
    reused: bool = False


@dataclass
class FakeWorld:
    """An inbox, a mirror and what Omie would list: ids by list."""

    engine: sa.Engine
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    omie: dict[str, set[int]] = field(default_factory=dict)
    reads: list[Read] = field(default_factory=list)
    failing: dict[str, OmiePipelineError] = field(default_factory=dict)
    answer: Answer = field(default_factory=Answer)

    def __call__(
        self,
        name: str,
        empresa: str,
        *,
        mode: str,
        date_from: date | None = None,
        date_to: date | None = None,
        trigger: str = "",
        dagster_run_id: str | None = None,
        not_before: datetime | None = None,
    ) -> Answer:
        assert (empresa, trigger) == ("principal", "webhook")
        if name == STATEMENT:
            # It follows what moved; tests/webhooks/test_end_to_end.py looks at it.
            return self.answer
        self.reads.append(Read(name, mode, date_from, date_to, not_before))
        if name in self.failing:
            raise self.failing[name]
        for codigo in self.omie.get(name, ()) if name in COLUMNS else ():
            self.mirror(name, codigo)
        if mode == "full" and name in COLUMNS:
            self._exclude(name)
        return self.answer

    def mirror(self, name: str, codigo: int) -> None:
        """Put a row into the mirror, read now; one that is there stays as it is."""
        column = COLUMNS[name]
        extra = {"chave": f"T{codigo}", "grupo": "g", "origem": "o"}
        values: dict[str, Any] = {
            "empresa": "principal",
            column: codigo,
            "raw": "{}",
            "lido_em": self.clock.now(),
            "data_particao": None if name == "clientes" else DAY,
            **(extra if name == "movimentacoes" else {}),
        }
        names = ", ".join(values)
        places = ", ".join(f":{key}" for key in values)
        query = f"INSERT INTO omie.{name} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING"
        with self.engine.begin() as connection:
            connection.execute(sa.text(query), values)

    def _exclude(self, name: str) -> None:
        query = sa.text(
            f"UPDATE omie.{name} SET excluido_em = :now WHERE NOT {COLUMNS[name]} = ANY(:there)"
        )
        there = sorted(self.omie.get(name, ()))
        with self.engine.begin() as connection:
            connection.execute(query, {"now": self.clock.now(), "there": there})

    def event(self, topic: str, content: Any, message_id: str = "") -> None:
        """An event that arrives now."""
        sent = body(topic, content, message_id=message_id)
        event = read_message(sent, DOOR, self.clock.now())
        assert not isinstance(event, NotStored)
        self.store([event])

    def store(self, new: list[NewEvent]) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(INSERT_EVENTS, as_arrays(new))

    def round(self, tables: list[str] | None = None) -> InboxReport:
        return InboxRound(self.engine, self, self.clock, "principal", SCOPE).run(tables)

    def states(self) -> dict[str, int]:
        query = sa.text("SELECT state, count(*) FROM omie_inbox.events GROUP BY 1")
        with self.engine.connect() as connection:
            return {str(row[0]): int(row[1]) for row in connection.execute(query)}

    def row(self) -> sa.RowMapping:
        query = sa.text("SELECT * FROM omie_inbox.events")
        with self.engine.connect() as connection:
            return connection.execute(query).mappings().one()
