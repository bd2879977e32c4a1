"""The SQL functions of the warehouse, one file for each purpose."""

from pathlib import Path


def function_text(name: str) -> str:
    """The text of one file of functions."""
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
