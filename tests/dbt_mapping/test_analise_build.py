"""Which views can be built without a clinic, what survives a rebuild, what the lists hold."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from dbt.artifacts.schemas.run import RunExecutionResult

from omie_pipeline.catalog.lists import MIRROR, Column
from omie_pipeline.config.addresses import built_relations
from omie_pipeline.config.settings import Settings
from omie_pipeline.postgres.omie_tables import child_table, extrato, extrato_linhas, mirror_table
from tests.dbt_mapping.company import rows_of
from tests.dbt_mapping.scenario import ROOT, Scenario, ScenarioFactory

_MASKS = {"name": "nome", "document": "documento", "contact": "contato", "note": "nota"}
_VIEWS = "select table_name from information_schema.views where table_schema = 'analise' order by 1"
_PAYLOAD = {"conciliacao", "conciliacao_por_dia", "recebimento_titulo"}


def test_a_company_that_only_imports_gets_its_views_without_a_clinic(
    scenarios: ScenarioFactory,
) -> None:
    scenario = scenarios.new("canonica")
    scenario.build("--select", "tag:espelho", "--indirect-selection", "cautious")
    views = {row["table_name"] for row in scenario.rows(_VIEWS)}
    of_tables = set(_declared())
    assert of_tables <= views
    assert len(views - of_tables) == 8
    assert not views & _PAYLOAD
    assert scenario.rows("select * from analise.recebimentos_por_forma_e_dia") == []


def test_building_the_payload_alone_keeps_the_views_on_it(company: Scenario) -> None:
    everything = (
        "select * from analise.conciliacao order by endpoint, codigo_integracao, codigo_omie"
    )
    views, before = company.rows(_VIEWS), company.rows(everything)
    with company.connect() as connection:
        connection.execute("delete from omie_payload.omie_contas_receber")
    assert company.rows(everything) != before
    company.run("omie_contas_receber", OMIE_PIPELINE_START_DATE="2026-01-01")
    assert company.rows(_VIEWS) == views
    assert company.rows(everything) == before


def test_who_reads_while_a_table_is_filled_again_sees_the_old_rows(company: Scenario) -> None:
    count = "select count(*) as linhas from omie_payload.omie_contas_receber"
    with company.connect() as connection:
        connection.autocommit = False
        connection.execute("set transaction isolation level repeatable read")
        before = connection.execute("select 1 as um").fetchall() and company.row(count)
        company.run("omie_contas_receber", OMIE_PIPELINE_START_DATE="2026-01-01")
        assert connection.execute(count).fetchall() == [before]
        connection.rollback()
    assert before["linhas"] > 0


def test_a_table_whose_columns_changed_is_made_anew(company: Scenario) -> None:
    with company.connect() as connection:
        connection.execute("drop table omie_payload.omie_excluir_contas_pagar cascade")
        connection.execute("create table omie_payload.omie_excluir_contas_pagar (outra integer)")
        connection.execute("select omie_sync.marcar('omie_payload.omie_excluir_contas_pagar')")
    company.run("omie_excluir_contas_pagar", OMIE_PIPELINE_START_DATE="2026-01-01")
    columns = company.rows(
        "select column_name from information_schema.columns where table_schema = 'omie_payload' "
        "and table_name = 'omie_excluir_contas_pagar'"
    )
    assert {"column_name": "codigo_lancamento_integracao"} in columns


def test_what_an_analyst_put_on_a_view_of_ours_does_not_fall_with_it(company: Scenario) -> None:
    """Columns of ours change: the build names the view and stops; without it, it goes on."""
    model = "clinica_projetos"
    definition = company.row("select pg_get_viewdef('clinica.projetos'::regclass) as d")["d"]
    with company.connect() as connection:
        connection.execute(
            f"create or replace view clinica.projetos as select p.*, 1 as antiga "
            f"from ({definition.rstrip(';')}) as p".encode()
        )
        connection.execute("create view public.da_bia as select antiga from clinica.projetos")
        stopped = company.dbt("run", "--select", model)
        assert not stopped.success
        assert isinstance(stopped.result, RunExecutionResult)
        (told,) = [one.message for one in stopped.result if one.node.resource_type == "model"]
        assert "view public.da_bia" in str(told)
        assert "Nada foi alterado" in str(told)
        assert connection.execute("select * from public.da_bia").fetchall() == []
        connection.execute("drop view public.da_bia")
    # Its own models fall with it and are made again, in one run.
    company.run(f"{model}+")
    assert company.rows("select * from clinica.projetos") == []


def test_a_policy_that_looks_at_a_table_of_ours_does_not_fall_with_it(company: Scenario) -> None:
    """Dropped with the table it would open, or close, the other table without a word."""
    policies = "select count(*) as n from pg_policy where polname = 'so_nossos'"
    with company.connect() as connection:
        connection.execute("alter table omie_payload.omie_projetos add column antiga integer")
        connection.execute("create table public.cofre (id integer)")
        connection.execute(
            "create policy so_nossos on public.cofre "
            "using (exists (select from omie_payload.omie_projetos))"
        )
        stopped = company.dbt("run", "--select", "omie_projetos")
        assert not stopped.success
        assert isinstance(stopped.result, RunExecutionResult)
        (told,) = [one.message for one in stopped.result if one.node.resource_type == "model"]
        assert "policy so_nossos on table public.cofre" in str(told)
        assert company.row(policies) == {"n": 1}
        connection.execute("drop table public.cofre")
    company.run("omie_projetos+")


def test_a_build_deletes_no_rows_of_others_by_their_foreign_key(company: Scenario) -> None:
    """A table is filled again by deleting its rows: a key ON DELETE CASCADE would follow."""
    with company.connect() as connection:
        connection.execute("insert into omie_payload.omie_projetos (empresa) values ('deles')")
        connection.execute("create unique index deles on omie_payload.omie_projetos (empresa)")
        connection.execute(
            "create table public.anexos (empresa text "
            "references omie_payload.omie_projetos (empresa) on delete cascade)"
        )
        connection.execute("insert into public.anexos values ('deles')")
        stopped = company.dbt("run", "--select", "omie_projetos")
        assert not stopped.success
        assert isinstance(stopped.result, RunExecutionResult)
        (told,) = [one.message for one in stopped.result if one.node.resource_type == "model"]
        assert "constraint anexos_empresa_fkey on table" in str(told)
        assert company.row("select count(*) as n from public.anexos") == {"n": 1}
        connection.execute("drop table public.anexos")
        connection.execute("drop index omie_payload.deles")
    company.run("omie_projetos")


def test_a_relation_of_somebody_else_is_not_replaced(company: Scenario) -> None:
    with company.connect() as connection:
        connection.execute("alter view analise.departamentos set schema public")
        connection.execute("create view analise.departamentos as select 7 as deles")
        stopped = company.dbt("run", "--select", "departamentos")
        assert not stopped.success
        assert company.row("select * from analise.departamentos") == {"deles": 7}
        connection.execute("drop view analise.departamentos")
        connection.execute("alter view public.departamentos set schema analise")
    company.run("departamentos")


def test_a_seed_does_not_empty_somebody_elses_table(company: Scenario) -> None:
    with company.connect() as connection:
        before = company.row("select count(*) as n from clinica.municipios")
        connection.execute("comment on table clinica.municipios is null")
        assert not company.dbt("seed", "--select", "municipios").success
        connection.execute("select omie_sync.marcar('clinica.municipios')")
        assert company.row("select count(*) as n from clinica.municipios") == before


def test_what_a_build_makes_is_known_without_dbt(company: Scenario) -> None:
    manifest = json.loads((company.target / "manifest.json").read_text("utf-8"))
    made = {
        (node["schema"], node["alias"], node["resource_type"] == "seed")
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
        and node["config"]["materialized"] != "ephemeral"
    }
    known = {(one.schema, one.name, one.seed) for one in built_relations(Settings())}
    assert known == made


def test_the_queries_of_the_document_answer(company: Scenario) -> None:
    text = (ROOT / "docs/analysis.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    answers = [rows_of(company, query) for query in queries]
    assert len(answers) == 3
    late, cash, days = answers
    assert {(row["cliente"], row["faixa"]) for row in late} == {
        ("Ana Souza", "31-60"),
        ("Ana Souza", "91+"),
    }
    assert [row["conta"] for row in cash] == ["Antiga"]
    assert {"REC-5", "DES-1"} <= {row["codigo_integracao"] for row in days}


def test_the_document_names_every_view(company: Scenario) -> None:
    text = (ROOT / "docs/analysis.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:analise\.)?([a-z_]+)`", text))
    assert {row["table_name"] for row in company.rows(_VIEWS)} <= named


def _declared() -> dict[str, Any]:
    """View to (table, personal columns)."""
    found: dict[str, Any] = {}
    for mirror in MIRROR.values():
        view = {"dre": "plano_de_contas"}.get(mirror.table, mirror.table)
        # Of two lists in one table, the first has all of its columns.
        found.setdefault(view, (mirror_table(mirror), mirror.columns))
        child = child_table(mirror)
        if child is not None and mirror.child is not None:
            found[mirror.child.table] = (child, mirror.child.columns)
    found["extrato"] = (extrato, ())
    found["extrato_linhas"] = (
        extrato_linhas,
        (
            Column("nome_cliente", "", "text", "", "name"),
            Column("documento", "", "text", "", "document"),
            Column("observacao", "", "text", "", "note"),
        ),
    )
    return found


@pytest.mark.parametrize("view", list(_declared()))
def test_a_view_shows_its_table_whole_and_masks_what_is_personal(
    company: Scenario, view: str
) -> None:
    table, columns = _declared()[view]
    shown = {
        row["column_name"]
        for row in company.rows(
            "select column_name from information_schema.columns"
            " where table_schema = 'analise' and table_name = %s",
            view,
        )
    }
    hidden = {"raw", "excluido_em", "excluido_por", "impressao"}
    borrowed = {"feito_por", "ledger_codigo"} if view == "baixas" else set()
    assert shown == {column.name for column in table.columns} - hidden | borrowed
    text = company.row("select pg_get_viewdef(%s::regclass) as texto", f"analise.{view}")["texto"]
    masked = set(re.findall(r"mascarar_(\w+)\((?:linha\.)?(\w+)\)", text))
    assert masked == {(_MASKS[c.personal], c.name) for c in columns if c.personal}
