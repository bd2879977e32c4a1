"""A question before something that cannot be taken back."""

from __future__ import annotations

import sys

import typer

from omie_pipeline.texts.cli import usage as texts


def confirm(question: str, *, yes: bool) -> bool:
    """Whether the person agrees; asked on stderr, and only at a terminal.

    Raises:
        typer.BadParameter: there is no terminal and ``--yes`` was not given.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise typer.BadParameter(texts.CONFIRM_WITH_YES, param_hint="--yes")
    answer = typer.prompt(texts.yes_or_no(question), default="n", show_default=False, err=True)
    return str(answer).strip().lower() in ("s", "sim", "y", "yes")
