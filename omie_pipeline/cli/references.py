"""``omie-pipeline refs``: read Omie's lists again."""

from __future__ import annotations

from omie_pipeline.cli.failing import FAILED, tell_error
from omie_pipeline.cli.output import count, say, show
from omie_pipeline.cli.selecting import EmpresaOption, chosen_empresas
from omie_pipeline.errors import OmieFault


def refs(empresa: EmpresaOption = None) -> None:
    """Relê as listas do Omie: empresas, categorias e contas correntes."""
    import typer

    from omie_pipeline.resources.deployment import REFERENCES, Deployment

    deployment = Deployment()
    names = chosen_empresas(deployment, empresa)
    for name in names:
        deployment.access(name)
    failed = False
    for name in names:
        try:
            for reference in REFERENCES:
                say(f"{reference} ({name}): lendo")
                records = deployment.refresh_reference(reference, name)
                show(f"{reference} ({name}): {count(records)} registros")
        except OmieFault as error:
            tell_error(error, about=name)
            failed = True
    if failed:
        raise typer.Exit(FAILED)
