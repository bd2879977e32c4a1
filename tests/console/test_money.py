"""Sums of an empresa: for who may see money, of nobody else's empresa, as the views have them."""

from __future__ import annotations

import re

import pytest

from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.texts.console import money as texts
from tests.console.conftest import House

HERE = "/e/norte/dinheiro"
VIEWS = {
    "titulos_em_aberto": (
        "empresa, natureza, faixa, nosso, valor_aberto, cliente",
        "('norte', 'R', '1-30', true, 100.10, 'Maria Souza'),"
        " ('norte', 'R', '1-30', false, 0.05, 'Maria Souza'),"
        " ('norte', 'P', '91+', true, 2000.00, 'Aluguel'),"
        " ('sul', 'R', '1-30', true, 77777.77, 'Outra')",
    ),
    "recebimentos_por_forma_e_dia": (
        "empresa, dia, forma_pagamento, valor_recebido, desconto, baixas",
        "('norte', current_date, 'Pix', 1234.56, 0.00, 2),"
        " ('norte', current_date, '=Cartão', 10.00, 1.50, 1),"
        " ('norte', current_date - 200, 'Pix', 9999.99, 0.00, 1),"
        " ('sul', current_date, 'Pix', 55555.55, 0.00, 1)",
    ),
    "caixa_por_conta_e_dia": (
        "empresa, n_cod_cc, conta, dia, entradas, saidas, saldo, saldo_omie, diferenca",
        "('norte', 1, 'Banco', current_date - 1, 5.00, 0.00, 105.00, 105.00, 0.00),"
        " ('norte', 1, 'Banco', current_date, 0.00, 1.00, 104.00, 104.00, 0.00),"
        " ('norte', 2, 'Caixinha', current_date, 0.00, 0.00, 7.00, 9.00, -2.00)",
    ),
    "titulos_por_categoria_e_mes": (
        "empresa, natureza, codigo_categoria, categoria, linha_dre, categoria_gerencial,"
        " mes_vencimento, mes_competencia, valor, valor_pago, valor_aberto, titulos",
        "('norte', 'R', '1.01', 'Consultas', 'Receita', 'Atendimento',"
        " date_trunc('month', current_date)::date, date_trunc('month', current_date)::date,"
        " 500.25, 0.00, 500.25, 3),"
        " ('norte', 'P', '2.01', 'Aluguel', 'Despesa', NULL,"
        " date_trunc('month', current_date)::date, date_trunc('month', current_date)::date,"
        " 800.00, 0.00, 800.00, 1)",
    ),
}


def _build(house: House) -> None:
    """Views as dbt leaves them: with the mark of this program."""
    with house.engine.begin() as connection:
        for name, (columns, rows) in VIEWS.items():
            connection.exec_driver_sql(
                f"CREATE VIEW analise.{name} AS SELECT * FROM (VALUES {rows}) AS t ({columns})"
            )
            connection.exec_driver_sql(f"SELECT omie_sync.marcar('analise.{name}')")


def test_sums_of_ones_own_empresa(house: House) -> None:
    browser = house.let_in("dona", Grant("*", Role.MANAGER, omie_entries=True))
    assert texts.NOT_BUILT in browser.get(HERE).text
    _build(house)
    told = {
        "open": ("100,15", "2.000,00", texts.AGES["91+"], texts.COUNTED_ALL),
        "received": ("1.234,56", "1.244,56", "Pix", "1,50"),
        "cash": ("104,00", texts.AGREES, texts.DIFFERS, "-2,00"),
        "categories": ("Consultas", "500,25"),
        "result": ("Atendimento", "Despesa", "-299,75"),
    }
    for view, words in told.items():
        page = browser.get(f"{HERE}?ver={view}").text
        for word in words:
            assert word in page, (view, word)
        for others in ("77.777", "55.555", "9.999,99", "Maria"):
            assert others not in page, (view, others)
        assert "<svg" in page or view in ("cash", "categories")
    long = browser.get(f"{HERE}?ver=received&de=2020-01-01").text
    assert "11.234,55" in long  # a year at most, so 200 days ago is in it


def test_without_the_permission_cash_is_not_shown(house: House) -> None:
    _build(house)
    browser = house.let_in("financeira", Grant("norte", Role.FINANCE))
    assert texts.COUNTED_OURS in browser.get(HERE).text
    page = browser.get(f"{HERE}?ver=cash").text
    assert texts.NO_CASH in page
    assert "104,00" not in page
    assert browser.get("/e/sul/dinheiro").status_code == 404


def test_a_view_of_somebody_else_is_not_read(house: House) -> None:
    with house.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE VIEW analise.titulos_em_aberto AS SELECT 'norte' AS empresa, 'R' AS natureza,"
            " '1-30' AS faixa, 1 AS valor_aberto"
        )
    browser = house.let_in("financeira", Grant("norte", Role.FINANCE))
    assert texts.NOT_BUILT in browser.get(HERE).text


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.ENGINEERING])
def test_who_may_not_see_money(house: House, role: Role) -> None:
    browser = house.let_in("pessoa", Grant("*", role))
    assert browser.get(HERE).status_code == 403
    assert not re.search(r'href="[^"]*/dinheiro"', browser.get("/").text)


def test_what_is_no_view_or_day_is_refused(house: House) -> None:
    browser = house.manager()
    for query in ("ver=tudo", "de=ontem", "ate=2026-13-01"):
        assert browser.get(f"{HERE}?{query}").status_code == 422
