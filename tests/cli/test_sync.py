"""``sync``: what the person who waits reads, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from omie_pipeline.app import sync_one
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.app.syncing import Clinic, patient, receipt, refresh_without_dbt
from tests.cli.conftest import Terminal
from tests.push.world import World, cpf


@pytest.fixture
def front_desk(clinic: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """A clinic that was built: three patients, one receipt; nothing was sent."""
    folder = tmp_path / "clinica"
    folder.mkdir()
    monkeypatch.setenv("CLINIC_URL", str(folder))
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", "canonica")
    monkeypatch.setenv("OMIE_PIPELINE_MODELS", str(tmp_path / "modelos"))
    monkeypatch.setattr(sync_one, "refresh_key", refresh_without_dbt)
    made = Clinic(folder, clinic, Deployment(), "principal")
    made.begin([patient(3), patient(5)], [receipt(501, 5)])
    return made


@pytest.mark.slow
def test_a_patient_is_told_with_omies_own_words(terminal: Terminal, front_desk: Clinic) -> None:
    said = terminal("sync", "clientes", "--key", "PAC-3")
    assert said.code == 0
    assert "pacientes 3: linha como antes" in said.err
    assert "PAC-3 (clientes): incluído no Omie (id" in said.out
    assert "Cliente cadastrado com sucesso" in said.out
    front_desk.write("pacientes", [patient(3, "Ana Corrigida"), patient(5)])
    said = terminal("sync", "clientes", "--key", "PAC-3")
    assert "pacientes 3: linha mudou" in said.err
    assert "alterado no Omie" in said.out
    said = terminal("sync", "clientes", "--key", "PAC-3")
    assert (said.code, "já está assim no Omie" in said.out) == (0, True)
    assert "Ana" not in said.out + said.err


def test_the_clinic_is_told_of_the_one_record(
    terminal: Terminal, front_desk: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after ``push``: without it the way back would wait for another command."""
    config = tmp_path / "empresas.yaml"
    config.write_text(
        "empresas:\n  - {nome: principal, app_key_env: OMIE_APP_KEY, "
        "app_secret_env: OMIE_APP_SECRET, saida: {}}\n",
        "utf-8",
    )
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(config))
    said = terminal("sync", "clientes", "--key", "PAC-3")
    assert (said.code, "1 mudanças novas na saída" in said.err) == (0, True)
    (told,) = terminal("outbox", "list", "--json").lines
    assert (told["integration_code"], told["state"]) == ("PAC-3", "unread")


@pytest.mark.slow
def test_what_goes_first_is_said_and_json_has_a_line_for_each(
    terminal: Terminal, front_desk: Clinic
) -> None:
    said = terminal("sync", "contas-receber", "--key", "REC-501", "--json")
    assert said.code == 0
    assert "PAC-5 (clientes) ainda não está no Omie: vai antes" in said.err
    told = [(line["key"], line["endpoint"], line["created"], line["calls"]) for line in said.lines]
    assert told == [("PAC-5", "clientes", 1, 1), ("REC-501", "contas_receber", 1, 1)]


@pytest.mark.slow
def test_rows_left_over_are_3_with_the_reason(terminal: Terminal, front_desk: Clinic) -> None:
    front_desk.write("pacientes", [patient(3, document="39053344706"), patient(5)])
    said = terminal("sync", "clientes", "--key", "PAC-3")
    assert said.code == 3
    assert "PAC-3 (clientes): em quarentena, não foi enviado" in said.out
    assert "CPF" in said.out
    assert "39053344706" not in said.out
    front_desk.world.control.next_faults(
        PlannedFault("fault_in_200", integration_code="PAC-5", text="ERROR: Algo [x] errado!")
    )
    said = terminal("sync", "clientes", "--key", "PAC-5")
    assert (said.code, "recusado pelo Omie" in said.out) == (3, True)
    assert "Algo [x] errado!" in said.out


@pytest.mark.slow
def test_a_code_of_nobody_is_2_and_says_that_the_clinic_has_no_such_row(
    terminal: Terminal, front_desk: Clinic
) -> None:
    said = terminal("sync", "clientes", "--key", "PAC-999")
    assert said.code == 2
    assert "pacientes: a tabela foi lida como num build" in said.err
    assert "a clínica, lida agora, não tem essa linha" in said.err
    assert "os códigos são como PAC-" in said.err
    for useless in ("omie-pipeline build", "nenhuma linha na seleção"):
        assert useless not in said.err


@pytest.mark.slow
def test_a_row_that_is_gone_is_no_wrong_word(terminal: Terminal, front_desk: Clinic) -> None:
    terminal("sync", "clientes", "--key", "PAC-3")
    front_desk.write("pacientes", [patient(5)])
    said = terminal("sync", "clientes", "--key", "PAC-3")
    assert said.code == 0
    assert "PAC-3 (clientes): a clínica, lida agora, não tem essa linha" in said.err
    assert "a política do endpoint não exclui" in said.err
    assert "nenhuma linha na seleção" not in said.err


@pytest.mark.slow
def test_a_row_of_which_no_record_is_made_is_not_called_gone(
    terminal: Terminal, front_desk: Clinic
) -> None:
    with front_desk.world.engine.begin() as connection:
        made = connection.exec_driver_sql(
            "SELECT rtrim(pg_get_viewdef('staging.omie_clientes'::regclass), ';')"
        ).scalar_one()
        connection.exec_driver_sql(
            f"CREATE OR REPLACE VIEW staging.omie_clientes AS SELECT * FROM ({made}) AS m LIMIT 0"
        )
    said = terminal("sync", "clientes", "--key", "PAC-3")
    assert said.code == 2
    assert "a clínica tem a linha, mas o modelo não faz dela um registro" in said.err


@pytest.mark.slow
def test_a_document_shared_is_said(terminal: Terminal, front_desk: Clinic) -> None:
    front_desk.write("pacientes", [patient(3), patient(5, "Filho", cpf(3))])
    said = terminal("sync", "clientes", "--key", "PAC-5")
    assert "PAC-5 tem o documento de PAC-3" in said.err
    assert "PAC-3 (clientes): incluído no Omie" in said.out


def test_a_clinic_that_is_gone_is_1_and_wrong_words_are_2(
    terminal: Terminal, front_desk: Clinic
) -> None:
    assert terminal("sync", "tudo", "--key", "PAC-3").code == 2
    assert terminal("sync", "clientes").code == 2
    (front_desk.folder / "pacientes.csv").unlink()
    said = terminal("sync", "clientes", "--key", "PAC-3")
    assert said.code == 1
    assert "pacientes.csv" in said.err
