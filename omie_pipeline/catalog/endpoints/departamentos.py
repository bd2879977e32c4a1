"""geral/departamentos: created, never changed or deleted; Omie gives the code.

``codigo`` is the parent's code when a departamento is created, and its own in every other method
(omie-api.md#departamentos), so a payload model of the one is no request of the other: that is why
AlterarDepartamento and ExcluirDepartamento are not declared.
"""

from omie_pipeline.catalog.model import Endpoint, Naming, Proof
from omie_pipeline.catalog.services import load_service

_SERVICE = load_service("geral_departamentos")

DEPARTAMENTOS = Endpoint(
    name="departamentos",
    title="Departamentos",
    service=_SERVICE,
    grain="register",
    omie_key="codigo",
    insert="IncluirDepartamento",
    read="ConsultarDepartamento",
    read_omie_key="codigo",
    list="ListarDepartamentos",
    effect="named",
    naming=Naming(parent="codigo", name="descricao", inactive="inativo", place="estrutura"),
    proof=Proof(_SERVICE, "ListarDepartamentos", "descricao"),
    find_existing=True,
)
