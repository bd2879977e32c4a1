"""Building some models leaves the others standing."""

from __future__ import annotations

from tests.dbt_mapping.scenario import Scenario

_VIEWS = (
    "select table_schema, table_name from information_schema.views "
    "where table_schema in ('staging', 'clinica') order by 1, 2"
)


def test_rebuilding_a_view_keeps_the_views_above_it(synthea: Scenario) -> None:
    before = synthea.rows(_VIEWS)
    assert {"table_schema": "clinica", "table_name": "repasses"} in before
    synthea.run("stg_synthea__recebimentos")
    assert synthea.rows(_VIEWS) == before


def test_a_view_whose_columns_changed_is_made_anew(synthea: Scenario) -> None:
    with synthea.connect() as connection:
        connection.execute("drop view clinica.formas_pagamento cascade")
        connection.execute("create view clinica.formas_pagamento as select 1 as outra_coluna")
        connection.execute("select omie_sync.marcar('clinica.formas_pagamento')")
    synthea.run("formas_pagamento")
    columns = synthea.rows(
        "select column_name from information_schema.columns "
        "where table_schema = 'clinica' and table_name = 'formas_pagamento'"
    )
    assert {"column_name": "codigo_conta_corrente"} in columns
