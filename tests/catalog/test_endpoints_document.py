"""The page of the endpoints is what the catalog says."""

from __future__ import annotations

import pytest

from omie_pipeline.catalog import REGISTRY, WRITABLE
from scripts.generate.endpoints_page import endpoints_markdown


def section(name: str) -> str:
    """The part of the page about one endpoint."""
    return endpoints_markdown().split(f"\n## {name}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("endpoint", WRITABLE, ids=lambda e: e.name)
def test_every_field_has_its_row(endpoint: object) -> None:
    known = next(e for e in WRITABLE if e is endpoint)
    name = "clientes" if known.name == "clientes_cpf_cnpj" else known.name
    told = section(name)
    for field in known.payload.fields:
        assert f"\n| `{field.name}` | " in told
        if field.type_name:
            assert f"#### {name}: {field.type_name}\n" in told


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("contratos", "| `nValTotMes` | decimal | – |  | by Omie: refused | OFF |"),
        ("contratos", "| `cCodSit` | string: 00, 10, 90, 99 | 2 |  |  | OFF |"),
        ("contratos", "| `quant` | decimal | – | unless codServico is given |  | OFF |"),
        ("contratos", "| `nCodCC` | integer, a conta corrente | – |  |  | OFF |"),
        ("contratos", "| `infoCadastro` | object infoCadastro | – |  | by Omie: refused | OFF |"),
        ("categorias", "| `categoria_superior` | string | 20 | yes |  | OFF; required: ours |"),
        (
            "excluir_contas_receber",
            "| `chave_lancamento` | integer | – | one of the two |  | OFF |",
        ),
        (
            "baixas_pagar",
            "- Not repeatable: a second `LancarPagamento` takes effect a second time.",
        ),
        ("faturar_os", "- Key: our code in `cCodIntOS`; Omie's id is `nCodOS`."),
        ("categorias", "- Key: our code in column `_chave`, not sent; Omie's id is `codigo`."),
    ],
)
def test_what_a_reader_looks_for(name: str, line: str) -> None:
    assert line in section(name).splitlines()


def test_the_methods_named_are_those_of_the_catalog() -> None:
    for endpoint in WRITABLE:
        if endpoint.insert:
            assert f"insert `{endpoint.insert}`" in section(endpoint.name)
    assert REGISTRY["ordens_servico"].read in section("ordens_servico")
