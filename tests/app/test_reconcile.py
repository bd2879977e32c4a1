"""What Omie lost, without a door: found, set back, and sent by the requests that come of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.app.push_all import PushRequest, push_all
from omie_pipeline.app.reconcile import lost_rows, set_back
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.push.report import PushOptions
from omie_pipeline.reconcile.resend import LostRows
from tests.app.conftest import Deployed
from tests.push.world import World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")

# In the place of dbt's view, which tests/cli/test_reconcile.py has.
VIEW = """
CREATE SCHEMA IF NOT EXISTS analise;
CREATE TABLE analise.conciliacao AS
SELECT 'sul' AS empresa, 'clientes' AS endpoint, 'PAC-1' AS codigo_integracao,
       'falta_no_omie' AS situacao, true AS entregue
"""


@pytest.mark.slow
def test_what_omie_lost_is_set_back_and_sent_again(world: World, deployed: Deployed) -> None:
    deployment = deployed()
    clientes = PushRequest(("sul",), (REGISTRY["clientes"],), PushOptions())
    world.model("clientes", [cliente(1, empresa="sul")])
    for others in ("contas_receber", "contas_pagar"):
        world.model(others, [])
    (sent,) = push_all(deployment, clientes)
    assert sent.report is not None
    world.control.delete("clientes", "PAC-1")
    with world.engine.begin() as connection:
        connection.execute(sa.text(VIEW))
    world.clock.sleep(120)
    deployment.import_table("clientes", "sul", mode="full")
    (lost,) = lost_rows(deployment, ("norte", "sul"))
    assert (lost.endpoint, lost.proved) == ("clientes", ("PAC-1",))
    told: list[tuple[str, int]] = []
    (request,) = set_back(
        deployment, [lost], on_set_back=lambda one, rows: told.append((one.endpoint, rows))
    )
    assert told == [("clientes", 1)]
    assert world.ledger() == {"PAC-1": "held"}
    world.clock.sleep(120)
    (again,) = push_all(deployment, request)
    assert again.report is not None
    assert again.report.total.delivered == 1
    assert set(world.held_by_omie()) == {"PAC-1"}


def test_a_missing_key_leaves_every_row_as_it_was(world: World, deployed: Deployed) -> None:
    proved = [LostRows(name, "clientes", ("PAC-1",), ()) for name in ("sul", "norte")]
    told: list[int] = []
    with pytest.raises(ConfigurationError, match="NORTE_SECRET"):
        set_back(deployed(NORTE_SECRET=""), proved, on_set_back=lambda _, rows: told.append(rows))
    assert told == []
