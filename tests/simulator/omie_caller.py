"""A bare caller of the API, and payloads it accepts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.simulator.clock import BRASILIA
from omie_pipeline.simulator.engine.server import Simulator

START = datetime(2026, 1, 5, 9, 0, tzinfo=BRASILIA)
PATHS = {
    "Cliente": "geral/clientes/",
    "ContaReceber": "financas/contareceber/",
    "ContasReceber": "financas/contareceber/",
    "Recebimento": "financas/contareceber/",
    "ContaPagar": "financas/contapagar/",
    "ContasPagar": "financas/contapagar/",
    "Pagamento": "financas/contapagar/",
    "Categoria": "geral/categorias/",
    "ContaCorrente": "geral/contacorrente/",
    "ContasCorrentes": "geral/contacorrente/",
    "Empresa": "geral/empresas/",
    "Projeto": "geral/projetos/",
    "Vendedor": "geral/vendedores/",
    "CadastroDRE": "geral/dre/",
    "Movimentos": "financas/mf/",
    "PesquisarLancamentos": "financas/pesquisartitulos/",
    "LancCC": "financas/contacorrentelancamentos/",
    "Extrato": "financas/extrato/",
    "ListarNFSEs": "servicos/nfse/",
    "ListarNF": "produtos/nfconsultar/",
    "CadastroServico": "servicos/servico/",
    "IntServico": "servicos/servico/",
    "Contrato": "servicos/contrato/",
    **{
        f"{verb}Contrato": "servicos/contratofat/"
        for verb in ("Ativar", "Reativar", "Suspender", "Cancelar")
    },
    "OS": "servicos/os/",
    "ValidarOS": "servicos/osp/",
    "FaturarOS": "servicos/osp/",
    "CancelarOS": "servicos/osp/",
    "ObterNFSe": "servicos/osdocs/",
    "ObterRPS": "servicos/osdocs/",
    "ObterRecibo": "servicos/osdocs/",
    "ObterOS": "servicos/osdocs/",
    "ListarLC116": "servicos/lc116/",
    "ListarServMunic": "servicos/listaservico/",
    "ListarTiposTrib": "servicos/tipotrib/",
}
LISTS = {table.call.method: table.service.path for table in MIRROR.values()}


def path_of(method: str) -> str:
    """Path of the service that has ``method``, or else the longest name in it decides."""
    if method in LISTS:
        return LISTS[method]
    fitting = sorted((name for name in PATHS if name in method), key=len)
    return PATHS[fitting[-1]]


@dataclass(frozen=True)
class Api:
    """A bare caller, as a first integration would write it."""

    http: httpx.Client
    app_key: str = Simulator.app_key
    app_secret: str = Simulator.app_secret

    def post(self, call: str, param: dict[str, Any], path: str = "") -> httpx.Response:
        body = {
            "call": call,
            "app_key": self.app_key,
            "app_secret": self.app_secret,
            "param": [param],
        }
        return self.http.post(path or path_of(call), json=body)

    def ok(self, call: str, **param: Any) -> dict[str, Any]:
        response = self.post(call, param)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json(parse_float=Decimal)
        assert "faultstring" not in answer
        return answer

    def fault(self, call: str, **param: Any) -> tuple[int, str, str]:
        """Status, code without prefix, text."""
        response = self.post(call, param)
        body = response.json()
        code = body["faultcode"].removeprefix("SOAP-ENV:")
        return response.status_code, code, body["faultstring"]

    def cliente(self, code: str = "PAC-1", **more: Any) -> int:
        fields = {"codigo_cliente_integracao": code, "razao_social": "Maria de Souza", **more}
        return int(self.ok("UpsertCliente", **fields)["codigo_cliente_omie"])

    def receber(self, code: str = "REC-1", **more: Any) -> int:
        answer = self.ok("UpsertContaReceber", **titulo(code, **more))
        return int(answer["codigo_lancamento_omie"])

    def pagar(self, code: str = "REP-1", **more: Any) -> int:
        answer = self.ok("UpsertContaPagar", **titulo(code, codigo_categoria="2.01.01", **more))
        return int(answer["codigo_lancamento_omie"])

    def servico(self, code: str = "SRV-1", **head: Any) -> int:
        """A consultation with its LC 116 and municipal codes, unless told otherwise."""
        cabecalho = {
            "cDescricao": "Consulta", "cCodLC116": "4.01", "cCodServMun": "04030",
            "cIdTrib": "01", "nPrecoUnit": 200, "cCodCateg": "1.01.01", **head,
        }  # fmt: skip
        sent = {"intEditar": {"cCodIntServ": code}, "cabecalho": cabecalho}
        return int(self.ok("UpsertCadastroServico", **sent)["nCodServ"])

    def ordem(self, code: str = "OS-1", **more: Any) -> int:
        return int(self.ok("IncluirOS", **ordem(code, **more))["nCodOS"])

    def tomador(self, code: str = "PAC-1", **more: Any) -> int:
        """A cliente whose address a city hall accepts."""
        address = {"endereco": "RUA A", "cep": "01001-000", "cidade": "SAO PAULO (SP)"}
        return self.cliente(code, cnpj_cpf="52998224725", **{**address, **more})


def ordem(code: str = "OS-1", **more: Any) -> dict[str, Any]:
    """An OS that Omie accepts once PAC-1 and SRV-1 exist; its items make no título."""
    item = {"cCodIntServico": "SRV-1", "nQtde": 1, "nValUnit": 150.5, "cNaoGerarFinanceiro": "S"}
    return {
        "Cabecalho": {"cCodIntOS": code, "cCodIntCli": "PAC-1", "cCodParc": "000"},
        "InformacoesAdicionais": {"cCodCateg": "1.01.01", "nCodCC": 9100000001},
        "ServicosPrestados": [item],
        **more,
    }


def titulo(code: str = "REC-1", **more: Any) -> dict[str, Any]:
    """A título that Omie accepts once PAC-1 exists; due on 10 January 2026."""
    return {
        "codigo_lancamento_integracao": code,
        "codigo_cliente_fornecedor_integracao": "PAC-1",
        "data_vencimento": "10/01/2026",
        "valor_documento": 150.25,
        "codigo_categoria": "1.01.01",
        "id_conta_corrente": 9100000001,
        **more,
    }
