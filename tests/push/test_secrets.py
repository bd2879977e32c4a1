"""A whole push at the finest log level leaves no secret and no person anywhere."""

from __future__ import annotations

import logging

import pytest

from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.push.accept_all import INVALID
from tests.push.world import World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")

_TABLES = ("run", "ledger", "attempt", "quarantine", "rejected", "plan", "block", "quota_lane",
           "quota_request", "quota_fault")  # fmt: skip


def test_logs_and_tables(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    person = cliente(1, razao_social="Joaquina Aparecida", bairro="Vila Secreta")
    echo = "ERROR: O cliente JOAQUINA APARECIDA (Vila Secreta) não pode ser alterado"
    world.control.next_faults(
        PlannedFault("fault_in_200", integration_code="PAC-1", text=echo),
        PlannedFault("http_500_after_commit", integration_code="PAC-3"),
        PlannedFault("html_502", integration_code="PAC-4"),
    )
    taken = {"cnpj_cpf": cliente(5)["cnpj_cpf"], "razao_social": "Dona do Documento"}
    world.control.seed("clientes", [taken])
    hidden = cliente(2, razao_social=f"{INVALID}Benedita Escondida")
    world.model("clientes", [person, hidden, *(cliente(n) for n in (3, 4, 5))])
    report = world.push()
    assert (report.total.rejected, report.total.quarantined, report.total.created) == (2, 1, 2)
    assert not any(record.name == "httpx" for record in caplog.records), "addresses may tell"
    people_of_faults = ("OmieAPI-Error", "omieapi-error")
    assert not any(header in caplog.text for header in people_of_faults), "it repeats the fault"

    kept = caplog.text + repr(report)
    for table in _TABLES:
        kept += "".join(str(row) for row in world.rows(f"SELECT t::text FROM omie_sync.{table} t"))
    kept = kept.casefold()
    people = [cliente(n)["cnpj_cpf"] for n in range(1, 6)]
    people += ["joaquina", "aparecida", "vila secreta", "escondida", "p3@exemplo"]
    for secret in (world.sim.app_secret, world.sim.app_key, *people):
        assert secret.casefold() not in kept
    assert "não pode ser alterado" in kept
    assert "pac-1" in kept


def test_open_intents_are_emptied_when_they_close(world: World) -> None:
    world.control.next_faults(PlannedFault("blocked_425", integration_code="PAC-2"))
    world.model("clientes", [cliente(1), cliente(2)])
    world.push()
    assert world.rows("SELECT count(*) FROM omie_sync.intent WHERE payload IS NOT NULL") == [(0,)]
