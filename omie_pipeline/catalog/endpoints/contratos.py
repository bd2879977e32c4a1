"""servicos/contrato and servicos/contratofat: service contracts and their situation."""

from omie_pipeline.catalog.model import ComplexType, Endpoint, Field, Proof
from omie_pipeline.catalog.services import load_service

_SERVICE = load_service("servicos_contrato")

CONTRATOS = Endpoint(
    name="contratos",
    title="Contratos de serviço",
    service=_SERVICE,
    grain="register",
    integration_key="cCodIntCtr",
    omie_key="nCodCtr",
    section="cabecalho",
    upsert="UpsertContrato",
    insert="IncluirContrato",
    update="AlterarContrato",
    read="ConsultarContrato",
    read_omie_key="nCodCtr",
    read_wrapper="contratoChave",
    record_wrapper="contratoCadastro",
    list="ListarContratos",
    effect="contract",
    points_at=("clientes", "clientes_cpf_cnpj", "servicos", "projetos", "vendedores"),
    likeness=("cabecalho.nCodCli", "cabecalho.dVigInicial", "cabecalho.dVigFinal", "itensContrato"),
)

SITUACAO_CONTRATOS = Endpoint(
    name="situacao_contratos",
    title="Situação de contratos",
    service=load_service("servicos_contratofat"),
    grain="register",
    integration_key="cCodIntCtr",
    omie_key="nCodCtr",
    effect="situation",
    request=ComplexType(
        "situacao_contrato",
        (
            Field("cCodIntCtr", "string", max_length=20, required=True),
            Field("cCodSit", "string", max_length=2, required=True, values=("10", "90", "99")),
        ),
    ),
    references=(("cCodIntCtr", "contratos"),),
    proof=Proof(_SERVICE, "ConsultarContrato", "nCodCtr"),
    find_existing=True,
    by_value=(
        "cCodSit",
        (("10", "AtivarContrato"), ("90", "SuspenderContrato"), ("99", "CancelarContrato")),
    ),
)
"""10 ativo, 90 suspenso, 99 cancelado (official); a suspended contract comes back by
``ReativarContrato``, one being drawn up (00) by ``AtivarContrato``."""
