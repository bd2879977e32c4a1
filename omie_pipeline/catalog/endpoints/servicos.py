"""servicos/servico: the catalogue of services that orders and contracts name."""

from omie_pipeline.catalog.model import Endpoint
from omie_pipeline.catalog.services import load_service

SERVICOS = Endpoint(
    name="servicos",
    title="Cadastro de serviços",
    service=load_service("servicos_servico"),
    grain="register",
    integration_key="cCodIntServ",
    omie_key="nCodServ",
    section="intEditar",
    insert_section="intIncluir",
    record_section="intListar",
    upsert="UpsertCadastroServico",
    insert="IncluirCadastroServico",
    update="AlterarCadastroServico",
    delete="ExcluirCadastroServico",
    delete_omie_key="nCodServ",
    read="ConsultarCadastroServico",
    read_omie_key="nCodServ",
    list="ListarCadastroServico",
    link="AssociarCodIntServico",
    link_omie_key="nCodServ",
    likeness=("cabecalho.cDescricao",),
)
