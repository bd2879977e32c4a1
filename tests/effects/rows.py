"""Rows of the payload models whose calls are not repeatable, and the usual state of a clinic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.push.report import PushReport
from tests.beginnings import beginning
from tests.push.world import EMPRESA, World, titulo

DAY = date(2026, 1, 5)
PAYMENT_DAY = date(2026, 1, 6)
OPEN = Guardrails(max_delete_share=1, max_quarantined_share=1)
UNDO = EndpointPolicy(on_settled="undo", guardrails=OPEN)
CONFLICT = EndpointPolicy(guardrails=OPEN)

_MONEY = sa.Numeric(15, 2)
COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "servicos": {
        "empresa": sa.Text,
        "intEditar": JSONB,
        "cabecalho": JSONB,
        "descricao": JSONB,
        "impostos": JSONB,
    },
    "ordens_servico": {
        "empresa": sa.Text,
        "data_particao": sa.Date,
        "Cabecalho": JSONB,
        "InformacoesAdicionais": JSONB,
        "ServicosPrestados": JSONB,
        "_municipio": sa.Text,
        "_valor": _MONEY,
    },
    "faturar_os": {
        "empresa": sa.Text,
        "data_particao": sa.Date,
        "cCodIntOS": sa.Text,
        "_municipio": sa.Text,
        "_valor": _MONEY,
    },
    "baixas": {
        "empresa": sa.Text,
        "data_particao": sa.Date,
        "codigo_baixa_integracao": sa.Text,
        "codigo_lancamento_integracao": sa.Text,
        "codigo_conta_corrente": sa.BigInteger,
        "valor": _MONEY,
        "desconto": _MONEY,
        "juros": _MONEY,
        "multa": _MONEY,
        "data": sa.Date,
    },
    "estornar": {
        "empresa": sa.Text,
        "data_particao": sa.Date,
        "codigo_baixa_integracao": sa.Text,
    },
    "categorias": {
        "empresa": sa.Text,
        "_chave": sa.Text,
        "categoria_superior": sa.Text,
        "descricao": sa.Text,
    },
    "contratos": {
        "empresa": sa.Text,
        "cabecalho": JSONB,
        "itensContrato": JSONB,
        "infAdic": JSONB,
    },
    "situacao_contratos": {"empresa": sa.Text, "cCodIntCtr": sa.Text, "cCodSit": sa.Text},
    "associar_clientes": {
        "empresa": sa.Text,
        "codigo_cliente_omie": sa.BigInteger,
        "codigo_cliente_integracao": sa.Text,
    },
    "clientes_cpf_cnpj": {
        "empresa": sa.Text,
        "_chave": sa.Text,
        "razao_social": sa.Text,
        "nome_fantasia": sa.Text,
        "cnpj_cpf": sa.Text,
    },
    "vendedores": {
        "empresa": sa.Text,
        "codInt": sa.Text,
        "nome": sa.Text,
    },
}


def columns_of(endpoint: str) -> Mapping[str, Any] | None:
    """Columns of an endpoint's model here; ``None`` for those that the world knows."""
    return COLUMNS.get(endpoint) or COLUMNS.get(endpoint.split("_", maxsplit=1)[0])


def model(world: World, endpoint: str, *rows: Mapping[str, Any]) -> None:
    """(Re)create an endpoint's payload model."""
    world.model(endpoint, rows, columns_of(endpoint))


def push(world: World, endpoint: str, **options: Any) -> PushReport:
    """Push an endpoint; whatever happened, the report has to close."""
    report = world.push(endpoint, **options)
    assert report.closes, (report.total, report.truth)
    return report


def servico(number: int = 1, **head: Any) -> dict[str, Any]:
    return {
        "empresa": EMPRESA,
        "intEditar": {"cCodIntServ": f"SRV-{number}"},
        "cabecalho": {
            "cDescricao": f"Consulta {number}",
            "cCodigo": f"SRV-{number}",
            "cIdTrib": "01",
            "cCodServMun": "04030",
            "cCodLC116": "4.03",
            "nPrecoUnit": 100,
            **head,
        },
        "descricao": {"cDescrCompleta": "Consulta"},
        "impostos": {"nAliqISS": 2},
    }


def item(value: str = "100.00", service: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "cCodIntServico": f"SRV-{service}",
        "nQtde": 1,
        "nValUnit": float(value),
        "cDescServ": "Consulta",
        **changes,
    }


def ordem(number: int, *items: Mapping[str, Any], **head: Any) -> dict[str, Any]:
    """A service order; with one item of R$ 100 unless told."""
    return {
        "empresa": EMPRESA,
        "data_particao": DAY,
        "Cabecalho": {
            "cCodIntOS": f"OS-{number}",
            "cCodIntCli": "PAC-1",
            "cCodParc": "000",
            "dDtPrevisao": "2026-01-05",
            "cEtapa": "50",
            "nQtdeParc": 1,
            **head,
        },
        "InformacoesAdicionais": {
            "cCodCateg": "1.01.01",
            "nCodCC": 9100000001,
            "cCidPrestServ": "SAO PAULO (SP)",
        },
        "ServicosPrestados": list(items) or [item()],
    }


def faturamento(number: int) -> dict[str, Any]:
    return {"empresa": EMPRESA, "data_particao": DAY, "cCodIntOS": f"OS-{number}"}


def baixa(number: int, value: str = "150.10", title: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "empresa": EMPRESA,
        "data_particao": PAYMENT_DAY,
        "codigo_baixa_integracao": f"BXR-{number}",
        "codigo_lancamento_integracao": f"REC-{title}",
        "codigo_conta_corrente": 9100000001,
        "valor": Decimal(value),
        "data": PAYMENT_DAY,
        **changes,
    }


def estorno(number: int) -> dict[str, Any]:
    return {
        "empresa": EMPRESA,
        "data_particao": PAYMENT_DAY,
        "codigo_baixa_integracao": f"BXR-{number}",
    }


def categoria(number: int, name: str = "Consultas novas", parent: str = "1.01") -> dict[str, Any]:
    return {
        "empresa": EMPRESA,
        "_chave": f"CAT-{number}",
        "categoria_superior": parent,
        "descricao": name,
    }


def contrato(number: int = 1, **head: Any) -> dict[str, Any]:
    return {
        "empresa": EMPRESA,
        "cabecalho": {
            "cCodIntCtr": f"CTR-{number}",
            "cNumCtr": f"2026/{number}",
            "nCodCli": {"$omie_id": ["clientes", "PAC-1"]},
            "cCodSit": "00",
            "dVigInicial": "2026-01-01",
            "dVigFinal": "2026-12-31",
            "nDiaFat": 5,
            "cTipoFat": "01",
            **head,
        },
        "itensContrato": [
            {
                "itemCabecalho": {
                    "codIntItem": "ITC-1",
                    "codServico": {"$omie_id": ["servicos", "SRV-1"]},
                    "seq": 1,
                    "quant": 1,
                    "valorUnit": 100,
                },
                "itemDescrServ": {"descrCompleta": "Acompanhamento"},
            }
        ],
        "infAdic": {"cCodCateg": "1.01.01", "nCodCC": 9100000001},
    }


def situacao(code: str, number: int = 1) -> dict[str, Any]:
    return {"empresa": EMPRESA, "cCodIntCtr": f"CTR-{number}", "cCodSit": code}


@beginning
def with_service(world: World) -> None:
    """A cliente and a service in Omie; calls forgotten."""
    world.confirmed(1)
    model(world, "servicos", servico())
    assert push(world, "servicos").total.created == 1
    settle_down(world)


@beginning
def with_order(world: World, *rows: Mapping[str, Any]) -> None:
    """OS-1 (or these) in Omie."""
    with_service(world)
    orders = rows or (ordem(1),)
    model(world, "ordens_servico", *orders)
    assert push(world, "ordens_servico").total.created == len(orders)
    settle_down(world)


@beginning
def with_billed_order(world: World) -> None:
    """OS-1 in Omie, billed."""
    with_order(world)
    model(world, "faturar_os", faturamento(1))
    assert push(world, "faturar_os").total.created == 1
    settle_down(world)


@beginning
def with_title(world: World, *rows: Mapping[str, Any], endpoint: str = "contas_receber") -> None:
    """REC-1 of R$ 150.10 (or these) in Omie."""
    world.confirmed(1)
    titles = rows or (titulo(1),)
    model(world, endpoint, *titles)
    assert push(world, endpoint).total.created == len(titles)
    settle_down(world)


@beginning
def with_settled_title(
    world: World, *rows: Mapping[str, Any], endpoint: str = "contas_receber"
) -> None:
    """REC-1 in Omie, settled by BXR-1 (or by these)."""
    with_title(world, endpoint=endpoint)
    baixas = endpoint.replace("contas", "baixas")
    paid = rows or (baixa(1),)
    model(world, baixas, *paid)
    assert push(world, baixas).total.created == len(paid)
    settle_down(world)


@beginning
def with_contract(world: World) -> None:
    """CTR-1 in Omie, being drawn up."""
    with_service(world)
    model(world, "contratos", contrato())
    assert push(world, "contratos").total.created == 1
    settle_down(world)


def settle_down(world: World, wait_seconds: float = 120) -> None:
    """A while later, with the calls so far forgotten."""
    world.clock.sleep(wait_seconds)
    world.control.clear_calls()


def said(world: World, endpoint: str, code: str) -> str:
    """What the ledger last said of a row."""
    found = world.rows("SELECT endpoint, codigo_integracao, last_error FROM omie_sync.ledger")
    return next(str(r[2] or "") for r in found if (r[0], r[1]) == (endpoint, code))


def quarantined(world: World, endpoint: str) -> dict[str, list[dict[str, str]]]:
    """Reasons of every quarantined row by code."""
    found = world.rows("SELECT endpoint, codigo_integracao, reasons FROM omie_sync.quarantine")
    return {row[1]: row[2] for row in found if row[0] == endpoint}
