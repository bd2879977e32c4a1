"""Lists that this package only reads, as declarations of the simulator's own."""

from __future__ import annotations

from omie_pipeline.catalog import REGISTRY, Endpoint, Service
from omie_pipeline.catalog.model import Grain
from omie_pipeline.catalog.services import load_service

NOTE_KEY = "_id"
"""A nota's id stands deep in its record; this copy never goes on the wire."""


def _list(
    name: str, title: str, service: str, method: str, key: str, grain: Grain = "register"
) -> Endpoint:
    return Endpoint(
        name=name,
        title=title,
        service=load_service(service),
        grain=grain,
        omie_key=key,
        list=method,
    )


HELD: tuple[Endpoint, ...] = (
    _list("departamentos", "Departamentos", "geral_departamentos", "ListarDepartamentos", "codigo"),
    _list("dre", "Plano de contas (DRE)", "geral_dre", "ListarCadastroDRE", "codigoDRE"),
    _list(
        "lancamentos_conta_corrente",
        "Lançamentos de conta corrente",
        "financas_contacorrentelancamentos",
        "ListarLancCC",
        "nCodLanc",
        "fact",
    ),
    _list("notas_servico", "NFS-e", "servicos_nfse", "ListarNFSEs", NOTE_KEY, "fact"),
    _list("notas_produto", "NF-e", "produtos_nfconsultar", "ListarNF", NOTE_KEY, "fact"),
    _list("lc116", "Serviços da LC 116", "servicos_lc116", "ListarLC116", "cCodigo"),
    _list(
        "servicos_municipais",
        "Serviços no município",
        "servicos_listaservico",
        "ListarServMunic",
        "nIdCodServMun",
    ),
    _list("tributacoes", "Tipos de tributação", "servicos_tipotrib", "ListarTiposTrib", "cIdTrib"),
)
"""Lists with records of their own."""

DERIVED: tuple[Endpoint, ...] = (
    _list("movimentacoes", "Movimentações", "financas_mf", "ListarMovimentos", "nCodTitulo"),
    _list(
        "baixas",
        "Baixas",
        "financas_pesquisartitulos",
        "PesquisarLancamentos",
        "nCodTitulo",
        "fact",
    ),
    _list("extrato", "Extrato", "financas_extrato", "ListarExtrato", "nCodLancamento", "fact"),
)
"""Lists computed from títulos, settlements and account entries; they hold nothing."""

ACTING: tuple[tuple[Service, str], ...] = (
    (load_service("servicos_contratofat"), "contratos"),
    (load_service("servicos_osp"), "ordens_servico"),
    (load_service("servicos_osdocs"), "ordens_servico"),
)
"""Services without records of their own, and the endpoint on whose records they act."""

DERIVED_NAMES = frozenset(endpoint.name for endpoint in DERIVED)

ENDPOINTS: tuple[Endpoint, ...] = (*REGISTRY.values(), *HELD, *DERIVED)
"""Everything that a simulator serves unless told otherwise."""
