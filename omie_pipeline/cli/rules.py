"""``omie-pipeline rules``: which rules of the clinic are on, where that is said, and why."""

from __future__ import annotations

from omie_pipeline.cli.output import Column, emit, show, show_table
from omie_pipeline.cli.selection import EmpresaOption, JsonOption, chosen_empresas
from omie_pipeline.texts.cli import models as texts


def rules(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Mostra as regras da clínica: quais estão ligadas, onde isso foi dito e para que servem."""
    from omie_pipeline.app.deployment import Deployment

    deployment = Deployment()
    for name in chosen_empresas(deployment, empresa):
        settings = deployment.config.rule_settings(name)
        if as_json:
            for one in settings:
                emit(
                    {
                        "empresa": name,
                        "rule": one.name,
                        "value": one.value,
                        "source": one.source,
                        "meaning": one.significado,
                    }
                )
            continue
        show(texts.empresa_head(name))
        columns = [Column("regra"), Column("valor"), Column(texts.WHENCE), Column(texts.WHAT_FOR)]
        rows = [
            [one.name, _value(one.value), texts.SOURCES[one.source], one.significado]
            for one in settings
        ]
        show_table(columns, rows)


def _value(value: bool | int) -> str:
    if isinstance(value, bool):
        return "ligada" if value else "desligada"
    return str(value)
