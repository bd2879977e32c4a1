"""servicos/os and servicos/osp: service orders, and billing them into NFS-e.

Omie has no UpsertOS, and repeating IncluirOS or FaturarOS makes a second order or note.
"""

from omie_pipeline.catalog.model import Endpoint, Proof
from omie_pipeline.catalog.services import load_service

_SERVICE = load_service("servicos_os")

ORDENS_SERVICO = Endpoint(
    name="ordens_servico",
    title="Ordens de serviço",
    service=_SERVICE,
    grain="fact",
    integration_key="cCodIntOS",
    omie_key="nCodOS",
    section="Cabecalho",
    insert="IncluirOS",
    update="AlterarOS",
    delete="ExcluirOS",
    delete_omie_key="nCodOS",
    read="ConsultarOS",
    read_omie_key="nCodOS",
    list="ListarOS",
    effect="order",
    references=(
        ("Cabecalho.cCodIntCli", "clientes"),
        ("ServicosPrestados.cCodIntServico", "servicos"),
    ),
    points_at=("projetos", "vendedores", "clientes_cpf_cnpj"),
    likeness=(
        "Cabecalho.cCodIntCli",
        "Cabecalho.nCodCli",
        "Cabecalho.dDtPrevisao",
        "ServicosPrestados",
    ),
    proof=Proof(_SERVICE, "ListarOS", "filtrar_por_codigo"),
    find_existing=True,
)

FATURAR_OS = Endpoint(
    name="faturar_os",
    title="Faturar ordens de serviço (NFS-e)",
    service=load_service("servicos_osp"),
    grain="fact",
    integration_key="cCodIntOS",
    omie_key="nCodOS",
    insert="FaturarOS",
    effect="billing",
    either=(("cCodIntOS", "nCodOS"),),
    references=(("cCodIntOS", "ordens_servico"),),
    proof=Proof(_SERVICE, "StatusOS", "nCodOS"),
    find_existing=True,
)
