"""What ``omie-pipeline map`` writes is a model that dbt builds, with every test of the project."""

from __future__ import annotations

import sqlalchemy as sa
from dbt.artifacts.schemas.run import RunExecutionResult

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.cli.mapping_files import described_columns, write_model
from omie_pipeline.config.dbt_project import assemble_project
from omie_pipeline.config.settings import Settings
from omie_pipeline.mapping.choices import start_mapping
from omie_pipeline.mapping.model_sql import ModelText, relation_of
from omie_pipeline.mapping.sampling import sample_table
from omie_pipeline.postgres.engine import open_engine
from tests.cli.mapping_tables import clinic_tables
from tests.dbt_mapping.scenario import ScenarioFactory

TABLES = {"clientes": "cad_pacientes", "contas_receber": "fin_receb", "contratos": "contrato"}


def test_written_models_build_in_place_of_the_projects_own(scenarios: ScenarioFactory) -> None:
    own = scenarios.folder / "mapped_models"
    settings = Settings(
        OMIE_PIPELINE_MODELS=str(own), OMIE_PIPELINE_HOME=str(scenarios.folder / "mapped_home")
    )
    project = assemble_project(settings).folder
    scenario = scenarios.new("canonica", project)
    url = sa.make_url(scenario.server_url).set(database=scenario.database)
    engine = open_engine(url.render_as_string(hide_password=False))
    clinic_tables(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            'alter table sistema.cad_pacientes rename "RG" to "R""G {{ 7 * 7 }}\'"'
        )
    for endpoint, name in TABLES.items():
        mapping = start_mapping(
            REGISTRY[endpoint], sample_table(engine, "sistema", name), ["principal"]
        )
        if endpoint == "clientes":
            mapping = mapping.with_column("_rg", "R\"G {{ 7 * 7 }}'")
        text = ModelText(
            mapping.endpoint,
            mapping.table,
            relation_of(mapping.table),
            mapping.prefix,
            mapping.chosen,
            described_columns(project, mapping.endpoint.model),
        ).write()
        write_model(own / f"omie/omie_{endpoint}.sql", text, overwrite=False)
    engine.dispose()
    assemble_project(settings)
    models = [f"omie_{endpoint}" for endpoint in TABLES]
    # Cautious, as Dagster builds: tests that need other models as well are theirs.
    chosen = ("--select", *models, "--indirect-selection", "cautious")
    outcome = scenario.build(*chosen, OMIE_PIPELINE_START_DATE="2026-01-01")
    assert isinstance(outcome.result, RunExecutionResult)
    built = {r.node.name for r in outcome.result.results if str(r.status) == "success"}
    assert set(models) <= built
    patient = scenario.by_key("omie_clientes", "codigo_cliente_integracao")["PAC-1"]
    assert (patient["_rg"], patient["cidade"]) == ("123451", "NITEROI (RJ)")
    receipt = scenario.by_key("omie_contas_receber", "codigo_lancamento_integracao")["REC-17"]
    assert (str(receipt["valor_documento"]), str(receipt["data_particao"])) == (
        "1234.56", "2026-01-05",
    )  # fmt: skip
    (contract,) = scenario.rows("select * from omie_payload.omie_contratos")
    assert contract["cabecalho"]["nCodCli"] == {"$omie_id": ["clientes", "PAC-7"]}
