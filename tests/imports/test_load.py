"""A range of Omie comes in whole, is proven, and what Omie deleted is marked."""

from __future__ import annotations

from datetime import date

from tests.imports.titles import seed
from tests.push.world import World

DAY, NEXT = date(2026, 1, 3), date(2026, 1, 4)


def here(world: World) -> list[int]:
    query = "SELECT valor_documento FROM omie.contas_receber WHERE excluido_em IS NULL ORDER BY 1"
    return [int(row[0]) for row in world.rows(query)]


def test_every_page_comes_in_and_is_proven(world: World) -> None:
    world.control.set_behaviour(max_page_size=50)
    seed(world, 120, DAY)
    seed(world, 30, NEXT)
    report = world.import_table("contas_receber", date_from=DAY, date_to=NEXT)
    assert (report.total_omie, report.read, report.inserted) == (150, 150, 150)
    assert (report.pages, report.page_size, report.page_size_served) == (3, 500, 50)
    assert report.complete
    proven = {part.partition: (part.rows, part.total_omie) for part in report.partitions}
    assert proven == {"2026-01-03": (120, 120), "2026-01-04": (30, 30)}
    assert len(here(world)) == 150


def test_a_second_reading_changes_nothing(world: World) -> None:
    seed(world, 10, DAY)
    world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    before = world.rows("SELECT * FROM omie.contas_receber ORDER BY codigo_lancamento_omie")
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.read, report.inserted, report.updated, report.unchanged) == (10, 0, 0, 10)
    assert world.rows("SELECT * FROM omie.contas_receber ORDER BY codigo_lancamento_omie") == before


def test_what_omie_deleted_is_marked_not_removed(world: World) -> None:
    ids = seed(world, 5, DAY)
    world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    world.control.delete("contas_receber", ids[1])
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.excluded, report.complete) == (1, True)
    assert here(world) == [1, 3, 4, 5]
    marked = "SELECT excluido_por FROM omie.contas_receber WHERE excluido_em IS NOT NULL"
    assert world.rows(marked) == [("reconciliacao",)]
