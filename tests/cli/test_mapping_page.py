"""docs/category-mapping.md, typed as it stands there, against the simulator."""

from __future__ import annotations

import shlex

import pytest

from omie_pipeline.app import recategorise
from tests.cli.conftest import Terminal
from tests.docs.pages import ROOT, blocks
from tests.push.world import World

PAGE = ROOT / "docs" / "category-mapping.md"


def test_what_the_page_types_works(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recategorise, "refresh_models", lambda *_: ())
    monkeypatch.setattr("omie_pipeline.app.deployment.Deployment.prepare_dbt", lambda _: None)
    for endpoint in ("contas_receber", "contas_pagar"):
        clinic.model(endpoint, [])
    typed = [
        shlex.split(line)[1:]
        for block in blocks(PAGE, "bash")
        for line in block.splitlines()
        if line.startswith("omie-pipeline ")
    ]
    assert len(typed) >= 10
    for words in typed:
        clinic.forget_requests()  # nobody types them all within a minute
        said = terminal(*words)
        assert said.code == 0, (words, said.err)
    listed = terminal("mapping", "list", "--json").lines
    assert {(one["empresa"], one["source"]) for one in listed} >= {
        ("principal", "Aluguel da sala"), ("*", "PIX"), ("principal", "Dedetização"),
        ("principal", "*"),
    }  # fmt: skip
    assert len(clinic.control.calls(method="IncluirCategoria")) == 1
