"""The cheap look: it asks only for what changed, and keeps quiet where it must."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.clock import SystemClock
from omie_pipeline.postgres.locks import lane
from omie_pipeline.sensors.changes import INTERVAL_SECONDS, watched
from tests.dagster.mirror_world import EMPRESA, FACTS, MirrorWorld, skipped
from tests.imports.titles import title

TITULOS = "mudancas_titulos"
METHOD = "ListarContasReceber"


@pytest.fixture
def loaded(mirror: MirrorWorld) -> MirrorWorld:
    """Four days with a título each, read whole; a minute has passed."""
    for ago in (2, 3, 5, 8):
        mirror.seed(ago)
    assert mirror.run(["contas_receber"], 9).success
    mirror.a_minute_later()
    mirror.simulator.control.clear_calls()
    return mirror


def _change(mirror: MirrorWorld, ago: int) -> None:
    born = mirror.day(ago).strftime("%d/%m/%Y")
    (record,) = (
        one
        for one in mirror.simulator.control.records("contas_receber")
        if one["info"]["dInc"] == born
    )
    code = record["codigo_lancamento_omie"]
    mirror.simulator.control.edit("contas_receber", code, {"valor_documento": 999})


@pytest.mark.slow
def test_nothing_changed_asks_for_nothing(loaded: MirrorWorld) -> None:
    tick = loaded.tick(TITULOS)
    assert tick.run_requests == []
    assert loaded.calls(METHOD) == 1
    assert loaded.simulator.control.calls(method=METHOD)[0].param["registros_por_pagina"] == 50
    # What was never read waits for its first load; nobody asks for it.
    assert "contas_pagar: falta a primeira carga" in skipped(tick)
    assert loaded.calls() == 1


@pytest.mark.slow
def test_only_the_day_that_changed_is_read(loaded: MirrorWorld) -> None:
    _change(loaded, 5)
    tick = loaded.tick(TITULOS)
    (request,) = tick.run_requests
    assert request.job_name == FACTS
    assert request.asset_selection == [dg.AssetKey(["omie", "contas_receber"])]
    assert request.tags["dagster/asset_partition_range_start"] == f"{loaded.day(5)}|{EMPRESA}"
    assert request.tags["dagster/asset_partition_range_end"] == f"{loaded.day(5)}|{EMPRESA}"
    assert request.tags["omie_pipeline/mode"] == "incremental"

    # A second look within the minute makes no call and asks for nothing twice.
    again = loaded.tick(TITULOS, tick.cursor)
    assert again.run_requests == []
    assert loaded.calls(METHOD) == 1
    assert "perguntar depois" in skipped(again)

    assert loaded.request(request).success
    asked = "SELECT trigger, mode FROM omie_sync.import_run ORDER BY started_at DESC LIMIT 1"
    assert loaded.rows(asked) == [("sensor", "incremental")]
    assert loaded.rows("SELECT count(*) FROM omie.contas_receber WHERE valor_documento = 999") == [
        (1,)
    ]
    # The same request again finds the work done.
    loaded.simulator.control.clear_calls()
    assert loaded.request(request).success
    assert loaded.calls() == 0
    loaded.a_minute_later()
    assert loaded.tick(TITULOS, tick.cursor).run_requests == []


@pytest.mark.slow
def test_a_change_that_a_reading_brought_in_asks_for_nothing(loaded: MirrorWorld) -> None:
    _change(loaded, 2)
    assert loaded.run(["contas_receber"], 0, tags={"omie_pipeline/mode": "incremental"}).success
    loaded.a_minute_later()
    assert loaded.tick(TITULOS).run_requests == []


@pytest.mark.slow
def test_a_deletion_shows_in_the_total(loaded: MirrorWorld) -> None:
    (new,) = loaded.seed(0)
    tick = loaded.tick(TITULOS)
    assert [r.tags["dagster/asset_partition_range_start"] for r in tick.run_requests] == [
        f"{loaded.day(0)}|{EMPRESA}"
    ]
    loaded.request(tick.run_requests[0])
    loaded.simulator.control.delete("contas_receber", new)
    loaded.a_minute_later()
    assert len(loaded.tick(TITULOS, tick.cursor).run_requests) == 1


@pytest.mark.slow
def test_no_call_under_a_block(loaded: MirrorWorld) -> None:
    _change(loaded, 3)
    ((scope,),) = loaded.rows("SELECT scope FROM omie_sync.binding")
    now = datetime.now(UTC)
    loaded.execute(
        "INSERT INTO omie_sync.block (scope, until, reason, seen_at) VALUES (:s, :u, '425', :n)",
        s=scope,
        u=now + timedelta(minutes=20),
        n=now,
    )
    tick = loaded.tick(TITULOS)
    assert tick.run_requests == []
    assert loaded.calls() == 0
    assert "bloqueou a chave até" in skipped(tick)


@pytest.mark.slow
def test_no_run_is_piled_on_a_run_and_no_look_on_a_reading(
    loaded: MirrorWorld, engine: sa.Engine
) -> None:
    _change(loaded, 3)
    with lane(engine, f"import:{EMPRESA}:contas_receber", SystemClock()):
        tick = loaded.tick(TITULOS)
    assert "está sendo lida agora" in skipped(tick)
    loaded.instance.add_run(
        dg.DagsterRun(
            job_name=FACTS,
            run_id=str(uuid.uuid4()),
            status=dg.DagsterRunStatus.STARTED,
            tags=loaded.range(9),
        )
    )
    tick = loaded.tick(TITULOS)
    assert tick.run_requests == []
    assert "uma execução já vai ler" in skipped(tick)
    assert loaded.calls() == 0


@pytest.mark.slow
def test_a_refused_key_is_left_in_peace(loaded: MirrorWorld) -> None:
    loaded.simulator.control.suspend()
    tick = loaded.tick(TITULOS)
    assert loaded.calls(METHOD) == 1
    loaded.a_minute_later()
    again = loaded.tick(TITULOS, tick.cursor)
    assert loaded.calls(METHOD) == 1
    assert "a chave foi recusada" in skipped(again)


def test_every_family_has_its_tables_and_its_pace(mirror: MirrorWorld) -> None:
    assert [one.name for one in watched("cadastros")] == ["clientes"]
    assert [one.name for one in watched("titulos")] == ["contas_receber", "contas_pagar", "baixas"]
    assert [one.name for one in watched("notas")] == ["notas_servico", "notas_produto"]
    for family in ("titulos", "movimentacoes", "cadastros", "notas"):
        sensor = mirror.definitions.resolve_sensor_def(f"mudancas_{family}")
        assert sensor.minimum_interval_seconds == INTERVAL_SECONDS == 600
        assert sensor.default_status == dg.DefaultSensorStatus.STOPPED


@pytest.mark.slow
def test_the_statement_comes_with_the_movements(mirror: MirrorWorld) -> None:
    assert mirror.run(["movimentacoes"], 9).success
    mirror.simulator.control.lancar_em_conta(9100000001, 50, day=mirror.day(0))
    mirror.a_minute_later()
    (request,) = mirror.tick("mudancas_movimentacoes").run_requests
    assert {key.to_user_string() for key in request.asset_selection} == {
        "omie/movimentacoes",
        "omie/extrato",
    }


@pytest.mark.slow
def test_a_changed_cliente_reads_the_register(mirror: MirrorWorld) -> None:
    registers = mirror.definitions.resolve_job_def("espelho_cadastros")
    chosen = [dg.AssetKey(["omie", "clientes"])]
    registers.execute_in_process(
        instance=mirror.instance, partition_key=EMPRESA, asset_selection=chosen
    )
    mirror.simulator.control.seed("clientes", [{"razao_social": "Nova"}])
    mirror.a_minute_later()
    (request,) = mirror.tick("mudancas_cadastros").run_requests
    assert (request.job_name, request.partition_key) == ("espelho_cadastros", EMPRESA)
    assert request.asset_selection == chosen


def _looked_minutes_ago(cursor: str, minutes: int) -> str:
    memory = json.loads(cursor)
    asked_at = datetime.now(UTC) - timedelta(minutes=minutes)
    memory["asked"] = dict.fromkeys(memory["asked"], asked_at.isoformat())
    return json.dumps(memory)


@pytest.mark.slow
def test_a_change_whose_run_failed_is_asked_for_again(loaded: MirrorWorld) -> None:
    loaded.execute(
        "UPDATE omie_sync.import_cursor SET read_until = read_until - interval '2 hours'"
    )
    _change(loaded, 5)
    tick = loaded.tick(TITULOS)
    (lost,) = tick.run_requests  # its run dies before it reads
    loaded.a_minute_later()
    assert loaded.tick(TITULOS, _looked_minutes_ago(tick.cursor, 29)).run_requests == []
    loaded.a_minute_later()
    again = loaded.tick(TITULOS, _looked_minutes_ago(tick.cursor, 31))
    (request,) = again.run_requests
    assert request.run_key != lost.run_key
    assert request.asset_selection == lost.asset_selection

    loaded.a_minute_later()
    assert loaded.tick(TITULOS, again.cursor).run_requests == []  # one run for half an hour
    assert loaded.request(request).success
    loaded.a_minute_later()
    assert loaded.tick(TITULOS, again.cursor).run_requests == []


@pytest.mark.slow
def test_a_state_that_recurs_is_followed(loaded: MirrorWorld) -> None:
    loaded.seed(0)
    first = loaded.tick(TITULOS)
    loaded.request(first.run_requests[0])
    (second,) = loaded.simulator.control.seed("contas_receber", [title(77, loaded.day(0))])
    loaded.a_minute_later()
    other = loaded.tick(TITULOS, first.cursor)
    loaded.request(other.run_requests[0])
    loaded.simulator.control.delete("contas_receber", second)
    loaded.a_minute_later()
    recurring = loaded.tick(TITULOS, other.cursor)
    signatures = [json.loads(one.cursor)["signatures"] for one in (first, recurring)]
    assert signatures[0] == signatures[1]
    (request,) = recurring.run_requests
    assert request.run_key not in {first.run_requests[0].run_key, other.run_requests[0].run_key}
