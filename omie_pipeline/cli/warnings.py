"""``omie-pipeline warnings``: what was left out of Omie, and who shares a record there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omie_pipeline.cli.output import show, show_entry
from omie_pipeline.cli.rows_to_fix import CsvOption, refuse_two_outputs, write_records
from omie_pipeline.cli.selection import EmpresaOption, JsonOption, chosen_empresas

if TYPE_CHECKING:
    from omie_pipeline.push.warnings import WarningEntry

_TEXTS: Final = {
    "foreign_telephone": (
        "Telefone de outro país: não foi enviado ao Omie, que só tem DDD e número.",
        "Nada a fazer, se o número está certo; no cadastro da clínica ele continua.",
    ),
    "unreadable_telephone": (
        "Telefone que não é um número brasileiro completo: não foi enviado ao Omie.",
        "Escreva o telefone com DDD, por exemplo (11) 98765-4321.",
    ),
    "several_telephones": (
        "Mais de um telefone no mesmo campo: só o primeiro foi enviado ao Omie.",
        "Deixe um telefone no campo, se o primeiro não é o certo.",
    ),
    "shared_document": (
        "Tem o mesmo CPF ou CNPJ de {holder}: é o mesmo cadastro no Omie, e tudo vai para ele.",
        "Nada a fazer, se é a mesma pessoa.",
    ),
    "shared_document_other_name": (
        "Tem o CPF ou CNPJ de {holder}, mas outro nome: no Omie há um cadastro só, com o nome de "
        "{holder}, e tudo vai para ele.",
        "Nada a fazer, se é um dependente com o CPF do responsável; se não, corrija o CPF.",
    ),
    "shared_document_holder_left": (
        "Tem o CPF ou CNPJ de {holder}, que saiu da clínica: tudo continua indo para o cadastro "
        "dele no Omie, que fica como está.",
        "Preencha o CPF da própria pessoa, se ela já tem um: ela ganha um cadastro seu.",
    ),
}
"""By kind of ``push.warnings``: what it is and what to do."""


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
        show("Nenhum aviso.")
    for one in entries:
        head = f"{one.code} ({one.empresa}, {one.endpoint}, {one.origin})"
        show_entry(head, [_told(one)])


def _told(one: WarningEntry) -> tuple[str, str]:
    text, fix = _TEXTS[one.kind]
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
