"""The columns of the optional tables of a sample, and those that came after the first tables."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample.generator.chunk import Chunk

Columns = tuple[Any, ...]
_SERVICES = (
    # LC 116, city hall (invented), text on the invoice
    ("4.01", "04030", "Serviços médicos"),
    ("4.02", "04197", "Exames e diagnósticos"),
    ("4.06", "04103", "Serviços de enfermagem"),
    ("4.08", "04120", "Terapia e reabilitação"),
)
_INSTALMENTS = 3
CONTRATOS, ITEMS_OF_A_CONTRACT, REGRAS, PROJETOS, CATEGORIAS = 3, 2, 2, 2, 2
_CATEGORIES = (
    ("1.01", "Receita de contratos", "1.1"),
    ("2.02", "Manutenção de equipamentos", "3.1"),
)
_PROJECTS = ("Programa de pré-natal", "Campanha de vacinação")


def _each(chunk: Chunk, options: tuple[Any, ...], type_: Any) -> Any:
    """The option of each row's number, from 1 on, in turn."""
    return pa.array([options[(int(n) - 1) % len(options)] for n in chunk.numbers], type_)


def _registered(chunk: Chunk) -> Columns:
    registered = chunk.register_days()
    return chunk.dates(registered), chunk.instants(registered)


def procedure_services(chunk: Chunk) -> Columns:
    """codigo_lc116 to retem_iss; in one kind of service all procedures have the same codes."""
    lc116, city, text = zip(*_SERVICES, strict=True)
    return (
        _each(chunk, lc116, pa.string()),
        _each(chunk, city, pa.string()),
        chunk.same("01", pa.string()),
        chunk.same(None, pa.string()),
        _each(chunk, text, pa.string()),
        chunk.same("2.00", pa.string()).cast(pa.decimal128(15, 2)),
        chunk.same(False, pa.bool_()),
    )


def receipt_billing(chunk: Chunk) -> Columns:
    """parcelas, gerar_os, faturar, projeto_id: one in 50 in instalments, one in three an ordem."""
    kind = chunk.integers(1, 100)
    instalments = pa.array(kind <= 2)
    order = pa.array(kind > 70)
    return (
        pc.if_else(instalments, _INSTALMENTS, pa.scalar(None, pa.int32())).cast(pa.int32()),
        order,
        pc.and_(order, pa.array(kind > 85)),
        chunk.in_some_rows(chunk.reference(PROJETOS), 0.1),
    )


def payments_of(chunk: Chunk, receipts: Columns) -> Columns:
    """One payment of each receipt: most whole, some in part, with discount, late or undone.

    Args:
        chunk: the payments' own.
        receipts: the columns of as many recebimentos, from ``id`` on.
    """
    ids, _paciente, _procedimento, _profissional, forma, data, _vencimento, valor = receipts[:8]
    parcelas = receipts[12]
    owed = np.rint(valor.cast(pa.float64()).to_numpy() * 100).astype(np.int64)
    in_parts = parcelas.is_valid().to_numpy(zero_copy_only=False)
    owed = np.where(in_parts, np.rint(owed / _INSTALMENTS).astype(np.int64), owed)
    kind = chunk.integers(1, 100)
    halved, off, late = kind <= 8, (kind > 8) & (kind <= 16), (kind > 16) & (kind <= 22)
    undone = (kind > 22) & (kind <= 25)
    days = data.cast(pa.int32()).to_numpy().astype(np.int64) + np.where(late, 10, 0)
    discount = np.where(off, owed // 20, 0)
    paid = np.where(halved, np.maximum(owed // 2, 1), owed) - discount
    none = pa.scalar(None, pa.decimal128(15, 2))
    return (
        chunk.ids(),
        chunk.same("recebimentos", pa.string()),
        ids,
        pc.if_else(pa.array(in_parts), pa.scalar(1, pa.int32()), pa.scalar(None, pa.int32())),
        forma,
        chunk.dates(days),
        chunk.reais(paid),
        pc.if_else(pa.array(off), chunk.reais(discount), none),
        pc.if_else(pa.array(late), chunk.reais(owed // 300), none),
        pc.if_else(pa.array(late), chunk.reais(owed // 50), none),
        pa.array(kind > 60),
        pa.array(undone),
        chunk.same(None, pa.string()),
        chunk.instants(days),
    )


def regras_repasse(chunk: Chunk) -> Columns:
    """A percentage for one professional, an amount for one procedure."""
    money = pa.decimal128(15, 2)
    return (
        chunk.ids(),
        _each(chunk, ("1", None), pa.string()),
        _each(chunk, (None, "1"), pa.string()),
        _each(chunk, ("45.00", None), pa.string()).cast(money),
        _each(chunk, (None, "20.00"), pa.string()).cast(money),
        chunk.same(15, pa.int32()),
        chunk.same(True, pa.bool_()),
        *_registered(chunk),
    )


def contratos(chunk: Chunk) -> Columns:
    first = chunk.clinic.first_day
    nomes, emails = chunk.people()
    numero = pc.binary_join_element_wise(f"{first.year}/", chunk.ids(), "")
    fixed = pa.array(chunk.numbers % 2 == 0)
    none = pa.scalar(None, pa.int32())
    return (
        chunk.ids(),
        chunk.reference(chunk.clinic.pacientes),
        numero,
        _each(chunk, ("10", "90", "10"), pa.string()),
        chunk.same(first, pa.date32()),
        chunk.same(first.replace(year=first.year + 1, day=1), pa.date32()),
        chunk.same(5, pa.int32()),
        _each(chunk, ("01", "03"), pa.string()),
        chunk.same("1.01.01", pa.string()),
        chunk.same(None, pa.int64()),
        chunk.same(None, pa.string()),
        chunk.same(None, pa.string()),
        chunk.same("SAO PAULO (SP)", pa.string()),
        pc.if_else(fixed, "002", "001"),
        pc.if_else(fixed, none, pa.scalar(15, pa.int32())),
        pc.if_else(fixed, pa.scalar(10, pa.int32()), none),
        *(nomes, emails),
        chunk.same(None, pa.string()),
        chunk.same(None, pa.string()),
        *_registered(chunk),
    )


def contratos_itens(chunk: Chunk) -> Columns:
    owners = (chunk.numbers - 1) // ITEMS_OF_A_CONTRACT + 1
    return (
        chunk.ids(),
        chunk.text(owners),
        chunk.reference(chunk.clinic.procedimentos),
        chunk.same("1.00", pa.string()).cast(pa.decimal128(15, 2)),
        chunk.money(80, 500),
        chunk.same(None, pa.string()),
        chunk.same(None, pa.string()),
        chunk.same(None, pa.decimal128(15, 2)),
        pa.array((chunk.numbers - 1) % ITEMS_OF_A_CONTRACT + 1).cast(pa.int32()),
        *_registered(chunk),
    )


def projetos(chunk: Chunk) -> Columns:
    return (
        chunk.ids(),
        _each(chunk, _PROJECTS, pa.string()),
        chunk.same(True, pa.bool_()),
        *_registered(chunk),
    )


def categorias(chunk: Chunk) -> Columns:
    above, text, dre = zip(*_CATEGORIES, strict=True)
    return (
        chunk.ids(),
        _each(chunk, above, pa.string()),
        _each(chunk, text, pa.string()),
        chunk.same(None, pa.string()),
        chunk.same(None, pa.string()),
        _each(chunk, dre, pa.string()),
        *_registered(chunk),
    )


BILLING_COLUMNS: MappingProxyType[str, Callable[[Chunk], Columns]] = MappingProxyType(
    {
        make.__name__: make
        for make in (*(regras_repasse, contratos, contratos_itens, projetos, categorias),)
    }
)
