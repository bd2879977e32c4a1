"""What can go wrong at the clinic's side of an extract."""

from __future__ import annotations

from omie_pipeline.errors import OmiePipelineError


class ClinicSourceError(OmiePipelineError):
    """The clinic's source cannot be read, or holds rows that cannot be copied.

    The message names the table and the cause, never a value of a row (but a key or a column's name)
    nor the URL's password.
    """


class SourceUnreachable(ClinicSourceError):
    """The source gives no connection at all, so none of its tables can be read."""
