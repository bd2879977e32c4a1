"""What the terminal says of a field that the clinic emptied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.push.world import World, cliente


@pytest.mark.slow
def test_emptied_or_told(terminal: Terminal, clinic: World, tmp_path: Path) -> None:
    rg = [{"campo": "RG", "conteudo": "1"}]
    clinic.model("clientes", [cliente(1, observacao="antiga", caracteristicas=rg)])
    assert terminal("push", "clientes").code == 0
    clinic.model("clientes", [cliente(1, email=None)])
    said = terminal("push", "clientes")
    assert said.code == 0
    assert "Não esvaziado no Omie (clientes): caracteristicas (1)" in said.out
    assert "omie-pipeline not-emptied" in said.out
    record = clinic.control.record("clientes", "PAC-1")
    assert record is not None
    assert (record["email"], record["observacao"], record["caracteristicas"]) == ("", "", rg)
    (line,) = terminal("not-emptied", "--json").lines
    assert (line["code"], line["fields"]) == ("PAC-1", ["caracteristicas"])
    assert "PAC-1 (principal, clientes): caracteristicas" in terminal("not-emptied").out
    file = tmp_path / "x.csv"
    assert terminal("not-emptied", "--endpoint", "clientes", "--csv", str(file)).code == 0
    assert "PAC-1" in file.read_text(encoding="utf-8")
    clinic.model("clientes", [cliente(1, email=None, tags=None)])
    (again,) = terminal("push", "clientes", "--json").lines
    assert again["not_emptied"] == {"caracteristicas": 1, "tags": 1}
