"""A reading of many ranges counts over all of them, of how many Omie said there are."""

from __future__ import annotations

from datetime import date

import pytest

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.imports import range as ranges
from omie_pipeline.imports.report import ImportProgress, ImportRequest
from omie_pipeline.imports.run import Importer
from tests.imports.titles import seed
from tests.push.world import EMPRESA, World

MONTHS = (date(2026, 1, 2), date(2026, 2, 2), date(2026, 3, 2))


def test_the_months_of_a_reading_are_one_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in MONTHS:
        seed(world, 60, day)
    monkeypatch.setattr(ranges, "_AT_ONCE", 100)
    told: list[tuple[int, int | None]] = []
    progress = ImportProgress(on_rows=lambda read, total: told.append((read, total)))
    request = ImportRequest(EMPRESA, "full", date(2026, 1, 1), date_to=date(2026, 3, 31))
    world.clock.sleep(86_400 * 120)
    Importer(world.engine, world.client, world.clock, progress=progress).run(
        MIRROR["contas_receber"], request
    )
    assert told[-1] == (180, 180)
    assert [read for read, _ in told] == sorted(read for read, _ in told)
    assert {total for _, total in told} == {180}, "known from the first page on"
