"""A code, a date or an empresa that was named and has no row: reported, and never exit code 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omie_pipeline.cli.failing import UNFINISHED, WRONG_USAGE

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.cli.delivering import Wanted
    from omie_pipeline.push.push import PushReport

_BUILD = "se a linha é nova na clínica: omie-pipeline build"


@dataclass(frozen=True, slots=True)
class NothingSelected:
    """What a person typed that has no row, and the exit code that says so."""

    text: str
    code: int


def nothing_selected(
    deployment: Deployment, wanted: Wanted, reports: Sequence[PushReport]
) -> NothingSelected | None:
    """What was asked for by name or date and selected no row; ``None`` if all was well."""
    if wanted.unfinished_only or wanted.held_only or not reports:
        return None
    if wanted.key is not None:
        if any(report.total.selected for report in reports):
            return None
        return NothingSelected(missing_key(deployment, wanted), WRONG_USAGE)
    facts = [report for report in reports if report.endpoint.grain == "fact"]
    if wanted.dates_asked and facts and not any(report.total.selected for report in facts):
        names = ", ".join(dict.fromkeys(report.endpoint.name for report in facts))
        text = f"Nenhuma linha de {names} em {wanted.dates.told()}: confira as datas; {_BUILD}"
        return NothingSelected(text, UNFINISHED)
    if wanted.empresa_asked and not any(report.total.selected for report in reports):
        text = f"Nenhuma linha da empresa {wanted.empresas[0]} nestes modelos; {_BUILD}"
        return NothingSelected(text, UNFINISHED)
    return None


def missing_key(deployment: Deployment, wanted: Wanted) -> str:
    """Where a code that selected nothing stands instead, or how codes look there."""
    from omie_pipeline.payload.model_codes import find_code

    key = wanted.key or ""
    found = find_code(deployment.engine, key, wanted.endpoints, wanted.empresas)
    names = ", ".join(endpoint.name for endpoint in wanted.endpoints[:3])
    names += "..." if len(wanted.endpoints) > 3 else ""
    text = f"Nenhuma linha com o código {key} em {names} ({', '.join(wanted.empresas)})"
    if found.at_date:
        return f"{text} em {wanted.dates.told()}: a data dela é {found.at_date}"
    if found.endpoint:
        return f"{text}: esse código é de {found.endpoint} ({found.empresa})"
    if found.alike:
        return f"{text}: seria {found.alike}?"
    like = f" (os códigos são como {found.example})" if found.example else ""
    return f"{text}: confira o código{like}; {_BUILD}"
