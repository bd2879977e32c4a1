"""What goes wrong in a clinic's tables: one defect in each dirty row, from the lists below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample.generator.places import places

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Defect:
    """A way to spoil one column; ``change`` gets the row and gives the column's new value."""

    name: str
    column: str
    change: Callable[[Row], object]


def _always(value: object) -> Callable[[Row], object]:
    return lambda _row: value


def _wrong_check_digit(column: str) -> Defect:
    def change(row: Row) -> str:
        document: str = row[column]
        return f"{document[:-1]}{(int(document[-1]) + 1) % 10}"

    return Defect("wrong_check_digit", column, change)


def _cep_of_another_uf(row: Row) -> str:
    other = _RIO if row["uf"] != "RJ" else _PORTO_ALEGRE
    return f"{other // 1000:05d}-{other % 1000:03d}"


def _capital(uf: str) -> int:
    return next(place.cep_inicial for place in places() if place.capital and place.uf == uf)


_RIO, _PORTO_ALEGRE = _capital("RJ"), _capital("RS")


def _name(column: str) -> tuple[Defect, ...]:
    return (
        Defect("name_too_long", column, lambda row: f"{row[column]} {'da Silva e ' * 12}Souza"),
        Defect("emoji", column, lambda row: f"{row[column]} 😀"),
        Defect("control_character", column, lambda row: f"{row[column]}\x07"),
        Defect("empty_name", column, _always(None)),
    )


_ADDRESS = (
    Defect("cep_of_another_uf", "cep", _cep_of_another_uf),
    Defect("empty_address", "logradouro", _always(None)),
    Defect("unknown_city", "cidade", _always("Cidade que não existe")),
)
_VALUE = (
    Defect("negative_value", "valor", lambda row: -row["valor"]),
    Defect("zero_value", "valor", _always(Decimal("0.00"))),
)
_DATES = (Defect("no_due_date", "data_vencimento", _always(None)),)
_CATEGORY = (
    Defect("unknown_category", "codigo_categoria", _always("9.99.99")),
    Defect("inactive_category", "codigo_categoria", _always("2.99.99")),
)
_PAYMENT = (Defect("no_payment_method", "forma_pagamento_id", _always(None)),)


def _unknown(column: str) -> Defect:
    return Defect(f"unknown_{column.removesuffix('_id')}", column, _always("0"))


DEFECTS: MappingProxyType[str, tuple[Defect, ...]] = MappingProxyType(
    {
        "pacientes": (
            _wrong_check_digit("cpf"),
            Defect("no_rg_issuer", "rg_orgao_emissor", _always(None)),
            Defect("no_cpf", "cpf", _always(None)),
            *_ADDRESS,
            *_name("nome"),
        ),
        "profissionais": (_wrong_check_digit("cpf_cnpj"), *_ADDRESS, *_name("nome")),
        "fornecedores": (_wrong_check_digit("cpf_cnpj"), *_ADDRESS, *_name("razao_social")),
        "procedimentos": (
            *_CATEGORY,
            Defect("no_lc116", "codigo_lc116", _always(None)),
            Defect("no_city_code", "codigo_servico_municipal", _always(None)),
        ),
        "formas_pagamento": (
            Defect("closed_account", "codigo_conta_corrente", _always(9_100_000_004)),
        ),
        "recebimentos": (
            *(_unknown("paciente_id"), *_VALUE, *_DATES, *_PAYMENT),
            Defect("number_too_long", "numero_documento", lambda row: "9" * 40 + row["id"]),
        ),
        "repasses": (_unknown("profissional_id"), *_VALUE, *_DATES),
        "despesas": (_unknown("fornecedor_id"), *_VALUE, *_DATES, *_CATEGORY, *_PAYMENT),
        "compras_produtos": (_unknown("fornecedor_id"), *_VALUE, *_DATES, *_CATEGORY),
        "vendas_produtos": (_unknown("paciente_id"), *_VALUE, *_DATES, *_CATEGORY, *_PAYMENT),
        "pagamentos": (
            *(*_VALUE, *_PAYMENT),
            Defect("unknown_origem", "origem_id", _always("0")),
            Defect("no_date", "data", _always(None)),
        ),
        "regras_repasse": (Defect("over_100_percent", "percentual", _always(Decimal("140.00"))),),
        "contratos": (
            _unknown("paciente_id"),
            Defect("unknown_situation", "situacao", _always("50")),
        ),
        "contratos_itens": (Defect("item_of_nothing", "procedimento_id", _always(None)),),
        "projetos": (Defect("empty_name", "nome", _always(None)),),
        "categorias": (Defect("unknown_parent", "categoria_superior", _always("9.99")),),
    }
)


def spoil(
    batch: pa.RecordBatch, table_name: str, count: int, random: np.random.Generator
) -> tuple[pa.RecordBatch, Counter[str]]:
    """The batch with one defect in each of ``count`` rows, and how many of each defect.

    Args:
        batch: valid rows.
        table_name: name of the clinic's table.
        count: rows to spoil.
        random: source of the choices.
    """
    defects = DEFECTS[table_name]
    chosen = random.choice(batch.num_rows, size=count, replace=False)
    kinds = random.integers(0, len(defects), size=count)
    told: Counter[str] = Counter()
    for kind, defect in enumerate(defects):
        rows = np.sort(chosen[kinds == kind])
        if len(rows) == 0:
            continue
        told[defect.name] += len(rows)
        values = [defect.change(row) for row in batch.take(pa.array(rows)).to_pylist()]
        mask = np.zeros(batch.num_rows, dtype=bool)
        mask[rows] = True
        position = batch.schema.get_field_index(defect.column)
        old = batch.column(position)
        new = pc.replace_with_mask(old, pa.array(mask), pa.array(values, old.type))
        batch = batch.set_column(position, batch.schema.field(position), new)
    return batch, told
