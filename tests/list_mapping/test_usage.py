"""What the warehouse tells of records: summed up, led back to values, with no person in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.list_mapping.scores import Profile, Use
from omie_pipeline.list_mapping.usage import profiles_of, uses_of
from omie_pipeline.postgres.omie_tables import mirror_table
from omie_pipeline.postgres.tables import ledger

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
EMPRESA = "principal"
COMPANY, PERSON = 41, 42


def copied(connection: sa.Connection, name: str, *records: dict[str, Any]) -> None:
    """Records as a reading would have left them."""
    table = mirror_table(MIRROR[name])
    for record in records:
        connection.execute(sa.insert(table).values(empresa=EMPRESA, raw={}, lido_em=AT, **record))


def titulo(number: int, code: str, **changes: Any) -> dict[str, Any]:
    return {
        "codigo_lancamento_omie": number,
        "codigo_cliente_fornecedor": COMPANY,
        "codigo_categoria": code,
        "valor_documento": Decimal(900),
        "status_titulo": "A VENCER",
        "data_emissao": AT.date(),
        "observacao": "Fatura de luz",
        **changes,
    }


@pytest.fixture
def known(engine: sa.Engine) -> sa.Engine:
    """A clinic that was built: two expenses, one receipt; the light company and a person."""
    with engine.begin() as connection:
        for statement in (
            "CREATE SCHEMA IF NOT EXISTS clinica",
            "CREATE SCHEMA IF NOT EXISTS omie_payload",
            "CREATE TABLE clinica.despesas (empresa text, id text, fornecedor_id text, "
            "codigo_categoria text, forma_pagamento_id text, observacao text, valor numeric)",
            "CREATE TABLE clinica.recebimentos (empresa text, id text, procedimento_id text, "
            "forma_pagamento_id text, observacao text, valor numeric)",
            "CREATE TABLE clinica.fornecedores (empresa text, id text, tipo_fornecedor text)",
            "INSERT INTO clinica.despesas VALUES "
            "('principal', '1', '9', 'Luz', 'BOLETO', 'Fatura', 900), "
            "('principal', '2', '9', 'Luz', 'BOLETO', 'Fatura', 800), "
            "('principal', '3', '8', 'Luz', 'BOLETO', 'Dra. Ana', 20), "
            "('principal', '4', '9', 'Gás', 'BOLETO', 'Fatura', 20), "
            "('outra', '1', '9', 'Luz', 'BOLETO', 'Fatura', 900)",
            "INSERT INTO clinica.recebimentos VALUES "
            "('principal', '1', 'P1', 'PIX', 'José da Silva', 150)",
            "INSERT INTO clinica.fornecedores VALUES ('principal', '9', 'Concessionária')",
            "CREATE TABLE omie_payload.omie_contas_pagar (empresa text, "
            "codigo_lancamento_integracao text, codigo_categoria text, _origem_tabela text, "
            "_origem_id text)",
            "INSERT INTO omie_payload.omie_contas_pagar VALUES "
            "('principal', 'DES-1', '2.02.01', 'despesas', '1'), "
            "('principal', 'DES-2', '2.02.01', 'despesas', '2'), "
            "('principal', 'DES-4', '2.02.01', 'despesas', '4')",
        ):
            connection.exec_driver_sql(statement)
        for endpoint, code, number in (
            ("clientes", "FOR-9", COMPANY),
            ("clientes", "FOR-8", PERSON),
            *(("contas_pagar", f"DES-{number}", number) for number in (1, 2, 4)),
        ):
            connection.execute(
                sa.insert(ledger).values(
                    empresa=EMPRESA, endpoint=endpoint, codigo_integracao=code, confirmed_at=AT,
                    state="confirmed", omie_id=number, partition="x", run_id="r",
                )
            )  # fmt: skip
        copied(
            connection,
            "clientes",
            {"codigo_cliente_omie": COMPANY, "cnpj_cpf": "28.317.235/0001-20"},
            {"codigo_cliente_omie": PERSON, "cnpj_cpf": "529.982.247-25", "pessoa_fisica": "S"},
        )
        copied(
            connection,
            "contas_pagar",
            titulo(1, "2.02.01", ledger_codigo="DES-1"),
            titulo(
                2,
                "2.04.03",
                ledger_codigo="DES-2",
                status_titulo="PAGO",
                alterado_em=AT + timedelta(days=1),
            ),
            titulo(7, "2.05.01", ledger_codigo="DES-4", alterado_em=AT),
            titulo(3, "2.04.03", observacao=" FATURA DE LUZ "),
            titulo(4, "2.04.03", codigo_cliente_fornecedor=PERSON, observacao="Dra. Ana"),
            titulo(5, "2.04.03", excluido_em=AT),
        )
        copied(
            connection,
            "contas_receber",
            titulo(6, "1.01.01", codigo_cliente_fornecedor=PERSON, observacao="José da Silva"),
        )
        copied(connection, "baixas", {"codigo_titulo": 3, "liquidado": "S"})
    return engine


def test_records_are_led_back_to_the_value_and_say_whether_somebody_chose(known: sa.Engine) -> None:
    day = AT.date()
    with known.connect() as connection:
        uses = uses_of(connection, EMPRESA, "category", "category")
    assert sorted(uses, key=lambda one: (one.code, one.source, one.party or 0)) == [
        Use("1.01.01", "", "", None, "", 9, 1, 0, 1, day),
        Use("2.02.01", "category", "Luz", COMPANY, "fatura de luz", 9, 1, 0, 0, day),
        Use("2.04.03", "", "", None, "", 9, 1, 0, 1, day),
        Use("2.04.03", "", "", COMPANY, "fatura de luz", 9, 1, 1, 1, day),
        Use("2.04.03", "category", "Luz", COMPANY, "fatura de luz", 9, 1, 1, 1, day),
        # Another mapping since: nobody chose what Omie still has.
        Use("2.05.01", "category", "Gás", COMPANY, "fatura de luz", 9, 1, 0, 0, day),
    ]


def test_a_values_rows_tell_companies_sums_and_side_but_nothing_of_persons(
    known: sa.Engine,
) -> None:
    with known.connect() as connection:
        (light,) = (
            one for one in profiles_of(connection, EMPRESA, "category") if one.source == "Luz"
        )
        (kind,) = profiles_of(connection, EMPRESA, "supplier_kind")
        (procedure,) = profiles_of(connection, EMPRESA, "procedure")
        methods = {
            one.source: one.revenue for one in profiles_of(connection, EMPRESA, "payment_method")
        }
    assert light == Profile(
        "category", "Luz", frozenset({COMPANY}), frozenset({4, 9}), ("fatura",), revenue=False
    )
    assert (kind.source, kind.parties) == ("Concessionária", {COMPANY})
    assert procedure == Profile("procedure", "P1", bands=frozenset({7}), revenue=True)
    assert methods == {"BOLETO": False, "PIX": True}


@pytest.mark.parametrize("target", ["account", "project", "department"])
def test_before_the_first_build_there_are_only_omies_records(
    engine: sa.Engine, target: Any
) -> None:
    with engine.begin() as connection:
        copied(
            connection,
            "contas_pagar",
            titulo(
                1, "2.02.01", id_conta_corrente=7, codigo_projeto=7,
                distribuicao=[{"cCodDep": "7"}],
            ),
            titulo(2, "2.02.01"),
        )  # fmt: skip
        (use,) = uses_of(connection, EMPRESA, "category", target)
        assert (use.code, use.source, use.records, use.chosen) == ("7", "", 1, 1)
        assert profiles_of(connection, EMPRESA, "category") == []
