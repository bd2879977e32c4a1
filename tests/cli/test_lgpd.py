"""``lgpd export|erase`` and ``db roles``."""

from __future__ import annotations

import json
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from omie_pipeline.app.freshness import TABLES
from omie_pipeline.cli.app import app
from omie_pipeline.postgres.omie_tables import import_cursor
from omie_pipeline.privacy.find import find_person
from omie_pipeline.privacy.keep_erased import erase_everywhere
from omie_pipeline.privacy.retention import reasons_to_keep
from tests.cli.conftest import Said, Terminal
from tests.privacy.acts import add_acts
from tests.privacy.people import CPF, MARIA, SECRETS, add_people
from tests.push.world import EMPRESA, World, cliente, titulo

HIDDEN = (*SECRETS, CPF, "52998224725", "Maria", "Lima")
CONTACT = f"SELECT email FROM omie.clientes WHERE codigo_cliente_omie = {MARIA}"


@pytest.fixture
def people(clinic: World, engine: sa.Engine) -> sa.Engine:
    add_people(engine, paid_on=date(2026, 3, 1))
    read_just_now(engine)
    return engine


def read_just_now(engine: sa.Engine) -> None:
    """Every list of Omie that may name a person was read a moment ago."""
    values = [
        {"empresa": "principal", "table_name": name, "read_until": datetime.now(UTC)}
        for name in TABLES
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(import_cursor), values)


def shows_nobody(said: Said) -> bool:
    return not [text for text in HIDDEN if text in said.out + said.err]


def email(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        found: str | None = connection.scalar(sa.text(CONTACT))
    return found


def test_export_writes_a_file_for_its_owner_only(
    terminal: Terminal, people: sa.Engine, tmp_path: Path
) -> None:
    said = terminal("lgpd", "export", "--cpf", CPF, "--output", str(tmp_path))
    assert said.code == 0
    assert shows_nobody(said)
    (file,) = tmp_path.glob("titular-*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (sections,) = json.loads(file.read_text(encoding="utf-8"))["empresas"].values()
    assert sections[0]["title"] == "Cadastro no Omie"
    assert sections[0]["rows"][0]["email"] == "maria@exemplo.com"
    assert "150.10" in file.read_text(encoding="utf-8")
    assert "Lima" not in file.read_text(encoding="utf-8")


def test_the_document_may_come_from_standard_input(
    terminal: Terminal, people: sa.Engine, tmp_path: Path
) -> None:
    target = tmp_path / "maria.json"
    words = ["lgpd", "export", "--output", str(target)]
    result = CliRunner().invoke(app, words, input="52998224725\n")
    assert result.exit_code == 0
    assert "52998224725" not in result.output
    before = target.read_bytes()
    again = terminal("lgpd", "export", "--key", "PAC-1", "--output", str(target))
    assert again.code == 1
    assert "já existe" in again.err
    assert target.read_bytes() == before


@pytest.mark.slow
def test_nobody_found_writes_nothing(terminal: Terminal, people: sa.Engine, tmp_path: Path) -> None:
    target = tmp_path / "x.json"
    said = terminal("lgpd", "export", "--cpf", "390.533.447-05", "--output", str(target))
    assert said.code == 0
    assert "Nada encontrado" in said.out
    assert not target.exists()
    assert "nada encontrado" in terminal("lgpd", "erase", "--cpf", "390.533.447-05", "--yes").out
    with people.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM omie_sync.erasure")) == 0


@pytest.mark.parametrize("words", [("--cpf", "529.982"), ("--key", " "),
                                   ("--cpf", CPF, "--key", "PAC-1"),
                                   ("--cpf", CPF, "--empresa", "nenhuma")])  # fmt: skip
def test_wrong_usage_repeats_no_document(
    terminal: Terminal, clinic: World, words: tuple[str, ...]
) -> None:
    said = terminal("lgpd", "erase", *words)
    assert said.code == 2
    assert "529" not in said.out + said.err


@pytest.mark.slow
def test_erase_only_shows_until_yes(terminal: Terminal, people: sa.Engine) -> None:
    said = terminal("lgpd", "erase", "--cpf", CPF)
    assert said.code == 0
    assert "contatos, endereço e observações saem do armazém na hora" in said.err
    assert email(people) == "maria@exemplo.com"
    done = terminal("lgpd", "erase", "--cpf", CPF, "--yes")
    assert done.code == 0
    assert done.out == said.out
    assert email(people) is None


@pytest.mark.slow
def test_erase_says_what_stays_and_what_else_is_to_do(
    terminal: Terminal, people: sa.Engine
) -> None:
    said = terminal("lgpd", "erase", "--cpf", CPF)
    assert shows_nobody(said)
    assert "01/01/2032" in said.out
    assert f"Falta apagar no Omie: cliente {MARIA}" in said.out
    assert "Falta apagar no sistema da clínica: PAC-1" in said.out
    assert "clinic_raw.pacientes" in said.out


def test_roles_are_told(terminal: Terminal, people: sa.Engine) -> None:
    said = terminal("db", "roles")
    assert said.code == 0
    for name in ("omie_analyst", "omie_finance", "omie_clinic"):
        assert name in said.out
    assert "IN ROLE omie_analyst" in said.err


@pytest.mark.slow
def test_archived_notes_are_told_as_kept(terminal: Terminal, people: sa.Engine) -> None:
    with people.begin() as connection:
        add_acts(connection)
    said = terminal("lgpd", "erase", "--cpf", CPF)
    assert shows_nobody(said)
    assert "principal/OS-1.pdf (até 01/01/2032)" in said.out
    assert "principal/OS-2.pdf" not in said.out
    assert "cinco anos (CTN 173, 174 e 195; LGPD 16, I)" in said.out
    assert "No Omie ficam também os textos e e-mails de OS-1, CTR-1" in said.out


def with_titles_nobody_read_back(clinic: World) -> None:
    """The mirror was read before the clinic's three títulos were sent."""
    clinic.model("clientes", [cliente(1)])
    clinic.push()
    clinic.read_references()
    for name in TABLES:
        clinic.import_table(name)
    clinic.model("contas_receber", [titulo(1), titulo(2), titulo(3)])
    assert clinic.push("contas_receber").total.created == 3


@pytest.mark.slow
@pytest.mark.usefixtures("unvalidated")
def test_titles_that_the_mirror_has_not_seen_keep_the_name(
    terminal: Terminal, clinic: World
) -> None:
    with_titles_nobody_read_back(clinic)
    said = terminal("lgpd", "erase", "--key", "PAC-1", "--yes")
    assert said.code == 0, said
    assert "nenhuma nota ou título" not in said.out
    assert "Contas a receber: o último é de 05/02/2026" in said.out
    ((name,),) = clinic.rows(
        "SELECT razao_social FROM omie.clientes WHERE codigo_integracao = 'PAC-1'"
    )
    assert name == "Paciente Numero 1"


@pytest.mark.slow
@pytest.mark.usefixtures("unvalidated")
def test_the_ledger_keeps_the_name_where_the_mirror_has_nothing(clinic: World) -> None:
    with_titles_nobody_read_back(clinic)
    with clinic.engine.connect() as connection:
        person = find_person(connection, EMPRESA, code="PAC-1")
        assert len(person.title_codes) == 3
        (reason,) = reasons_to_keep(connection, person, date(2026, 6, 1))
    assert reason.what.endswith(": 3")
    assert reason.until == date(2032, 1, 1)


@pytest.mark.parametrize("words", [(), ("--yes",)])
def test_where_omie_cannot_be_read_nothing_is_decided(
    terminal: Terminal, people: sa.Engine, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    with people.begin() as connection:
        connection.execute(sa.delete(import_cursor))
    monkeypatch.setenv("OMIE_APP_SECRET", "segredo-errado")
    said = terminal("lgpd", "erase", "--cpf", CPF, *words)
    assert said.code == 1
    assert "não dá para decidir o que a lei manda guardar" in said.err
    assert email(people) == "maria@exemplo.com"


@pytest.mark.slow
def test_an_order_is_taken_back_until_it_is_carried_out(
    terminal: Terminal, people: sa.Engine
) -> None:
    assert "não há pedido" in terminal("lgpd", "cancel", "--cpf", CPF).out
    said = terminal("lgpd", "erase", "--cpf", CPF, "--yes")
    assert "espera o dia mostrado" in said.err
    assert "omie-pipeline lgpd cancel" in said.err
    said = terminal("lgpd", "cancel", "--cpf", CPF)
    assert (said.code, "01/01/2032" in said.out) == (0, True)
    assert shows_nobody(said)
    end = date(2033, 1, 1)
    assert erase_everywhere(people, EMPRESA, end) == 0
    assert "não há pedido" in terminal("lgpd", "cancel", "--key", "PAC-1").out
    terminal("lgpd", "erase", "--cpf", CPF, "--yes")
    assert erase_everywhere(people, EMPRESA, end) > 0
