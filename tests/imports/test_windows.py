"""What changed since last time, and answers that come too late."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import RetryLater
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.imports.mirrored import NOON, cursor, ids, later, merge, stored
from tests.imports.titles import info, seed
from tests.push.world import World

DAY = date(2026, 1, 2)
START = date(2026, 1, 1)


def update(world: World, name: str = "contas_receber", **changes: Any) -> Any:
    return world.import_table(name, "incremental", **changes)


def test_an_old_row_that_changed_is_found(world: World) -> None:
    keys = seed(world, 5, DAY)
    world.import_table("contas_receber")
    later(world, days=20)
    world.control.edit("contas_receber", keys[2], {"valor_documento": 77})
    later(world, days=1)
    report = update(world)
    assert (report.inserted, report.updated, report.complete) == (0, 1, True)
    assert report.days == (DAY,)
    assert cursor(world) == report_time(world)


def report_time(world: World) -> datetime:
    ((moment,),) = world.rows("SELECT max(started_at) FROM omie_sync.import_run")
    assert isinstance(moment, datetime)
    return moment


def test_windows_overlap_by_a_day(world: World) -> None:
    """Windows are whole days of Brasília: what was typed late yesterday is asked for again."""
    world.control.set_time(datetime(2026, 1, 6, 0, 10))
    seed(world, 1, DAY)
    world.import_table("contas_receber")
    world.control.clear_calls()
    later(world, hours=3)
    update(world)
    windows = [call.param for call in world.control.calls()]
    first = windows[0]
    assert (first["filtrar_por_data_de"], first["filtrar_por_data_ate"]) == (
        "05/01/2026",
        "06/01/2026",
    )


def test_a_status_word_that_only_the_date_changed(world: World) -> None:
    seed(world, 1, DAY, data_vencimento="06/01/2026")
    world.import_table("contas_receber")
    before = stored(world.engine, "contas_receber")[0]
    counts = []
    for _ in range(4):
        later(world, days=1)
        report = world.import_table("contas_receber")
        counts.append((report.updated, report.unchanged))
    after = stored(world.engine, "contas_receber")[0]
    words = ("raw", "status_titulo", "lido_em", "impressao")
    assert (before["status_titulo"], after["status_titulo"]) == ("A VENCER", "ATRASADO")
    assert {k: v for k, v in after.items() if k not in words} == {
        k: v for k, v in before.items() if k not in words
    }
    assert counts == [(1, 0), (1, 0), (0, 1), (0, 1)], "twice in a título's life, then never"


def record(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"codigo_lancamento_omie": number, "info": info(DAY), **changes}


def values(engine: sa.Engine) -> list[Decimal]:
    return [row["valor_documento"] for row in stored(engine, "contas_receber")]


def test_an_older_answer_never_overwrites(engine: sa.Engine) -> None:
    changed = info(DAY, changed=date(2026, 1, 4))
    merge(engine, "contas_receber", [record(valor_documento=2, info=changed)])
    late = NOON + timedelta(minutes=5)
    merge(engine, "contas_receber", [record(valor_documento=1)], asked_at=late)
    assert values(engine) == [2], "an earlier change, though asked later"
    early = NOON - timedelta(minutes=5)
    merge(engine, "contas_receber", [record(valor_documento=3, info=changed)], asked_at=early)
    assert values(engine) == [2], "the same change, asked earlier"
    merge(engine, "contas_receber", [record(valor_documento=4, info=changed)], asked_at=late)
    assert values(engine) == [4], "the same change, asked later"


@pytest.mark.parametrize("missing", ["stored", "answer"])
def test_an_answer_without_a_time_of_change_is_judged_by_its_question(
    engine: sa.Engine, missing: str
) -> None:
    bare = {"dInc": "02/01/2026"}
    first, second = (bare, info(DAY)) if missing == "stored" else (info(DAY), bare)
    merge(engine, "contas_receber", [record(valor_documento=1, info=first)])
    early, late = NOON - timedelta(minutes=5), NOON + timedelta(minutes=5)
    merge(engine, "contas_receber", [record(valor_documento=2, info=second)], asked_at=late)
    assert values(engine) == [2], "a row is never frozen because Omie stopped saying when"
    merge(engine, "contas_receber", [record(valor_documento=3, info=bare)], asked_at=early)
    assert values(engine) == [2], "asked before both"


def test_an_older_answer_leaves_newer_baixas_alone(engine: sa.Engine) -> None:
    def with_baixas(*codes: int, changed: date) -> dict[str, Any]:
        head = {"nCodTitulo": 5, "info": info(DAY, changed=changed)}
        return {"cabecTitulo": head, "lancamentos": [{"nCodLanc": c, "nValLanc": 1} for c in codes]}

    new, old = date(2026, 1, 4), date(2026, 1, 3)
    merge(engine, "baixas", [with_baixas(11, 12, changed=new)])
    late = NOON + timedelta(minutes=5)
    merge(engine, "baixas", [with_baixas(10, changed=old)], asked_at=late)
    assert {row["codigo_baixa"] for row in stored(engine, "baixas")} == {11, 12}
    assert all(row["excluido_em"] is None for row in stored(engine, "baixas"))


def test_a_stale_read_does_not_bring_a_deleted_row_back(world: World) -> None:
    keys = seed(world, 2, DAY)
    world.import_table("contas_receber")
    gone = dict(world.control.record("contas_receber", keys[0]) or {})
    world.control.delete("contas_receber", keys[0])
    later(world, minutes=2)
    world.import_table("contas_receber")
    assert ids(world, excluded=True) == [keys[0]]
    stale = {tag: value for tag, value in gone.items() if tag[0] != "_"}
    excluded_at = stored(world.engine, "contas_receber")[0]["excluido_em"]
    merge(world.engine, "contas_receber", [stale], asked_at=excluded_at + timedelta(seconds=59))
    assert ids(world, excluded=True) == [keys[0]]
    merge(world.engine, "contas_receber", [stale], asked_at=excluded_at + timedelta(seconds=61))
    assert ids(world) == list(keys)
    assert stored(world.engine, "contas_receber")[0]["excluido_por"] is None


def test_a_list_that_still_shows_what_was_deleted_proves_nothing(world: World) -> None:
    """Omie counts three, we show two: that is no complete reading, whoever is right."""
    keys = seed(world, 3, DAY)
    world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    later(world, minutes=2)
    now = world.clock.now()
    with world.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE omie.contas_receber SET excluido_em = :now, excluido_por = 'webhook'"
                " WHERE codigo_lancamento_omie = :id"
            ),
            {"now": now, "id": keys[0]},
        )
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert not report.complete
    later(world, minutes=2)
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert report.complete
    assert ids(world) == list(keys)


def test_the_cursor_moves_only_after_a_complete_window(world: World) -> None:
    seed(world, 2, DAY)
    world.import_table("contas_receber")
    first = cursor(world)
    later(world, days=1)
    world.control.next_faults(PlannedFault("html_502", method="ListarContasReceber", times=6))
    with pytest.raises(RetryLater):
        update(world)
    assert cursor(world) == first
    world.control.clear_faults()
    later(world, hours=1)
    update(world)
    assert cursor(world) == report_time(world)


def test_a_range_does_not_move_the_cursor(world: World) -> None:
    seed(world, 2, DAY)
    world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert cursor(world) is None
    report = update(world)
    assert report.complete
    assert cursor(world) is not None, "the first update without a cursor is a whole reading"


def test_a_reading_resumed_days_later_asks_for_the_days_between(world: World) -> None:
    """What had been proved before the stop is as old as that, and so is the cursor."""
    world.control.set_time(datetime(2026, 2, 5, 9, 0))
    begun = world.clock.now()
    (key, *_) = seed(world, 2, DAY)
    world.import_table("contas_receber", date_from=START, date_to=date(2026, 1, 31))
    later(world, days=1)
    world.control.edit("contas_receber", key, {"valor_documento": 55})
    later(world, days=4)
    report = world.import_table("contas_receber", not_before=begun)
    assert report.complete
    later(world, minutes=5)
    update(world)
    assert values(world.engine)[0] == 55


@pytest.mark.parametrize("name", ["contas_receber", "contas_pagar", "movimentacoes", "baixas"])
def test_deletions_are_found_by_the_total(world: World, name: str) -> None:
    side = "contas_pagar" if name == "contas_pagar" else "contas_receber"
    keys = seed(world, 4, DAY, side)
    world.import_table(name)
    later(world, days=3)
    world.control.delete(side, keys[1])
    seed(world, 1, date(2026, 1, 7), side)
    later(world, minutes=5)
    report = update(world, name)
    assert (report.excluded, report.inserted, report.complete) == (1, 1, True)
    assert len(ids(world, name)) == 4


def test_a_deleted_cliente_is_found_by_the_total(world: World) -> None:
    keys = world.control.seed(
        "clientes", [{"razao_social": f"C{n}", "cnpj_cpf": ""} for n in range(3)]
    )
    world.import_table("clientes")
    later(world, days=1)
    world.control.delete("clientes", keys[0])
    report = update(world, "clientes")
    assert (report.excluded, report.complete) == (1, True)
    assert ids(world, "clientes") == sorted(keys[1:])


def test_a_note_of_long_ago_is_found_by_the_total(world: World) -> None:
    """NFS-e have no window on change: the last 35 days are read again, the rest is counted."""
    world.control.set_time(datetime(2026, 6, 1, 9, 0))
    world.import_table("notas_servico")
    world.control.issue_note("notas_servico", 10, day=date(2026, 2, 3))
    later(world, hours=2)
    report = update(world, "notas_servico")
    assert (report.inserted, report.complete) == (1, True)


def test_an_undone_baixa_disappears_and_the_balance_follows(world: World) -> None:
    (key,) = seed(world, 1, DAY, valor_documento=100)
    baixa = world.control.settle("contas_receber", key, value=Decimal(30))
    world.import_table("baixas")
    assert [row["valor_aberto"] for row in stored(world.engine, "saldos_titulos")] == [70]
    later(world, hours=1)
    world.control.undo_settlement(baixa)
    update(world, "baixas")
    (gone,) = stored(world.engine, "baixas")
    assert gone["excluido_em"] is not None
    (saldo,) = stored(world.engine, "saldos_titulos")
    assert (saldo["valor_pago"], saldo["valor_aberto"]) == (0, 100)
    later(world, hours=1)
    world.control.delete("contas_receber", key)
    update(world, "baixas")
    assert stored(world.engine, "saldos_titulos")[0]["excluido_em"] is not None


def test_a_change_brings_in_no_row_of_before_the_start(world: World) -> None:
    """It would stand there alone, in a partition that nobody has read."""
    (old,) = seed(world, 1, date(2025, 12, 1))
    seed(world, 1, DAY)
    world.import_table("contas_receber")
    later(world, hours=2)
    world.control.edit("contas_receber", old, {"valor_documento": 5})
    report = update(world)
    assert (report.inserted, report.filtered, report.complete) == (0, 1, True)
    assert len(ids(world)) == 1
    early = world.import_table("contas_receber", date_from=date(2025, 12, 1), date_to=DAY)
    assert (early.complete, len(ids(world))) == (True, 2)
    later(world, hours=2)
    world.control.edit("contas_receber", old, {"valor_documento": 6})
    assert update(world).updated == 1, "who is here is followed"
