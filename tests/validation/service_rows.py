"""Rows of services, contracts, orders and settlements that pass, to break one thing at a time."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from omie_pipeline.validation import CandidateRow

VENDEDOR = {"$omie_id": ["vendedores", "PRO-7"]}

PATIENT = {
    "_cpf": "390.533.447-05",
    "_rg": "12.345.678-9",
    "_rg_orgao_emissor": "SSP/SP",
    "_endereco": "Rua das Palmeiras",
    "_endereco_numero": "12",
    "_bairro": "Centro",
    "_cidade": "SAO PAULO (SP)",
    "_estado": "SP",
    "_cep": "01310-100",
}

GOOD: dict[str, dict[str, Any]] = {
    "projetos": {"codInt": "PRJ-1", "nome": "Unidade Centro", "inativo": "N"},
    "vendedores": {"codInt": "PRO-1", "nome": "Dra. Célia", "comissao": Decimal("12.5")},
    "departamentos": {"codigo": "9200000001", "descricao": "Triagem"},
    "categorias": {"categoria_superior": "1.01", "descricao": "Consultas"},
    "associar_clientes": {"codigo_cliente_omie": 77, "codigo_cliente_integracao": "PAC-1"},
    "clientes_cpf_cnpj": {
        "razao_social": "Maria",
        "cnpj_cpf": "390.533.447-05",
        **{name: PATIENT[f"_{name}"] for name in ("endereco", "endereco_numero", "bairro")},
        **{name: PATIENT[f"_{name}"] for name in ("cidade", "estado", "cep")},
    },
    "servicos": {
        "intEditar": {"cCodIntServ": "SRV-1"},
        "cabecalho": {
            "cDescricao": "Consulta",
            "cCodLC116": "4.01",
            "cCodServMun": "04111",
            "cIdTrib": "01",
            "cCodCateg": "1.01.01",
            "nPrecoUnit": Decimal("250.00"),
        },
        "impostos": {"nAliqISS": Decimal("2.0001"), "cRetISS": "N"},
    },
    "contratos": {
        "cabecalho": {
            "cCodIntCtr": "CTR-1",
            "nCodCli": {"$omie_id": ["clientes", "PAC-1"]},
            "cNumCtr": "2026/1",
            "cCodSit": "10",
            "dVigInicial": "2026-01-01",
            "dVigFinal": "2026-12-31",
            "nDiaFat": 5,
            "cTipoFat": "01",
        },
        "vencTextos": {"cTpVenc": "001", "nDias": 10},
        "infAdic": {"cCodCateg": "1.01.01", "nCodVend": VENDEDOR, "nCodCC": 9100000001},
        "itensContrato": [
            {
                "itemCabecalho": {
                    "codServico": {"$omie_id": ["servicos", "SRV-1"]},
                    "cCodCategItem": "1.01.01",
                }
            },
            {
                "itemCabecalho": {
                    "natOperacao": "01",
                    "codServMunic": "04111",
                    "codLC116": "4.01",
                    "quant": Decimal("1.125"),
                    "valorUnit": Decimal("90.10"),
                },
                "itemDescrServ": {"descrCompleta": "Acompanhamento"},
            },
        ],
    },
    "situacao_contratos": {"cCodIntCtr": "CTR-1", "cCodSit": "90"},
    "baixas_receber": {
        "codigo_baixa_integracao": "BXR-1",
        "codigo_lancamento_integracao": "REC-1",
        "codigo_conta_corrente": 9100000001,
        "valor": Decimal("10.00"),
        "data": "2026-02-05",
    },
    "ordens_servico": {
        "Cabecalho": {"cCodIntOS": "OS-1", "cCodIntCli": "PAC-1", "cCodParc": "000"},
        "InformacoesAdicionais": {"cCodCateg": "1.01.01", "nCodCC": 9100000001},
        "ServicosPrestados": [
            {"cCodIntServico": "SRV-1", "nQtde": 1},
            {
                "cTribServ": "01",
                "cCodServMun": "04111",
                "cCodServLC116": "4.01",
                "nQtde": 2,
                "nValUnit": Decimal("90.10"),
                "cDescServ": "Sessão",
            },
        ],
    },
    "faturar_os": {"cCodIntOS": "OS-1"},
}
GOOD["baixas_pagar"] = GOOD["baixas_receber"] | {"codigo_baixa_integracao": "BXP-1"}

EXTRA: dict[str, dict[str, Any]] = {"ordens_servico": PATIENT}


def row_of(endpoint: str, row: int = 1, change: Mapping[str, Any] | None = None) -> CandidateRow:
    """A row that passes but for ``change``: dotted path -> new value.

    ``_key`` changes our code; a path with a leading underscore is a column that is not sent. A part
    of a path that is a number is the position in an array, from 0.
    """
    payload = copy.deepcopy(GOOD[endpoint])
    extra = dict(EXTRA.get(endpoint, {}))
    key: str | None = f"TESTE-{row}"
    for path, value in (change or {}).items():
        if path == "_key":
            key = value
        elif path.startswith("_"):
            extra[path] = value
        else:
            _put(payload, path.split("."), value)
    return CandidateRow(row, key, payload, extra)


def _put(where: Any, path: list[str], value: Any) -> None:
    *parts, last = (int(part) if part.isdecimal() else part for part in path)
    for part in parts:
        where = where[part]
    where[last] = value
