"""A clinic as a folder of CSV files in the canonical layout, with as many rows as a test wants."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from omie_pipeline.clinic.tables import CLINIC_TABLES

Rows = Mapping[str, Sequence[Mapping[str, str]]]

PATIENT: Mapping[str, str] = {
    "id": "1", "nome": "José da Silva", "cpf": "529.982.247-25", "rg": "12.345.678-9",
    "rg_orgao_emissor": "SSP/SP", "telefone": "11 98765-4321", "logradouro": "Rua A",
    "numero": "10", "bairro": "Centro", "cidade": "São Paulo", "uf": "SP", "cep": "01310-100",
    "data_cadastro": "2026-01-02",
}  # fmt: skip
RECEIPT: Mapping[str, str] = {
    "paciente_id": "1", "forma_pagamento_id": "PIX", "data": "2026-03-04",
    "data_vencimento": "2026-04-04", "valor": "350,00",
}  # fmt: skip
METHODS: Sequence[Mapping[str, str]] = (
    {"id": "PIX", "nome": "Pix", "tipo": "PIX", "codigo_conta_corrente": "9100000001"},
    {"id": "CRC", "nome": "Cartão", "tipo": "CRC", "codigo_conta_corrente": "9100000001.0"},
    {"id": "DIN", "nome": "Dinheiro", "tipo": "DIN", "codigo_conta_corrente": "nove"},
    {"id": "TED", "nome": "TED", "tipo": "TRA", "codigo_conta_corrente": "9100000001"},
    {"id": " TED", "nome": "Depósito", "tipo": "DEP", "codigo_conta_corrente": "9100000001"},
)


def write_clinic(folder: Path, tables: Rows, empresa: str = "principal") -> None:
    """Every table that a clinic must have, and those of ``tables``; cells not given are empty."""
    for name, table in CLINIC_TABLES.items():
        rows = tables.get(name, ())
        if table.optional and not rows:
            continue
        columns = [column.name for column in table.columns]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows({"empresa": empresa, **row} for row in rows)
