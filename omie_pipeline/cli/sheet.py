"""Rows that were not delivered, as a sheet that a Brazilian spreadsheet opens as it is.

Semicolons, Portuguese headings, the clinic's own time, decimal commas; one line per reason, and
those of one person together. Programs read ``--json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from omie_pipeline.cli.output import Record, moment, money, say, write_csv
from omie_pipeline.validation.labels import label, sentence

if TYPE_CHECKING:
    from omie_pipeline.status.listing import RefusedEntry, RefusedReason
    from omie_pipeline.status.people_behind import Contact

SHEET_HEADS = ("pessoa", "empresa", "endpoint", "código", "data", "valor (R$)", "linha na clínica",
               "campo", "motivo", "o que fazer", "primeiro motivo", "desde",
               "última vez")  # fmt: skip
_CONTACT_HEADS = ("nome", "telefone")


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
    return f"{reason.text} [campo: {words}]"


def sheet_lines(entry: RefusedEntry) -> Iterator[dict[str, str]]:
    """One line for each reason of a row."""
    day = entry.partition.split("-")
    for reason in entry.reasons:
        yield {
            "pessoa": entry.person,
            "empresa": entry.empresa,
            "endpoint": entry.endpoint or "não copiada",
            "código": entry.code,
            "data": "/".join(reversed(day)) if len(day) == 3 else "",
            "valor (R$)": "" if entry.value is None else money(entry.value),
            "linha na clínica": entry.origin,
            "campo": sentence(label(reason.field)) if reason.field else "",
            "motivo": reason.text,
            "o que fazer": reason.fix,
            "primeiro motivo": entry.first_words,
            "desde": moment(entry.first_seen_at),
            "última vez": moment(entry.last_seen_at),
        }


def write_sheet(
    target: str,
    heads: Sequence[str],
    lines: Sequence[Record],
    contacts: Mapping[tuple[str, str], Contact] | None,
) -> None:
    """Write the sheet; with ``contacts`` name and telephone stand beside the person.

    Args:
        target: path, ``-`` for stdout.
        heads: Portuguese headings.
        lines: one record for each reason.
        contacts: name and telephone by person, ``None`` for none.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    if contacts is not None:
        heads = (heads[0], *_CONTACT_HEADS, *heads[1:])
        found = [contacts.get((line["empresa"], line["pessoa"])) for line in lines]
        lines = [
            {**line, "nome": one.name if one else "", "telefone": one.telephone if one else ""}
            for line, one in zip(lines, found, strict=True)
        ]
    write_csv(target, heads, lines, delimiter=";")
    if target != "-":
        say("A planilha pode ter dados de pacientes: só a sua conta a lê (0600)")
