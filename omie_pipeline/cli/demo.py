"""``make demo``: the entry; the work is in ``demo_run``, whose imports are heavy."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from omie_pipeline.cli.sandbox import enter_sandbox, simulator_process
from omie_pipeline.texts.cli import machine as texts

_WIDTH = 132


def demo() -> None:
    """Clínica de exemplo, do começo ao fim, pelo Dagster, contra um Omie simulado."""
    console = _console()
    console.print(texts.STEP_1)
    with simulator_process() as base_url:
        enter_sandbox(base_url)
        from omie_pipeline.cli.demo_run import run_demo

        succeeded = run_demo(console, base_url)
    if not succeeded:
        raise typer.Exit(1)


def _console() -> Console:
    """Wide enough for the table if no terminal says its width: a cut number tells nothing."""
    console = Console(file=sys.__stdout__, highlight=False)
    if console.is_terminal:
        return console
    return Console(file=sys.__stdout__, highlight=False, width=_WIDTH)
