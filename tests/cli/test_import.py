"""``import`` and ``cache clear``: counts that programs read, exit codes, and how a stop is told."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.postgres.locks import lane
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.cli.conftest import Said, Terminal
from tests.push.world import EMPRESA, World, cpf

KEYS = [
    "empresa", "table", "state", "mode", "window_from", "window_to", "total_omie", "read",
    "inserted", "updated", "unchanged", "excluded", "filtered", "pages", "rereads",
    "page_size", "page_size_served", "complete", "new_fields", "partitions", "reused",
    "run_id",
]  # fmt: skip


class Patient(Terminal):
    """Types a command a minute after the last one: the same question may be asked again."""

    def __init__(self, secrets: tuple[str, ...], engine: sa.Engine) -> None:
        super().__init__(secrets)
        self._engine = engine

    def __call__(self, *words: str) -> Said:
        with self._engine.begin() as connection:
            connection.execute(sa.text("TRUNCATE omie_sync.quota_request"))
        return super().__call__(*words)


@pytest.fixture
def terminal(terminal: Terminal, engine: sa.Engine) -> Terminal:
    return Patient(terminal.secrets, engine)


@pytest.fixture
def omie(clinic: World) -> World:
    """Two customers and three títulos that people typed at Omie."""
    clinic.control.seed(
        "clientes",
        [
            {"razao_social": f"Paciente Numero {n}", "nome_fantasia": f"P{n}", "cnpj_cpf": cpf(n)}
            for n in (1, 2)
        ],
    )
    first = clinic.control.records("clientes")[0]["codigo_cliente_omie"]
    clinic.control.seed(
        "contas_receber",
        [
            {
                "codigo_cliente_fornecedor": first,
                "valor_documento": 100 + n,
                "data_vencimento": "10/02/2026",
                "codigo_categoria": "1.01.01",
                "id_conta_corrente": 9100000001,
            }
            for n in range(3)
        ],
    )
    return clinic


def test_the_first_reading_is_whole_and_the_next_asks_for_changes(
    terminal: Terminal, omie: World
) -> None:
    said = terminal("import", "fornecedores", "contas-receber", "--json")
    assert said.code == 0, said.err
    clientes, titulos = said.lines
    assert list(clientes) == KEYS
    assert (clientes["table"], titulos["table"]) == ("clientes", "contas_receber")
    assert (titulos["mode"], titulos["state"], titulos["complete"]) == ("full", "done", True)
    held = len(omie.control.records("contas_receber"))
    assert (titulos["total_omie"], titulos["read"], titulos["inserted"]) == (held, held, held)
    assert titulos["window_from"] == "2026-01-01"
    omie.control.delete("contas_receber", _one_title(omie))
    (again,) = terminal("import", "contas_receber", "--json").lines
    assert (again["mode"], again["inserted"], again["excluded"]) == ("incremental", 0, 1)


def _one_title(omie: World) -> int:
    return int(omie.control.records("contas_receber")[0]["codigo_lancamento_omie"])


def test_the_screen_shows_counts_and_progress_goes_to_stderr(
    terminal: Terminal, omie: World
) -> None:
    said = terminal("import", "clientes", "contas_receber")
    assert said.code == 0
    for heading in ("total no Omie", "lidas", "novas", "iguais", "excluídas", "completo"):
        assert heading in said.out
    assert "contas_receber (principal): lendo" in said.err
    assert "lendo" not in said.out
    for text in ("Paciente Numero", cpf(1), cpf(2)):
        assert text not in said.out + said.err


@pytest.mark.slow
def test_full_and_dates_read_whole_ranges(terminal: Terminal, omie: World) -> None:
    assert terminal("import", "titulos").code == 0
    (whole,) = terminal("import", "contas_receber", "--full", "--json").lines
    assert (whole["mode"], whole["inserted"]) == ("full", 0)
    assert whole["unchanged"] == whole["total_omie"] > 0
    said = terminal(
        "import", "contas_receber", "clientes", "--from", "2026-01-01", "--to", "31/01/2026",
        "--json",
    )  # fmt: skip
    lines = {line["table"]: line for line in said.lines}
    assert said.code == 0, "a whole answer: nobody included a título in January"
    assert "As datas não valem para clientes" in said.err
    assert lines["contas_receber"]["window_to"] == "2026-01-31"
    assert lines["contas_receber"]["partitions"] == 31
    (changed,) = terminal("import", "contas_receber", "--incremental", "--json").lines
    assert changed["mode"] == "incremental"


@pytest.mark.slow
def test_everything_is_read_in_order(terminal: Terminal, omie: World) -> None:
    said = terminal("import", "tudo", "--json")
    assert said.code == 0, said.err
    assert [line["table"] for line in said.lines] == [*MIRROR, STATEMENT]


@pytest.mark.slow
def test_what_a_table_needs_is_read_before_it(terminal: Terminal, omie: World) -> None:
    said = terminal("import", "extrato", "--json")
    assert [line["table"] for line in said.lines] == ["contas_correntes", "extrato"]
    assert "precisa de contas_correntes" in said.err
    assert [line["table"] for line in terminal("import", "extrato", "--json").lines] == ["extrato"]


@pytest.mark.slow
def test_groups_are_tables(terminal: Terminal, omie: World) -> None:
    said = terminal("import", "notas-fiscais", "mf", "--json")
    tables = [line["table"] for line in said.lines]
    assert tables == ["movimentacoes", "notas_servico", "notas_produto"]


@pytest.mark.slow
def test_a_failed_table_does_not_stop_the_others(terminal: Terminal, omie: World) -> None:
    omie.control.next_faults(
        PlannedFault("fault_in_200", method="ListarContasPagar", text="ERROR: Algo deu errado!")
    )
    said = terminal("import", "contas_pagar", "baixas", "--json")
    assert said.code == 1
    failed, read = said.lines
    assert (failed["table"], failed["state"]) == ("contas_pagar", "failed")
    assert "Algo deu errado" in failed["error"]
    assert (read["table"], read["state"]) == ("baixas", "done")
    assert "contas_pagar (principal)" in said.err


@pytest.mark.slow
def test_a_block_ends_the_empresa_and_the_same_words_go_on(terminal: Terminal, omie: World) -> None:
    fault = PlannedFault("blocked_425", method="ListarContasPagar", seconds=900)
    omie.control.next_faults(fault)
    said = terminal("import", "titulos", "--full", "--json")
    assert said.code == 1
    assert [line["state"] for line in said.lines] == ["done", "failed", "not_read"]
    assert said.lines[1]["until"] is not None
    assert "não lidas: baixas" in said.err
    assert "omie-pipeline import contas_pagar baixas --full --empresa principal" in said.err
    assert "o que foi lido fica" in said.err
    assert "falhou" not in terminal("status", "--table", "clientes").out
    _execute(omie, "DELETE FROM omie_sync.block")
    omie.control.forget_limits()
    resumed = terminal("import", "titulos", "--full", "--json")
    assert resumed.code == 0, resumed.err
    assert "contas_pagar (principal): retomando" in resumed.err
    assert "contas_receber (principal): retomando" not in resumed.err


def test_a_wrong_key_is_one_call(
    terminal: Terminal, omie: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMIE_APP_SECRET", "segredo-errado")
    said = terminal("import", "tudo", "--json")
    assert said.code == 1
    assert {line["state"] for line in said.lines[1:]} == {"not_read"}
    assert len(said.lines) == len(MIRROR) + 1
    assert "omie-pipeline check" in said.err
    assert len(omie.control.calls()) == 1


@pytest.mark.slow
def test_an_incomplete_table_is_3(
    terminal: Terminal, omie: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omie_pipeline.imports.listing._PASSES", 1)
    omie.control.seed_receivables(600, days=2)
    omie.control.between_pages(
        "ListarContasReceber", 1, lambda: omie.control.seed_receivables(1, days=1)
    )
    said = terminal("import", "contas_receber", "--from", "2026-01-01", "--json")
    assert [line["state"] for line in said.lines] == ["incomplete"]
    assert said.code == 3
    assert "não fechou" in terminal("status", "--table", "contas_receber").out


def test_a_second_import_says_that_it_waits(terminal: Terminal, omie: World) -> None:
    class Impatient(Exception):
        pass

    class Clock:
        def now(self) -> datetime:
            return datetime.now().astimezone()

        def sleep(self, wait_seconds: float) -> None:
            raise Impatient

    held = lane(omie.engine, f"import:{EMPRESA}:clientes", Clock())
    with held, pytest.MonkeyPatch.context() as patch:
        said = []
        patch.setattr("omie_pipeline.postgres.clock.DatabaseClock.sleep", Clock.sleep)
        patch.setattr("omie_pipeline.cli.progress.say", said.append)
        with pytest.raises(Impatient):
            terminal("import", "clientes")
    assert "clientes (principal): outra importação em andamento: aguardando" in said


def test_new_fields_are_named(terminal: Terminal, omie: World) -> None:
    code = omie.control.records("clientes")[0]["codigo_cliente_omie"]
    omie.control.edit("clientes", code, {"campo_do_futuro": "x"})
    said = terminal("import", "clientes")
    assert said.code == 0
    assert "campos novos do Omie, guardados em raw: campo_do_futuro" in said.out


@pytest.mark.slow
def test_dates_of_which_omie_has_nothing_are_told(terminal: Terminal, omie: World) -> None:
    words = ("import", "contas_receber", "clientes", "--from", "2026-02-01", "--to", "2026-02-02")
    said = terminal(*words)
    assert said.code == 0
    assert "nenhuma de contas_receber incluída de 01/02/2026 até 02/02/2026" in said.err
    assert omie.rows("SELECT count(*) FROM omie.clientes") == [(2,)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("import", "falta TABELA"),
        ("import pedidos", "não existe pedidos (existem: empresas"),
        ("import clientes --from 2026-01-01", "não se divide por data"),
        ("import titulos --full --to 2026-01-01", "não combina"),
        ("import titulos --incremental --full", "não combina"),
        ("import titulos --from 2026-02-01 --to 2026-01-01", "é depois de --to"),
        ("import titulos --from 2126-01-01", "01/01/2126 ainda não chegou"),
        ("nfse status OS-77", "nenhuma OS OS-77 em principal"),
        ("nfse wait OS-77", "nenhuma OS OS-77 em principal"),
        ("nfse cancel OS-77 --yes", "nenhuma OS OS-77 em principal"),
        ("nfse consult OS-77", "nenhuma OS OS-77 em principal"),
        ("import titulos --empresa outra", "não existe outra"),
        ("cache clear", "confirme com --yes"),
        ("cache", "Uso:"),
        ("history --direction x", "é push ou import"),
        ("status --table pedidos", "não existe pedidos"),
    ],
)
def test_wrong_usage_is_2_and_asks_omie_nothing(
    terminal: Terminal, clinic: World, words: str, told: str
) -> None:
    said = terminal(*words.split())
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert clinic.control.calls() == ()


@pytest.mark.slow
def test_a_cleared_cache_is_read_whole_again_and_no_row_goes(
    terminal: Terminal, omie: World
) -> None:
    assert terminal("import", "clientes", "contas_receber").code == 0
    rows = omie.rows("SELECT count(*) FROM omie.clientes")
    said = terminal("cache", "clear", "--yes")
    assert said.code == 0
    assert "clientes" in said.out
    assert "omie-pipeline import cadastros" in said.out
    assert "lê tudo de novo" in said.err
    assert omie.rows("SELECT count(*) FROM omie.clientes") == rows
    lines = terminal("import", "clientes", "contas_receber", "--json").lines
    assert [line["mode"] for line in lines] == ["full", "incremental"]
    assert terminal("cache", "clear", "--all", "--yes").code == 0
    assert omie.rows("SELECT 1 FROM omie_sync.import_cursor") == []
    assert omie.rows("SELECT 1 FROM omie_sync.import_partition") == []
    assert "nada tinha sido lido" in terminal("cache", "clear", "--yes").out


@pytest.mark.slow
def test_a_broken_off_reading_is_gone_on_with_only_for_a_day(
    terminal: Terminal, omie: World
) -> None:
    assert terminal("import", "clientes").code == 0
    broken = "UPDATE omie_sync.import_run SET state = 'running', finished_at = NULL"
    _execute(omie, broken)
    assert "retomando" in terminal("import", "clientes", "--full").err
    _execute(omie, "UPDATE omie_sync.import_run SET started_at = started_at - interval '25 hours'")
    _execute(omie, "UPDATE omie_sync.import_run SET state = 'stopped'")
    assert "retomando" not in terminal("import", "clientes", "--full").err


def _execute(omie: World, statement: str) -> None:
    with omie.engine.begin() as connection:
        connection.execute(sa.text(statement))
