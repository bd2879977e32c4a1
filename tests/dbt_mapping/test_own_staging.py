"""A clinic with a schema that is not the sample's, by what README.md says and nothing else."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from omie_pipeline.config.dbt_project import assemble_project
from omie_pipeline.config.settings import Settings
from tests.dbt_mapping.scenario import PROJECT, Scenario, ScenarioFactory

SET = "minha_clinica"


def _followed_readme(scenarios: ScenarioFactory, name: str) -> Path:
    """A folder where the bash block was run, and each block written that starts with its file's
    name."""
    folder = scenarios.folder / name
    folder.mkdir()
    blocks = re.findall(r"```(bash|yaml|sql)\n(.*?)```", (PROJECT / "README.md").read_text(), re.S)
    commands = [text for kind, text in blocks if kind == "bash"]
    subprocess.run(["bash", "-eu", "-c", commands[0]], cwd=folder, check=True)
    files = [text for kind, text in blocks if kind != "bash"]
    assert len(files) == 4
    for text in files:
        name, content = text.split("\n", 1)
        (folder / re.sub(r"^(#|--) ", "", name)).write_text(content)
    return folder


def _assembled(folder: Path) -> Path:
    """The project that dbt runs with what lies in ``folder``."""
    models, home = str(folder / "my_models"), str(folder / "home")
    return assemble_project(Settings(OMIE_PIPELINE_MODELS=models, OMIE_PIPELINE_HOME=home)).folder


@pytest.fixture(scope="session")
def own(scenarios: ScenarioFactory) -> Scenario:
    project = _assembled(_followed_readme(scenarios, "with_own_staging"))
    scenario = scenarios.new(SET, project)
    scenario.load(
        "sistema",
        "cad_cliente",
        [
            {
                "COD": "7",
                "NOME": "Maria",
                "DOC": "52998224725",
                "RG": "1",
                "RG_ORG": "SSP/RJ",
                "NASC": "29/02/1980",
                "FONE": "21 2222-3333",
                "RUA": "Rua B",
                "NRO": "1",
                "BAIRRO": "Centro",
                "CIDADE": "NITEROI",
                "ESTADO": "RJ",
                "CEP": "24020000",
                "ALTERADO": "2026-01-01 10:00",
                "UNIDADE": "niteroi",
            }
        ],
    )
    scenario.load("sistema", "cad_forma", [{"SIGLA": "CARTAO", "DESCR": "Cartão"}])
    scenario.load(
        "sistema",
        "fin_receb",
        [
            {
                "NUM": "1",
                "COD_CLI": "7",
                "FORMA": "CARTAO",
                "DT_PGTO": "05/01/2026 10:20",
                "VLR": "R$ 1.234,56",
                "PARC": "2/3",
                "OBS": None,
                "UNIDADE": "niteroi",
            }
        ],
    )
    scenario.build("--vars", "{empresa_padrao: niteroi}", OMIE_PIPELINE_SOURCE_SCHEMA="sistema")
    return scenario


def test_own_tables_reach_the_payload(own: Scenario) -> None:
    patient = own.row("select * from omie_payload.omie_clientes")
    assert patient["codigo_cliente_integracao"] == "PAC-7"
    assert (patient["empresa"], patient["cidade_ibge"]) == ("niteroi", "3303302")
    title = own.row("select * from omie_payload.omie_contas_receber")
    assert title["valor_documento"] == Decimal("1234.56")
    assert title["data_emissao"].isoformat() == "2026-01-05"
    assert (title["codigo_tipo_documento"], title["numero_parcela"]) == ("CRC", "002/003")


def test_tables_left_empty_have_the_canonical_columns(own: Scenario) -> None:
    assert own.rows("select * from clinica.repasses") == []
    types = own.rows(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = 'staging' and table_name = 'stg_minha_clinica__repasses'"
    )
    assert {row["column_name"]: row["data_type"] for row in types}["valor"] == "numeric"


def test_a_missing_staging_model_is_named(scenarios: ScenarioFactory) -> None:
    folder = _followed_readme(scenarios, "with_a_gap")
    (folder / f"my_models/staging/{SET}/stg_{SET}__repasses.sql").unlink()
    result = scenarios.new(SET, _assembled(folder)).dbt("parse")
    assert not result.success
    assert f"stg_{SET}__repasses" in str(result.exception)


PAYMENTS = """\
select
    'niteroi' as empresa, '1' as id, 'recebimentos' as origem, '1' as origem_id,
    cast(null as integer) as parcela, 'CARTAO' as forma_pagamento_id,
    cast('2026-01-05' as date) as data, cast('1234.56' as numeric) as valor,
    cast(null as numeric) as desconto, cast(null as numeric) as juros,
    cast(null as numeric) as multa, true as conciliado, false as estornado,
    cast(null as text) as observacao, cast(null as timestamptz) as atualizado_em
"""


def test_a_set_without_the_optional_tables_and_columns_says_nothing_in_them(own: Scenario) -> None:
    assert own.rows("select * from clinica.pagamentos") == []
    assert own.rows("select * from clinica.contratos") == []
    receipt = own.row("select parcelas, gerar_os, faturar, projeto_id from clinica.recebimentos")
    assert set(receipt.values()) == {None}


def test_an_optional_table_of_ones_own_is_read_where_it_is_named(
    own: Scenario, scenarios: ScenarioFactory
) -> None:
    folder = _followed_readme(scenarios, "with_payments")
    (folder / f"my_models/staging/{SET}/stg_{SET}__pagamentos.sql").write_text(PAYMENTS)
    target = own.target.with_name("with_payments_target")
    scenario = replace(own, project=_assembled(folder), target=target)
    choice = ("--select", "+pagamentos")
    source = {"OMIE_PIPELINE_SOURCE_SCHEMA": "sistema"}
    unnamed = scenario.dbt("run", *choice, **source)
    assert not unnamed.success
    told = [result.message for result in getattr(unnamed.result, "results", [])]
    assert any("tabelas_opcionais of your vars.yml" in str(one) for one in told)
    (folder / "my_models/vars.yml").write_text("tabelas_opcionais: [pagamentos]\n")
    _assembled(folder)
    named = scenario.dbt("run", *choice, **source)
    assert named.success
    paid = own.row("select valor, conciliado from clinica.pagamentos")
    assert paid == {"valor": Decimal("1234.56"), "conciliado": True}
