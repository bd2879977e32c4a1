"""A synthetic clinic of any size: the canonical tables, by seed, in flat memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from omie_pipeline.clinic.columns import ClinicTable, ColumnType
from omie_pipeline.clinic.tables import CLINIC_TABLES
from omie_pipeline.errors import ConfigurationError
from sample.generator.billing_columns import (
    CATEGORIAS,
    CONTRATOS,
    ITEMS_OF_A_CONTRACT,
    PROJETOS,
    REGRAS,
)
from sample.generator.chunk import Chunk, Clinic
from sample.generator.columns import COLUMNS, FORMAS_PAGAMENTO
from sample.generator.defects import spoil
from sample.generator.targets import open_target

CHUNK_ROWS = 50_000
FIRST_DAY = date(2026, 1, 1)
DAYS = 300
_SPOIL = 1_000  # sets the defects' draws apart from the tables'
_ARROW: dict[ColumnType, object] = {
    "text": pa.string(),
    "date": pa.date32(),
    "numeric(15,2)": pa.decimal128(15, 2),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "timestamptz": pa.timestamp("us", "UTC"),
}


@dataclass(frozen=True, slots=True)
class TableSample:
    """What was written of one table; ``defects`` counts the dirty rows by kind."""

    name: str
    rows: int
    defects: tuple[tuple[str, int], ...]


def table_sizes(rows: int) -> dict[str, int]:
    """Rows of each table of a clinic with ``rows`` recebimentos."""
    return {
        "pacientes": max(10, rows // 5),
        "profissionais": min(max(5, rows // 2000), 500),
        "fornecedores": min(max(5, rows // 1000), 1000),
        "procedimentos": 40,
        "formas_pagamento": FORMAS_PAGAMENTO,
        "recebimentos": rows,
        "repasses": rows // 2,
        "despesas": max(12, rows // 20),
        "compras_produtos": max(12, rows // 40),
        "vendas_produtos": max(12, rows // 10),
        "pagamentos": rows * 2 // 3,
        "regras_repasse": REGRAS,
        "contratos": CONTRATOS,
        "contratos_itens": CONTRATOS * ITEMS_OF_A_CONTRACT,
        "projetos": PROJETOS,
        "categorias": CATEGORIAS,
    }


def arrow_schema(table: ClinicTable) -> pa.Schema:
    """The canonical table's columns as Arrow types."""
    return pa.schema([pa.field(column.name, _ARROW[column.type]) for column in table.columns])


def _batches(
    clinic: Clinic, table: ClinicTable, rows: int, dirty: float, told: Counter[str]
) -> Iterator[pa.RecordBatch]:
    number = list(CLINIC_TABLES).index(table.name)
    schema = arrow_schema(table)
    for start in range(0, rows, CHUNK_ROWS):
        chunk = Chunk(clinic, number, start, min(CHUNK_ROWS, rows - start))
        empresa = chunk.same(clinic.empresa, pa.string())
        arrays = [empresa, *COLUMNS[table.name](chunk)]
        batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
        # Whole rows up to here less whole rows before: the total is exact whatever the chunks.
        defects = int(dirty * (start + batch.num_rows)) - int(dirty * start)
        random = np.random.default_rng([clinic.seed, _SPOIL + number, start])
        batch, kinds = spoil(batch, table.name, defects, random)
        told.update(kinds)
        yield batch


def write_sample(
    rows: int,
    dirty: float,
    seed: int,
    to: str,
    *,
    empresa: str = "principal",
    first_day: date = FIRST_DAY,
    days: int = DAYS,
    replace: bool = False,
    written: Callable[[TableSample], None] | None = None,
) -> tuple[TableSample, ...]:
    """Writes a synthetic clinic; the same arguments write the same bytes.

    Args:
        rows: number of recebimentos; the other tables follow in proportion.
        dirty: share of each table's rows with one defect, 0 to 1.
        seed: what to draw from, 0 or more.
        to: a SQLAlchemy URL or a folder for CSV files, made if it is absent.
        empresa: value of the column of that name.
        first_day: first business date.
        days: over how many days the movements are spread.
        replace: drop tables or files of these names instead of refusing.
        written: called after each table.

    Raises:
        ConfigurationError: an argument out of range, a URL that cannot be opened, or tables of
            these names that exist already.
    """
    if rows < 1 or not 0 <= dirty <= 1 or seed < 0 or days < 1:
        raise ConfigurationError(
            "A amostra precisa de rows >= 1, dirty entre 0 e 1, seed >= 0 e days >= 1"
        )
    sizes = table_sizes(rows)
    clinic = Clinic(
        empresa=empresa,
        seed=seed,
        first_day=first_day,
        days=days,
        pacientes=sizes["pacientes"],
        profissionais=sizes["profissionais"],
        fornecedores=sizes["fornecedores"],
        procedimentos=sizes["procedimentos"],
        formas_pagamento=sizes["formas_pagamento"],
        recebimentos=sizes["recebimentos"],
        chunk_rows=CHUNK_ROWS,
    )
    results = []
    with open_target(to, replace=replace) as target:
        for table in CLINIC_TABLES.values():
            told: Counter[str] = Counter()
            size = sizes[table.name]
            target.write(table, arrow_schema(table), _batches(clinic, table, size, dirty, told))
            results.append(TableSample(table.name, size, tuple(sorted(told.items()))))
            if written is not None:
                written(results[-1])
    return tuple(results)
