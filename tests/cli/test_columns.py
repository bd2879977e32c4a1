"""Columns that Omie computes, nobody knows or nobody reads: told; only unknown ones stop."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.cli.model_report import tell_columns
from tests.cli.conftest import Dbt, Terminal
from tests.push.world import CLIENTE_COLUMNS, World, cliente

COMPUTED = {
    "pessoa_fisica": sa.Text,
    "importado_api": sa.Text,
    "info": JSONB,
    "info_dInc": sa.Text,
    "info.hAlt": sa.Text,
}


@pytest.mark.slow
def test_what_omie_computes_is_left_out_counted_and_told(terminal: Terminal, clinic: World) -> None:
    filled = {"pessoa_fisica": "S", "importado_api": "S", "info": {"dInc": "01/01/2026"}}
    clinic.model("clientes", [cliente(1, **filled)], CLIENTE_COLUMNS | COMPUTED)
    told = (
        "clientes: 5 coluna(s) que o Omie calcula não são enviadas: pessoa_fisica, importado_api, "
        "info, info_dInc, info.hAlt"
    )
    for words in (("--dry-run",), ()):
        said = terminal("push", "clientes", *words)
        assert said.code == 0
        assert said.err.count("que o Omie calcula") == 1
        assert told in said.err
    (sent,) = clinic.writes("PAC-1")
    assert not COMPUTED.keys() & sent.param.keys()
    # They are no part of what is compared: what Omie computes otherwise changes nothing here.
    clinic.model("clientes", [cliente(1)])
    assert terminal("push", "clientes", "--json").lines[0]["unchanged"] == 1


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("razao_socal", "(seria razao_social?)"),
        ("Razao_Social", "(seria razao_social?)"),
        ("info_inventada", "info_inventada não é campo"),
        ("cor_do_cabelo", "cor_do_cabelo não é campo"),
    ],
)
def test_an_unknown_column_is_refused_with_what_was_meant(
    terminal: Terminal, clinic: World, column: str, told: str
) -> None:
    clinic.model("clientes", [cliente(1)], CLIENTE_COLUMNS | {column: sa.Text})
    said = terminal("push", "clientes")
    assert said.code == 1
    assert told in said.err
    assert "O que fazer: Corrija as colunas no modelo dbt" in said.err
    assert "Refaça os modelos" not in said.err
    assert clinic.control.calls() == ()


@pytest.mark.slow
def test_build_tells_of_columns_and_goes_on(
    terminal: Terminal,
    dbt: type[Dbt],
    clinic: World,
    engine: sa.Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA clinica_viva"))
        connection.execute(
            sa.text(
                "CREATE TABLE clinica_viva.pagamentos (empresa text, id text, origem text, "
                "origem_id text, data text, valor text, descontos text, juros text, "
                "sala text, multa text, atualizado_em text)"
            )
        )
    said = terminal("build")
    assert said.code == 0
    assert "coluna desconhecida descontos, que ninguém lê: quis dizer desconto?" in said.err
    assert "pagamentos: colunas que não são lidas: sala" in said.err
    clinic.model("clientes", [], CLIENTE_COLUMNS | {"pessoa_fisica": sa.Text})
    clinic.model("contas_receber", [], {"empresa": sa.Text, "valor": sa.Numeric})
    tell_columns(Deployment())
    told = capsys.readouterr().err
    assert "aviso: omie_clientes: 1 coluna(s) que o Omie calcula" in told
    assert "omie_contas_receber: falta a coluna data_particao" in told
