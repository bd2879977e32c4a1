"""``omie-pipeline build``: extract the clinic and make the payload models, without Dagster."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

import typer

from omie_pipeline.cli.defaults import tell_adopted
from omie_pipeline.cli.failing import FAILED, without_secrets
from omie_pipeline.cli.output import count, say, show
from omie_pipeline.cli.selecting import EmpresaOption, chosen_empresas
from omie_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from dbt.artifacts.schemas.results import NodeResult

    from omie_pipeline.resources.deployment import Deployment

_GOOD = ("success", "pass", "no-op")
_TOLD_NODES = 20


def build(empresa: EmpresaOption = None) -> None:
    """Copia as tabelas da clínica e refaz os modelos dbt (sem enviar nada ao Omie).

    Sem clínica configurada (CLINIC_URL), refaz só as visões do que vem do Omie.
    """
    from omie_pipeline.resources.deployment import Deployment

    deployment = Deployment()
    names = chosen_empresas(deployment, empresa)
    deployment.refuse_foreign_relations()
    if not any(deployment.has_clinic(name) for name in names):
        say("Sem clínica configurada (CLINIC_URL): só as visões do Omie")
        _run_dbt(deployment, ("--select", "tag:espelho", "--indirect-selection", "cautious"))
        show("Próximo passo: omie-pipeline import tudo")
        return
    for name in names:
        _extract(deployment, name)
    _run_dbt(deployment)
    show("Próximo passo: omie-pipeline push tudo --dry-run")


def _extract(deployment: Deployment, empresa: str) -> None:
    for table in deployment.sources:
        say(f"{table.name} ({empresa}): copiando")
        result = deployment.extract(table, empresa)
        if result.in_place:
            show(f"{table.name} ({empresa}): lida onde está")
            continue
        show(
            f"{table.name} ({empresa}): {count(result.read)} lidas, "
            f"{count(result.inserted)} novas, {count(result.updated)} alteradas, "
            f"{count(result.deleted)} retiradas, {result.seconds:.1f} s"
        )
        if result.nul_marked:
            say(f"{table.name}: {result.nul_marked} valores com caractere NUL, marcados")


def _run_dbt(deployment: Deployment, selected: Sequence[str] = ()) -> None:
    from dbt.cli.main import dbtRunner

    tell_adopted(deployment)
    say("dbt build: refazendo os modelos")
    project = deployment.prepare_dbt()
    for hint in project.hints:
        say(f"aviso: {hint}")
    folder = str(project.folder)
    arguments = ["build", "--project-dir", folder, "--profiles-dir", folder, *selected]
    # dbt writes its whole log to stdout; what matters of it is told below.
    with _quiet():
        outcome = dbtRunner().invoke([*arguments, "--log-level", "none", "--no-use-colors"])
    results: Sequence[NodeResult] = getattr(outcome.result, "results", None) or ()
    if outcome.exception is not None and not results:
        raise ConfigurationError(
            "O dbt não pôde rodar: " + _first_lines(str(outcome.exception))
        ) from None
    _tell_nodes(results)
    if not outcome.success:
        say("O que fazer: corrija os modelos acima na sua pasta (omie-pipeline models) e repita")
        raise typer.Exit(FAILED)


def _tell_nodes(results: Sequence[Any]) -> None:
    told = [node for node in results if str(node.status) not in _GOOD]
    for node in told[:_TOLD_NODES]:
        word = {"warn": "aviso", "skipped": "pulado"}.get(str(node.status), "erro")
        say(f"{word}: {node.node.name}: {_first_lines(node.message or '')}")
    if len(told) > _TOLD_NODES:
        say(f"... e mais {len(told) - _TOLD_NODES}")
    show(f"dbt: {len(results) - len(told)} de {len(results)} nós sem ressalvas")


def _first_lines(text: str, limit: int = 6) -> str:
    """A database's message quotes values now and then: documents and addresses are masked."""
    from omie_pipeline.omie.masking import mask_text

    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return without_secrets(mask_text("\n  ".join(lines[:limit])))


@contextmanager
def _quiet() -> Iterator[None]:
    with redirect_stdout(sys.stderr):
        yield
