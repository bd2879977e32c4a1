"""A guardrail, or a lane that another run took, stops an endpoint and what depends on it only."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.relations import prerequisites_of
from omie_pipeline.clock import SystemClock
from omie_pipeline.postgres.locks import Lane, lane, reading_lane, sending_lane
from tests.cli.conftest import Terminal
from tests.effects.rows import model, ordem, servico
from tests.fencing.losing import end_lock
from tests.push.world import World, cliente, titulo


def _services_without_codes(clinic: World) -> None:
    rows = [servico(n) for n in range(1, 8)]
    for row in rows:
        for name in ("cCodLC116", "cCodServMun"):
            row["cabecalho"].pop(name)
    model(clinic, "servicos", *rows)


@pytest.mark.slow
def test_what_does_not_depend_on_a_stopped_endpoint_is_sent(
    terminal: Terminal, clinic: World
) -> None:
    _services_without_codes(clinic)
    clinic.model("clientes", [cliente(1)])
    clinic.model("contas_receber", [titulo(1)])
    model(clinic, "ordens_servico", ordem(1))
    said = terminal("push", "clientes", "servicos", "contas_receber", "ordens_servico", "--json")
    assert said.code == 1
    assert "max_quarantined_share" in said.err
    assert "ordens_servico (principal): não enviado, porque depende de servicos" in said.err
    assert {line["endpoint"]: line["created"] for line in said.lines} == {
        "clientes": 1,
        "contas_receber": 1,
    }
    assert clinic.control.records("ordens_servico") == ()


def test_an_endpoint_needs_what_it_names_acts_upon_or_takes_away() -> None:
    assert prerequisites_of(REGISTRY["servicos"]) == frozenset()
    assert {"clientes", "servicos", "projetos"} <= prerequisites_of(REGISTRY["contratos"])
    assert prerequisites_of(REGISTRY["faturar_os"]) == {"ordens_servico"}
    assert prerequisites_of(REGISTRY["excluir_contas_pagar"]) == {"contas_pagar"}
    assert prerequisites_of(REGISTRY["estornar_baixas_receber"]) == {
        "baixas_receber",
        "contas_receber",
    }
    for name in ("contas_receber", "contas_pagar", "ordens_servico", "contratos"):
        assert "clientes_cpf_cnpj" in prerequisites_of(REGISTRY[name]), name


def _lose(monkeypatch: pytest.MonkeyPatch, engine: sa.Engine, name: str) -> None:
    """Whoever has the lane ``name`` loses it to another process before its first write."""
    prove = Lane._prove
    left = [name]

    def lost(held: Lane, connection: sa.Connection) -> None:
        if held.name in left:
            left.remove(name)
            end_lock(engine, name)
            with lane(engine, name, SystemClock()):
                pass
        prove(held, connection)

    monkeypatch.setattr(Lane, "_prove", lost)


@pytest.mark.slow
def test_a_lane_that_another_run_took_stops_what_depends_on_it_only(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(clinic, "servicos", servico())
    clinic.model("clientes", [cliente(1)])
    clinic.model("contas_receber", [titulo(1)])
    model(clinic, "ordens_servico", ordem(1))
    _lose(monkeypatch, clinic.engine, sending_lane("principal", "servicos"))
    said = terminal("push", "clientes", "servicos", "contas_receber", "ordens_servico", "--json")
    assert said.code == 1
    assert "Erro: servicos (principal): Esta execução perdeu a vez" in said.err
    assert "ordens_servico (principal): não enviado, porque depende de servicos" in said.err
    assert {line["endpoint"]: line["created"] for line in said.lines} == {
        "clientes": 1,
        "contas_receber": 1,
    }
    again = terminal("push", "servicos", "--json")
    assert (again.code, [line["created"] for line in again.lines]) == (0, [1])


def test_a_table_that_another_reading_took_stops_no_other_table(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.confirmed(1)
    _lose(monkeypatch, clinic.engine, reading_lane("principal", "clientes"))
    said = terminal("import", "clientes", "projetos", "--json")
    assert said.code == 1
    assert "Erro: clientes (principal): Esta execução perdeu a vez" in said.err
    assert {line["table"]: line["state"] for line in said.lines} == {
        "clientes": "failed",
        "projetos": "done",
    }
