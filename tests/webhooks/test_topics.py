"""The table of topics against the mirror it speaks of."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.catalog.topics import TOPICS, NamedRows, action_of, ids_named, rule_for
from omie_pipeline.inbox.events import known_rows
from tests.webhooks.bodies import settlement, title

NAMED = sorted({named for rule in TOPICS for named in rule.named}, key=repr)


@pytest.mark.parametrize("named", NAMED, ids=lambda named: f"{named.table}-{named.column}")
def test_each_place_can_be_looked_up(named: NamedRows, engine: sa.Engine) -> None:
    assert named.table in MIRROR
    assert known_rows(engine, "principal", named, ["1", "1.01", "9" * 30, "x'); --"]) == {}


@pytest.mark.parametrize("rule", TOPICS, ids=lambda rule: rule.prefix)
def test_each_rule_reads_each_list_once(rule: object) -> None:
    tables = rule.tables  # type: ignore[attr-defined]  # a TopicRule
    assert len(set(tables)) == len(tables) > 0


@pytest.mark.parametrize(
    ("topic", "tables", "action"),
    [
        ("financas.CONTARECEBER.incluido", 3, "changed"),
        ("Financas.ContaReceber.Excluido", 3, "removed"),
        ("Financas.ContaPagar.BaixaRealizada", 4, "changed"),
        ("Financas.ContaPagar.BaixaCancelada", 4, "removed"),
        ("Financas.ContaReceber.BoletoCancelado", 1, "changed"),
        ("Financas.ContaCorrente.Excluido", 1, "removed"),
        ("Financas.ContaCorrente.Lancamento.Excluido", 2, "removed"),
        ("NFSe.NotaCancelada", 1, "removed"),
        ("NFSe.NotaAutorizada", 1, "changed"),
        ("NFSe.NotaSubstituida", 1, "removed"),
        ("NFe.NotaDevolucaoAutorizada", 1, "changed"),
        ("OrdemProducao.Incluida", 0, "changed"),
        ("RemessaProduto.Cancelada", 0, "changed"),
        ("RequisicaoProduto.Excluida", 0, "changed"),
        ("Categoria.Incluida", 1, "changed"),
        ("OrdemServico.Faturada", 0, "changed"),
        ("", 0, "changed"),
    ],
)
def test_topics(topic: str, tables: int, action: str) -> None:
    rule = rule_for(topic)
    assert len(rule.tables if rule else ()) == tables
    assert action_of(topic) == action


@pytest.mark.parametrize(
    "event",
    [None, 3, "x", [], {}, {"codigo_lancamento_omie": None}, {"codigo_lancamento_omie": 0},
     {"codigo_lancamento_omie": [1]}, {"codigo_lancamento_omie": True},
     *({"codigo_lancamento_omie": text} for text in ("\ud800", "7\ud800", "7\x00", "7\x07", "é"))],
)  # fmt: skip
def test_an_event_without_ids_names_none(event: object) -> None:
    rule = rule_for("Financas.ContaReceber.Alterado")
    assert rule is not None
    assert ids_named(rule, event) == {}


def test_ids_are_found_in_objects_and_arrays_alike() -> None:
    rule = rule_for("Financas.ContaReceber.BaixaCancelada")
    assert rule is not None
    (one,) = settlement(77, 5)
    assert ids_named(rule, one) == ids_named(rule, [one])
    plain = rule_for("Financas.ContaReceber.Alterado")
    assert plain is not None
    assert ids_named(plain, title(9))["movimentacoes"] == ["9"]
