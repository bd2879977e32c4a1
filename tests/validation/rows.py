"""Rows that pass, to break one thing at a time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from omie_pipeline.validation import CandidateRow, Validator

PATIENT = {"_tipo": "paciente", "_rg": "12.345.678-9", "_rg_orgao_emissor": "SSP/SP"}

_CLIENTE = {
    "razao_social": "Maria Aparecida Conceição",
    "nome_fantasia": "Maria",
    "cnpj_cpf": "390.533.447-05",
    "telefone1_ddd": "11",
    "telefone1_numero": "99999-0000",
    "endereco": "Rua das Palmeiras",
    "endereco_numero": "12",
    "complemento": None,
    "bairro": "Centro",
    "cidade": "SAO PAULO (SP)",
    "estado": "SP",
    "cep": "01310-100",
    "email": "",
    "inativo": "N",
    "tags": [{"tag": "Cliente"}],
    "caracteristicas": [{"campo": "RG", "conteudo": "12.345.678-9"}],
}

_TITULO = {
    "codigo_cliente_fornecedor_integracao": "PAC-1",
    "data_vencimento": "2026-11-30",
    "data_previsao": "2026-11-30",
    "valor_documento": Decimal("150.00"),
    "codigo_categoria": "1.01.01",
    "id_conta_corrente": 9100000001,
    "numero_parcela": "001/003",
    "codigo_tipo_documento": "PIX",
    "observacao": "Consulta\nretorno em 30 dias",
}


def cliente(row: int = 1, extra: dict[str, Any] | None = None, **changes: Any) -> CandidateRow:
    """A paciente that passes, but for ``changes`` to the payload."""
    key = changes.pop("key", f"PAC-{row}")
    payload = {"codigo_cliente_integracao": key, **_CLIENTE, **changes}
    return CandidateRow(row, key, payload, PATIENT if extra is None else extra)


def titulo(row: int = 1, **changes: Any) -> CandidateRow:
    """A título that passes, but for ``changes`` to the payload."""
    key = changes.pop("key", f"REC-{row}")
    return CandidateRow(row, key, {"codigo_lancamento_integracao": key, **_TITULO, **changes})


Told = set[tuple[str, str]]
"""Field and rule of each reason."""


def told(validator: Validator, row: CandidateRow) -> Told:
    """Field and rule of every reason that ``row`` is refused for."""
    failures = validator.validate([row]).failures
    return {(r.field, r.rule) for failure in failures for r in failure.reasons}


def told_together(validator: Validator, rows: list[CandidateRow]) -> dict[int, Told]:
    """The same for many rows in one validation, which is what costs."""
    failures = validator.validate(rows).failures
    return {f.row: {(r.field, r.rule) for r in f.reasons} for f in failures}
