"""Categories: Omie gives the code and never refuses a description that it has."""

from __future__ import annotations

from omie_pipeline.simulator.engine.server import Simulator
from tests.simulator.omie_caller import Api

NEW = {"categoria_superior": "1.01", "descricao": "Receita de exames"}


def test_a_new_category_takes_the_next_code_under_its_parent(sim: Simulator, api: Api) -> None:
    assert api.ok("IncluirCategoria", **NEW)["codigo"] == "1.01.04"
    record = sim.control.record("categorias", "1.01.04")
    assert record is not None
    assert record["categoria_superior"] == "1.01"
    assert (record["conta_receita"], record["conta_despesa"]) == ("S", "N")
    api.cliente()
    api.receber(codigo_categoria="1.01.04")


def test_the_same_description_makes_a_second_one(sim: Simulator, api: Api) -> None:
    codes = [api.ok("IncluirCategoria", **NEW)["codigo"] for _ in range(2)]
    assert codes == ["1.01.04", "1.01.05"]
    texts = [r["descricao"] for r in sim.control.records("categorias")]
    assert texts.count("Receita de exames") == 2


def test_parent_and_description_are_mandatory(api: Api) -> None:
    assert "[descricao]" in api.fault("IncluirCategoria", categoria_superior="1.01")[2]
    assert "[categoria_superior]" in api.fault("IncluirCategoria", descricao="x")[2]
    unknown = api.fault("IncluirCategoria", categoria_superior="8.01", descricao="x")
    assert "Categoria não cadastrada para o Código [8.01]" in unknown[2]


def test_a_category_is_changed_by_its_code(sim: Simulator, api: Api) -> None:
    api.ok("AlterarCategoria", codigo="1.01.01", descricao="Consultas", conta_inativa="S")
    record = sim.control.record("categorias", "1.01.01")
    assert record is not None
    assert (record["descricao"], record["conta_inativa"]) == ("Consultas", "S")
    assert api.fault("AlterarCategoria", codigo="8.88.88", descricao="x")[1] == "Client-105"
    assert "[codigo]" in api.fault("AlterarCategoria", descricao="x")[2]
