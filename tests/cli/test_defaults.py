"""``defaults``: categories and accounts of the installation's own, and those of older versions."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.config.defaults import DEFAULTS
from tests.cli.conftest import Terminal
from tests.push.world import World

OLD_HEAD = (
    "empresa,categoria_padrao_agenda,categoria_padrao_repasse,categoria_padrao_venda,"
    "categoria_padrao_despesa,categoria_padrao_compra,conta_corrente_padrao"
)
DELIVERED = "principal,1.01.01,2.01.01,1.01.03,2.02.01,2.01.02,9100000001"


def kept(terminal: Terminal) -> dict[str, str]:
    lines = terminal("defaults", "list", "--json").lines
    return {f"{line['empresa']}.{line['name']}": line["value"] for line in lines}


def test_a_new_installation_has_none(terminal: Terminal, clinic: World) -> None:
    assert kept(terminal) == {}
    shown = terminal("defaults", "list")
    assert shown.code == 0
    for name in DEFAULTS:
        assert name in shown.out
    assert "9100000001" not in shown.out


@pytest.mark.slow
def test_what_is_set_is_kept_and_what_is_unset_is_gone(terminal: Terminal, clinic: World) -> None:
    said = terminal(
        "defaults", "set", "principal", "receipt_category=1.01.01", "account=0000123",
        "bill_orders=sim", "repasse_days=15", "account.VALE=REFEIÇÃO=77",
    )  # fmt: skip
    assert said.code == 0, said.err
    terminal("defaults", "set", "*", "account.PIX=88")
    assert kept(terminal) == {
        "principal.receipt_category": "1.01.01",
        "principal.account": "123",
        "principal.bill_orders": "S",
        "principal.repasse_days": "15",
        "principal.account.VALE=REFEIÇÃO": "77",
        "*.account.PIX": "88",
    }
    said = terminal("defaults", "unset", "principal", "account", "lc116")
    assert said.code == 3
    assert "account (principal): tirado" in said.out
    assert "lc116 (principal): não estava definido" in said.out
    assert terminal("defaults", "unset", "*", "account.PIX").code == 0
    assert set(kept(terminal)) == {
        "principal.receipt_category", "principal.bill_orders", "principal.repasse_days",
        "principal.account.VALE=REFEIÇÃO",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("empresa", "pair", "told"),
    [
        ("outra", "account=1", "Não existe a empresa outra (existem: principal"),
        ("principal", "conta=1", "Não existe o padrão conta"),
        ("principal", "account=9100000003.0", "só algarismos"),
        ("principal", "account=-1", "só algarismos"),
        ("principal", "account=99999999999999999999", "só algarismos"),
        ("principal", "account.PIX=Itaú", "só algarismos"),
        ("principal", "account.=1", "vazio"),
        ("principal", "bill_orders=talvez", "S ou N"),
        ("principal", "receipt_category=Consultas", "categoria do Omie"),
        ("principal", "repasse_days=trinta", "dias"),
        ("principal", "receipt_category=", "unset"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_kept(
    terminal: Terminal, clinic: World, empresa: str, pair: str, told: str
) -> None:
    said = terminal("defaults", "set", empresa, "sale_category=1.01.03", pair)
    assert said.code == 1
    assert told in said.err
    assert kept(terminal) == {}


def test_codes_that_omie_does_not_have_are_told(terminal: Terminal, clinic: World) -> None:
    unread = terminal("defaults", "set", "principal", "receipt_category=9.99.99")
    assert (unread.code, unread.err) == (0, "")
    assert terminal("refs").code == 0
    said = terminal("defaults", "set", "principal", "receipt_category=9.99.99", "account=42")
    assert said.code == 0
    assert "a categoria 9.99.99 não existe no Omie" in said.err
    assert "a conta corrente 42 não existe no Omie" in said.err
    good = terminal("defaults", "set", "principal", "receipt_category=1.01.01")
    assert good.err == ""


def test_an_export_is_what_import_reads(terminal: Terminal, clinic: World, tmp_path: Path) -> None:
    terminal("defaults", "set", "principal", "receipt_category=1.01.01", "account.A,B=5")
    file = tmp_path / "padroes.csv"
    file.write_text(terminal("defaults", "export").out, "utf-8")
    before = kept(terminal)
    terminal("defaults", "set", "principal", "sale_category=1.01.03")
    assert terminal("defaults", "import", str(file)).code == 0
    assert kept(terminal) == before | {"principal.sale_category": "1.01.03"}
    assert terminal("defaults", "import", str(file), "--replace").code == 0
    assert kept(terminal) == before


def test_a_spreadsheet_in_the_old_form_is_read(
    terminal: Terminal, clinic: World, tmp_path: Path
) -> None:
    file = tmp_path / "padroes.csv"
    text = f"\ufeff{OLD_HEAD},gerar_os_sempre\r\nprincipal,1.01.02,,,,,91,s\r\n*,,,,2.9,,,\r\n"
    file.write_text(text.replace(",", ";"), "utf-8")
    assert terminal("defaults", "import", str(file)).code == 0
    assert kept(terminal) == {
        "principal.receipt_category": "1.01.02",
        "principal.account": "91",
        "principal.order_for_every_receipt": "S",
        "*.expense_category": "2.9",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("empresa,name,value\nprincipal,account,1\noutra,account,x\n", "linha 3"),
        ("empresa,name,value\nprincipal,account,1\nprincipal,account,2\n", "mais de uma vez"),
        ("empresa,name,value\nprincipal,account,1,2\n", "colunas a mais"),
        ("empresa,nome,valor\nprincipal,account,1\n", "as colunas devem ser"),
        ("", "as colunas devem ser"),
    ],
)
def test_a_wrong_file_is_refused_whole(
    terminal: Terminal, clinic: World, tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "padroes.csv"
    file.write_text(text, "utf-8")
    said = terminal("defaults", "import", str(file))
    assert said.code == 1
    assert told in said.err
    assert kept(terminal) == {}


class OldPlace:
    """Where an earlier version kept defaults: the tables dbt made, and files of the project."""

    def __init__(self, engine: sa.Engine, seeds: Path) -> None:
        self.engine, self.seeds = engine, seeds

    def tables(self, defaults: str, accounts: str = "") -> None:
        columns = OLD_HEAD.replace(",", " text, ") + " bigint"
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"create table clinica.padroes_empresa ({columns})")
            connection.exec_driver_sql(
                "create table clinica.contas_por_forma_pagamento"
                " (empresa text, forma_pagamento text, codigo_conta_corrente bigint)"
            )
            for table, rows in (
                ("padroes_empresa", defaults), ("contas_por_forma_pagamento", accounts)
            ):  # fmt: skip
                for row in rows.splitlines():
                    *texts, number = [cell or None for cell in row.split(",")]
                    marks = ", ".join(["%s"] * len(texts))
                    connection.exec_driver_sql(
                        f"insert into clinica.{table} values ({marks}, cast(%s as bigint))",
                        (*texts, number),
                    )


@pytest.fixture
def old_place(clinic: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OldPlace:
    project = tmp_path / "dbt_mapping"
    (project / "seeds").mkdir(parents=True)
    monkeypatch.setattr("omie_pipeline.app.deployment.mapping_dir", lambda: project)
    return OldPlace(clinic.engine, project / "seeds")


def _real_omie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMIE_BASE_URL", "https://app.omie.com.br/api/v1/")
    monkeypatch.setenv("OMIE_CALLS_PER_MINUTE", "200")
    monkeypatch.setenv("OMIE_CALLS_PER_MINUTE_IP", "900")


def test_tables_of_an_earlier_build_are_taken_over_once(
    terminal: Terminal, old_place: OldPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _real_omie(monkeypatch)
    old_place.tables("principal,1.05.01,,,2.02.01,,555\nfilial,1.1,,,,,1", "principal,PIX,556")
    said = terminal("defaults", "list")
    assert "Padrões importados de clinica.padroes_empresa" in said.err
    # A real company's codes are kept; the example that nobody had changed is not.
    assert "expense_category=2.02.01 (principal): era um exemplo" in said.err
    assert "receipt_category=1.1 (filial): Não existe a empresa filial" in said.err
    assert kept(terminal) == {
        "principal.receipt_category": "1.05.01",
        "principal.account": "555",
        "principal.account.PIX": "556",
    }
    terminal("defaults", "unset", "principal", "receipt_category", "account", "account.PIX")
    again = terminal("defaults", "list")
    assert again.err == ""
    assert kept(terminal) == {}


def test_an_edited_file_goes_before_the_table(terminal: Terminal, old_place: OldPlace) -> None:
    old_place.tables(DELIVERED, "principal,PIX,9100000002")
    file = old_place.seeds / "padroes_empresa.csv"
    file.write_text(f"{OLD_HEAD}\nprincipal,1.07.01,,,,,777\n", "utf-8")
    said = terminal("defaults", "list")
    assert str(file) in said.err
    assert "clinica.contas_por_forma_pagamento" in said.err
    assert kept(terminal)["principal.account"] == "777"
    # The simulator's codes are as good as any where Omie is a simulator.
    assert kept(terminal)["principal.account.PIX"] == "9100000002"


def test_the_simulators_codes_are_no_defaults_of_a_real_company(
    terminal: Terminal, old_place: OldPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _real_omie(monkeypatch)
    old_place.tables(DELIVERED, "principal,PIX,9100000002")
    assert "era um exemplo" in terminal("defaults", "list").err
    assert kept(terminal) == {}


def test_what_was_set_here_is_never_overwritten_by_the_old_place(
    terminal: Terminal, old_place: OldPlace
) -> None:
    terminal("defaults", "set", "principal", "account=5")
    old_place.tables(DELIVERED)
    assert kept(terminal) == {"principal.account": "5"}


def test_somebody_elses_table_of_that_name_is_left_alone(
    terminal: Terminal, old_place: OldPlace
) -> None:
    with old_place.engine.begin() as connection:
        connection.exec_driver_sql("create table clinica.padroes_empresa (empresa text, cor text)")
        connection.exec_driver_sql("insert into clinica.padroes_empresa values ('principal', 'x')")
    assert kept(terminal) == {}
