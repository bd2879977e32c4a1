"""With the engine: an order billed, refused by the city hall, corrected and billed once more."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.nfse.follow import FollowReport, follow
from omie_pipeline.nfse.state import NoteState, states, transitions
from omie_pipeline.omie import OmieClient
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from tests.push.world import EMPRESA, World

SERVICOS = {"empresa": sa.Text, "intEditar": JSONB, "cabecalho": JSONB, "impostos": JSONB}
ORDENS = {
    "empresa": sa.Text, "data_particao": sa.Date, "Cabecalho": JSONB,
    "InformacoesAdicionais": JSONB, "ServicosPrestados": JSONB,
}  # fmt: skip
FATURAR = {
    "empresa": sa.Text, "data_particao": sa.Date, "cCodIntOS": sa.Text,
    "_valor": sa.Numeric, "_municipio": sa.Text,
}  # fmt: skip
DAY = date(2026, 1, 5)


class Billing:
    """The three models of one receipt, and their pushes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client: OmieClient = world.client()
        world.confirmed(1)
        world.model(
            "servicos",
            [
                {
                    "empresa": EMPRESA,
                    "intEditar": {"cCodIntServ": "SRV-1"},
                    "cabecalho": {
                        "cDescricao": "Consulta", "cCodServMun": "04030", "cCodLC116": "4.03",
                        "cIdTrib": "01", "nPrecoUnit": 150, "cCodCateg": "1.01.01",
                    },
                    "impostos": {"nAliqISS": 2, "cRetISS": "N"},
                }
            ],
            SERVICOS,
        )  # fmt: skip
        assert world.push("servicos").total.created == 1
        self.order(150)
        row = {"empresa": EMPRESA, "data_particao": DAY, "cCodIntOS": "OS-1",
               "_valor": Decimal("150.00"), "_municipio": "SAO PAULO (SP)"}  # fmt: skip
        world.model("faturar_os", [row], FATURAR)

    def order(self, value: int) -> None:
        """Deliver the order with this price."""
        row: dict[str, Any] = {
            "empresa": EMPRESA,
            "data_particao": DAY,
            "Cabecalho": {
                "cCodIntOS": "OS-1", "cCodIntCli": "PAC-1", "dDtPrevisao": "2026-01-05",
                "cEtapa": "50", "cCodParc": "000", "nQtdeParc": 1,
            },
            "InformacoesAdicionais": {
                "cCodCateg": "1.01.01", "nCodCC": 9100000001, "cCidPrestServ": "SAO PAULO (SP)",
            },
            "ServicosPrestados": [
                {"cCodIntServico": "SRV-1", "nQtde": 1, "nValUnit": value, "cDescServ": "Consulta"}
            ],
        }  # fmt: skip
        self.world.model("ordens_servico", [row], ORDENS)
        assert self.world.push("ordens_servico").total.delivered == 1

    def bill(self) -> Any:
        return self.world.push("faturar_os").total

    def follow(self) -> FollowReport:
        return follow(self.world.engine, self.client, EMPRESA, self.world.clock)

    def note(self) -> NoteState:
        return states(self.world.engine, EMPRESA, ["OS-1"])["OS-1"]

    def path(self) -> list[str]:
        return [step.to_state for step in transitions(self.world.engine, EMPRESA, "OS-1")]


@pytest.fixture
def billing(world: World, monkeypatch: pytest.MonkeyPatch) -> Billing:
    from omie_pipeline import validation
    from tests.push.accept_all import AcceptAll

    monkeypatch.setitem(vars(validation), "Validator", AcceptAll)
    return Billing(world)


def test_the_whole_way_of_one_receipt(billing: Billing) -> None:
    assert billing.bill().delivered == 1
    assert billing.note().state == "submitted"
    assert billing.note().municipio == "SAO PAULO (SP)"
    billing.world.clock.sleep(120)
    billing.follow()
    assert billing.path() == ["submitted", "issued"]
    assert billing.bill().delivered == 0
    assert len(billing.world.control.notes("OS-1")) == 1


def test_a_refused_note_waits_for_the_order_and_is_billed_once_more(billing: Billing) -> None:
    world = billing.world
    world.control.reject_next_note("Código de serviço inválido")
    billing.bill()
    world.clock.sleep(120)
    billing.follow()
    assert billing.note().state == "rejected"
    assert world.ledger("faturar_os") == {"OS-1": "rejected"}
    # As long as nobody corrects the order, nothing leaves.
    world.clock.sleep(3600)
    assert billing.bill().delivered == 0
    assert len(world.control.notes("OS-1")) == 1
    billing.order(160)
    world.clock.sleep(120)
    assert billing.bill().delivered == 1
    assert (billing.note().state, billing.note().attempts) == ("submitted", 2)
    world.clock.sleep(120)
    billing.follow()
    assert billing.path() == ["submitted", "rejected", "submitted", "issued"]
    assert [one.state for one in world.control.notes("OS-1")] == ["rejected", "authorised"]
    assert world.ledger("faturar_os") == {"OS-1": "confirmed"}
    assert world.rows("SELECT 1 FROM omie_sync.rejected") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["http_500_after_commit", "truncated_json_after_commit", "http_500"]
)
def test_an_answer_lost_while_billing_gives_one_note(billing: Billing, kind: FaultKind) -> None:
    world = billing.world
    world.control.next_faults(PlannedFault(kind, "FaturarOS"))
    billing.bill()
    for _ in range(3):
        world.clock.sleep(300)
        billing.bill()
        billing.follow()
    world.clock.sleep(300)
    billing.follow()
    assert [one.state for one in world.control.notes("OS-1")] == ["authorised"]
    assert billing.note().state == "issued"
