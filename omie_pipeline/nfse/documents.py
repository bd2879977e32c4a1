"""Links of an issued note, and its files into the archive."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from omie_pipeline.clock import Clock
from omie_pipeline.errors import OmieFault, RecordRejected, RetryLater, UnknownFault
from omie_pipeline.nfse.answers import newest_by_order
from omie_pipeline.nfse.archive import Files, path_of
from omie_pipeline.nfse.nfse import FIRST_LOOK, NoteState, keep_as_read, states
from omie_pipeline.nfse.nfse_files import stored_files, write_file
from omie_pipeline.nfse.questions import Links, ask_links, list_of_order
from omie_pipeline.nfse.writing import write_seen
from omie_pipeline.omie import OmieClient
from omie_pipeline.postgres.engine import warehouse_errors

_LOG = logging.getLogger(__name__)
_GIVE_UP = timedelta(days=7)
_LONGEST_WAIT = timedelta(hours=6)


def fetch_documents(
    engine: sa.Engine, client: OmieClient, note: NoteState, clock: Clock, files: Files | None
) -> int:
    """Ask for the links of an issued note, keep them, and store its files if wanted.

    The PDF may come after the note (a guess): until it is there the question is repeated, less and
    less often, for seven days.

    Args:
        engine: the warehouse.
        client: for the reads.
        note: the issued note.
        clock: the clock of the deployment.
        files: archive, ``None`` to keep links only.

    Returns:
        files stored.

    Raises:
        OmieFault: a block, or a question that has to wait; nothing is lost.
        ConfigurationError: the archive cannot be written.
        WarehouseError: the database is gone.
    """
    now = clock.now()
    note = _with_id(engine, client, note, now)
    links = _links(client, note)
    with warehouse_errors(), engine.begin() as connection:
        keep_as_read(connection, note, **_known(links))
    stored = 0 if files is None else _store(engine, note, links, files, now)
    complete = links.url_pdf is not None
    if files is not None:
        held = {one.tipo for one in stored_files(engine, note.empresa, note.cod_int_os)}
        complete = complete and {"pdf"} <= held and (links.url_xml is None or "xml" in held)
    with warehouse_errors(), engine.begin() as connection:
        keep_as_read(connection, note, proxima_consulta_em=None if complete else _next(note, now))
    return stored


def _with_id(engine: sa.Engine, client: OmieClient, note: NoteState, now: datetime) -> NoteState:
    """The note with Omie's id of it, which StatusOS does not tell."""
    if note.n_cod_nf is not None or note.n_cod_os is None:
        return note
    found = newest_by_order(list_of_order(client, note.n_cod_os)).get(note.n_cod_os)
    if found is None or found.n_cod_nf is None:
        return note
    write_seen(engine, note, found, now, "lista")
    held = states(engine, note.empresa, [note.cod_int_os])
    return replace(held[note.cod_int_os], n_cod_nf=found.n_cod_nf)


def _links(client: OmieClient, note: NoteState) -> Links:
    if note.n_cod_nf is None:
        return Links(None, None, None)
    try:
        return ask_links(client, note.n_cod_nf)
    except (RecordRejected, UnknownFault):
        # "Not there" comes as an error (recorded for boletos; a guess here).
        return Links(None, None, None)


def _known(links: Links) -> dict[str, Any]:
    found = {"url_pdf": links.url_pdf, "url_xml": links.url_xml, "url_portal": links.url_portal}
    return {name: value for name, value in found.items() if value is not None}


def _store(engine: sa.Engine, note: NoteState, links: Links, files: Files, now: datetime) -> int:
    held = {one.tipo for one in stored_files(engine, note.empresa, note.cod_int_os)}
    stored = 0
    for tipo, link in (("pdf", links.url_pdf), ("xml", links.url_xml)):
        if link is None or tipo in held:
            continue
        try:
            content = files.download(link)
        except RetryLater:
            continue
        except OmieFault as fault:
            _LOG.warning("NFS-e %s: %s", note.cod_int_os, fault.detail.text)
            continue
        if not content:
            continue
        kept = files.archive.store(path_of(note, tipo, note.emitida_em or now), content)
        with warehouse_errors(), engine.begin() as connection:
            write_file(
                connection,
                note.empresa,
                note.cod_int_os,
                tipo,
                caminho=kept.caminho,
                sha256=kept.sha256,
                tamanho_bytes=kept.tamanho_bytes,
                at=now,
            )
        stored += 1
    return stored


def _next(note: NoteState, now: datetime) -> datetime | None:
    age = now - (note.emitida_em or note.mudou_em)
    since = now - note.mudou_em
    if min(age, since) > _GIVE_UP:
        return None
    return now + min(_LONGEST_WAIT, max(FIRST_LOOK, since))
