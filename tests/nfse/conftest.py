"""Billed orders in the simulator and their notes in the warehouse, on one simulated clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog.services import load_service
from omie_pipeline.nfse.archive import Files
from omie_pipeline.nfse.follow import FollowReport, follow
from omie_pipeline.nfse.state import NoteState, SubmittedOrder, states, submitted, transitions
from omie_pipeline.omie import OmieClient
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.push.world import EMPRESA, World, cliente

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
OS, BILL = load_service("servicos_os"), load_service("servicos_osp")
CLIENTES, SERVICOS = load_service("geral_clientes"), load_service("servicos_servico")
NOT_SENT = ("empresa", "_tipo", "_rg", "_rg_orgao_emissor", "_origem_tabela", "_origem_id")


class Notes:
    """Orders billed in the simulator without the engine, and what the warehouse knows of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.engine, self.clock, self.control = world.engine, world.clock, world.control
        self.client: OmieClient = world.client()

    def prepare(self) -> None:
        """A cliente and a service that orders can name."""
        row = {name: value for name, value in cliente(1).items() if name not in NOT_SENT}
        self.client.write(CLIENTES, "UpsertCliente", row)
        self.client.write(
            SERVICOS,
            "UpsertCadastroServico",
            {
                "intEditar": {"cCodIntServ": "SRV-1"},
                "cabecalho": {
                    "cDescricao": "Consulta",
                    "cCodServMun": "04030",
                    "cCodLC116": "4.03",
                    "cIdTrib": "01",
                    "nPrecoUnit": Decimal("150.10"),
                    "cCodCateg": "1.01.01",
                },
                "impostos": {
                    "nAliqISS": Decimal("2.5"),
                    "cRetISS": "N",
                    "nAliqIR": Decimal("1.5"),
                    "cRetIR": "S",
                },
            },
        )

    def order(self, number: int, **item: Any) -> str:
        """An order in Omie that is not billed; returns our code of it."""
        code = f"OS-{number}"
        self.client.write(
            OS,
            "IncluirOS",
            {
                "Cabecalho": {
                    "cCodIntOS": code,
                    "cCodIntCli": "PAC-1",
                    "dDtPrevisao": "05/01/2026",
                    "cEtapa": "50",
                    "nQtdeParc": 1,
                    "cCodParc": "000",
                },
                "InformacoesAdicionais": {
                    "cCodCateg": "1.01.01",
                    "nCodCC": 9100000001,
                    "cCidPrestServ": "SAO PAULO (SP)",
                },
                "ServicosPrestados": [
                    {
                        "cCodIntServico": "SRV-1",
                        "nQtde": 1,
                        "nValUnit": Decimal("150.10"),
                        "cDescServ": "Consulta",
                        **item,
                    }
                ],
            },
        )
        return code

    def bill(self, code: str) -> None:
        """FaturarOS, and what the engine writes down when it was confirmed."""
        answer = self.client.write(BILL, "FaturarOS", {"cCodIntOS": code})
        self.known(code, answer["nCodOS"])

    def known(self, code: str, n_cod_os: int | None) -> None:
        """The warehouse's side of a confirmed billing."""
        now = self.clock.now()
        with self.engine.begin() as connection:
            row = SubmittedOrder(code, n_cod_os, Decimal("150.10"), "SAO PAULO (SP)", now)
            submitted(connection, EMPRESA, [row])
            connection.execute(
                sa.dialects.postgresql.insert(ledger)
                .values(
                    empresa=EMPRESA, endpoint="faturar_os", codigo_integracao=code,
                    state="confirmed", partition="2026-01-05", run_id="r1", confirmed_at=now,
                )
                .on_conflict_do_update(
                    index_elements=list(ledger.primary_key),
                    set_={"state": "confirmed", "last_error": None, "confirmed_at": now},
                )
            )  # fmt: skip

    def billed(self, number: int = 1, **item: Any) -> str:
        """An order, billed."""
        code = self.order(number, **item)
        self.bill(code)
        return code

    def follow(self, files: Files | None = None, **options: Any) -> FollowReport:
        return follow(self.engine, self.client, EMPRESA, self.clock, files=files, **options)

    def state(self, code: str = "OS-1") -> NoteState:
        return states(self.engine, EMPRESA, [code])[code]

    def path(self, code: str = "OS-1") -> list[str]:
        """Every state the note was in, in order."""
        return [step.to_state for step in transitions(self.engine, EMPRESA, code)]

    def minutes(self, number: float) -> None:
        self.clock.sleep(number * 60)

    def asked(self, method: str = "") -> int:
        """Calls that reached the simulator since they were cleared."""
        calls = self.control.calls()
        return sum(not method or call.method == method for call in calls)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with running_simulator(clock=ManualClock(START), limits=Limits()) as simulator:
        yield simulator


@pytest.fixture
def world(engine: sa.Engine) -> Iterator[World]:
    clock = ManualClock(START)
    with running_simulator(clock=clock) as simulator:
        yield World(engine, simulator, clock)


@pytest.fixture
def notes(world: World) -> Notes:
    found = Notes(world)
    found.prepare()
    world.control.clear_calls()
    return found
