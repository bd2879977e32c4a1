"""Rules by endpoint; an endpoint without an entry gets the common ones."""

from omie_pipeline.catalog import Endpoint
from omie_pipeline.simulator.rules.base import Behaviour, Context, EndpointRules
from omie_pipeline.simulator.rules.clientes import ClienteRules
from omie_pipeline.simulator.rules.contratos import ContratoRules
from omie_pipeline.simulator.rules.listas import (
    CategoriaRules,
    ContaCorrenteRules,
    DepartamentoRules,
    DreRules,
    EmpresaRules,
    LancamentoRules,
    NotaProdutoRules,
    NotaServicoRules,
    ProjetoRules,
    VendedorRules,
)
from omie_pipeline.simulator.rules.ordens import OrdemRules
from omie_pipeline.simulator.rules.servicos import (
    Lc116Rules,
    ServicoMunicipalRules,
    ServicoRules,
    TributacaoRules,
)
from omie_pipeline.simulator.rules.titulos import TituloRules

RULES: dict[str, EndpointRules] = {
    "clientes": ClienteRules(),
    "contas_receber": TituloRules("R"),
    "contas_pagar": TituloRules("P"),
    "categorias": CategoriaRules(),
    "contas_correntes": ContaCorrenteRules(),
    "empresas": EmpresaRules(),
    "departamentos": DepartamentoRules(),
    "projetos": ProjetoRules(),
    "vendedores": VendedorRules(),
    "dre": DreRules(),
    "lancamentos_conta_corrente": LancamentoRules(),
    "notas_servico": NotaServicoRules(),
    "notas_produto": NotaProdutoRules(),
    "servicos": ServicoRules(),
    "contratos": ContratoRules(),
    "ordens_servico": OrdemRules(),
    "lc116": Lc116Rules(),
    "servicos_municipais": ServicoMunicipalRules(),
    "tributacoes": TributacaoRules(),
}

_COMMON = EndpointRules()


def rules_for(endpoint: Endpoint) -> EndpointRules:
    """The rules of ``endpoint``."""
    return RULES.get(endpoint.name, _COMMON)


__all__ = ["RULES", "Behaviour", "Context", "EndpointRules", "rules_for"]
