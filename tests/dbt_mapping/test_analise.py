"""Analysts' views over a small company: to the cent, and nothing hangs on a stale word."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from omie_pipeline.config.dbt_project import mapping_dir
from tests.dbt_mapping.company import BANK, BIA, OFF, TILL, by, rows_of
from tests.dbt_mapping.scenario import Scenario


def test_what_is_open_and_how_late_is_told_by_balance_and_due_date(company: Scenario) -> None:
    rows = by(rows_of(company, "select * from analise.titulos_em_aberto"), "codigo_titulo")
    told = {
        number: (row["natureza"], row["valor_aberto"], row["dias_de_atraso"], row["faixa"])
        for number, row in rows.items()
    }
    assert told == {
        101: ("R", Decimal(100), 0, "vence hoje"),
        102: ("R", Decimal("50.01"), 37, "31-60"),
        103: ("R", Decimal(80), 129, "91+"),
        107: ("R", Decimal(100), 0, "a vencer"),
        108: ("R", Decimal(100), 0, "a vencer"),
        201: ("P", Decimal(50), 0, "a vencer"),
        202: ("P", Decimal(60), 49, "31-60"),
    }
    assert rows[101]["cliente"] == "Ana Souza"
    assert rows[101]["categoria"] == "Consultas"
    assert rows[101]["nosso"]
    assert not rows[103]["nosso"]


def test_each_side_has_a_view_of_its_own(company: Scenario) -> None:
    sums = "select sum(valor_aberto) as aberto, count(*) as quantos from analise."
    assert rows_of(company, sums + "a_receber_em_aberto") == [
        {"aberto": Decimal("430.01"), "quantos": 5}
    ]
    assert rows_of(company, sums + "a_pagar_em_aberto") == [{"aberto": Decimal(110), "quantos": 2}]


@pytest.mark.parametrize(
    ("today", "faixa"),
    [
        ("2026-03-09", "a vencer"), ("2026-03-10", "vence hoje"), ("2026-03-11", "1-30"),
        ("2026-04-09", "1-30"), ("2026-04-10", "31-60"), ("2026-05-10", "61-90"),
        ("2026-06-08", "61-90"), ("2026-06-09", "91+"),
    ],
)  # fmt: skip
def test_a_title_grows_late_because_the_date_passes(
    company: Scenario, today: str, faixa: str
) -> None:
    query = "select faixa from analise.titulos_em_aberto where codigo_titulo = 101"
    assert rows_of(company, query, today=today) == [{"faixa": faixa}]


def test_without_a_setting_today_is_sao_paulo_s(company: Scenario) -> None:
    query = (
        "select bool_and(dias_de_atraso = greatest((now() at time zone 'America/Sao_Paulo')::date"
        " - data_vencimento, 0)) as certo from analise.titulos_em_aberto"
    )
    assert rows_of(company, query, today="") == [{"certo": True}]


def test_receipts_by_method_and_day_count_money(company: Scenario) -> None:
    rows = rows_of(company, "select * from analise.recebimentos_por_forma_e_dia order by dia")
    assert [
        (r["dia"], r["conta"], r["forma_pagamento"], r["valor_baixado"], r["desconto"],
         r["valor_recebido"])
        for r in rows
    ] == [
        (date(2026, 3, 5), "Banco", "Pix", Decimal(200), Decimal(0), Decimal(203)),
        (date(2026, 3, 6), "Caixa", "Pix", Decimal(40), Decimal(10), Decimal(40)),
    ]  # fmt: skip


def test_cash_follows_the_statement_day_by_day(company: Scenario) -> None:
    rows = rows_of(company, f"select * from analise.caixa_por_conta_e_dia where n_cod_cc = {BANK}")
    days = by(rows, "dia")
    assert len(days) == 28 + 10, "every day of the two months up to today"
    assert {row["diferenca"] for row in rows} == {Decimal(0)}
    told = {str(on)[5:]: (r["entradas"], r["saidas"], r["saldo"]) for on, r in days.items()}
    assert told["02-14"] == (0, 0, 0)
    assert told["02-28"] == (0, 0, 1000)
    assert told["03-05"] == (203, 0, 1203)
    assert told["03-06"] == (0, Decimal("50.25"), Decimal("1152.75"))
    assert told["03-10"] == (0, 0, Decimal("1152.75"))


def test_cash_shows_what_no_movement_explains(company: Scenario) -> None:
    rows = by(
        rows_of(company, f"select * from analise.caixa_por_conta_e_dia where n_cod_cc = {OFF}"),
        "dia",
    )
    assert rows[date(2026, 3, 7)]["diferenca"] == 0
    assert rows[date(2026, 3, 8)]["diferenca"] == Decimal(-5)


def test_money_on_an_account_without_statement_is_not_lost(company: Scenario) -> None:
    (row,) = rows_of(
        company, f"select * from analise.caixa_por_conta_e_dia where n_cod_cc = {TILL}"
    )
    assert (row["entradas"], row["saldo"], row["saldo_omie"]) == (Decimal(40), None, None)


def test_a_split_title_adds_up_to_the_cent(company: Scenario) -> None:
    query = (
        "select * from analise.titulos_por_categoria_e_mes"
        " where natureza = 'R' and mes_vencimento = '2026-02-01'"
    )
    rows = by(rows_of(company, query), "categoria")
    told = {name: (r["valor"], r["valor_pago"], r["valor_aberto"]) for name, r in rows.items()}
    assert told == {
        "Consultas": (Decimal("33.33"), Decimal("13.33"), Decimal("16.67")),
        "Exames": (Decimal("66.68"), Decimal("26.67"), Decimal("33.34")),
    }
    assert rows["Consultas"]["linha_dre"] == "Receita Bruta"
    assert rows["Consultas"]["mes_competencia"] == date(2026, 3, 1)


def test_the_categories_hold_every_title_but_the_cancelled(company: Scenario) -> None:
    query = (
        "select natureza, sum(valor) as valor, sum(valor_aberto) as aberto"
        " from analise.titulos_por_categoria_e_mes group by 1"
    )
    rows = by(rows_of(company, query), "natureza")
    assert (rows["R"]["valor"], rows["R"]["aberto"]) == (Decimal("680.01"), Decimal("430.01"))
    assert (rows["P"]["valor"], rows["P"]["aberto"]) == (Decimal(110), Decimal(110))


def test_a_title_typed_beside_ours_is_a_duplicate_and_says_which_to_delete(
    company: Scenario,
) -> None:
    (row,) = rows_of(company, "select * from analise.duplicados")
    assert (row["titulo_nosso"], row["titulo_sem_vinculo"]) == (101, 107)
    assert row["ledger_codigo"] == "REC-1"
    assert row["dias_entre_vencimentos"] == 3
    assert row["o_que_fazer"].startswith("Exclua o título 107 no Omie")


def test_a_title_that_was_adopted_since_it_was_read_is_no_duplicate(company: Scenario) -> None:
    """The mirror does not say yet that it is ours, and nobody is told to delete it."""
    with company.connect() as connection:
        connection.execute(
            "insert into omie_sync.ledger (empresa, endpoint, codigo_integracao, state, partition,"
            " run_id, updated_at, omie_id, same_as) values"
            " ('principal', 'contas_receber', 'REC-77', 'confirmed', '2026-01-05', 'r', now(),"
            " 107, 107)"
        )
    try:
        assert rows_of(company, "select * from analise.duplicados") == []
    finally:
        with company.connect() as connection:
            connection.execute("delete from omie_sync.ledger where codigo_integracao = 'REC-77'")


def test_suppliers_are_clientes_with_the_tag_however_it_is_written(company: Scenario) -> None:
    rows = rows_of(company, "select razao_social from analise.fornecedores")
    assert rows == [{"razao_social": "Luz e Força"}]


def test_analysts_see_masks_and_clinic_only_what_we_made(company: Scenario) -> None:
    query = "select codigo_titulo, cliente from analise.a_receber_em_aberto order by 1"
    analyst = rows_of(company, query, role="omie_analyst")
    assert [row["codigo_titulo"] for row in analyst] == [101, 102, 103, 107, 108]
    assert {row["cliente"] for row in analyst} == {"A*** S***"}
    clinic = rows_of(company, query, role="omie_clinic")
    assert [(row["codigo_titulo"], row["cliente"]) for row in clinic] == [
        (101, "Ana Souza"),
        (102, "Ana Souza"),
    ]
    paid = "select codigo_titulo from analise.baixas order by 1"
    assert [r["codigo_titulo"] for r in rows_of(company, paid, role="omie_clinic")] == [102, 106]
    for hidden in ("extrato", "extrato_linhas", "duplicados"):
        assert rows_of(company, f"select * from analise.{hidden}", role="omie_clinic") == []


def test_the_clinic_sees_what_is_linked_to_ours_whoever_typed_it(company: Scenario) -> None:
    """A patient and a título typed in Omie before, and linked when our rows met them."""
    seen = {
        "clientes": "select codigo_cliente_omie as codigo",
        "contas_receber": "select codigo_lancamento_omie as codigo",
        "saldos_titulos": "select codigo_titulo as codigo",
        "titulos_em_aberto": "select codigo_titulo as codigo",
    }

    def codes(table: str) -> set[object]:
        query = f"{seen[table]} from analise.{table}"
        return {row["codigo"] for row in rows_of(company, query, role="omie_clinic")}

    before = {table: codes(table) for table in seen}
    link = "update omie.{} set ledger_codigo = {} where {} = {}"
    linked = (
        ("clientes", "'PAC-3'", "codigo_cliente_omie", BIA),
        ("contas_receber", "'REC-9'", "codigo_lancamento_omie", 103),
    )
    with company.connect() as connection:
        for table, code, key, number in linked:
            connection.execute(link.format(table, code, key, number).encode())
    try:
        news = {table: codes(table) - before[table] for table in seen}
    finally:
        with company.connect() as connection:
            for table, _, key, number in linked:
                connection.execute(link.format(table, "null", key, number).encode())
    assert news == {
        "clientes": {BIA},
        "contas_receber": {103},
        "saldos_titulos": {103},
        "titulos_em_aberto": {103},
    }


def test_every_view_holds_its_row_filter_before_anything_else(company: Scenario) -> None:
    query = (
        "select relname, reloptions::text as opcoes from pg_class"
        " where relnamespace = 'analise'::regnamespace and relkind = 'v'"
    )
    rows = rows_of(company, query)
    views = list((mapping_dir() / "models" / "analise").rglob("*.sql"))
    hidden = [one for one in views if one.stem.startswith("int_")]
    assert len(rows) == len(views) - len(hidden)
    assert {row["opcoes"] for row in rows} == {"{security_barrier=true}"}
