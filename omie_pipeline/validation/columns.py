"""Vectorised type checks of one column against one field of the catalog."""

from __future__ import annotations

from typing import Any

import pandas as pd

from omie_pipeline.catalog import REGISTRY, Field
from omie_pipeline.errors import ModelError
from omie_pipeline.validation.fields import DATE_PATTERN, kind_problem


def payload_field(endpoint: str, name: str) -> Field:
    """The field ``name`` of an endpoint's payload.

    Raises:
        ModelError: the endpoint's payload has no such field.
    """
    field = REGISTRY[endpoint].payload.field(name)
    if field is None:
        raise ModelError(f"O Omie não tem o campo {name} em {endpoint}.")
    return field


def fits_kind(
    column: pd.Series[Any], endpoint: str, field_name: str, years: tuple[int, int]
) -> pd.Series[bool]:
    """True where the value (never null) has the type of the field.

    A column of pandas' ``str`` type holds nothing but text, so a text field fits at once and dates
    are parsed together; mixed columns and numbers are looked at one by one.

    Args:
        column: values of the frame.
        endpoint: name of the endpoint.
        field_name: for its kind.
        years: first and last plausible year of a date.
    """
    field = payload_field(endpoint, field_name)
    if isinstance(column.dtype, pd.StringDtype):
        if field.kind in ("string", "text"):
            return pd.Series(True, index=column.index)
        if field.kind == "date":
            return _are_dates(column, years)
    return column.map(lambda value: kind_problem(field, value, years) is None).astype(bool)


def _are_dates(column: pd.Series[str], years: tuple[int, int]) -> pd.Series[bool]:
    shaped = column.where(column.str.match(DATE_PATTERN))
    dates = pd.to_datetime(shaped, format="%Y-%m-%d", errors="coerce")
    return dates.dt.year.between(*years) & column.str.len().eq(10)
