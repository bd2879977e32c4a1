"""What an empresa does not want stays out, and what is here is proven all the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from omie_pipeline.imports.filter import MirrorFilter
from tests.imports.mirrored import cursor, ids, later, stored
from tests.imports.titles import seed
from tests.push.world import World

DAY, NEXT = date(2026, 1, 2), date(2026, 1, 3)
CAIXA, BANCO = 9100000001, 9100000002


def read(world: World, name: str, filters: MirrorFilter, mode: str = "full", **more: Any) -> Any:
    return world.import_table(name, mode, filters=filters, **more)  # type: ignore[arg-type]


def test_only_one_side(world: World) -> None:
    seed(world, 2, DAY)
    seed(world, 3, DAY, "contas_pagar")
    only = MirrorFilter(side="P")
    assert read(world, "contas_receber", only).read == 0
    assert world.control.calls() == (), "what nobody wants is not asked for"
    report = read(world, "contas_pagar", only)
    assert (report.read, report.filtered, report.complete) == (3, 0, True)
    report = read(world, "baixas", only)
    assert (report.read, report.filtered, report.complete) == (5, 2, True)
    assert [row["natureza"] for row in stored(world.engine, "saldos_titulos")] == ["P"] * 3


@pytest.mark.parametrize("inverted", [False, True])
def test_a_side_of_account_rows_is_their_groups(world: World, inverted: bool) -> None:
    world.control.set_behaviour(inverted_account_nature=inverted)
    world.control.lancar_em_conta(CAIXA, 10)
    world.control.lancar_em_conta(CAIXA, -4)
    report = read(world, "movimentacoes", MirrorFilter(side="R"))
    assert (report.filtered, report.complete) == (1, True)
    assert [row["valor_movimentado"] for row in stored(world.engine, "movimentacoes")] == [10]


def test_open_only(world: World) -> None:
    first, second, third = seed(world, 3, DAY)
    world.control.settle("contas_receber", first)
    only = MirrorFilter(open_only=True)
    report = read(world, "contas_receber", only)
    assert (report.read, report.inserted, report.filtered, report.complete) == (3, 2, 1, True)
    later(world, hours=1)
    world.control.settle("contas_receber", second)
    report = read(world, "contas_receber", only, "incremental")
    assert report.complete
    words = {
        row["codigo_lancamento_omie"]: row["status_titulo"]
        for row in stored(world.engine, "contas_receber")
    }
    assert words == {second: "RECEBIDO", third: "ATRASADO"}, "followed to its end"
    later(world, hours=1)
    world.control.delete("contas_receber", third)
    report = read(world, "contas_receber", only, "incremental")
    assert (report.excluded, report.complete) == (1, True), (
        "deletions are found in spite of filters"
    )
    assert ids(world) == [second]


def test_a_deleted_row_that_was_left_out_changes_nothing(world: World) -> None:
    first, *_ = seed(world, 3, DAY)
    world.control.settle("contas_receber", first)
    only = MirrorFilter(open_only=True)
    read(world, "contas_receber", only)
    later(world, hours=1)
    world.control.delete("contas_receber", first)
    report = read(world, "contas_receber", only, "incremental")
    assert (report.excluded, report.complete, len(ids(world))) == (0, True, 2)
    later(world, hours=1)
    world.control.clear_calls()
    assert read(world, "contas_receber", only, "incremental").complete
    sizes = [call.param["registros_por_pagina"] for call in world.control.calls()]
    assert sizes.count(500) <= 1, "no month is read again where nothing happened"


def test_only_some_accounts(world: World) -> None:
    seed(world, 2, DAY)
    seed(world, 3, DAY, id_conta_corrente=BANCO)
    seed(world, 1, DAY, id_conta_corrente=None)
    report = read(world, "contas_receber", MirrorFilter(accounts=(BANCO,)))
    assert (report.read, report.filtered, report.complete) == (6, 3, True)
    part = {p.partition: (p.rows, p.total_omie) for p in report.partitions}[DAY.isoformat()]
    assert part == (3, 3)
    ((told, left_out),) = world.rows(
        f"SELECT total_omie, filtered FROM omie_sync.import_partition WHERE partition = '{DAY}'"
    )
    assert (told, left_out) == (6, 3)


def test_since_and_until(world: World) -> None:
    keys = seed(world, 2, DAY)
    seed(world, 3, NEXT)
    seed(world, 4, date(2026, 1, 4))
    only = MirrorFilter(since=NEXT, until=NEXT)
    report = read(world, "contas_receber", only)
    assert (report.read, report.complete, len(ids(world))) == (3, True, 3)
    assert cursor(world) is not None, "all that is wanted was read"
    assert read(world, "contas_receber", only, date_from=DAY).window_from == NEXT
    later(world, hours=1)
    world.control.edit("contas_receber", keys[0], {"valor_documento": 8})
    report = read(world, "contas_receber", only, "incremental")
    assert (report.complete, report.inserted, len(ids(world))) == (True, 0, 3)


def test_a_filter_that_wants_no_day(world: World) -> None:
    seed(world, 1, DAY)
    report = read(world, "contas_receber", MirrorFilter(since=date(2027, 1, 1)))
    assert (report.read, report.complete) == (0, True)
    assert world.control.calls() == ()


def test_filters_and_pages(world: World) -> None:
    world.control.set_behaviour(max_page_size=50)
    seed(world, 120, DAY)
    paid = seed(world, 60, NEXT)
    for key in paid:
        world.control.settle("contas_receber", key, value=Decimal(1))
    report = read(world, "contas_receber", MirrorFilter(open_only=True))
    # Of 1, 2, ... 60 reais only the first is paid by one real.
    assert (report.read, report.filtered, report.complete) == (180, 1, True)
