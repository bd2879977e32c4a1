"""What one answer alone must not prove, and whose money is whose."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from omie_pipeline.imports.bank_statement import StatementReader, cash_checks
from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.imports.report import ImportRequest, Mode
from omie_pipeline.imports.run import Importer
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.imports.titles import seed
from tests.push.world import EMPRESA, World

DAY = date(2026, 1, 3)
LIST = "ListarContasReceber"
EMPTY = PlannedFault(
    "custom",
    method=LIST,
    status=500,
    body=json.dumps(
        {
            "faultstring": "ERROR: Não existem registros para a página [1]!",
            "faultcode": "SOAP-ENV:Client-5113",
        }
    ),
)


def live(world: World, table: str = "contas_receber") -> int:
    ((count,),) = world.rows(f"SELECT count(*) FROM omie.{table} WHERE excluido_em IS NULL")
    return int(count)


def test_one_empty_answer_deletes_nothing(world: World) -> None:
    seed(world, 5, DAY)
    world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    world.control.next_faults(EMPTY)
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.excluded, report.complete, live(world)) == (0, True, 5)


def test_two_empty_answers_are_believed(world: World) -> None:
    ids = seed(world, 2, DAY)
    world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    for omie_id in ids:
        world.control.delete("contas_receber", omie_id)
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.excluded, report.complete, live(world)) == (2, True, 0)


def test_a_range_that_was_always_empty_costs_one_call(world: World) -> None:
    world.import_table("contas_pagar", date_from=DAY, date_to=DAY)
    assert [call.method for call in world.control.calls()] == ["ListarContasPagar"]


def test_money_that_moved_in_another_account_is_not_this_ones(world: World) -> None:
    (title,) = seed(world, 1, DAY)
    world.control.settle("contas_receber", title, account=9100000002, value=Decimal(1))
    world.import_table("movimentacoes", filters=MirrorFilter(accounts=(9100000001,)))
    money = "SELECT sum(valor_movimentado) FROM omie.movimentacoes"
    assert world.rows(money) == [(None,)]


def test_what_omie_deletes_of_last_year_is_seen_in_the_new_one(world: World) -> None:
    ids = seed(world, 3, DAY)
    world.import_table("contas_receber")
    new_year = datetime(2027, 1, 3, 12, tzinfo=UTC)
    world.control.set_time(datetime(2026, 12, 31, 12, tzinfo=UTC))
    world.import_table("contas_receber")
    world.control.set_time(new_year)
    world.control.delete("contas_receber", ids[0])
    report = world.import_table("contas_receber", "incremental", start=date(2027, 1, 1))
    assert (report.excluded, live(world)) == (1, 2)


def test_a_forecast_that_names_nothing_is_kept(world: World) -> None:
    row = {
        "detalhes": {
            "cGrupo": "PREVISAO_ORDEM_SERVICO",
            "nCodTitulo": 0,
            "nValorTitulo": 80,
            "dDtInc": "03/01/2026",
            "cHrInc": "12:00:00",
        },
        "resumo": {},
    }
    body = {"nPagina": 1, "nTotPaginas": 1, "nRegistros": 1, "nTotRegistros": 1}
    answered = json.dumps({**body, "movimentos": [row]})
    answer = PlannedFault("custom", method="ListarMovimentos", status=200, body=answered)
    world.control.next_faults(answer)
    report = world.import_table("movimentacoes", date_from=DAY, date_to=DAY)
    assert (report.read, report.complete) == (1, True)
    assert world.rows("SELECT left(chave, 1), valor_movimentado FROM omie.movimentacoes") == [
        ("X", None)
    ]


def test_quiet_lists_cost_few_errors(world: World) -> None:
    later = datetime(2026, 11, 20, 12, tzinfo=UTC)
    world.control.set_time(later)
    for mode in ("full", "incremental", "incremental"):
        world.import_table("contas_pagar", mode)
        world.clock.sleep(61)
    assert len(world.control.calls(failed=True)) == 3, "one for each reading of eleven months"


def test_a_deletion_is_found_without_asking_about_empty_months(world: World) -> None:
    world.control.set_time(datetime(2026, 11, 20, 12, tzinfo=UTC))
    ids = seed(world, 3, DAY)
    world.import_table("movimentacoes")
    world.clock.sleep(61)
    world.control.delete("contas_receber", ids[0])
    report = world.import_table("movimentacoes", "incremental")
    assert report.excluded == 1
    assert len(world.control.calls(failed=True)) <= 1, "the window of changes alone was empty"


@pytest.mark.slow
def test_a_statement_of_the_past_follows_what_moved_there(world: World) -> None:
    (title,) = seed(world, 1, DAY)
    settlement = world.control.settle("contas_receber", title, day=DAY, value=Decimal(1))
    for name in ("contas_correntes", "movimentacoes"):
        world.import_table(name)
    statement(world, "full")
    world.control.set_time(datetime(2026, 6, 10, 12, tzinfo=UTC))
    world.control.undo_settlement(settlement)
    for name in ("movimentacoes",):
        world.import_table(name, "incremental")
    statement(world, "incremental")
    checks = cash_checks(world.engine, EMPRESA, date(2026, 1, 1), date(2026, 6, 30))
    assert len(checks) > 4
    assert all(check.closes for check in checks)


def statement(world: World, mode: Mode) -> None:
    importer = Importer(world.engine, world.client, world.clock)
    StatementReader(importer).run(ImportRequest(EMPRESA, mode, date(2026, 1, 1)))
