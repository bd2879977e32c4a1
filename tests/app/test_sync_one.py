"""One record from the clinic to Omie: what is read, what goes first, and what a fault leaves."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from omie_pipeline.app import sync_one as syncing
from omie_pipeline.app.build import BuildResult, TableCopy
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.relations import prerequisites_of
from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.origins import MADE_OF, Origin, origins_of, tables_beside
from omie_pipeline.clinic.tables import CLINIC_TABLES
from omie_pipeline.errors import ConfigurationError, GuardrailStopped
from omie_pipeline.models.refresh import holding
from omie_pipeline.push.ledger import Ledger
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.app.conftest import Deployed
from tests.app.syncing import EMPRESA, Clinic, Told, patient, receipt, refresh_without_dbt
from tests.push.world import World, cpf

pytestmark = pytest.mark.usefixtures("unvalidated")


@pytest.fixture
def clinic(
    world: World, deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Clinic:
    folder = tmp_path / "clinica"
    folder.mkdir()
    settings = {
        "clinic_url": SecretStr(str(folder)),
        "staging": "canonica",
        "models": tmp_path / "modelos",
    }
    monkeypatch.setattr(syncing, "refresh_key", refresh_without_dbt)
    return Clinic(folder, world, deployed(settings=settings))


def ended(records: list[syncing.SyncedRecord]) -> list[tuple[str, int, int]]:
    """Code, rows delivered and calls of each push."""
    reports = [(one.key, one.result.report) for one in records]
    return [(key, r.total.delivered, r.total.calls) for key, r in reports if r is not None]


@pytest.mark.slow
def test_a_corrected_patient_costs_one_call_and_nobody_else_is_read(
    clinic: Clinic, world: World
) -> None:
    clinic.begin([patient(3), patient(5)])
    assert ended(clinic.sync("clientes", "PAC-3")) == [("PAC-3", 1, 1)]
    clinic.write("pacientes", [patient(3, "Ana Corrigida"), patient(5, "Outra também")])
    told = Told()
    assert ended(clinic.sync("clientes", "PAC-3", told)) == [("PAC-3", 1, 1)]
    assert (told.rows, told.tables) == (["pacientes 3: updated"], [])
    (record,) = world.control.records("clientes")
    assert record["razao_social"] == "Ana Corrigida"
    assert clinic.payload("clientes", "PAC-5")[0]["razao_social"] == "Ana"
    assert ended(clinic.sync("clientes", "PAC-3")) == [("PAC-3", 0, 0)]


@pytest.mark.slow
def test_a_patient_typed_a_minute_ago_is_found_by_the_code(clinic: Clinic) -> None:
    clinic.begin([patient(3)])
    clinic.write("pacientes", [patient(3), patient(999)])
    told = Told()
    assert ended(clinic.sync("clientes", "PAC-999", told)) == [("PAC-999", 1, 1)]
    assert told.rows == ["pacientes 999: inserted"]


@pytest.mark.slow
def test_what_a_receipt_names_is_read_and_its_patient_goes_first(clinic: Clinic) -> None:
    clinic.begin([patient(3)])
    clinic.write("pacientes", [patient(3), patient(4, "Nova")])
    clinic.write("recebimentos", [receipt(501, 4)])
    told = Told()
    records = clinic.sync("contas_receber", "REC-501", told)
    assert ended(records) == [("PAC-4", 1, 1), ("REC-501", 1, 1)]
    assert told.before == ["PAC-4"]
    assert told.rows == [
        "recebimentos 501: inserted",
        "pacientes 4: inserted",
        "procedimentos C1: unchanged",
        "formas_pagamento PIX: unchanged",
    ]
    clinic.write("recebimentos", [receipt(501, 4, "99.00")])
    assert ended(clinic.sync("contas_receber", "REC-501")) == [("REC-501", 1, 1)]


@pytest.mark.slow
def test_a_person_who_shares_a_record_is_synced_under_its_holder(
    clinic: Clinic, world: World
) -> None:
    clinic.begin([patient(3), patient(7)])
    clinic.write("pacientes", [patient(3, "Mãe"), patient(7, "Filho", cpf(3))])
    told = Told()
    (record,) = clinic.sync("clientes", "PAC-7", told)
    assert (record.key, record.asked_as, told.holders) == ("PAC-3", "PAC-7", [("PAC-7", "PAC-3")])
    assert told.rows == ["pacientes 7: updated", "pacientes 3: updated"]
    (made,) = world.control.records("clientes")
    assert (made["codigo_cliente_integracao"], made["razao_social"]) == ("PAC-3", "Mãe")
    assert clinic.payload("clientes", "PAC-7") == []


@pytest.mark.slow
def test_a_code_of_nobody_is_looked_for_in_the_whole_table_and_sends_nothing(
    clinic: Clinic, world: World
) -> None:
    clinic.begin([patient(3)])
    told = Told()
    (record,) = clinic.sync("clientes", "PAC-999", told)
    assert (record.in_model, ended([record])) == (False, [("PAC-999", 0, 0)])
    assert told.tables == ["pacientes"]
    assert world.writes() == []


@pytest.mark.slow
def test_a_row_gone_at_the_clinic_stays_in_omie_unless_the_policy_deletes(
    clinic: Clinic, world: World, deployed: Deployed
) -> None:
    clinic.begin([patient(3), patient(5)])
    clinic.sync("clientes", "PAC-3")
    clinic.write("pacientes", [patient(5)])
    (record,) = clinic.sync("clientes", "PAC-3")
    assert (record.in_model, ended([record])) == (False, [("PAC-3", 0, 0)])
    assert len(world.control.records("clientes")) == 1
    mirror = "endpoints: {clientes: {mode: mirror}}"
    clinic.deployment = deployed(
        mirror,
        settings={
            "clinic_url": clinic.deployment.settings.clinic_url,
            "staging": "canonica",
            "models": clinic.deployment.settings.models,
        },
    )
    assert ended(clinic.sync("clientes", "PAC-3")) == [("PAC-3", 1, 1)]
    assert world.control.records("clientes") == ()


def test_changed_models_are_built_first_and_then_nothing_is_read_twice(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.begin([patient(3)])
    monkeypatch.setattr(syncing, "refresh_key", lambda *_: None)
    built = []

    def build(_deployment: object, request: syncing.BuildRequest, _listener: object) -> object:
        built.append(request.empresas)
        return BuildResult((), None, ())

    monkeypatch.setattr(syncing, "build", build)
    told = Told()
    clinic.write("recebimentos", [])
    assert ended(clinic.sync("clientes", "PAC-3", told)) == [("PAC-3", 1, 1)]
    assert (built, told.builds) == ([(EMPRESA,)], 1)


def test_models_that_cannot_be_built_send_nothing(
    clinic: Clinic, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.begin([patient(3)])
    monkeypatch.setattr(syncing, "refresh_key", lambda *_: None)
    monkeypatch.setattr(syncing, "build", lambda *_: BuildResult((), None))
    with pytest.raises(ConfigurationError, match="omie-pipeline build"):
        clinic.sync("clientes", "PAC-3")
    assert world.writes() == []


@pytest.mark.parametrize(
    ("table", "sent"), [("recebimentos", [("PAC-3", 1, 1)]), ("pacientes", None)]
)
def test_a_table_refused_in_that_build_matters_to_records_made_of_it(
    clinic: Clinic,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    sent: list[tuple[str, int, int]] | None,
) -> None:
    clinic.begin([patient(3)])
    refused = TableCopy(EMPRESA, table, error=ClinicSourceError(f"{table}: coluna sumiu"))
    monkeypatch.setattr(syncing, "refresh_key", lambda *_: None)
    monkeypatch.setattr(syncing, "build", lambda *_: BuildResult((refused,), None, ()))
    if sent is not None:
        assert ended(clinic.sync("clientes", "PAC-3")) == sent
        return
    with pytest.raises(ClinicSourceError, match="coluna sumiu"):
        clinic.sync("clientes", "PAC-3")
    assert world.writes() == []


def test_where_nothing_was_ever_built_everything_is_built_first(
    clinic: Clinic, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.begin([patient(3)])
    with world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE omie_payload.omie_clientes RENAME TO guardada")

    def build(*_: object) -> BuildResult:
        with world.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE omie_payload.guardada RENAME TO omie_clientes")
        return BuildResult((), None, ())

    monkeypatch.setattr(syncing, "build", build)
    told = Told()
    assert ended(clinic.sync("clientes", "PAC-3", told)) == [("PAC-3", 1, 1)]
    assert told.builds == 1


# Faults.


@pytest.mark.slow
def test_killed_between_copy_and_push_the_next_sync_sends_it(
    clinic: Clinic, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.begin([patient(3)])
    clinic.sync("clientes", "PAC-3")
    clinic.write("pacientes", [patient(3, "Ana Corrigida")])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(syncing, "push_all", killed)
        with pytest.raises(KeyboardInterrupt):
            clinic.sync("clientes", "PAC-3")
    told = Told()
    assert ended(clinic.sync("clientes", "PAC-3", told)) == [("PAC-3", 1, 1)]
    assert told.rows == ["pacientes 3: unchanged"]
    assert world.control.records("clientes")[0]["razao_social"] == "Ana Corrigida"


@pytest.mark.slow
def test_killed_between_call_and_ledger_the_next_sync_finds_what_was_done(
    clinic: Clinic, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.begin([patient(3)])

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "write_outcomes", killed)
        with pytest.raises(KeyboardInterrupt):
            clinic.sync("clientes", "PAC-3")
    assert len(world.control.records("clientes")) == 1
    (record,) = clinic.sync("clientes", "PAC-3")
    report = record.result.report
    assert report is not None
    assert (report.recovered, report.total.delivered) == (1, 1)
    assert [call.method for call in world.writes()] == ["UpsertCliente"]


@pytest.mark.slow
def test_two_syncs_of_one_record_at_once_make_one_call(clinic: Clinic, world: World) -> None:
    clinic.begin([patient(3)])
    clinic.write("pacientes", [patient(3, "Ana Corrigida")])
    done: list[tuple[str, int, int]] = []
    threads = [
        threading.Thread(target=lambda: done.extend(ended(clinic.sync("clientes", "PAC-3"))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [("PAC-3", 0, 0), ("PAC-3", 1, 1)]
    assert [call.method for call in world.writes()] == ["UpsertCliente"]


@pytest.mark.slow
def test_a_build_under_way_is_waited_for_and_nothing_older_is_sent(
    clinic: Clinic, world: World
) -> None:
    clinic.begin([patient(3)])
    clinic.write("pacientes", [patient(3, "Ana Corrigida")])
    done: list[tuple[str, int, int]] = []
    thread = threading.Thread(target=lambda: done.extend(ended(clinic.sync("clientes", "PAC-3"))))
    with holding(world.engine) as building:
        thread.start()
        while not world.rows("SELECT FROM pg_locks WHERE NOT granted AND locktype = 'relation'"):
            assert thread.is_alive()
        building.exec_driver_sql("UPDATE omie_payload.omie_clientes SET razao_social = 'Antiga'")
    thread.join(60)
    assert done == [("PAC-3", 1, 1)]
    assert world.control.records("clientes")[0]["razao_social"] == "Ana Corrigida"


@pytest.mark.slow
def test_a_clinic_that_is_gone_or_refused_sends_nothing(clinic: Clinic, world: World) -> None:
    clinic.begin([patient(3)])
    lost = "empresa,id,cpf,atualizado_em\nsul,3,,\n"
    (clinic.folder / "pacientes.csv").write_text(lost, "utf-8")
    with pytest.raises(ClinicSourceError, match="nome"):
        clinic.sync("clientes", "PAC-3")
    (clinic.folder / "pacientes.csv").unlink()
    with pytest.raises(ConfigurationError, match=r"pacientes\.csv"):
        clinic.sync("clientes", "PAC-3")
    assert world.writes() == []


@pytest.mark.slow
def test_omie_blocked_before_the_patient_leaves_the_receipt_unsent(
    clinic: Clinic, world: World
) -> None:
    clinic.begin([patient(3)], [receipt(501, 3)])
    world.control.next_faults(PlannedFault("blocked_425"))
    records = clinic.sync("contas_receber", "REC-501")
    assert records[-1].result.report is None or records[-1].result.report.total.held
    assert world.control.records("contas_receber") == ()
    world.clock.sleep(31 * 60)
    assert ended(clinic.sync("contas_receber", "REC-501"))[-1][:2] == ("REC-501", 1)


@pytest.mark.slow
def test_a_guardrail_stops_it_and_what_goes_first_has_one_of_its_own(
    clinic: Clinic, world: World, deployed: Deployed
) -> None:
    clinic.begin([patient(3)], [receipt(501, 3)])
    settings = clinic.deployment.settings
    clinic.deployment = deployed(
        "endpoints: {contas_receber: {guardrails: {max_value_sum: 100}}}",
        settings={
            "clinic_url": settings.clinic_url,
            "staging": "canonica",
            "models": settings.models,
        },
    )
    records = clinic.sync("contas_receber", "REC-501")
    assert isinstance(records[-1].result.error, GuardrailStopped)
    assert world.control.records("contas_receber") == ()
    assert ended(clinic.sync("contas_receber", "REC-501", approve=True)) == [("REC-501", 1, 1)]


# Where a code comes from.


def test_codes_say_which_rows_they_are_made_of() -> None:
    assert origins_of("clientes", "PRO-2") == (Origin("profissionais", "2"),)
    assert origins_of("contas_receber", "REC-501-1") == (
        Origin("recebimentos", "501-1"),
        Origin("recebimentos", "501"),
    )
    assert origins_of("contas_receber", "VEN-1") == (Origin("vendas_produtos", "1"),)
    assert origins_of("contas_pagar", "REP-R7") == (
        Origin("recebimentos", "7"),
        Origin("repasses", "R7"),
    )
    assert tables_beside("REP-R7") == ("regras_repasse", "repasses")
    assert tables_beside("REP-7") == ("repasses",)
    assert origins_of("clientes", "XYZ-7") == origins_of("clientes", "PAC-") == ()


def test_every_endpoint_that_others_name_and_every_table_is_known() -> None:
    named = {name for endpoint in REGISTRY.values() for name in prerequisites_of(endpoint)}
    assert named <= set(MADE_OF)
    tables = {table for places in MADE_OF.values() for _, table in places}
    assert tables <= set(CLINIC_TABLES)
