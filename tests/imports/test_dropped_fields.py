"""No field of a list is dropped by accident: each has a column, or is told to stay in ``raw``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog import ComplexType, Service
from omie_pipeline.catalog.lists import MIRROR, MirrorTable
from tests.imports.mirrored import merge, stored

RECORDED = Path(__file__).parent / "recorded"
RAW_ONLY: dict[str, list[str]] = json.loads(
    (Path(__file__).parent / "raw_only.json").read_text(encoding="utf-8")
)["fields"]
TABLES = {"baixas_pagar": "baixas", "baixas_receber": "baixas"}
TWINS = {"recebimento.observacao", "pagamento.observacao"}
"""What a título was settled with when it was made: the settlement itself stands in ``baixas``."""


def taken(mirror: MirrorTable) -> set[str]:
    """Paths that some column, key or mark reads."""
    paths = {column.path for column in mirror.columns} | {c.or_path for c in mirror.columns}
    paths |= {*asdict(mirror.audit).values(), mirror.partition, mirror.integration_code}
    paths |= {*mirror.hidden, mirror.child.path if mirror.child else ""}
    return paths - {""}


def in_record(value: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from in_record(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def in_type(
    service: Service, kind: ComplexType, prefix: str = "", outer: tuple[str, ...] = ()
) -> Iterator[str]:
    for field in kind.fields:
        if field.kind == "object" and field.type_name not in outer:
            inner = service.type_of(field)
            yield from in_type(service, inner, f"{prefix}{field.name}.", (*outer, field.type_name))
        else:
            yield f"{prefix}{field.name}"


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.json")), ids=lambda file: file.stem)
def test_every_recorded_field_has_a_column_or_is_told(file: Path) -> None:
    mirror = MIRROR[TABLES.get(file.stem, file.stem)]
    body, columns = json.loads(file.read_text(encoding="utf-8")), taken(mirror)
    found = {path for record in body[mirror.array] for path in in_record(record)}
    dropped = {p for p in found if not any(p == c or p.startswith(f"{c}.") for c in columns)}
    assert dropped == set(RAW_ONLY.get(file.stem, ()))


@pytest.mark.parametrize("name", MIRROR)
def test_no_column_reads_one_of_two_fields_of_one_name(name: str) -> None:
    """Where Omie's types have a name twice, as nDesconto in two objects, both are read."""
    mirror = MIRROR[name]
    declared, columns = set(in_type(mirror.service, mirror.record)), taken(mirror)
    assert {c for c in columns if not any(d == c or d.startswith(f"{c}.") for d in declared)} == (
        set()
    )
    last = {path.rsplit(".", 1)[-1] for path in columns}
    twins = {path for path in declared - columns if path.rsplit(".", 1)[-1] in last}
    assert twins <= TWINS


@pytest.mark.parametrize("where", ["detalhes", "resumo"])
def test_what_a_settlement_gave_away_or_took_on_top(engine: sa.Engine, where: str) -> None:
    record: dict[str, Any] = {
        "detalhes": {
            "cGrupo": "CONTA_CORRENTE_REC",
            "cOrigem": "BAXR",
            "nCodTitulo": 7,
            "nCodBaixa": 8,
            "dDtInc": "02/01/2026",
        },
        "resumo": {"nValPago": 90},
    }
    record[where] |= {"nDesconto": 10, "nJuros": 1.5, "nMulta": 2}
    merge(engine, "movimentacoes", [record])
    (row,) = stored(engine, "movimentacoes")
    assert (row["desconto"], row["juros"], row["multa"]) == (10, Decimal("1.5"), 2)
