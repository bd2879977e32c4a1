"""Two installations beside another team's schemas, built and pushed on the oldest PostgreSQL.

The login may make schemas in its database and nothing else. The builds are the costly part, so
every question about them is asked of the same two.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from sample.generator.generate import write_sample
from tests.old_postgres import OldPostgres, old_postgres
from tests.schemas.conftest import FOREIGN, snapshot

pytestmark = pytest.mark.slow
PASSWORD = "s3nha-da-entrega"
PREFIXES = ("um_", "dois_")
NOT_OURS = "^(um|dois)_"


@dataclass(frozen=True)
class Beside:
    """A database of many, with two installations in it."""

    server: OldPostgres
    before: list[tuple[object, ...]]
    folder: Path
    simulators: dict[str, Simulator]

    def say(self, prefix: str, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of one installation, in a process of its own."""
        simulator = self.simulators[prefix]
        environment = {
            **os.environ,
            "OMIE_APP_KEY": simulator.app_key,
            "OMIE_APP_SECRET": simulator.app_secret,
            "OMIE_BASE_URL": simulator.base_url,
            "OMIE_CALLS_PER_MINUTE": "100000",
            "OMIE_CALLS_PER_MINUTE_IP": "100000",
            "OMIE_PIPELINE_HOME": str(self.folder / prefix),
            "OMIE_PIPELINE_START_DATE": "2026-01-01",
            "OMIE_PIPELINE_SCHEMA_PREFIX": prefix if prefix in PREFIXES else "",
            "WAREHOUSE_URL": self.server.as_role("entrega", PASSWORD, "casa"),
            "CLINIC_URL": str(self.folder / f"clinica_{prefix}"),
        }
        command = [str(Path(sys.executable).with_name("omie-pipeline")), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def value(self, query: str) -> object:
        with self.server.administrator("casa") as connection:
            return connection.exec_driver_sql(query).scalar()

    def do(self, statement: str) -> None:
        with self.server.administrator("casa") as connection:
            connection.exec_driver_sql(statement)


def _small_clinic(folder: Path) -> None:
    """A clinic of ten patients and as many receipts; three more rows of these are not good."""
    folder.mkdir(parents=True)
    write_sample(10, 0, 7, str(folder))
    _add(folder / "pacientes.csv", {"id": "de-fora"})
    odd = {"ilegivel": ("R$ 1.000,0O",), "dobrado": ("1.00", "2.00")}
    for key, values in odd.items():
        for value in values:
            _add(folder / "recebimentos.csv", {"id": key, "valor": value})


def _add(file: Path, changes: dict[str, str]) -> None:
    """A row like the first, but for the changes."""
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        names, first = reader.fieldnames or (), next(reader)
    with file.open("a", encoding="utf-8", newline="") as stream:
        csv.DictWriter(stream, names).writerow({**first, **changes})


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    folder = tmp_path_factory.mktemp("instalacoes")
    for prefix in PREFIXES:
        _small_clinic(folder / f"clinica_{prefix}")
    limits = Limits.off()
    with (
        old_postgres() as server,
        running_simulator(limits=limits) as one,
        running_simulator(limits=limits) as two,
    ):
        with server.administrator() as connection:
            connection.exec_driver_sql(f"CREATE ROLE entrega LOGIN PASSWORD '{PASSWORD}'")
            connection.exec_driver_sql("CREATE DATABASE casa")
            connection.exec_driver_sql("GRANT CREATE ON DATABASE casa TO entrega")
        with server.administrator("casa") as connection:
            connection.exec_driver_sql(FOREIGN)
            before = snapshot(connection, NOT_OURS)
        found = Beside(server, before, folder, {"um_": one, "dois_": two, "": one})
        for prefix in PREFIXES:
            built = found.say(prefix, "build")
            assert built.returncode == 0, built.stdout + built.stderr
        yield found


def test_both_are_built_and_nothing_else_has_changed(beside: Beside) -> None:
    assert str(beside.value("SHOW server_version")).startswith("15.")
    for prefix in PREFIXES:
        assert beside.value(f"SELECT count(*) FROM {prefix}omie_payload.omie_clientes") > 9
    with beside.server.administrator("casa") as connection:
        assert snapshot(connection, NOT_OURS) == beside.before


def test_a_push_of_one_is_no_push_of_the_other(beside: Beside) -> None:
    said = beside.say("um_", "push", "clientes", "--json")
    assert said.returncode in (0, 3), said.stdout + said.stderr
    confirmed = "SELECT count(*) FROM {}omie_sync.ledger WHERE state = 'confirmed'"
    sent = beside.value(confirmed.format("um_"))
    assert sent > 0
    assert beside.value(confirmed.format("dois_")) == 0
    assert [call.method for call in beside.simulators["dois_"].control.calls()] == []
    said = beside.say("dois_", "push", "clientes", "--json")
    assert said.returncode in (0, 3), said.stdout + said.stderr
    assert beside.value(confirmed.format("dois_")) == beside.value(confirmed.format("um_")) == sent
    with beside.server.administrator("casa") as connection:
        assert snapshot(connection, NOT_OURS) == beside.before


def test_every_command_finds_what_is_under_the_prefix(beside: Beside, tmp_path: Path) -> None:
    def said(*words: str, codes: tuple[int, ...] = (0,)) -> str:
        done = beside.say("um_", *words)
        assert done.returncode in codes, done.stdout + done.stderr
        return done.stdout + done.stderr

    again = said("build")
    assert "'R$ 1.000,0O'" in again, "what could not be read is told"
    assert "dobrado" in said("quarantine")
    receipt = ("receipt_category=1.01.01", "account=9100000001", "account.PIX=9100000002")
    said("defaults", "set", "principal", *receipt)
    assert "9100000002" in said("defaults", "list")
    assert "PAC-de-fora" in said("warnings"), "under the record of the first"
    assert "require_rg" in said("rules")
    said("refs")
    said("push", "tudo", "--json", codes=(0, 3))
    assert "REC-ilegivel" in said("quarantine")
    assert "recebimentos" in said("status")
    patient = beside.value("SELECT min(id) FROM um_clinic_raw.pacientes")
    file = tmp_path / "titular.json"
    said("lgpd", "export", "--key", f"PAC-{patient}", "--output", str(file))
    assert "omie_payload.clientes_codigos" in file.read_text()
    with beside.server.administrator("casa") as connection:
        assert snapshot(connection, NOT_OURS) == beside.before


def test_without_a_prefix_nothing_is_built_there(beside: Beside) -> None:
    beside.folder.joinpath("clinica_").mkdir(exist_ok=True)
    said = beside.say("", "build")
    assert said.returncode == 1
    assert "table clinica.pacientes" in said.stderr
    with beside.server.administrator("casa") as connection:
        assert snapshot(connection, NOT_OURS) == beside.before


def test_every_relation_that_a_build_made_is_marked(beside: Beside) -> None:
    unmarked = beside.value(
        "SELECT array_agg(c.oid::regclass::text) FROM pg_class AS c "
        "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname ~ '^um_(staging|clinica|omie_payload|analise|clinic_raw)$' "
        "AND c.relkind IN ('r', 'v') AND c.relname NOT IN ('_watermark', '_set_aside') "
        "AND NOT um_omie_sync.e_nosso(c.oid)"
    )
    assert unmarked is None


def test_what_others_put_among_ours_stops_a_build_before_its_first_change(beside: Beside) -> None:
    """A seed's table, a view of our name and a copy's table, each made by somebody else."""
    beside.do(
        "DROP TABLE um_clinica.municipios CASCADE;"
        "CREATE TABLE um_clinica.municipios (nome text);"
        "INSERT INTO um_clinica.municipios VALUES ('Rio');"
        "DROP VIEW um_analise.duplicados;"
        "CREATE VIEW um_analise.duplicados AS SELECT 1 AS n;"
        "CREATE TABLE um_analise.minha (id integer);"
    )
    with beside.server.administrator("casa") as connection:
        before = snapshot(connection, "^dois_")
        said = beside.say("um_", "build")
        assert snapshot(connection, "^dois_") == before
    assert said.returncode == 1
    assert "table um_clinica.municipios" in said.stderr
    assert "view um_analise.duplicados" in said.stderr
    assert "minha" not in said.stderr


def test_a_copy_of_the_clinic_is_not_put_into_somebody_elses_table(beside: Beside) -> None:
    source = beside.folder / "clinica_dois_" / "fornecedores.csv"
    with source.open(encoding="utf-8", newline="") as lines:
        columns = next(csv.reader(lines))
    beside.do("DROP TABLE dois_clinic_raw.fornecedores CASCADE")
    made = ", ".join(f'"{name}" text' for name in columns)
    beside.do(f"CREATE TABLE dois_clinic_raw.fornecedores ({made})")
    said = beside.say("dois_", "build")
    assert said.returncode == 1
    assert "dois_clinic_raw.fornecedores, que não foi feita por este programa" in said.stderr
    assert beside.value("SELECT count(*) FROM dois_clinic_raw.fornecedores") == 0
