"""The engine asks no endpoint's name: what is special of one stands in its effect."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from omie_pipeline import push
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.model import Effect

ENGINE = Path(str(push.__file__)).parent
MODULES = sorted(ENGINE.glob("*.py"))
MAY_NAME = {
    "policy.py": "a policy is refused where it means nothing, and settlements follow their títulos",
    "warnings.py": "lists what the view of shared documents says, which is of people",
}
"""Modules beside the engine that say what they name, and why."""


def named(source: str) -> Iterator[str]:
    """What a module says of single endpoints: their names, their kinds, who acts upon which."""
    kinds = {*get_args(Effect)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in REGISTRY:
            yield f"line {node.lineno}: {node.value}"
        if isinstance(node, ast.Attribute) and node.attr == "effect":
            yield f"line {node.lineno}: .effect"
        if isinstance(node, ast.Compare):
            compared = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
            if kinds & compared:
                yield f"line {node.lineno}: {kinds & compared}"
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            if node.module.startswith(("omie_pipeline.catalog.endpoints", "omie_pipeline.nfse")):
                yield f"line {node.lineno}: {node.module}"
            if node.module == "omie_pipeline.catalog.relations":
                yield f"line {node.lineno}: relations"


@pytest.mark.parametrize("module", [one for one in MODULES if one.name not in MAY_NAME], ids=str)
def test_no_module_of_the_engine_names_an_endpoint(module: Path) -> None:
    assert list(named(module.read_text("utf-8"))) == []


@pytest.mark.parametrize("name", sorted(MAY_NAME))
def test_what_may_name_an_endpoint_does(name: str) -> None:
    """An exception that is not needed any more goes."""
    assert list(named((ENGINE / name).read_text("utf-8")))


def test_the_whole_engine_is_looked_at() -> None:
    assert {"run.py", "plan.py", "checks.py", "deliver.py", "ledger.py", "send.py"} <= {
        one.name for one in MODULES
    }


@pytest.mark.parametrize(
    "source",
    [
        'x = endpoint.name == "contas_receber"',
        'name = "faturar_os"',
        'if endpoint.effect == "billing": pass',
        'kinds = kind in ("settlement",)',
        "from omie_pipeline.catalog.endpoints.clientes import CLIENTES",
        "from omie_pipeline.catalog.relations import SETTLEMENTS",
        "from omie_pipeline.nfse.ledger import BILLING",
    ],
)
def test_the_scan_sees_a_name(source: str) -> None:
    assert list(named(source))


def test_the_effects_do_name_endpoints() -> None:
    """What the scan finds nowhere else, it finds where it belongs."""
    effects = (ENGINE / "effects").glob("*.py")
    assert [one.name for one in effects if list(named(one.read_text("utf-8")))]
