"""What must not mix, and what must not come in."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.imports.merge import open_pass
from tests.imports.mirrored import merge, stored
from tests.imports.titles import info, seed
from tests.push.world import World

DAY = date(2026, 1, 3)


def test_secrets_of_a_company_never_reach_the_database(engine: sa.Engine) -> None:
    hidden = MIRROR["empresas"].hidden
    assert hidden, "the documents name certificates and passwords"
    record = {"codigo_empresa": 1, **dict.fromkeys(hidden, "segredo")}
    merge(engine, "empresas", [record])
    assert "segredo" not in str(stored(engine, "empresas"))


def test_two_empresas_do_not_mix(world: World) -> None:
    seed(world, 3, DAY)
    record = {"codigo_lancamento_omie": 1, "valor_documento": 9, "info": info(DAY)}
    merge(world.engine, "contas_receber", [record], empresa="outra")
    report = world.import_table("contas_receber", date_from=DAY, date_to=DAY)
    assert (report.inserted, report.excluded, report.complete) == (3, 0, True)
    mirror, now = MIRROR["contas_receber"], world.clock.now() + timedelta(minutes=2)
    with open_pass(world.engine, mirror, "outra", now, MirrorFilter()) as one:
        assert sum(one.mark_excluded(DAY, DAY).values()) == 1
    query = "SELECT empresa, count(*) FROM omie.contas_receber WHERE excluido_em IS NULL GROUP BY 1"
    assert [tuple(row) for row in world.rows(query)] == [("principal", 3)]
