"""A small company: what its clinic says, what was delivered, and what Omie says today, 10 March."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.postgres.omie_tables import (
    child_table,
    extrato,
    extrato_linhas,
    import_cursor,
    mirror_table,
)
from omie_pipeline.postgres.tables import ledger, quarantine
from tests.dbt_mapping.scenario import Row, Scenario

EMPRESA = "principal"
TODAY = "2026-03-10"
READ = datetime(2026, 3, 10, 6, tzinfo=UTC)
DELIVERED = datetime(2026, 3, 9, 6, tzinfo=UTC)
ANA, LUZ, BIA = 1, 2, 3
BANK, TILL, OFF = 10, 11, 12
RECEIPTS = {
    "1": ("100", "2026-03-10"),
    "2": ("100.01", "2026-02-01"),
    "3": ("210", "2026-03-05"),
    "4": ("11", "2026-03-10"),
    "5": ("12", "2026-03-10"),
    "6": ("33", "2026-03-30"),
    "7": ("14", "2026-03-10"),
    "8": ("15", "2026-03-10"),
}
"""The clinic's receipts: value and due date; all of business date 4 March."""
OURS: Mapping[str, Any] = {"feito_por": "omie_pipeline", "incluido_por": "WEBSERVICE"}
TYPED: Mapping[str, Any] = {"feito_por": "pessoa", "incluido_por": "P000001"}


def day(text: str) -> date:
    """2026-03-10 from 03-10, or a whole date."""
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


class Company:
    """Puts rows into the mirror, with what every row needs."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, table: sa.Table, **values: object) -> None:
        filled = {"empresa": EMPRESA, **values}
        if "raw" in table.c:
            filled = {"raw": {}, "lido_em": READ, **filled}
        self._connection.execute(sa.insert(table), filled)

    def list_row(self, name: str, **values: object) -> None:
        self.put(mirror_table(MIRROR[name]), **values)

    def titulo(self, number: int, value: str, due: str, side: str = "R", **more: object) -> None:
        values = {
            "codigo_lancamento_omie": number,
            "codigo_cliente_fornecedor": ANA if side == "R" else LUZ,
            "valor_documento": Decimal(value),
            "data_vencimento": day(due),
            "data_emissao": day("03-04"),
            "codigo_categoria": "1.01.01" if side == "R" else "2.01.01",
            "id_conta_corrente": BANK,
            # A word of some earlier day: nothing may hang on it.
            "status_titulo": "A VENCER",
        }
        self.list_row("contas_receber" if side == "R" else "contas_pagar", **{**values, **more})

    def saldo(self, number: int, opened: str, paid: str = "0", **more: object) -> None:
        self.list_row(
            "baixas",
            codigo_titulo=number,
            valor_aberto=Decimal(opened),
            valor_pago=Decimal(paid),
            feito_por="integracao",
            **more,
        )

    def baixa(self, number: int, titulo: int, on: str, account: int, **money: str) -> None:
        table = child_table(MIRROR["baixas"])
        assert table is not None
        amounts = {name: Decimal(value) for name, value in money.items()}
        self.put(
            table, codigo_baixa=number, codigo_titulo=titulo, data=day(on), natureza="R",
            id_conta_corrente=account, **amounts,
        )  # fmt: skip

    def movement(self, key: str, on: str, account: int, value: str | None, titulo: int = 0) -> None:
        self.list_row(
            "movimentacoes", chave=key, grupo="G", origem="X", data_pagamento=day(on),
            id_conta_corrente=account, codigo_titulo=titulo, espelho=value is None,
            valor_movimentado=None if value is None else Decimal(value), feito_por="integracao",
        )  # fmt: skip

    def statement(self, account: int, month: str, last: str, before: str) -> None:
        self.put(
            extrato, n_cod_cc=account, periodo_inicial=day(month), periodo_final=day(last),
            saldo_anterior=Decimal(before),
        )  # fmt: skip

    def line(
        self, account: int, month: str, order: int, on: str, balance: str, *, done: bool = True
    ) -> None:
        self.put(
            extrato_linhas, n_cod_cc=account, periodo_inicial=day(month), ordem=order,
            data=day(on), saldo=Decimal(balance), realizado=done, nome_cliente="Ana Souza",
        )  # fmt: skip

    def entry(self, endpoint: str, code: str, omie_id: int | None, **more: object) -> None:
        values = {"state": "confirmed", "partition": "2026-03-04", "confirmed_at": DELIVERED}
        self.put(
            ledger, endpoint=endpoint, codigo_integracao=code, omie_id=omie_id, run_id="r",
            **{**values, **more},
        )  # fmt: skip

    def refused(self, code: str) -> None:
        self.put(
            quarantine, endpoint="contas_receber", row_key=code, codigo_integracao=code,
            partition="2026-03-04", reasons=[], row_masked={}, run_id="r",
            first_seen_at=READ, last_seen_at=READ,
        )  # fmt: skip

    def read_until(self, table: str) -> None:
        self.put(import_cursor, table_name=table, read_until=READ)


def rows_of(
    company: Scenario, query: str, *, today: str = TODAY, role: str | None = None
) -> list[Row]:
    """What a query finds on a given day, as the owner or as a role."""
    with company.connect() as connection:
        connection.execute("select set_config('omie_pipeline.hoje', %s, false)", [today])
        if role:
            connection.execute("select set_config('role', %s, false)", [role])
        return connection.execute(query.encode()).fetchall()


def by(rows: list[Row], key: str) -> dict[object, Row]:
    """The rows by a column that tells them apart."""
    found = {row[key]: row for row in rows}
    assert len(found) == len(rows)
    return found


def fill(connection: sa.Connection) -> None:
    """Everything that Omie and the ledger know."""
    company = Company(connection)
    _registers(company)
    _receivables(company)
    company.titulo(201, "50", "03-20", "P", ledger_codigo="DES-1", **OURS)
    company.saldo(201, "50", natureza="P")
    company.entry("contas_pagar", "DES-1", 201)
    company.titulo(202, "60", "01-20", "P", **TYPED)
    company.saldo(202, "60", natureza="P")
    _money(company)
    for table in ("clientes", "contas_receber", "contas_pagar"):
        company.read_until(table)


def _registers(company: Company) -> None:
    supplier = [{"tag": "FORNECEDOR"}, {"tag": "Outra"}]
    for number, name, tags in (
        (ANA, "Ana Souza", [{"tag": "Cliente"}]),
        (LUZ, "Luz e Força", supplier),
        (BIA, "Bia Lima", []),
    ):
        company.list_row(
            "clientes", codigo_cliente_omie=number, razao_social=name, cnpj_cpf="529.982.247-25",
            tags=tags, **(OURS if number == ANA else TYPED),
        )  # fmt: skip
    company.list_row("clientes", codigo_cliente_omie=4, tags=supplier, excluido_em=READ)
    company.entry("clientes", "PAC-1", ANA, partition="all")
    for code, name in (("1.01.01", "Consultas"), ("1.01.02", "Exames"), ("2.01.01", "Energia")):
        company.list_row("categorias", codigo=code, descricao=name, codigo_dre=f"0{code[0]}")
    company.list_row("dre", codigo_dre="01", descricao="Receita Bruta")
    for account, name in ((BANK, "Banco"), (TILL, "Caixa"), (OFF, "Antiga")):
        company.list_row("contas_correntes", n_cod_cc=account, descricao=name)


def _receivables(company: Company) -> None:
    split = [
        {"codigo_categoria": "1.01.01", "percentual": 33.33},
        {"codigo_categoria": "1.01.02", "percentual": 66.67},
    ]
    company.titulo(101, "100", "03-10", ledger_codigo="REC-1", **OURS)
    company.saldo(101, "100")
    # Its balance was not read yet.
    company.titulo(102, "100.01", "02-01", ledger_codigo="REC-2", categorias=split, **OURS)
    company.baixa(901, 102, "03-06", TILL, valor="40", desconto="10")
    company.titulo(103, "80", "2025-11-01", **TYPED)
    company.saldo(103, "80")
    company.titulo(104, "70", "02-01", **TYPED)
    company.saldo(104, "70", data_cancelamento=day("03-01"))
    company.titulo(105, "90", "02-01", excluido_em=READ, **TYPED)
    company.titulo(106, "200", "03-05", ledger_codigo="REC-3", **OURS)
    company.saldo(106, "0", "200", status_titulo="ATRASADO")
    company.baixa(902, 106, "03-05", BANK, valor="200", juros="2", multa="1")
    company.titulo(107, "100", "03-13", **TYPED)
    company.saldo(107, "100")
    company.titulo(108, "100", "03-30", **TYPED)
    company.saldo(108, "100")
    company.titulo(109, "33", "03-30", ledger_codigo="REC-6", excluido_em=READ, **OURS)
    for code, number in (("REC-1", 101), ("REC-2", 102), ("REC-3", 106), ("REC-6", 109)):
        company.entry("contas_receber", code, number)
    company.entry("contas_receber", "REC-5", 777)
    company.entry("contas_receber", "REC-7", 778, confirmed_at=datetime(2026, 3, 10, 9, tzinfo=UTC))
    company.entry("contas_receber", "REC-8", None, state="rejected", confirmed_at=None)
    company.refused("REC-4")


def _money(company: Company) -> None:
    company.statement(BANK, "02-01", "02-28", "0")
    company.line(BANK, "02-01", 1, "02-15", "1000")
    company.movement("M1", "02-15", BANK, "1000")
    company.statement(BANK, "03-01", "03-31", "1000")
    company.line(BANK, "03-01", 1, "03-05", "1100.50")
    company.line(BANK, "03-01", 2, "03-05", "1203")
    company.line(BANK, "03-01", 3, "03-06", "1152.75")
    company.line(BANK, "03-01", 4, "03-09", "1052.75", done=False)
    company.movement("B902", "03-05", BANK, "203", titulo=106)
    company.movement("M902", "03-05", BANK, None)
    company.movement("M3", "03-06", BANK, "-50.25")
    company.movement("B901", "03-06", TILL, "40", titulo=102)
    # Omie's statement has five reais that no movement explains.
    company.statement(OFF, "03-01", "03-31", "20")
    company.line(OFF, "03-01", 1, "03-08", "25")
