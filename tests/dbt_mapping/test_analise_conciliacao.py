"""The clinic against the ledger and Omie, and what the clinic's own system reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from tests.dbt_mapping.company import by, rows_of
from tests.dbt_mapping.scenario import Row, Scenario


@pytest.fixture
def db(company: Scenario) -> Iterator[psycopg.Connection[Row]]:
    """A connection whose changes nobody else ever sees."""
    with company.connect() as connection:
        connection.autocommit = False
        yield connection
        connection.rollback()


def _receivables(db: psycopg.Connection[Row]) -> dict[object, Row]:
    query = "select * from analise.conciliacao where endpoint = 'contas_receber'"
    return by(
        [r for r in db.execute(query.encode()).fetchall() if r["codigo_integracao"]],
        "codigo_integracao",
    )


def test_every_fact_is_told_by_what_became_of_it(db: psycopg.Connection[Row]) -> None:
    told = {
        code: (row["situacao"], row["campos_diferentes"] or row["motivo"])
        for code, row in _receivables(db).items()
    }
    assert told == {
        "REC-1": ("igual", None),
        "REC-2": ("diferente", "categoria"),
        "REC-3": ("diferente", "valor_documento"),
        "REC-4": ("nao_enviado", "em quarentena"),
        "REC-5": ("falta_no_omie", None),
        "REC-6": ("excluido_no_omie", None),
        "REC-7": ("a_conferir", None),
        "REC-8": ("nao_enviado", "recusado pelo Omie"),
    }


def test_both_values_stand_side_by_side(db: psycopg.Connection[Row]) -> None:
    rows = _receivables(db)
    third, sixth = rows["REC-3"], rows["REC-6"]
    assert (third["valor_clinica"], third["valor_omie"]) == (Decimal(210), Decimal(200))
    assert (third["cliente_clinica"], third["cliente_omie"]) == ("PAC-1", "PAC-1")
    assert (sixth["valor_clinica"], sixth["valor_omie"]) == (Decimal(33), None)


def test_what_people_typed_at_omie_is_no_error(db: psycopg.Connection[Row]) -> None:
    query = (
        "select codigo_omie, situacao from analise.conciliacao"
        " where endpoint <> 'clientes' and codigo_integracao is null order by 1"
    )
    rows = db.execute(query.encode()).fetchall()
    assert {row["situacao"] for row in rows} == {"so_no_omie"}
    assert [row["codigo_omie"] for row in rows] == [103, 104, 107, 108, 202]


def test_ours_that_the_clinic_no_longer_has_is_extra(db: psycopg.Connection[Row]) -> None:
    query = "select situacao from analise.conciliacao where codigo_integracao = 'DES-1'"
    assert db.execute(query.encode()).fetchall() == [{"situacao": "sobra_no_omie"}]


def test_clientes_compare_names_without_case_and_blanks(db: psycopg.Connection[Row]) -> None:
    query = (
        "select codigo_integracao, situacao from analise.conciliacao"
        " where endpoint = 'clientes' order by codigo_omie"
    )
    assert [tuple(row.values()) for row in db.execute(query.encode()).fetchall()] == [
        ("PAC-1", "igual"),
        (None, "so_no_omie"),
        (None, "so_no_omie"),
    ]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ("data_vencimento = '2026-03-11'", "data_vencimento"),
        ("codigo_cliente_fornecedor = 3", "cliente"),
        ("codigo_categoria = '1.01.02', valor_documento = 99.99", "valor_documento, categoria"),
        ("status_titulo = 'CANCELADO'", "cancelado"),
    ],
)
def test_each_field_that_differs_is_named(
    db: psycopg.Connection[Row], change: str, fields: str
) -> None:
    db.execute(
        f"update omie.contas_receber set {change} where codigo_lancamento_omie = 101".encode()
    )
    row = _receivables(db)["REC-1"]
    assert (row["situacao"], row["campos_diferentes"]) == ("diferente", fields)


def test_a_title_made_again_under_the_same_code_counts_once(db: psycopg.Connection[Row]) -> None:
    db.execute(
        "insert into omie.contas_receber (empresa, codigo_lancamento_omie, codigo_integracao,"
        " valor_documento, data_vencimento, codigo_categoria, codigo_cliente_fornecedor,"
        " raw, lido_em) values"
        " ('principal', 110, 'REC-6', 33, '2026-03-30', '1.01.01', 1, '{}', now())"
    )
    row = _receivables(db)["REC-6"]
    assert (row["situacao"], row["codigo_omie"]) == ("igual", 110)


def test_a_row_missing_before_its_table_was_read_again_is_not_judged(
    db: psycopg.Connection[Row],
) -> None:
    assert _receivables(db)["REC-5"]["situacao"] == "falta_no_omie"
    db.execute("delete from omie_sync.import_cursor where table_name = 'contas_receber'")
    assert _receivables(db)["REC-5"]["situacao"] == "a_conferir"
    db.execute(
        "insert into omie_sync.import_partition values"
        " ('principal', 'contas_receber', '2026-03-09', 0, 0, '2026-03-10', 'r')"
    )
    assert _receivables(db)["REC-5"]["situacao"] == "falta_no_omie"


def test_each_day_adds_up_on_both_sides(db: psycopg.Connection[Row]) -> None:
    query = "select * from analise.conciliacao_por_dia where endpoint = 'contas_receber'"
    rows = by(db.execute(query.encode()).fetchall(), "dia")
    row = rows[date(2026, 3, 4)]
    assert (row["qtd_clinica"], row["valor_clinica"]) == (8, Decimal("495.01"))
    assert (row["qtd_entregue"], row["valor_entregue"]) == (6, Decimal("469.01"))
    assert (row["qtd_omie"], row["valor_omie"]) == (3, Decimal("400.01"))
    assert row["diferenca"] == Decimal("95.00")
    assert (row["divergencias"], row["qtd_nao_enviado"], row["qtd_a_conferir"]) == (4, 2, 1)
    # The cancelled one is among those that were typed and counts no money.
    assert (row["qtd_so_no_omie"], row["valor_so_no_omie"]) == (4, Decimal(280))


def test_the_clinic_reads_what_became_of_each_receipt(company: Scenario) -> None:
    query = "select * from analise.recebimento_titulo"
    rows = by(rows_of(company, query), "recebimento_id")
    told = {key: (r["situacao"], r["valor_recebido"]) for key, r in rows.items()}
    assert told == {
        "1": ("vence hoje", 0),
        "2": ("recebido em parte, atrasado", 40),
        "3": ("recebido", 203),
        "4": ("não enviado", 0),
        "5": ("enviado, ainda não lido", 0),
        "6": ("excluído no Omie", 0),
        "7": ("enviado, ainda não lido", 0),
        "8": ("não enviado", 0),
    }
    assert rows["3"]["data_recebimento"] == date(2026, 3, 5)
    assert rows["2"]["valor_aberto"] == Decimal("50.01")
    later = by(rows_of(company, query, today="2026-03-11"), "recebimento_id")
    assert later["1"]["situacao"] == "atrasado"


def test_the_clinic_s_role_sees_its_own_facts_only(company: Scenario) -> None:
    query = "select distinct situacao from analise.conciliacao"
    seen = {row["situacao"] for row in rows_of(company, query, role="omie_clinic")}
    assert "so_no_omie" not in seen
    assert {"igual", "diferente", "falta_no_omie"} <= seen
    receipts = "select count(*) as quantos from analise.recebimento_titulo"
    assert rows_of(company, receipts, role="omie_clinic") == [{"quantos": 8}]


def test_what_omie_keeps_though_the_clinic_emptied_it_is_a_difference(
    db: psycopg.Connection[Row],
) -> None:
    def said() -> tuple[object, object]:
        query = (
            "select situacao, campos_diferentes from analise.conciliacao"
            " where endpoint = 'clientes' and codigo_integracao = 'PAC-1'"
        )
        (row,) = db.execute(query.encode()).fetchall()
        return row["situacao"], row["campos_diferentes"]

    mine = "where endpoint = 'clientes' and codigo_integracao = 'PAC-1'"
    db.execute(f"update omie_sync.ledger set not_emptied = '{{tags}}' {mine}".encode())
    assert said() == ("diferente", "não esvaziado: tags")
    emptied = f"update omie_sync.ledger set not_emptied = null, emptied = '{{email}}' {mine}"
    db.execute(emptied.encode())
    assert said() == ("igual", None)
    raw = 'update omie.clientes set raw = raw || \'{"email": "a@exemplo.com.br"}\''
    db.execute(raw.encode())
    assert said() == ("diferente", "não esvaziado: email")
    filled = f"update omie_sync.ledger set filled = '{{email}}' {mine}"
    db.execute(filled.encode())
    assert said() == ("igual", None)
