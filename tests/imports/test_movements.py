"""``movimentacoes``: money counts once, and accounts agree with their statement."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from omie_pipeline.imports.bank_statement import StatementReader, cash_checks
from omie_pipeline.imports.movements import mark_mirror_rows
from omie_pipeline.imports.report import ImportReport, ImportRequest
from omie_pipeline.imports.run import Importer
from tests.imports.mirrored import NOON, forget, later, merge, stored
from tests.imports.titles import title
from tests.push.world import EMPRESA, World

DAY = date(2026, 1, 2)
CAIXA, BANCO = 9100000001, 9100000002
ACCOUNTS = (CAIXA, BANCO, 9100000003)
PERIOD = (date(2026, 1, 1), date(2026, 1, 31))


def row(group: str, origin: str, **changes: Any) -> dict[str, Any]:
    """One of ``movimentos``; ``paid`` goes to the summary, the rest to the details."""
    paid = changes.pop("paid", 0)
    details = {"cGrupo": group, "cOrigem": origin, "dDtInc": "02/01/2026", "cHrInc": "12:00:00"}
    return {"detalhes": {**details, **changes}, "resumo": {"nValPago": paid, "nValLiquido": paid}}


def counted(engine: sa.Engine) -> dict[tuple[str, str], tuple[bool, Decimal | None]]:
    return {
        (r["chave"], r["origem"]): (r["espelho"], r["valor_movimentado"])
        for r in stored(engine, "movimentacoes")
    }


TITLE = row("CONTA_A_RECEBER", "MANR", nCodTitulo=7, cNatureza="R", paid=100)
SETTLED = row(
    "CONTA_CORRENTE_REC", "BAXR", nCodTitulo=7, nCodBaixa=8, nCodMovCC=9, nValorMovCC=100, paid=100
)
SALE = row("CONTA_A_RECEBER", "VENR", nCodTitulo=7, nCodBaixa=8, cNatureza="R", paid=100)
ENTRY = row("CONTA_CORRENTE_REC", "EXTR", nCodTitulo=0, nCodMovCC=9, nValorMovCC=100, paid=100)
INVERTED = row(
    "CONTA_CORRENTE_PAG", "EXTP", nCodTitulo=0, nCodMovCC=20, nValorMovCC=30, cNatureza="R", paid=30
)
FORECAST = row("PREVISAO_CONTRATO", "CTRR", nCodTitulo=99, cNatureza="R", paid=500)
PAYABLE = row("CONTA_A_PAGAR", "MANP", nCodTitulo=50, cNatureza="P", paid=12)
OPEN = row("CONTA_A_PAGAR", "MANP", nCodTitulo=51, cNatureza="P")
ALL = (TITLE, SETTLED, SALE, ENTRY, INVERTED, FORECAST, PAYABLE, OPEN)
RIGHT = {
    ("TCONTA_A_RECEBER:7", "MANR"): (True, None),
    ("B8:7", "BAXR"): (False, Decimal(100)),
    ("B8:7", "VENR"): (True, None),
    ("M9", "EXTR"): (True, None),
    ("M20", "EXTP"): (False, Decimal(-30)),
    ("TPREVISAO_CONTRATO:99", "CTRR"): (False, None),
    ("TCONTA_A_PAGAR:50", "MANP"): (False, Decimal(-12)),
    ("TCONTA_A_PAGAR:51", "MANP"): (False, None),
}


@pytest.mark.slow
@pytest.mark.parametrize("order", list(permutations((0, 1, 2, 3)))[::3])
def test_money_counts_once_in_any_order_of_arrival(
    engine: sa.Engine, order: tuple[int, ...]
) -> None:
    arriving = [*(ALL[n] for n in order), *ALL[4:]]
    for step, record in enumerate(arriving):
        asked_at = NOON + timedelta(minutes=step)
        merge(engine, "movimentacoes", [record], asked_at=asked_at)
        mark_mirror_rows(engine, EMPRESA, asked_at)
    assert counted(engine) == RIGHT
    assert mark_mirror_rows(engine, EMPRESA, None) == 0, "nothing was left to mark"


@pytest.mark.parametrize("present", range(1, 16))
def test_every_combination_counts_the_money_once(engine: sa.Engine, present: int) -> None:
    rows = [record for bit, record in enumerate(ALL[:4]) if present >> bit & 1]
    merge(engine, "movimentacoes", rows)
    mark_mirror_rows(engine, EMPRESA, NOON)
    found = counted(engine)
    # An account row alone knows no título: only the settlement tells that they are one.
    strangers = ENTRY in rows and SETTLED not in rows and len(rows) > 1
    total = sum((value for _, value in found.values() if value is not None), Decimal(0))
    assert total == (200 if strangers else 100)
    assert all((value is None) == mirror for mirror, value in found.values())


def part(title: int, value: int, *, of_entry: int = 9, **changes: Any) -> dict[str, Any]:
    """What a batch settlement says of one of its títulos."""
    details = {"nCodTitulo": title, "nCodMovCC": of_entry, **changes}
    return row("CONTA_CORRENTE_REC", "BAXR", paid=value, **details)


BATCH_ENTRY = row(
    "CONTA_CORRENTE_REC", "EXTR", nCodTitulo=0, nCodMovCC=9, nValorMovCC=600, paid=600
)
BATCHES = {
    "no settlement's id, the entry's sum": [part(n, 200, nValorMovCC=600) for n in (1, 2, 3)],
    "no settlement's id, the part": [part(n, 200, nValorMovCC=200) for n in (1, 2, 3)],
    "no settlement's id, no sum": [part(n, 200) for n in (1, 2, 3)],
    "one settlement of all": [part(n, 200, nValorMovCC=600, nCodBaixa=8) for n in (1, 2, 3)],
    "a settlement each": [part(n, 200, nValorMovCC=600, nCodBaixa=80 + n) for n in (1, 2, 3)],
    "different parts": [part(n, v, nValorMovCC=600) for n, v in ((1, 100), (2, 200), (3, 300))],
    "the títulos beside them": [
        *(part(n, 200, nValorMovCC=600) for n in (1, 2, 3)),
        *(row("CONTA_A_RECEBER", "MANR", nCodTitulo=n, cNatureza="R", paid=200) for n in (1, 2, 3)),
    ],
    "the account's entry beside them": [
        *(part(n, 200, nValorMovCC=600) for n in (1, 2, 3)), BATCH_ENTRY,
    ],
    "settlements beside the parts": [
        *(part(n, 200, nValorMovCC=600) for n in (1, 2, 3)),
        *(part(n, 200, nValorMovCC=600, nCodBaixa=80 + n) for n in (1, 2, 3)), BATCH_ENTRY,
    ],
    "sales beside the parts": [
        *(part(n, 200, nValorMovCC=600) for n in (1, 2, 3)),
        *(
            row("CONTA_A_RECEBER", "VENR", nCodTitulo=n, nCodMovCC=9, nValorMovCC=600, paid=200)
            for n in (1, 2, 3)
        ),
    ],
    "the whole settlement beside its parts": [
        *(part(n, 200, nCodBaixa=8) for n in (1, 2, 3)), part(0, 600, nCodBaixa=8),
    ],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", BATCHES)
def test_an_entry_that_settles_several_titles(engine: sa.Engine, name: str) -> None:
    rows = BATCHES[name]
    for order in (rows, rows[::-1]):
        forget_rows(engine)
        # Whole, and row by row: what arrives last changes what stood there.
        for step, arriving in enumerate([[record] for record in order] + [rows]):
            asked_at = NOON + timedelta(minutes=step)
            merge(engine, "movimentacoes", arriving, asked_at=asked_at)
            mark_mirror_rows(engine, EMPRESA, asked_at)
        found = counted(engine)
        assert len(stored(engine, "movimentacoes")) == len(rows), "every row is kept"
        assert sum(value for _, value in found.values() if value is not None) == 600
        assert mark_mirror_rows(engine, EMPRESA, None) == 0, "nothing was left to mark"


def test_two_payments_of_one_title_in_one_entry(engine: sa.Engine) -> None:
    rows = [part(7, value, nValorMovCC=100, nCodBaixa=80 + value) for value in (40, 60)]
    merge(engine, "movimentacoes", rows)
    assert len(stored(engine, "movimentacoes")) == 2


def forget_rows(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM omie.movimentacoes"))


@pytest.mark.parametrize("with_settlement", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_a_batch_settlement_is_read_and_agrees_with_the_statement(
    world: World, with_settlement: bool, whole: bool
) -> None:
    world.control.set_behaviour(
        batch_rows_name_settlement=with_settlement, batch_rows_carry_entry=whole
    )
    world.import_table("contas_correntes")
    titles = [title(n, DAY, valor_documento=200) for n in (1, 2, 3)]
    keys = world.control.seed("contas_receber", titles)
    world.control.settle_batch("contas_receber", keys, account=CAIXA, day=DAY)
    assert world.import_table("movimentacoes").complete
    assert world.import_table("lancamentos_conta_corrente").complete
    rows = [r for r in stored(world.engine, "movimentacoes") if r["codigo_movimento_cc"]]
    assert len(rows) == 3
    assert sum(r["valor_movimentado"] for r in rows) == 600
    statement(world)
    checks = cash_checks(world.engine, EMPRESA, *PERIOD)
    assert checks
    assert all(check.closes for check in checks)


@pytest.mark.slow
def test_a_list_of_loose_entries_only(world: World) -> None:
    """What settlements moved is in ``movimentacoes`` all the same, and is counted once."""
    world.control.set_behaviour(loose_entries_only=True)
    world.import_table("contas_correntes")
    titles = [title(n, DAY, valor_documento=200) for n in (1, 2, 3)]
    keys = world.control.seed("contas_receber", titles)
    world.control.settle_batch("contas_receber", keys, account=CAIXA, day=DAY)
    assert world.import_table("movimentacoes").complete
    report = world.import_table("lancamentos_conta_corrente")
    assert (report.complete, report.read) == (True, 0)
    world.control.lancar_em_conta(CAIXA, 5, day=DAY)
    later(world, minutes=2)
    assert world.import_table("movimentacoes").complete
    assert world.import_table("lancamentos_conta_corrente").read == 1
    statement(world)
    checks = cash_checks(world.engine, EMPRESA, *PERIOD)
    assert all(check.closes for check in checks)


def test_a_settlement_that_comes_and_goes(world: World) -> None:
    (key,) = world.control.seed("contas_receber", [title(100, DAY)])
    world.import_table("movimentacoes")
    assert [m for m, _ in counted(world.engine).values()] == [False]
    later(world, hours=1)
    baixa = world.control.settle("contas_receber", key, value=Decimal("40.5"), interest=1)
    world.import_table("movimentacoes", "incremental")
    found = counted(world.engine)
    assert found[f"B{baixa}:{key}", "BAXR"] == (False, Decimal("41.5"))
    assert found[f"TCONTA_A_RECEBER:{key}", "MANR"] == (True, None)
    later(world, hours=1)
    world.control.undo_settlement(baixa)
    world.import_table("movimentacoes", "incremental")
    found = counted(world.engine)
    assert found[f"B{baixa}:{key}", "BAXR"] == (False, None), "gone: excluded, and worth nothing"
    assert found[f"TCONTA_A_RECEBER:{key}", "MANR"] == (False, None)


def test_marks_that_a_killed_reading_left_out_are_made_by_the_next(world: World) -> None:
    """Pages merged, no mark made: nothing of them changes any more, and yet they are marked."""
    (key,) = world.control.seed("contas_receber", [title(100, DAY)])
    world.control.settle("contas_receber", key)
    records = [dict(r) for r in world.control.records("movimentacoes")]
    merge(world.engine, "movimentacoes", records, asked_at=world.clock.now())
    later(world, hours=1)
    report = world.import_table("movimentacoes")
    assert (report.unchanged, report.updated) == (2, 0)
    assert sorted(m for m, _ in counted(world.engine).values()) == [False, True]


def statement(world: World, **changes: Any) -> ImportReport:
    request = ImportRequest(EMPRESA, "full", date(2026, 1, 1), **changes)
    return StatementReader(Importer(world.engine, world.client, world.clock)).run(request)


def test_a_part_of_a_month_does_not_replace_the_month(world: World) -> None:
    world.import_table("contas_correntes")
    for day in (2, 3, 4):
        world.control.lancar_em_conta(CAIXA, day, day=date(2026, 1, day))
    statement(world)
    later(world, minutes=2)
    statement(world, date_from=date(2026, 1, 2), date_to=date(2026, 1, 3))
    rows = [r for r in stored(world.engine, "extrato") if r["n_cod_cc"] == CAIXA]
    assert [(r["periodo_final"], r["saldo_atual"]) for r in rows] == [(date(2026, 1, 5), 509)]


def test_a_statement_without_accounts_is_not_complete(world: World) -> None:
    assert not statement(world).complete


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("forecasts", [True, False])
def test_a_statement_adds_up(world: World, signed: bool, forecasts: bool) -> None:
    world.control.set_behaviour(signed_statement=signed, statement_forecasts=forecasts)
    world.import_table("contas_correntes")
    (key, _) = world.control.seed("contas_pagar", [title(100, DAY), title(60, DAY)])
    world.control.settle("contas_pagar", key, value=Decimal("33.33"))
    world.control.transferir(CAIXA, BANCO, Decimal("0.07"))
    world.import_table("movimentacoes")
    assert statement(world).complete
    checks = cash_checks(world.engine, EMPRESA, *PERIOD)
    assert len(checks) == 4
    assert all(check.closes for check in checks)


CENTS = st.decimals(Decimal("0.01"), Decimal(5000), places=2)
WHEN = st.integers(1, 5).map(lambda day: date(2026, 1, day))
ACCOUNT = st.sampled_from(ACCOUNTS)
ACTIONS = st.one_of(
    st.tuples(st.just("settle"), st.sampled_from(["contas_receber", "contas_pagar"]), CENTS, WHEN),
    st.tuples(st.just("entry"), ACCOUNT, CENTS, WHEN),
    st.tuples(st.just("out"), ACCOUNT, CENTS, WHEN),
    st.tuples(st.just("transfer"), st.permutations(ACCOUNTS), CENTS, WHEN),
    st.tuples(st.just("undo"), st.integers(0, 9), CENTS, WHEN),
    st.tuples(st.just("read"), ACCOUNT, CENTS, WHEN),
)


def act(world: World, action: tuple[Any, ...], settled: list[int]) -> None:
    kind, what, value, day = action
    if kind == "settle":
        (key,) = world.control.seed(what, [title(1, day, valor_documento=value * 2 + 1)])
        fine = Decimal("0.03")
        settled.append(
            world.control.settle(what, key, value=value, fine=fine, discount=fine, day=day)
        )
    elif kind in ("entry", "out"):
        world.control.lancar_em_conta(what, value if kind == "entry" else -value, day=day)
    elif kind == "transfer":
        world.control.transferir(what[0], what[1], value, day=day)
    elif kind == "undo" and settled:
        world.control.undo_settlement(settled.pop(what % len(settled)))
    elif kind == "read":
        world.import_table("movimentacoes", "incremental")
    later(world, minutes=3)


@pytest.mark.slow
@seed(20260105)
@settings(
    max_examples=8,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(actions=st.lists(ACTIONS, min_size=1, max_size=10), inverted=st.booleans())
def test_every_account_agrees_with_its_statement(
    world: World,
    actions: list[tuple[Any, ...]],
    inverted: bool,
) -> None:
    forget(world)
    world.control.set_behaviour(inverted_account_nature=inverted)
    world.import_table("contas_correntes")
    settled: list[int] = []
    for action in actions:
        act(world, action, settled)
    assert world.import_table("movimentacoes", "incremental").complete
    statement(world)
    checks = cash_checks(world.engine, EMPRESA, *PERIOD)
    assert [check for check in checks if not check.closes] == []
    for check in checks:
        begun = world.control.balance(check.n_cod_cc, date(2025, 12, 31))
        assert check.of_statement == world.control.balance(check.n_cod_cc) - begun
