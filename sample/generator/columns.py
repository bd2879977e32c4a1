"""The columns of each canonical table of a sample, for one chunk of rows."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from omie_pipeline.clinic.tables import CLINIC_TABLES
from sample.generator.billing_columns import (
    BILLING_COLUMNS,
    payments_of,
    procedure_services,
    receipt_billing,
)
from sample.generator.chunk import Chunk

Columns = tuple[Any, ...]
"""Arrow arrays in the order of the canonical table's columns, from ``id`` on."""

_PROFESSIONALS_OFFSET = 500_000_000
_PROFESSIONAL_CNPJS_OFFSET = 50_000_000
_BANKS = ("001", "033", "104", "237", "341")
_FORMAS = (
    ("Dinheiro", "DIN", 9_100_000_001),
    ("Pix", "PIX", 9_100_000_002),
    ("Cartão de crédito", "CRC", 9_100_000_003),
    ("Cartão de débito", "CRD", 9_100_000_003),
    ("Boleto", "BOL", 9_100_000_002),
    ("Transferência", "TRA", 9_100_000_002),
    ("Cheque", "CHQ", 9_100_000_002),
)
_PROCEDIMENTOS = ("Consulta", "Retorno", "Exame", "Sessão", "Avaliação", "Curativo", "Vacina")
_PRODUTOS = ("Luvas", "Máscaras", "Protetor solar", "Álcool 70 %", "Vitamina D", "Órtese")
FORMAS_PAGAMENTO = len(_FORMAS)
_RECEBIMENTOS_NUMBER = list(CLINIC_TABLES).index("recebimentos")


def _facts(chunk: Chunk, term_days: int) -> tuple[Columns, Any]:
    """data, data_vencimento and atualizado_em of movements due within ``term_days``."""
    days = chunk.days(chunk.clinic.first_day, chunk.clinic.days)
    due = days + chunk.integers(0, term_days)
    return (chunk.dates(days), chunk.dates(due)), chunk.instants(days)


def pacientes(chunk: Chunk) -> Columns:
    nomes, emails = chunk.people()
    address, telefones, uf = chunk.addresses()
    rg, issuer = chunk.rgs(uf)
    registered = chunk.register_days()
    born = registered - chunk.integers(0, 32_000)
    return (
        *(chunk.ids(), nomes, chunk.cpfs(), rg, issuer, chunk.dates(born), emails, telefones),
        *address,
        chunk.dates(registered),
        chunk.instants(registered),
    )


def profissionais(chunk: Chunk) -> Columns:
    nomes, emails = chunk.people()
    address, telefones, uf = chunk.addresses()
    registered = chunk.register_days()
    companies = pa.array(chunk.numbers % 4 == 0)
    documents = pc.if_else(
        companies,
        chunk.cnpjs(_PROFESSIONAL_CNPJS_OFFSET),
        chunk.cpfs(_PROFESSIONALS_OFFSET),
    )
    conselho = pc.binary_join_element_wise(
        chunk.same("CRM/", pa.string()), uf, " ", chunk.text(chunk.integers(1000, 199_999)), ""
    )
    return (
        *(chunk.ids(), nomes, documents, conselho, emails, telefones),
        *address,
        chunk.some_of(_BANKS),
        chunk.text(chunk.integers(1000, 9999)),
        chunk.text(chunk.integers(100_000, 9_999_999)),
        emails,
        chunk.dates(registered),
        chunk.instants(registered),
        chunk.some_of(("0.00", "5.00", None)).cast(pa.decimal128(15, 2)),
    )


def fornecedores(chunk: Chunk) -> Columns:
    address, telefones, _uf = chunk.addresses()
    registered = chunk.register_days()
    fantasia = pc.binary_join_element_wise(chunk.surnames(), chunk.ids(), " ")
    razao = pc.binary_join_element_wise(fantasia, "Comércio e Serviços Ltda", " ")
    emails = pc.binary_join_element_wise("financeiro", chunk.ids(), "@example.com.br", "")
    return (
        *(chunk.ids(), razao, fantasia, chunk.cnpjs(), chunk.same("ISENTO", pa.string())),
        *(emails, telefones),
        *address,
        chunk.dates(registered),
        chunk.instants(registered),
        chunk.some_of(("laboratório", "materiais", "aluguel", None)),
    )


def procedimentos(chunk: Chunk) -> Columns:
    registered = chunk.register_days()
    nomes = pc.binary_join_element_wise(chunk.some_of(_PROCEDIMENTOS), chunk.ids(), " ")
    return (
        *(chunk.ids(), nomes, chunk.some_of(("1.01.01", "1.01.02", None))),
        *(chunk.money(80, 3000), chunk.same(True, pa.bool_())),
        chunk.dates(registered),
        chunk.instants(registered),
        *procedure_services(chunk),
    )


def formas_pagamento(chunk: Chunk) -> Columns:
    registered = chunk.register_days()
    nomes, tipos, contas = zip(*(_FORMAS[int(number) - 1] for number in chunk.numbers), strict=True)
    return (
        *(chunk.ids(), pa.array(nomes), pa.array(tipos), pa.array(contas, pa.int64())),
        chunk.dates(registered),
        chunk.instants(registered),
    )


def recebimentos(chunk: Chunk) -> Columns:
    clinic = chunk.clinic
    dates, changed = _facts(chunk, 30)
    return (
        chunk.ids(),
        chunk.reference(clinic.pacientes),
        chunk.reference(clinic.procedimentos),
        chunk.reference(clinic.profissionais),
        chunk.reference(clinic.formas_pagamento),
        *dates,
        chunk.money(50, 5000),
        chunk.text(chunk.numbers + 1000),
        chunk.same("001/001", pa.string()),
        chunk.in_some_rows(chunk.same("Atendimento particular", pa.string()), 0.2),
        changed,
        *receipt_billing(chunk),
    )


def repasses(chunk: Chunk) -> Columns:
    dates, changed = _facts(chunk, 30)
    return (
        chunk.ids(),
        chunk.reference(chunk.clinic.profissionais),
        chunk.reference(chunk.clinic.recebimentos),
        *dates,
        chunk.money(20, 2500),
        chunk.in_some_rows(chunk.same("Repasse do atendimento", pa.string()), 0.2),
        changed,
    )


def despesas(chunk: Chunk) -> Columns:
    dates, changed = _facts(chunk, 30)
    return (
        chunk.ids(),
        chunk.reference(chunk.clinic.fornecedores),
        chunk.some_of(("2.02.01", "2.02.02", None)),
        chunk.reference(chunk.clinic.formas_pagamento),
        *dates,
        chunk.money(30, 20_000),
        chunk.text(chunk.numbers + 1000),
        chunk.in_some_rows(chunk.same("Despesa mensal", pa.string()), 0.5),
        changed,
    )


def _goods(chunk: Chunk, owners: int, category: str, term_days: int) -> Columns:
    dates, changed = _facts(chunk, term_days)
    return (
        chunk.ids(),
        chunk.reference(owners),
        chunk.some_of(_PRODUTOS),
        chunk.same(category, pa.string()),
        chunk.reference(chunk.clinic.formas_pagamento),
        *dates,
        chunk.money(10, 3000),
        chunk.text(chunk.numbers + 1000),
        changed,
    )


def compras_produtos(chunk: Chunk) -> Columns:
    return _goods(chunk, chunk.clinic.fornecedores, "2.01.02", 60)


def vendas_produtos(chunk: Chunk) -> Columns:
    return _goods(chunk, chunk.clinic.pacientes, "1.01.03", 0)


def pagamentos(chunk: Chunk) -> Columns:
    """Payments of the first receipts, which are drawn again to know what is owed."""
    clinic, first = chunk.clinic, int(chunk.numbers[0]) - 1
    size = min(clinic.chunk_rows, clinic.recebimentos - first)
    drawn = recebimentos(Chunk(clinic, _RECEBIMENTOS_NUMBER, first, size))
    return payments_of(chunk, tuple(column.slice(0, chunk.count) for column in drawn))


COLUMNS: MappingProxyType[str, Callable[[Chunk], Columns]] = MappingProxyType(
    {
        **{
            make.__name__: make
            for make in (
                *(pacientes, profissionais, fornecedores, procedimentos, formas_pagamento),
                *(recebimentos, repasses, despesas, compras_produtos, vendas_produtos),
                pagamentos,
            )
        },
        **BILLING_COLUMNS,
    }
)
