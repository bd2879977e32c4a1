"""``omie-pipeline models``: the user's own models, and what they replace."""

from __future__ import annotations

from typing import Annotated

import typer

from omie_pipeline.cli.output import say, show
from omie_pipeline.texts.cli import models as texts


def models(
    move: Annotated[
        bool,
        typer.Option(
            "--move", help="Leva para a sua pasta os conjuntos que estão entre os entregues."
        ),
    ] = False,
) -> None:
    """Mostra os seus modelos e variáveis do dbt, e monta o projeto que o dbt roda."""
    from omie_pipeline.config.dbt_project import assemble_project, move_old_sets
    from omie_pipeline.config.settings import load_settings

    settings = load_settings()
    for folder in move_old_sets(settings) if move else ():
        show(texts.moved(folder))
    project = assemble_project(settings)
    show(texts.your_folder(settings.models))
    for file in project.own:
        show(f"  {file}")
    if not project.own:
        show(texts.NO_MODEL)
    if project.variables:
        show(texts.variables(", ".join(project.variables)))
    if project.replaced:
        show(texts.replaced(", ".join(project.replaced)))
    show(texts.project_run(project.folder))
    for hint in project.hints:
        say(texts.warning(hint))
