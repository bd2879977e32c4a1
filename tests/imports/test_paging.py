"""Pages that are capped, miscounted, or that shift under the reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from omie_pipeline.imports import paging, run
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.imports.mirrored import cursor, ids, later
from tests.imports.titles import info, seed
from tests.push.world import World

DAY, TODAY = date(2026, 1, 3), date(2026, 1, 5)
LIST = "ListarContasReceber"


def truth(world: World, name: str = "contas_receber") -> list[int]:
    return sorted(record["codigo_lancamento_omie"] for record in world.control.records(name))


def carga(world: World) -> Any:
    return world.import_table("contas_receber", date_from=date(2026, 1, 1), date_to=TODAY)


@pytest.mark.parametrize(("cap", "pages"), [(50, 6), (100, 3), (500, 1), (7, 37)])
def test_a_page_cap_is_noticed(world: World, cap: int, pages: int) -> None:
    world.control.set_behaviour(max_page_size=cap)
    seed(world, 253, DAY)
    report = carga(world)
    assert (report.pages, report.read, report.complete) == (pages, 253, True)
    assert report.page_size_served == min(cap, 253)
    assert ids(world) == truth(world)


def test_a_cap_whose_pages_are_counted_by_the_size_asked(world: World) -> None:
    """Page 2 begins at row 501 although page 1 ended at row 100: rows 101 to 500 in no page."""
    records = [{"codigo_lancamento_omie": n, "info": info(DAY)} for n in range(1, 151)]
    first = {
        "conta_receber_cadastro": records[:100],
        "total_de_registros": 150,
        "total_de_paginas": 2,
    }
    second = {
        "conta_receber_cadastro": records[140:],
        "total_de_registros": 150,
        "total_de_paginas": 2,
    }
    seed(world, 150, DAY)
    world.control.set_behaviour(max_page_size=100)
    for body in (first, second):
        text = json.dumps(body)
        world.control.next_faults(PlannedFault("custom", method=LIST, status=200, body=text))
    report = carga(world)
    assert report.complete
    assert report.rereads == 1
    asked = [call.param["registros_por_pagina"] for call in world.control.calls()]
    assert asked == [500, 500, 100, 100]


@pytest.mark.parametrize("told", [99, 149, 151, 400])
def test_a_total_that_is_wrong_is_never_complete(world: World, told: int) -> None:
    world.control.set_behaviour(max_page_size=50)
    seed(world, 150, DAY)
    answers: list[dict[str, Any]] = []
    rows = [{"codigo_lancamento_omie": n, "info": info(DAY)} for n in range(1, 151)]
    for page in range(-(-told // 50)):
        part = rows[page * 50 : page * 50 + 50]
        counts = {"total_de_registros": told, "total_de_paginas": -(-told // 50)}
        answers.append({"conta_receber_cadastro": part, **counts})
    for size in range(4):
        for body in answers:
            text = json.dumps({**body, "x": size})
            world.control.next_faults(PlannedFault("custom", method=LIST, status=200, body=text))
    report = carga(world)
    assert not report.complete
    assert cursor(world) is None
    assert world.rows("SELECT * FROM omie_sync.import_partition") == []


def test_too_many_pages_told_changes_nothing(world: World) -> None:
    body = {
        "pagina": 1,
        "total_de_paginas": 900,
        "total_de_registros": 1,
        "conta_receber_cadastro": [{"codigo_lancamento_omie": 9, "info": info(DAY)}],
    }
    plan = PlannedFault("custom", method=LIST, status=200, body=json.dumps(body))
    world.control.next_faults(plan)
    report = carga(world)
    assert (report.complete, report.read) == (True, 1)
    assert len(world.control.calls()) == 1


def test_a_list_that_repeats_its_first_page(world: World) -> None:
    """ListarEmpresas gives page 1 again past its end (omie-api.md#empty-lists)."""
    report = world.import_table("empresas")
    assert (report.read, report.complete) == (1, True)
    assert len(world.control.calls()) == 1
    body = json.dumps(
        {
            "total_de_registros": 2,
            "total_de_paginas": 1,
            "empresas_cadastro": [{"codigo_empresa": 9_000_000_001, "razao_social": "Uma"}],
        }
    )
    later(world, minutes=2)
    plan = PlannedFault("custom", method="ListarEmpresas", status=200, body=body, times=8)
    world.control.next_faults(plan)
    report = world.import_table("empresas")
    assert (report.read, report.total_omie, report.complete) == (1, 2, False)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages in their order, so that it is known which of them a change lies between."""
    for module in (run, paging):
        monkeypatch.setitem(vars(module), "READS_AT_ONCE", 1)


def shifting(world: World, action: Callable[[], object], page: int = 2) -> Any:
    """A reading of 250 rows in pages of 50, with ``action`` after ``page`` was computed."""
    world.control.set_limits(reads_at_once=None)
    world.control.set_behaviour(max_page_size=50)
    keys = seed(world, 200, DAY)
    seed(world, 50, date(2026, 1, 4))
    world.control.between_pages(LIST, page, action)
    return keys


@pytest.mark.usefixtures("one_by_one")
def test_a_row_inserted_while_paging(world: World) -> None:
    shifting(world, lambda: world.control.seed("contas_receber", [{"valor_documento": 1}]))
    report = carga(world)
    assert (report.complete, report.read) == (True, 251)
    assert ids(world) == truth(world)


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_a_row_deleted_behind_the_reader(world: World, page: int) -> None:
    keys: list[int] = []
    keys += shifting(world, lambda: world.control.delete("contas_receber", keys[3]), page)
    report = carga(world)
    assert report.complete
    assert ids(world) == truth(world)


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_one_deleted_behind_the_reader_and_one_inserted_at_the_end(world: World, page: int) -> None:
    """Every page says 250 and 250 rows came, but one of the old rows was in no page."""
    keys: list[int] = []

    def swap() -> None:
        world.control.delete("contas_receber", keys[3])
        world.control.seed("contas_receber", [{"valor_documento": 7}])

    keys += shifting(world, swap, page)
    report = carga(world)
    assert report.complete
    assert report.rereads >= 1
    assert ids(world) == truth(world)


@pytest.mark.usefixtures("one_by_one")
def test_a_swap_in_a_list_that_does_not_say_when_its_rows_were_made(world: World) -> None:
    """No youth to see: the rows themselves have to be the same twice."""
    world.control.set_behaviour(max_page_size=50)
    codes = world.control.seed(
        "categorias", [{"codigo": f"8.{n:04}", "descricao": "x"} for n in range(200)]
    )

    def swap() -> None:
        world.control.delete("categorias", codes[0])
        world.control.seed("categorias", [{"codigo": "9.0000", "descricao": "y"}])

    world.control.between_pages("ListarCategorias", 2, swap)
    report = world.import_table("categorias")
    assert report.complete
    truth_now = sorted(record["codigo"] for record in world.control.records("categorias"))
    assert ids(world, "categorias") == truth_now


@pytest.mark.usefixtures("one_by_one")
def test_a_row_changed_while_paging_of_changes(world: World) -> None:
    """An old row enters the window of changes in the middle, and one leaves it by deletion."""
    world.control.set_behaviour(max_page_size=50)
    old = seed(world, 3, date(2026, 1, 1))
    keys = seed(world, 120, DAY)
    carga(world)
    later(world, days=2)
    for key in keys[:110]:
        world.control.edit("contas_receber", key, {"observacao": "nova"})
    later(world, minutes=2)

    def swap() -> None:
        world.control.delete("contas_receber", keys[0])
        world.control.edit("contas_receber", old[0], {"valor_documento": 99})

    world.control.between_pages(LIST, 2, swap)
    report = world.import_table("contas_receber", "incremental")
    assert report.complete
    assert ids(world) == truth(world)
    here = world.rows(
        "SELECT codigo_lancamento_omie FROM omie.contas_receber WHERE observacao = 'nova'"
        " AND excluido_em IS NULL ORDER BY 1"
    )
    assert [row[0] for row in here] == sorted(keys[1:110])


def test_rows_typed_just_before_the_reading_do_not_spoil_it(world: World) -> None:
    """They look as if they had been born within it; the next pass begins late enough."""
    world.control.set_behaviour(max_page_size=50)
    world.control.seed("contas_receber", [{"valor_documento": n} for n in range(120)])
    report = carga(world)
    assert (report.complete, report.read) == (True, 120)
    assert report.rereads <= 1


def test_a_list_that_never_stands_still_is_not_complete(world: World) -> None:
    world.control.set_behaviour(max_page_size=50)
    seed(world, 150, DAY)

    def insert() -> None:
        world.control.seed("contas_receber", [{"valor_documento": 1}])
        world.control.between_pages(LIST, 1, insert)

    world.control.between_pages(LIST, 1, insert)
    report = carga(world)
    assert not report.complete
    assert report.partitions == ()
    assert cursor(world) is None
    assert len(ids(world)) >= 150, "what was read stays"


def test_a_change_told_by_the_progress(world: World) -> None:
    """What is deleted between two pages, seen from our own side of the wire."""
    from omie_pipeline.catalog.lists import MIRROR
    from omie_pipeline.imports.report import ImportProgress, ImportRequest
    from omie_pipeline.imports.run import Importer
    from tests.push.world import EMPRESA

    world.control.set_behaviour(max_page_size=50)
    keys = list(seed(world, 400, DAY))
    told: list[tuple[int, int]] = []

    def on_rows(read: int, total: int) -> None:
        told.append((read, total))
        if len(told) == 1:
            world.control.delete("contas_receber", keys[0])

    progress = ImportProgress(on_rows=on_rows)
    request = ImportRequest(EMPRESA, "full", date(2026, 1, 1))
    importer = Importer(world.engine, world.client, world.clock, progress=progress)
    report = importer.run(MIRROR["contas_receber"], request)
    assert report.complete
    assert ids(world) == truth(world)
    assert told[-1] == (399, 399)
