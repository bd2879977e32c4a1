"""``build`` over real sources that are not as they should be: what is told, what still works."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.conftest import Dbt, Terminal

SOURCES = """
sources:
  - name: minha
    schema: clinic_raw
    tables:
      - name: pacientes
        meta: {grain: register, key: [id], updated_at: alterado_em}
      - name: lancamentos
        meta: {grain: fact, key: [num], business_date: dia}
"""
RECEIPTS = "num;dia;valor;obs\n" + "".join(
    f"{number};2026-01-05;R$ 250,00;ok\n" for number in range(1, 7)
)
PATIENTS = "id;nome;alterado_em\n1;Ana;2026-01-05\n"
Rows = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture
def own_set(
    terminal: Terminal, dbt: type[Dbt], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A staging set of two tables and an empty folder for its source."""
    staging = tmp_path / "modelos" / "staging" / "minha"
    staging.mkdir(parents=True)
    (staging / "_sources.yml").write_text(SOURCES)
    monkeypatch.setenv("OMIE_PIPELINE_MODELS", str(tmp_path / "modelos"))
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", "minha")
    folder = tmp_path / "clinica"
    folder.mkdir()
    monkeypatch.setenv("CLINIC_URL", str(folder))
    return folder


@pytest.fixture
def rows(engine: sa.Engine) -> Rows:
    def query(statement: str) -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]

    return query


def written(folder: Path, receipts: str = RECEIPTS, patients: str = PATIENTS) -> None:
    (folder / "lancamentos.csv").write_text(receipts)
    (folder / "pacientes.csv").write_text(patients)


@pytest.mark.slow
def test_one_bad_file_stops_its_table_only(
    terminal: Terminal, dbt: type[Dbt], own_set: Path, rows: Rows
) -> None:
    written(own_set, RECEIPTS.replace("3;2026-01-05;R$ 250,00;ok", '3;2026-01-05;R$ 250,00;"ligar'))
    said = terminal("build")
    assert said.code == 1
    assert "lancamentos.csv', linha 4: as aspas que abrem ali não fecham" in said.err
    assert "Tabelas que não foram copiadas (1)" in said.err
    assert "pacientes (principal): 1 lidas, 1 novas" in said.out
    assert dbt.asked
    assert rows("select nome from clinic_raw.pacientes") == [("Ana",)]
    assert rows("select to_regclass('clinic_raw.lancamentos')") == [(None,)]
    written(own_set)
    said = terminal("build")
    assert said.code == 0
    assert "lancamentos (principal): 6 lidas, 6 novas" in said.out


@pytest.mark.parametrize("kind", ["csv", "sqlite"])
def test_rows_of_no_empresa_are_told(
    terminal: Terminal, own_set: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    sources = tmp_path / "modelos" / "staging" / "minha" / "_sources.yml"
    sources.write_text(SOURCES.replace("key: [num],", "key: [num], empresa: unidade,"))
    rows = [(1, "principal"), (2, ""), (3, " "), (4, "Filial 2"), (5, "principal")]
    lines = "".join(f"{number};2026-01-05;1,00;{unit}\n" for number, unit in rows)
    written(own_set, "num;dia;valor;unidade\n" + lines)
    if kind == "sqlite":
        with sqlite3.connect(tmp_path / "c.db") as database:
            database.execute("create table lancamentos (num, dia, valor, unidade)")
            database.execute("create table pacientes (id, nome, alterado_em)")
            database.executemany(
                "insert into lancamentos values (?, '2026-01-05', '1,00', ?)",
                [(number, unit or None) for number, unit in rows],
            )
        monkeypatch.setenv("CLINIC_URL", f"sqlite:///{tmp_path / 'c.db'}")
    said = terminal("build")
    assert said.code == 0
    assert "lancamentos (principal): 2 lidas" in said.out
    assert "lancamentos: 2 linha(s) sem empresa, não são enviadas a ninguém" in said.err
    assert "lancamentos: 2 linha(s) com a coluna 'unidade' vazia" in said.err
    assert "1 linha(s) da empresa 'Filial 2', que não está configurada" in said.err


def test_a_clinic_that_cannot_be_reached_is_told_once(
    terminal: Terminal, dbt: type[Dbt], own_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINIC_URL", "postgresql://medico:s3nh4-secreta@127.0.0.1:1/clinica")
    said = terminal("build")
    assert said.code == 1
    assert said.err.count("não respondeu") == 1
    assert "Confira CLINIC_URL" in said.err
    assert "s3nh4" not in said.err
    assert not dbt.asked


@pytest.mark.slow
def test_rows_that_were_not_copied_are_listed_until_they_are_mended(
    terminal: Terminal, own_set: Path, rows: Rows
) -> None:
    twins = "529.982.247-25;2026-01-05;1,00;a\n529.982.247-25;2026-01-05;2,00;b\n"
    written(own_set, RECEIPTS + twins + ";2026-01-05;3,00;c\nTOTAL;;1.234,00;\n")
    said = terminal("build")
    assert said.code == 0
    assert "lancamentos (principal): 10 lidas, 6 novas" in said.out
    assert "4 separadas" in said.out
    listed = terminal("quarantine")
    assert listed.code == 0
    assert "lancamentos.csv, linhas 8, 9" in listed.out
    assert "Deixe na origem uma linha só com essa chave" in listed.out
    assert "a chave '529.982.247-25'" in listed.out, "staff see what the source has"
    assert "529.982" not in said.out + said.err, "a build is kept as a log"
    lines = terminal("quarantine", "--json").lines
    assert [(one["endpoint"], one["origin"]) for one in lines] == [("", "lancamentos")] * 3
    assert "4 em lancamentos; motivos: omie-pipeline quarantine" in terminal("status").out
    written(own_set)
    assert terminal("build").code == 0
    assert "Nenhuma linha." in terminal("quarantine").out
    assert "não foram copiadas" not in terminal("status").out


def told_command(text: str) -> list[str]:
    """The command that a message gives, as its words."""
    found = re.search(r"rode: omie-pipeline (\S+(?: \S+)*)$", text, re.MULTILINE)
    assert found is not None, text
    return found[1].split()


@pytest.mark.slow
def test_the_commands_that_messages_give_work_as_typed(
    terminal: Terminal, own_set: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_set / "clinica.db"
    monkeypatch.setenv("CLINIC_URL", f"sqlite:///{file}")
    with sqlite3.connect(file) as source:
        source.execute(
            "create table pacientes (id int, nome text, cell_phone text, alterado_em datetime)"
        )
        source.execute("create table lancamentos (num int, dia date, valor real)")
        source.executemany(
            "insert into pacientes values (?, 'Ana', '11 99999-0000', '2026-01-05 10:00')",
            [(number,) for number in range(20)],
        )
        source.commit()
        assert terminal("build").code == 0
        source.execute("alter table pacientes rename column cell_phone to mobile")
        source.commit()
        said = terminal("build")
        assert said.code == 1
        assert "não tem mais a coluna cell_phone (novas na fonte: mobile)" in said.err
        assert rows("select count(cell_phone) from clinic_raw.pacientes") == [(20,)]
        said = terminal(*told_command(said.err))
        assert said.code == 0
        assert "pacientes: colunas novas na fonte: mobile" in said.err
        assert rows("select distinct mobile from clinic_raw.pacientes") == [("11 99999-0000",)]
        assert terminal("build").code == 0
        source.execute("delete from pacientes where id < 12")
        source.commit()
        said = terminal("build")
        assert said.code == 1
        assert "perdeu 12 de 20 linhas" in said.err
        said = terminal(*told_command(said.err))
        assert said.code == 0
        assert "12 retiradas" in said.out
        assert terminal("build").code == 0


@pytest.mark.slow
def test_full_reads_what_no_stamp_tells(
    terminal: Terminal, own_set: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_set / "clinica.db"
    monkeypatch.setenv("CLINIC_URL", f"sqlite:///{file}")
    with sqlite3.connect(file) as source:
        source.execute("create table pacientes (id int, nome text, alterado_em datetime)")
        source.execute("create table lancamentos (num int, dia date, valor real)")
        source.execute("insert into pacientes values (1, 'Ana', '2026-01-05 10:00')")
        source.execute("insert into pacientes values (2, 'Eva', '2026-03-05 10:00')")
        source.commit()
        terminal("build")
        source.execute("update pacientes set nome = 'Bia' where id = 1")
        source.execute("delete from pacientes where id = 2")
        source.commit()
        assert "0 alteradas, 1 retiradas" in terminal("build").out
        assert "1 alteradas, 0 retiradas" in terminal("build", "--full").out
    assert rows("select nome from clinic_raw.pacientes") == [("Bia",)]


@pytest.mark.parametrize("option", ["--recopy", "--accept-shrunk"])
def test_a_table_that_is_none_is_wrong_usage(
    terminal: Terminal, own_set: Path, option: str
) -> None:
    said = terminal("build", option, "paciente")
    assert said.code == 2
    assert "existem: lancamentos, pacientes" in said.err


def test_zero_dates_and_float_money_of_mariadb(
    terminal: Terminal,
    own_set: Path,
    rows: Rows,
    mariadb: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with mariadb.begin() as connection:
        connection.exec_driver_sql(
            "create table pacientes (id int, nome text, alterado_em datetime)"
        )
        connection.exec_driver_sql("create table lancamentos (num int, dia date, valor float)")
        connection.exec_driver_sql(
            "insert into lancamentos values (1, '2026-01-05', 12500.53), (2, 0, 0.1)"
        )
    monkeypatch.setenv("CLINIC_URL", mariadb.url.render_as_string(hide_password=False))
    said = terminal("build")
    assert said.code == 0
    assert rows("select dia, valor::text from clinic_raw.lancamentos order by num") == [
        ("2026-01-05", "12500.53"),
        ("0000-00-00", "0.1"),
    ]
