"""Round after round with people at work on both sides: everything arrives, nothing echoes."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.outbox.write import may_have_news
from omie_pipeline.resources.connections import connections
from omie_pipeline.sensors.way_back import way_back_sensor
from omie_pipeline.switches.pauses import change_pause
from tests.cli.conftest import Terminal
from tests.docs.pages import ROOT, blocks
from tests.push.world import EMPRESA, TITULO_COLUMNS, World, titulo

CONFIG = """
empresas:
  - nome: principal
    app_key_env: OMIE_APP_KEY
    app_secret_env: OMIE_APP_SECRET
    saida: {kinds: [contas_receber, baixas_receber], table: {url_env: RETORNO_URL}}
"""
READ = ("import", "contas_receber", "baixas", "--full")


class Clinic:
    """A clinic's program with a table of its own, which copies what it was told into it."""

    def __init__(self, file: Path, world: World) -> None:
        self.file = file
        self.world = world
        self.values: dict[str, Decimal] = {}
        with sqlite3.connect(file) as connection:
            (made,) = blocks(ROOT / "docs" / "way-back.md", "sqlite")
            connection.executescript(made)
            connection.execute(
                "CREATE TABLE recebimentos (codigo TEXT PRIMARY KEY, valor TEXT, pago_em TEXT)"
            )

    def types(self, code: str, value: str) -> None:
        """Somebody at the clinic enters or corrects a receipt."""
        with sqlite3.connect(self.file) as connection:
            connection.execute(
                "INSERT INTO recebimentos (codigo, valor) VALUES (?, ?) "
                "ON CONFLICT (codigo) DO UPDATE SET valor = excluded.valor",
                (code, value),
            )

    def takes_over(self) -> None:
        """The clinic's program shows payments in its own screens."""
        with sqlite3.connect(self.file) as connection:
            connection.execute(
                "UPDATE recebimentos SET pago_em = (SELECT r.paid_date FROM omie_retorno AS r "
                "WHERE r.integration_code = codigo AND NOT r.only_in_omie)"
            )

    def is_modelled(self) -> None:
        """The payload model, made of the clinic's rows as they are now."""
        with sqlite3.connect(self.file) as connection:
            rows = connection.execute("SELECT codigo, valor FROM recebimentos").fetchall()
        made = [
            titulo(
                int(code.removeprefix("REC-")),
                codigo_lancamento_integracao=code,
                valor_documento=Decimal(value),
            )
            for code, value in rows
        ]
        self.world.model("contas_receber", made, TITULO_COLUMNS)

    def shows(self) -> dict[str, tuple[Any, ...]]:
        """What the clinic's screens have of its own receipts."""
        with sqlite3.connect(self.file) as connection:
            return {
                code: rest
                for code, *rest in connection.execute(
                    "SELECT c.codigo, r.state, r.open_amount, c.pago_em IS NOT NULL "
                    "FROM recebimentos AS c JOIN omie_retorno AS r ON r.integration_code = c.codigo"
                )
            }


@pytest.fixture
def there(
    clinic: World, unvalidated: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Clinic:
    config, file = tmp_path / "empresas.yaml", tmp_path / "clinica.db"
    config.write_text(CONFIG, "utf-8")
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(config))
    monkeypatch.setenv("RETORNO_URL", f"sqlite:///{file}")
    clinic.confirmed(1)
    return Clinic(file, clinic)


@pytest.mark.slow
def test_both_sides_write_for_many_rounds_and_nothing_echoes(
    terminal: Terminal, there: Clinic, slept: list[float]
) -> None:
    world, control = there.world, there.world.control
    for number in range(1, 4):
        there.types(f"REC-{number}", f"{number}00.00")
    paid: set[str] = set()
    for number in range(1, 7):
        if number % 2:
            there.types(f"REC-{number + 10}", f"{number}0.00")  # the clinic goes on working
        else:
            code = f"REC-{number // 2}"
            control.settle("contas_receber", code)  # and people in Omie
            control.seed_receivables(1, days=1)
            paid.add(code)
        there.is_modelled()
        world.forget_requests()
        assert terminal("push", "contas_receber").code == 0
        control.clear_calls()
        world.forget_requests()
        assert terminal(*READ).code == 0
        there.takes_over()
        # What was just written into the clinic is no change of the clinic's.
        there.is_modelled()
        said = terminal("push", "contas_receber", "--json")
        assert sum(line["unchanged"] for line in said.lines) == sum(
            line["selected"] for line in said.lines
        )
        assert [one for one in control.calls() if not one.is_read] == []
        screens = there.shows()
        assert {code for code, (state, *_) in screens.items() if state == "paid"} == paid
        assert all(bool(mark) is (code in paid) for code, (_, _, mark) in screens.items())
        assert {line["behind"] for line in terminal("outbox", "status", "--json").lines} == {0}
    with sqlite3.connect(there.file) as connection:
        hidden = "SELECT count(*) FROM omie_retorno WHERE only_in_omie AND kind = 'contas_receber'"
        assert connection.execute(hidden).fetchone() == (3,)


def test_the_sensor_brings_what_is_new_and_rests_otherwise(
    terminal: Terminal, there: Clinic, engine: sa.Engine
) -> None:
    def tick(cursor: str | None = None) -> dg.SensorResult:
        context = dg.build_sensor_context(cursor=cursor, resources=connections(Deployment()))
        result = way_back_sensor()(context)
        assert isinstance(result, dg.SensorResult)
        return result

    there.types("REC-1", "100.00")
    there.is_modelled()
    there.world.push("contas_receber")
    first = tick()
    assert "1 mudanças novas, tabela da clínica: 1 entregues" in str(first.skip_reason)
    assert len(first.asset_events) == 1
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE omie_sync.outbox_last SET looked_at = now() + '1 day'"))
    assert not may_have_news(engine, EMPRESA)
    second = tick(first.cursor)
    assert "0 mudanças novas" in str(second.skip_reason)
    assert second.asset_events == []
    now = datetime.now(UTC)
    change_pause(engine, EMPRESA, "pause", "férias", "ana", now)
    assert "férias" in str(tick().skip_reason)
    said = terminal("outbox", "run")
    assert (said.code, "férias" in said.err) == (1, True)
    change_pause(engine, EMPRESA, "resume", "", "ana", now)
    there.file.unlink()
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE omie_sync.outbox_target SET number = 0"))
    third = tick(second.cursor)
    assert "RETORNO_URL" in str(third.skip_reason)
    assert len(third.asset_events) == 1
    said = terminal("status")
    assert "ainda não recebeu 1 mudanças do Omie" in said.out
    (back,) = (one for one in terminal("status", "--json").lines if one["direction"] == "back")
    assert (back["target"], back["behind"]) == ("table", 1)
    assert json.dumps(back)
