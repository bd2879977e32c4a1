"""``omie-pipeline warnings``: what was left out of Omie, and who shares a record there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omie_pipeline.cli.output import show, show_entry
from omie_pipeline.cli.rows_to_fix import CsvOption, refuse_two_outputs, write_records
from omie_pipeline.cli.selection import EmpresaOption, JsonOption, chosen_empresas
from omie_pipeline.texts.cli import push as texts

if TYPE_CHECKING:
    from omie_pipeline.push.warnings import WarningEntry


def warnings(
    empresa: EmpresaOption = None, as_json: JsonOption = False, csv: CsvOption = None
) -> None:
    """Mostra o que não foi como está na clínica: telefone deixado de fora, CPF repetido."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.push.warnings import warnings_of

    refuse_two_outputs(as_json, csv)
    deployment = Deployment()
    entries = warnings_of(deployment.engine, tuple(chosen_empresas(deployment, empresa)))
    fields = ("empresa", "endpoint", "code", "kind", "origin", "holder", "text", "fix")
    if write_records(fields, [_record(one) for one in entries], as_json=as_json, csv=csv):
        return
    if not entries:
        show(texts.NO_WARNING)
    for one in entries:
        head = f"{one.code} ({one.empresa}, {one.endpoint}, {one.origin})"
        show_entry(head, [_told(one)])


def _told(one: WarningEntry) -> tuple[str, str]:
    text, fix = texts.TEXTS[one.kind]
    return text.format(holder=one.holder), fix


def _record(one: WarningEntry) -> dict[str, str]:
    text, fix = _told(one)
    return {
        "empresa": one.empresa,
        "endpoint": one.endpoint,
        "code": one.code,
        "kind": one.kind,
        "origin": one.origin,
        "holder": one.holder,
        "text": text,
        "fix": fix,
    }
