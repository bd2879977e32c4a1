"""geral/categorias: created, never changed or deleted; Omie gives the code.

Omie has neither an upsert nor an integration code here, and takes the same description twice: what
stands is found by description under the same parent.
"""

from omie_pipeline.catalog.model import Endpoint, Naming, Proof
from omie_pipeline.catalog.services import load_service

_SERVICE = load_service("geral_categorias")

CATEGORIAS = Endpoint(
    name="categorias",
    title="Categorias",
    service=_SERVICE,
    grain="register",
    omie_key="codigo",
    insert="IncluirCategoria",
    read="ConsultarCategoria",
    read_omie_key="codigo",
    list="ListarCategorias",
    effect="named",
    naming=Naming(parent="categoria_superior", name="descricao", inactive="conta_inativa"),
    proof=Proof(_SERVICE, "ListarCategorias", "descricao"),
    find_existing=True,
)
