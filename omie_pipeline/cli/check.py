"""``omie-pipeline check``: is the key good, and whose is it? Does the warehouse answer?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import typer

from omie_pipeline.cli.failing import FAILED, without_secrets
from omie_pipeline.cli.output import emit, say, show
from omie_pipeline.cli.selecting import EmpresaOption, JsonOption, chosen_empresas

_CLOSE: Final = "chmod -R go= {place} (notas têm dados de pacientes; as novas já são só suas)"


def check(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Testa a conexão com o Omie e diz se o banco responde, sem criar nada nele.

    Saída: 0 o Omie respondeu por todas as empresas, 1 por alguma não; o banco só é dito.
    """
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.cli.check_database import check_database
    from omie_pipeline.cli.connection import SUCCESS, Finding, check_connection

    def tell(found: Finding) -> None:
        if as_json:
            emit(
                {
                    "empresa": found.empresa,
                    "ok": found.ok,
                    "company": found.company,
                    "cause": found.cause,
                    "message": without_secrets(found.message) or SUCCESS,
                    "fix": found.fix,
                    "until": found.until,
                    "database": database.to_json(),
                }
            )
        elif found.ok:
            show(f"{found.empresa}: {SUCCESS}: {found.company or 'empresa sem nome no Omie'}")
        else:
            say(f"{found.empresa}: sem conexão: {without_secrets(found.message)}")
            say(f"O que fazer: {found.fix}")

    deployment = Deployment()
    database = check_database(deployment.settings)
    database = replace(database, message=without_secrets(database.message))
    findings = []
    for name in chosen_empresas(deployment, empresa):
        found = check_connection(deployment, name)
        findings.append(found)
        tell(found)
    if not as_json:
        say(f"Banco: {database.message}")
    _tell_open_archive(deployment.settings.nfse_archive)
    if not all(found.ok for found in findings):
        raise typer.Exit(FAILED)


def _tell_open_archive(place: str | None) -> None:
    """Archived notes name patients: what others on this machine may read of them is said."""
    if not place:
        return
    from omie_pipeline.nfse.archive import Archive

    found = Archive(place).open_to_others()
    if not found:
        return
    say(
        f"O arquivo de notas está aberto a outros usuários desta máquina: {found[0]}"
        + (f" e mais {len(found) - 1}" if len(found) > 1 else "")
    )
    say(f"O que fazer: {_CLOSE.format(place=place)}")
