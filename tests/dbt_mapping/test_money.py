"""The sums that the console shows are those of the views for analysis, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from omie_pipeline.app.money import ask_sums, by_category, cash, open_by_age, receipts, result
from omie_pipeline.console.sight import Sight, confine, seeing
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.roles import grant_console
from tests.dbt_mapping.company import EMPRESA, rows_of
from tests.dbt_mapping.scenario import Scenario

EVERYTHING = Sight((EMPRESA,), omie_entries=(EMPRESA,))
OURS = Sight((EMPRESA,))
LONG = date(2020, 1, 1), date(2030, 1, 1)


@pytest.fixture(scope="module")
def confined(company: Scenario) -> Iterator[sa.Engine]:
    url = sa.make_url(company.server_url).set(database=company.database)
    engine = open_engine(url.render_as_string(hide_password=False))
    with engine.begin() as connection:
        assert grant_console(connection)
    found = confine(engine)
    yield found
    found.dispose()
    engine.dispose()


@pytest.mark.parametrize(
    ("wanted", "view"),
    [
        (open_by_age(), "titulos_em_aberto"),
        (receipts(*LONG), "recebimentos_por_forma_e_dia"),
        (by_category(*LONG), "titulos_por_categoria_e_mes"),
        (result(*LONG), "titulos_por_categoria_e_mes"),
        (cash(*LONG), "caixa_por_conta_e_dia"),
    ],
)
def test_sums_are_those_of_the_view(
    company: Scenario, confined: sa.Engine, wanted: object, view: str
) -> None:
    with seeing(EVERYTHING):
        lines = ask_sums(confined, EMPRESA, wanted)  # type: ignore[arg-type]
    assert lines
    for name in lines[0].of:
        (whole,) = rows_of(
            company, f"select coalesce(sum({name}), 0) as told from analise.{view}", today=""
        )
        assert sum((one.value(name) for one in lines), Decimal()) == whole["told"], name


def test_without_the_permission_what_only_omie_has_is_not_counted(
    company: Scenario, confined: sa.Engine
) -> None:
    with seeing(OURS):
        ours = ask_sums(confined, EMPRESA, open_by_age())
        day_by_day = ask_sums(confined, EMPRESA, cash(*LONG))
    query = "select sum(valor_aberto) as told from analise.titulos_em_aberto"
    (mine,) = rows_of(company, f"{query} where nosso", today="")
    (whole,) = rows_of(company, query, today="")
    assert ours is not None
    assert sum((one.value("valor_aberto") for one in ours), Decimal()) == mine["told"]
    assert mine["told"] < whole["told"]
    assert all(one.of["saldo_omie"] is None for one in day_by_day or ())


def test_of_an_empresa_that_is_not_seen_there_is_nothing(confined: sa.Engine) -> None:
    for sight in (Sight(), Sight(("outra",), omie_entries=(EMPRESA,))):
        with seeing(sight):
            assert ask_sums(confined, EMPRESA, open_by_age()) == ()


def test_no_name_and_no_view_is_within_reach(confined: sa.Engine) -> None:
    from omie_pipeline.app.money import Sums
    from omie_pipeline.errors import WarehouseError

    for by, of in ((("cliente",), ("valor_aberto",)), (("natureza",), ("cliente",))):
        with seeing(EVERYTHING), pytest.raises((WarehouseError, sa.exc.DBAPIError)):
            ask_sums(confined, EMPRESA, Sums("titulos_em_aberto", by, of))
    with (
        seeing(EVERYTHING),
        confined.connect() as connection,
        pytest.raises(sa.exc.ProgrammingError),
    ):
        connection.exec_driver_sql("SELECT 1 FROM analise.titulos_em_aberto")


def test_a_build_finds_nothing_of_the_console_upon_its_views(
    company: Scenario, confined: sa.Engine
) -> None:
    del confined
    query = "select omie_sync.alheios_sobre('analise.titulos_em_aberto') as others"
    assert rows_of(company, query, today="") == [{"others": []}]
