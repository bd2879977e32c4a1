"""First commands of somebody new: what is mistyped, was never read, does not exist."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from omie_pipeline.simulator.engine.server import Simulator
from tests.cli.conftest import Terminal
from tests.push.world import TITULO_COLUMNS, World, cliente, titulo


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variable", "mistyped"),
    [("OMIE_APP_KEY", "1234567899"), ("OMIE_BASE_URL", "http://localhost:1/api/v1/")],
)
def test_a_mistyped_key_or_host_binds_nothing(
    terminal: Terminal,
    clinic: World,
    sim: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    slept: list[float],
    variable: str,
    mistyped: str,
) -> None:
    clinic.model("clientes", [cliente(1)])
    with monkeypatch.context() as typed:
        typed.setenv(variable, mistyped)
        assert terminal("push", "clientes").code != 0
    assert terminal("push", "clientes").code == 0
    assert clinic.ledger() == {"PAC-1": "confirmed"}
    # From here on another app is refused, before any call.
    monkeypatch.setenv("OMIE_APP_KEY", "9876543210")
    clinic.control.clear_calls()
    said = terminal("push", "clientes")
    assert said.code == 1
    assert "db rebind principal" in said.err
    assert clinic.control.calls() == ()


CONTRACT_COLUMNS = {
    "empresa": TITULO_COLUMNS["empresa"], "cabecalho": JSONB, "itensContrato": JSONB,
    "infAdic": JSONB,
}  # fmt: skip


@pytest.mark.slow
def test_the_first_push_reads_the_lists_that_its_rows_name(
    terminal: Terminal, clinic: World
) -> None:
    """Contracts are no facts, and name a category and an account all the same."""
    clinic.model("clientes", [cliente(1)])
    contract = {
        "empresa": "principal",
        "cabecalho": {"cCodIntCtr": "CTR-1"},
        "infAdic": {"cCodCateg": "1.01.01", "nCodCC": 9100000001},
    }
    clinic.model("contratos", [contract], CONTRACT_COLUMNS)
    said = terminal("push", "clientes", "contratos")
    assert said.code == 3, "the contract says too little; it is quarantined"
    assert "nunca foi lida" not in said.err
    assert "categorias (principal): lendo a lista do Omie" in said.err
    clinic.control.clear_calls()
    assert "lendo a lista" not in terminal("push", "contratos").err
    assert "ListarCategorias" not in clinic.methods_called()


def test_a_list_that_cannot_be_read_says_what_to_do(terminal: Terminal, clinic: World) -> None:
    clinic.model("contas_receber", [titulo(1)])
    clinic.control.next_faults(PlannedFault("blocked_425", seconds=900))
    said = terminal("push", "contas_receber")
    assert said.code == 1
    assert "precisa da lista categorias" in said.err
    assert "omie-pipeline refs --empresa principal" in said.err


@pytest.mark.slow
def test_a_code_without_a_row_is_told_and_no_success(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [cliente(1), cliente(2)])
    clinic.model("contas_receber", [titulo(1), titulo(2, data_particao=date(2026, 1, 6))])
    for words, told in (
        ("push clientes --key PAC-99", "os códigos são como PAC-1"),
        ("push clientes --key pac-02", "seria PAC-2?"),
        ("push clientes --key 2", "seria PAC-2?"),
        ("push clientes --key REC-1", "esse código é de contas_receber"),
        ("push contas_receber --key REC-2 --date 2026-01-05", "a data dela é 06/01/2026"),
        ("push clientes --key PAC-99 --dry-run", "PAC-99"),
        ("push clientes --key PAC-99 --json", "PAC-99"),
        ("preview clientes --key PAC-99", "PAC-99"),
        ("preview clientes --key PAC-99 --json", "PAC-99"),
    ):
        said = terminal(*words.split())
        assert said.code == 2, words
        assert told in said.err, words
    assert clinic.writes() == []
    assert terminal("push", "clientes", "--key", "PAC-2").code == 0


@pytest.mark.slow
def test_dates_and_an_empresa_without_rows_are_told(terminal: Terminal, clinic: World) -> None:
    clinic.model("clientes", [])
    clinic.model("contas_receber", [titulo(1)])
    for words, told in (
        ("push contas_receber --date 2030-01-01", "Nenhuma linha de contas_receber em 01/01/2030"),
        ("push contas_receber --from 2030-01-01", "de 01/01/2030 em diante"),
        ("push contas_receber --date 2030-01-01 --dry-run", "confira as datas"),
        ("push clientes --empresa principal", "Nenhuma linha da empresa principal"),
        ("preview clientes --empresa principal", "Nenhuma linha"),
    ):
        said = terminal(*words.split())
        assert said.code == 3, words
        assert told in said.err, words
    assert terminal("push", "clientes").code == 0, "a table without rows is no mistake"
    assert terminal("retry", "--empresa", "principal").code != 2


@pytest.mark.slow
def test_a_dry_run_lists_rows_and_reasons(terminal: Terminal, clinic: World) -> None:
    rows = [cliente(n, cnpj_cpf="11111111111") for n in range(1, 4)]
    clinic.model("clientes", [*rows, cliente(4), cliente(5), cliente(6), cliente(7)])
    clinic.model("contas_receber", [titulo(1, cliente_number=9)])
    said = terminal("push", "clientes", "contas_receber", "--dry-run")
    assert said.code == 3
    assert "Motivos mais comuns da quarentena:\n  3 em clientes: CPF" in said.out
    for code in (
        "PAC-1 (clientes, em quarentena)",
        "PAC-3 (clientes",
        "REC-1 (contas_receber, ret",
    ):
        assert code in said.out
    assert said.out.count("    → ") >= 3
    assert "11111111111" not in said.out
    few = terminal("push", "clientes", "--dry-run", "--rows", "1")
    assert "PAC-2" not in few.out
    assert "Só as primeiras 1 de 3" in few.out
    assert clinic.rows("SELECT count(*) FROM omie_sync.quarantine") == [(0,)]


def test_a_guardrail_stop_says_why_most_rows_are_refused(terminal: Terminal, clinic: World) -> None:
    rows = [cliente(n, cnpj_cpf="11111111111") for n in range(1, 6)]
    clinic.model("clientes", [*rows, cliente(6, endereco=None), cliente(7)])
    said = terminal("push", "clientes")
    assert said.code == 1
    assert "max_quarantined_share" in said.err
    told = said.err[said.err.index("Motivos mais comuns") :]
    assert "5 linha(s): CPF" in told
    assert "1 linha(s): " in told
    assert clinic.writes() == []
