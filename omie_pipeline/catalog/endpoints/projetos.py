"""geral/projetos."""

from omie_pipeline.catalog.model import Endpoint
from omie_pipeline.catalog.services import load_service

PROJETOS = Endpoint(
    name="projetos",
    title="Projetos",
    service=load_service("geral_projetos"),
    grain="register",
    integration_key="codInt",
    omie_key="codigo",
    upsert="UpsertProjeto",
    insert="IncluirProjeto",
    update="AlterarProjeto",
    delete="ExcluirProjeto",
    delete_omie_key="codigo",
    read="ConsultarProjeto",
    read_omie_key="codigo",
    likeness=("nome",),
    list="ListarProjetos",
)
