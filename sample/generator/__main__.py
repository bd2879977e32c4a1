"""``python -m sample.generator --rows 5000 --to sqlite:///clinic.db``."""

from __future__ import annotations

import typer

from sample.generator.command import sample_command

if __name__ == "__main__":
    typer.run(sample_command)
