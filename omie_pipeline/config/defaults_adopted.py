"""Defaults of an installation that kept them in files of the program, taken over once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from omie_pipeline.config.defaults import Setting, checked, ever_set, import_defaults
from omie_pipeline.config.defaults_files import (
    DELIVERED_ONCE,
    OLD_ACCOUNTS,
    OLD_DEFAULTS,
    Raw,
    raw_defaults,
    raw_table,
)
from omie_pipeline.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was taken over.

    Attributes:
        sources: files and tables, as a person finds them.
        settings: what is kept from now on.
        left_out: Portuguese; each with its reason.
    """

    sources: tuple[str, ...]
    settings: tuple[Setting, ...]
    left_out: tuple[str, ...]


def adopt_old_defaults(
    engine: sa.Engine,
    seeds: Path,
    empresas: Sequence[str],
    at: datetime,
    *,
    examples: bool,
) -> Adopted | None:
    """Import the settings of earlier versions; ``None`` if there are none, or it was done.

    A file in ``seeds`` goes before the table that dbt made of it.

    Args:
        engine: the warehouse.
        seeds: the folder in which the files were.
        empresas: the empresas that are looked at.
        at: time of the change.
        examples: keep the simulator's own codes too, with which the files were delivered.
    """
    if ever_set(engine):
        return None
    sources, raws = [], list[Raw]()
    for name in (OLD_DEFAULTS, OLD_ACCOUNTS):
        file = seeds / f"{name}.csv"
        found = raw_defaults(file) if file.is_file() else raw_table(engine, name)
        if found:
            sources.append(str(file) if file.is_file() else f"clinica.{name}")
            raws += found
    if not raws:
        return None
    settings, left_out = _sorted(raws, empresas, examples=examples)
    import_defaults(engine, settings, ", ".join(sources), at, replace=False)
    return Adopted(tuple(sources), settings, left_out)


def _sorted(
    raws: Sequence[Raw], empresas: Sequence[str], *, examples: bool
) -> tuple[tuple[Setting, ...], tuple[str, ...]]:
    settings: dict[tuple[str, str], Setting] = {}
    left_out: list[str] = []
    for raw in raws:
        empresa, name, value = raw
        if raw in DELIVERED_ONCE and not examples:
            left_out.append(f"{name}={value} ({empresa}): era um exemplo, do simulador do Omie")
            continue
        try:
            one = checked(empresa, name, value, empresas)
        except ConfigurationError as error:
            left_out.append(f"{name}={value} ({empresa}): {error}")
            continue
        settings[one.empresa, one.name] = one
    return tuple(settings.values()), tuple(left_out)
