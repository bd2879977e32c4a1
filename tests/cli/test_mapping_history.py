"""``mapping apply --history``: what Omie has already is planned anew, and sent when approved."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from omie_pipeline.app import recategorise as use_case
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.recategorise import CategoryMove
from tests.cli.conftest import Terminal
from tests.effects.rows import baixa, model
from tests.push.world import World, cliente, titulo


def titulos(*, category: str) -> list[dict[str, Any]]:
    """Three of January, the last one settled; one of December."""
    return [
        *(titulo(number, codigo_categoria=category) for number in (1, 2, 3)),
        titulo(4, codigo_categoria=category, data_particao=date(2025, 12, 30)),
    ]


@pytest.fixture
def delivered(
    terminal: Terminal, clinic: World, unvalidated: None, monkeypatch: pytest.MonkeyPatch
) -> World:
    """Omie has them all under 1.01.01, and the warehouse knows it."""
    monkeypatch.setattr(use_case, "refresh_models", lambda *_: ())
    monkeypatch.setattr("omie_pipeline.app.deployment.Deployment.prepare_dbt", lambda _: None)
    clinic.model("clientes", [cliente(1)])
    clinic.model("contas_receber", titulos(category="1.01.01"))
    clinic.model("contas_pagar", [])
    for endpoint in ("clientes", "contas_receber"):
        clinic.push(endpoint)
    model(clinic, "baixas_receber", baixa(3, title=3))
    clinic.push("baixas_receber")
    clinic.import_table("contas_receber", start=date(2025, 1, 1))
    clinic.read_references()
    clinic.control.clear_calls()
    return clinic


def test_history_is_planned_by_category_and_sent_when_approved(
    terminal: Terminal, delivered: World
) -> None:
    said = terminal("mapping", "set", "*", "omie_category", "1.01.01", "Consultas")
    assert (said.code, "análise já mostram" in said.err, "build" in said.err) == (0, True, False)
    assert terminal("mapping", "set", "principal", "omie_category", "*", "Outros").code == 0
    words = ("mapping", "apply", "--history", "--from", "2026-01-01")
    assert "Nada mudaria" in terminal(*words).out
    delivered.model("contas_receber", titulos(category="1.01.02"))
    lines = terminal(*words, "--by", "Ana", "--json").lines
    number = {line.pop("plan_id") for line in lines}.pop()
    same = ("principal", "contas_receber", "1.01.01", "1.01.02", "Consultas", "Outros")
    assert [CategoryMove(**{**line, "valor": Decimal(str(line["valor"]))}) for line in lines] == [
        CategoryMove(*same, "ready", 2, Decimal("300.20")),
        CategoryMove(*same, "quarantined", 1, Decimal("150.10")),
    ]
    assert delivered.writes() == []
    shown = terminal(*words)
    assert "Mudariam no Omie: 2 título(s), R$ 300,20" in shown.out
    assert "Na análise, trocariam de categoria gerencial: 2 título(s)" in shown.out
    # A mapping decided since the plan was read refuses it.
    terminal("plan", "approve", number)
    terminal("mapping", "set", "principal", "category", "Aluguel", "2.02.02")
    refused = terminal("apply", number)
    assert (refused.code, "o de-para mudou" in refused.err) == (1, True)
    assert delivered.writes() == []
    number = terminal(*words, "--json").lines[0]["plan_id"]
    terminal("plan", "approve", number)
    assert terminal("apply", number).code in (0, 3)
    categories = {
        code: one["codigo_categoria"]
        for code, one in delivered.held_by_omie("contas_receber").items()
    }
    assert categories == {
        "REC-1": "1.01.02", "REC-2": "1.01.02", "REC-3": "1.01.01", "REC-4": "1.01.01",
    }  # fmt: skip


def test_only_the_titulos_meant_are_in_it(terminal: Terminal, delivered: World) -> None:
    """A conta a pagar of the same code, and a receipt whose value alone changed, are not."""
    bill = titulo(1, codigo_categoria="2.02.01", valor_documento=Decimal(80))
    delivered.model("contas_pagar", [bill])
    delivered.push("contas_pagar")
    for name in ("contas_pagar", "contas_receber"):
        Deployment().import_table(name, "principal", mode="full")
    delivered.model("contas_pagar", [{**bill, "valor_documento": Decimal(90)}])
    moved, other, *rest = titulos(category="1.01.01")
    moved = {**moved, "codigo_categoria": "1.01.02"}
    changed = {**other, "valor_documento": Decimal(170)}
    delivered.model("contas_receber", [moved, changed, *rest])
    delivered.control.clear_calls()
    words = ("mapping", "apply", "--history", "--from", "2026-01-01", "--json")
    (line,) = terminal(*words).lines
    number = line["plan_id"]
    (head, *rows) = terminal("plan", "show", number, "--json").lines
    assert [row["code"] for row in rows] == ["REC-1"]
    (part,) = head["parts"]
    assert Decimal(str(line["valor"])) == Decimal(str(part["value_after"])) == Decimal("150.10")
    terminal("plan", "approve", number)
    assert terminal("apply", number).code == 0
    held = delivered.held_by_omie("contas_receber")
    assert (held["REC-1"]["codigo_categoria"], held["REC-2"]["valor_documento"]) == (
        "1.01.02",
        Decimal("150.10"),
    )
    assert delivered.held_by_omie("contas_pagar")["REC-1"]["valor_documento"] == Decimal(80)


def test_what_a_person_changed_in_omie_meanwhile_is_not_overwritten(
    terminal: Terminal, delivered: World
) -> None:
    delivered.model("contas_receber", titulos(category="1.01.02"))
    words = ("mapping", "apply", "--history", "--from", "2026-01-01", "--json")
    number = terminal(*words).lines[0]["plan_id"]
    terminal("plan", "approve", number)
    delivered.control.edit("contas_receber", "REC-2", {"codigo_categoria": "1.01.03"})
    said = terminal("apply", number)
    assert said.code == 1
    assert "REC-2: o registro foi alterado ou excluído no Omie" in said.err
    assert delivered.writes() == []
    held = delivered.held_by_omie("contas_receber")
    assert held["REC-2"]["codigo_categoria"] == "1.01.03"


def test_history_has_to_be_said(terminal: Terminal, clinic: World) -> None:
    said = terminal("mapping", "apply", "--from", "2026-01-01")
    assert (said.code, "--history" in said.err) == (2, True)


def test_models_that_do_not_stand_are_built_first(terminal: Terminal, clinic: World) -> None:
    said = terminal("mapping", "apply", "--history", "--from", "2026-01-01")
    assert said.code == 1
    assert "rode omie-pipeline build" in said.err
