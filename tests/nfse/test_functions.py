"""The seven functions over a deployment, and the same as commands."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.notes import (
    cancel_note,
    check_note,
    list_services,
    note_details,
    note_taxes,
    wait_for_note,
)
from omie_pipeline.app.register_client import register_client
from omie_pipeline.cli.app import app
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.tables import ledger, nfse
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.nfse.conftest import CLIENTES, NOT_SENT, Notes
from tests.push.world import EMPRESA, cliente, cpf


@pytest.fixture
def opened(
    notes: Notes, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Deployment:
    """The deployment of this test's world, on its simulated clock, with an archive."""
    for name, value in {
        "OMIE_APP_KEY": notes.world.sim.app_key,
        "OMIE_APP_SECRET": notes.world.secret,
        "OMIE_BASE_URL": notes.world.base_url,
        "WAREHOUSE_URL": database_url,
        "OMIE_PIPELINE_HOME": str(tmp_path / "home"),
        "OMIE_PIPELINE_NFSE_ARCHIVE": str(tmp_path / "notes"),
        "OMIE_PIPELINE_START_DATE": "2026-01-01",
        "COLUMNS": "200",
    }.items():
        monkeypatch.setenv(name, value)
    deployment = Deployment(clock=notes.clock)
    monkeypatch.setattr("omie_pipeline.cli.nfse._deployment", lambda: deployment)
    return deployment


def _typed(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["nfse", *words], catch_exceptions=False)
    return result.exit_code, result.output


def test_issue_says_where_a_cancelled_note_stands(opened: Deployment, notes: Notes) -> None:
    notes.billed()
    with opened.engine.begin() as connection:
        connection.execute(sa.update(nfse).values(state="cancelled"))
    asked = notes.asked()
    code, told = _typed("issue", "OS-1", "--yes")
    assert (code, notes.asked()) == (1, asked)
    assert "cancelada" in told
    assert "novo recebimento" in told


def test_wait_then_consult_then_status(opened: Deployment, notes: Notes, tmp_path: Path) -> None:
    notes.billed()
    note = wait_for_note(opened, EMPRESA, "OS-1", 300)
    assert note.state == "issued"
    notes.minutes(2)
    found = check_note(opened, EMPRESA, "OS-1")
    assert (found.updated, found.note.numero) == (True, note.numero)
    detail = note_details(opened, EMPRESA, "OS-1")
    assert [step.to_state for step in detail.history] == ["submitted", "issued"]
    assert {one.kind for one in detail.files} == {"pdf", "xml"}
    assert all((tmp_path / "notes" / one.path).is_file() for one in detail.files)


def test_consulting_while_omie_is_away_tells_what_was_known(
    opened: Deployment, notes: Notes
) -> None:
    notes.billed()
    notes.control.next_faults(PlannedFault("http_500", "StatusOS", times=5))
    found = check_note(opened, EMPRESA, "OS-1")
    assert (found.updated, found.note.state) == (False, "submitted")
    assert found.reason


def test_an_order_never_billed_is_told(opened: Deployment) -> None:
    for function in (check_note, note_details, cancel_note, wait_for_note):
        with pytest.raises(ConfigurationError, match="não foi faturada"):
            function(opened, EMPRESA, "OS-77")


def test_services_are_listed_with_codes_and_rates(opened: Deployment) -> None:
    found = {one.codigo_integracao: one for one in list_services(opened, EMPRESA)}
    mine = found["SRV-1"]
    assert (mine.lc116, mine.codigo_municipal, mine.preco) == ("4.03", "04030", Decimal("150.10"))
    assert mine.rates["ISS"] == Decimal("2.5")
    assert mine.withheld == ("IR",)


def test_taxes_are_known_before_billing(opened: Deployment, notes: Notes) -> None:
    taxes = note_taxes(opened, EMPRESA, notes.order(1))
    assert taxes.gross == Decimal("150.10")
    assert not notes.control.notes("OS-1")


def test_a_cliente_that_omie_does_not_have_is_created_and_linked(
    opened: Deployment, notes: Notes
) -> None:
    notes.world.model("clientes", [cliente(2)])
    found = register_client(opened, EMPRESA, "PAC-2")
    assert (found.how, found.source_table, found.source_id) == ("created", "pacientes", "2")
    ((omie_id,),) = notes.world.rows(
        "SELECT omie_id FROM omie_sync.ledger WHERE codigo_integracao = 'PAC-2'"
    )
    assert found.omie_id == omie_id is not None
    notes.minutes(2)
    assert register_client(opened, EMPRESA, "PAC-2").how == "already_registered"


def test_a_cliente_that_omie_has_by_cpf_is_linked(opened: Deployment, notes: Notes) -> None:
    row = {name: value for name, value in cliente(3).items() if name not in NOT_SENT}
    stranger = {**row, "codigo_cliente_integracao": "", "cnpj_cpf": cpf(3)}
    omie_id = notes.client.write(CLIENTES, "IncluirCliente", stranger)["codigo_cliente_omie"]
    notes.world.model("clientes", [cliente(3)])
    notes.minutes(2)
    found = register_client(opened, EMPRESA, "PAC-3")
    assert (found.how, found.omie_id) == ("linked", omie_id)
    assert notes.asked("AssociarCodIntCliente") == 1
    assert len([c for c in notes.control.records("clientes") if cpf(3) in str(c["cnpj_cpf"])
                or c["codigo_cliente_omie"] == omie_id]) == 1  # fmt: skip


def test_a_cliente_that_does_not_pass_has_a_reason(opened: Deployment, notes: Notes) -> None:
    notes.world.model("clientes", [cliente(4, cnpj_cpf="11111111111")])
    found = register_client(opened, EMPRESA, "PAC-4")
    assert (found.how, found.omie_id) == ("refused", None)
    assert found.reason
    with pytest.raises(ConfigurationError, match="PAC-5"):
        register_client(opened, EMPRESA, "PAC-5")


def test_commands_tell_and_end_alike(opened: Deployment, notes: Notes) -> None:
    notes.billed()
    code, said = _typed("wait", "OS-1", "--timeout", "0")
    assert (code, "enviada" in said) == (3, True)
    code, said = _typed("wait", "OS-1", "--timeout", "300")
    assert (code, "OS-1 (principal): emitida" in said) == (0, True)
    code, said = _typed("status", "OS-1", "--json")
    assert code == 0
    record = json.loads(said)
    assert (record["state"], len(record["history"]), len(record["files"])) == ("issued", 2, 2)
    notes.minutes(2)
    code, said = _typed("cancel", "OS-1", "--yes")
    assert (code, "cancelada" in said) == (0, True)
    code, _ = _typed("wait", "OS-1")
    assert code == 1
    code, said = _typed("consult", "OS-9")
    assert (code, "nenhuma OS OS-9" in said) == (2, True)
    code, said = _typed("services")
    assert (code, "SRV-1" in said, "IR 1,50%*" in said) == (0, True, True)


def test_issue_shows_the_taxes_and_asks(opened: Deployment, notes: Notes) -> None:
    notes.order(1)
    code, said = _typed("issue", "OS-1")
    # Nobody is there to answer: nothing is billed.
    assert (code, "ISS" in said) == (2, True)
    assert not notes.control.notes("OS-1")
    code, said = _typed("issue", "OS-1", "--yes")
    # This order was not made by the engine.
    assert code == 1
    assert not notes.control.notes("OS-1")


def test_registering_is_a_command(opened: Deployment, notes: Notes, engine: sa.Engine) -> None:
    notes.world.model("clientes", [cliente(2)])
    code, said = _typed("register", "PAC-2")
    assert (code, "PAC-2 foi criado" in said, "pacientes/2" in said) == (0, True, True)
    notes.world.model("clientes", [cliente(4, cnpj_cpf="11111111111")])
    code, said = _typed("register", "PAC-4", "--json")
    assert (code, json.loads(said)["how"]) == (3, "refused")


def test_an_order_of_the_engine_is_issued_by_a_person(opened: Deployment, notes: Notes) -> None:
    code = notes.order(1)
    order = notes.control.record("ordens_servico", code)["Cabecalho"]["nCodOS"]
    with notes.engine.begin() as connection:
        connection.execute(
            sa.insert(ledger).values(
                empresa=EMPRESA, endpoint="ordens_servico", codigo_integracao=code,
                state="confirmed", payload_hash="x", omie_id=order, partition="2026-01-05",
                run_id="r1", confirmed_at=notes.clock.now(),
            )
        )  # fmt: skip
    exit_code, said = _typed("issue", code, "--yes")
    assert (exit_code, "nfse wait OS-1" in said) == (0, True)
    notes.minutes(2)
    assert _typed("wait", code)[0] == 0
    # Asked once more: nothing is billed twice.
    _typed("issue", code, "--yes")
    notes.minutes(2)
    assert [one.state for one in notes.control.notes(code)] == ["authorised"]
    ((who,),) = notes.world.rows('SELECT "_requested_by" FROM omie_sync.billing_request')
    assert who
