"""geral/vendedores: the professionals that orders and títulos name as seller."""

from omie_pipeline.catalog.model import Endpoint
from omie_pipeline.catalog.services import load_service

VENDEDORES = Endpoint(
    name="vendedores",
    title="Vendedores",
    service=load_service("geral_vendedores"),
    grain="register",
    integration_key="codInt",
    omie_key="codigo",
    upsert="UpsertVendedor",
    insert="IncluirVendedor",
    update="AlterarVendedor",
    delete="ExcluirVendedor",
    delete_omie_key="codigo",
    read="ConsultarVendedor",
    read_omie_key="codigo",
    likeness=("nome",),
    list="ListarVendedores",
)
