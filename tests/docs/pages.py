"""The pages people read, and what stands in them."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import click
import typer

from omie_pipeline.cli.app import app
from omie_pipeline.cli.mounted import MOUNTED
from omie_pipeline.config.settings import project_root

ROOT = project_root()
README = ROOT / "README.md"
OWN_SYSTEM = ROOT / "docs" / "own-system.md"
OMIE_API = ROOT / "docs" / "omie-api.md"
SAMPLE = ROOT / "sample" / "README.md"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "dbt_mapping" / "README.md",
        SAMPLE,
    ]
)

_FENCED = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def text_of(page: Path) -> str:
    """The page as it stands."""
    return page.read_text("utf-8")


def blocks(page: Path, *kinds: str) -> list[str]:
    """Fenced blocks of these kinds, in order."""
    return [text for kind, text in _FENCED.findall(text_of(page)) if kind in kinds]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCED.sub("", text_of(page))


def code_spans(page: Path) -> list[str]:
    """What stands between backticks in the prose."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def typed(page: Path) -> list[str]:
    """Lines that a reader may type: those of shell blocks, shown commands and code spans."""
    shown = [line for block in blocks(page, "bash", "text") for line in block.splitlines()]
    return [*shown, *code_spans(page)]


def anchors(page: Path) -> set[str]:
    """Names that links to the page's headings use."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


def levels(page: Path) -> list[int]:
    """How deep each heading is, in order: what two languages of one page have in common."""
    return [len(marks) for marks in re.findall(r"^(#+) .+$", prose(page), re.MULTILINE)]


def translated() -> list[tuple[Path, Path]]:
    """Each page that has a Portuguese version, with that version. The first is the master."""
    return [
        (page, twin) for page in PAGES if (twin := page.with_name(f"{page.stem}.pt-BR.md")).exists()
    ]


def commands_typed() -> dict[str, click.Command]:
    """Every command of the terminal by the words that are typed."""
    group = typer.main.get_command(app)
    assert isinstance(group, click.Group)
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}": one for inner, one in command.commands.items()}
        found[name] = command
    for one in MOUNTED:
        inner_app = typer.Typer()
        inner_app.command()(getattr(import_module(one.module), one.function))
        found[one.name] = typer.main.get_command(inner_app)
    return found
