"""Rows that were not delivered, as a sheet that a Brazilian spreadsheet opens as it is.

Semicolons, Portuguese headings, the clinic's own time, decimal commas; one line per reason, and
those of one person together. Programs read ``--json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import tzinfo

from omie_pipeline.status.history import RefusedEntry, RefusedReason
from omie_pipeline.texts.cli import push as texts
from omie_pipeline.validation.model import label, sentence
from omie_pipeline.written import moment_in, money


def reason_told(reason: RefusedReason) -> str:
    """A reason, with the field in words where Omie's text only has its tag."""
    if not reason.field:
        return reason.text
    words = label(reason.field)
    named = re.findall(r"\w{3,}", words.casefold())
    # A tag in brackets is Omie's name of the field, not a person's.
    said = re.sub(r"\[[^\]]*\]", "", reason.text).casefold()
    if any(word in said for word in named):
        return reason.text
    return texts.reason_of_field(reason=reason.text, field=words)


def sheet_lines(entry: RefusedEntry, zone: tzinfo) -> Iterator[dict[str, str]]:
    """One line for each reason of a row, with the times of a zone."""
    day = entry.partition.split("-")
    for reason in entry.reasons:
        yield {
            "pessoa": entry.person,
            "empresa": entry.empresa,
            "endpoint": entry.endpoint or texts.NOT_COPIED,
            texts.CODE: entry.code,
            "data": "/".join(reversed(day)) if len(day) == 3 else "",
            texts.VALUE: "" if entry.value is None else money(entry.value),
            texts.ROW_AT_CLINIC: entry.origin,
            "campo": sentence(label(reason.field)) if reason.field else "",
            "motivo": reason.text,
            texts.WHAT_TO_DO: reason.fix,
            texts.FIRST_REASON: entry.first_words,
            "desde": moment_in(zone, entry.first_seen_at),
            texts.LAST_TIME: moment_in(zone, entry.last_seen_at),
        }
