"""Where the files of issued notes are kept: a folder or a bucket, through fsspec.

``<empresa>/<yyyy>/<mm>/NFSe-<numero>-<cod_int_os>.pdf`` (or ``.xml``). A file that stands there is
never overwritten: the same bytes are the same file, other bytes get the beginning of their hash
into the name. In a folder only the owner reads them; a bucket has rights of its own.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec
import sqlalchemy as sa
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.clock import BRASILIA, Clock
from omie_pipeline.errors import (
    ConfigurationError,
    OmieFault,
    RecordRejected,
    RetryLater,
    UnknownFault,
)
from omie_pipeline.nfse.answers import Links, ask_links, list_of_order, newest_by_order
from omie_pipeline.nfse.record_answer import write_seen
from omie_pipeline.nfse.state import FIRST_CHECK, NoteState, keep_as_read, states
from omie_pipeline.omie import OmieClient
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import nfse_file
from omie_pipeline.private_files import (
    close_to_others,
    make_private_folder,
    open_to_others,
    private_opener,
)
from omie_pipeline.texts import nfse as texts

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A file in the archive; ``path`` is below its root."""

    path: str
    sha256: str
    size_bytes: int


class Archive:
    """A folder, or a URL that fsspec knows (``s3://bucket/pasta``); opened by the first file."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _place(self) -> tuple[Any, str]:
        """The file system and the archive's root in it."""
        try:
            found: tuple[Any, str] = fsspec.url_to_fs(self._url)
        except (ImportError, ValueError):
            protocol = self._url.split("://", 1)[0]
            raise ConfigurationError(texts.archive_package_missing(protocol)) from None
        return found[0], found[1].rstrip("/")

    def store(self, path: str, content: bytes) -> StoredDocument:
        """Write ``content`` under ``path``, or beside it if other bytes stand there.

        It is written under a temporary name and then moved, so half a file is never seen.

        Raises:
            ConfigurationError: the archive cannot be written, or its protocol is not installed.
        """
        digest = hashlib.sha256(content).hexdigest()
        try:
            for one in (path, _beside(path, digest)):
                standing = self._digest(one)
                if standing is None:
                    self._write(one, content)
                if standing in (None, digest):
                    self._close(one)
                    return StoredDocument(one, digest, len(content))
        except OSError as error:
            raise ConfigurationError(
                texts.archive_not_written(error.strerror or type(error).__name__)
            ) from None
        raise ConfigurationError(texts.archive_file_twice(path))

    def read(self, stored: StoredDocument) -> bytes | None:
        """The bytes that were stored; ``None`` if they are gone, or are others by now.

        Raises:
            ConfigurationError: the archive cannot be read, or its protocol is not installed.
        """
        try:
            with self._place[0].open(self._at(stored.path), "rb") as stream:
                content: bytes = stream.read(stored.size_bytes + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigurationError(
                texts.archive_not_read(error.strerror or type(error).__name__)
            ) from None
        return content if hashlib.sha256(content).hexdigest() == stored.sha256 else None

    def _digest(self, path: str) -> str | None:
        try:
            with self._place[0].open(self._at(path), "rb") as stream:
                return hashlib.sha256(stream.read()).hexdigest()
        except FileNotFoundError:
            return None

    def _write(self, path: str, content: bytes) -> None:
        target = self._at(path)
        temporary = f"{target}.{secrets.token_hex(4)}.part"
        if self._folder is not None:
            make_private_folder(Path(target).parent, below=self._folder)
            with open(temporary, "wb", opener=private_opener) as stream:
                stream.write(content)
            Path(temporary).replace(target)
            return
        self._place[0].makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        with self._place[0].open(temporary, "wb") as stream:
            stream.write(content)
        self._place[0].mv(temporary, target)

    def open_to_others(self) -> tuple[Path, ...]:
        """Files and folders of the archive that others than their owner may enter or read."""
        return tuple(open_to_others(self._folder)) if self._folder is not None else ()

    @property
    def _folder(self) -> Path | None:
        """The root if it is a folder of this machine."""
        system, root = self._place
        return Path(root) if isinstance(system, LocalFileSystem) else None

    def _close(self, path: str) -> None:
        """Close a file and its folders, as an earlier version left them open."""
        if self._folder is not None:
            close_to_others(Path(self._at(path)))
            make_private_folder(Path(self._at(path)).parent, below=self._folder)

    def _at(self, path: str) -> str:
        return f"{self._place[1]}/{path}"


@dataclass(frozen=True, slots=True)
class Files:
    """What it takes to keep files: where they go, and how one is fetched.

    Attributes:
        download: link -> bytes; raises ``OmieFault``.
    """

    archive: Archive
    download: Callable[[str], bytes]


def path_of(note: NoteState, kind: str, issued_at: datetime) -> str:
    """Where a file of a note belongs, below the archive's root."""
    day = issued_at.astimezone(BRASILIA)
    name = f"NFSe-{_in_name(note.numero or '0')}-{_in_name(note.cod_int_os)}.{kind}"
    return f"{_in_name(note.empresa)}/{day:%Y}/{day:%m}/{name}"


def _in_name(text: str) -> str:
    return _NOT_IN_A_NAME.sub("_", text).lstrip(".") or "_"


def _beside(path: str, digest: str) -> str:
    stem, _, ending = path.rpartition(".")
    return f"{stem}.{digest[:12]}.{ending}"


# Which files of which notes the archive holds (``omie_sync.nfse_file``).


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a note in the archive; ``path`` is below the archive's folder."""

    kind: str
    path: str
    sha256: str
    size_bytes: int
    stored_at: datetime


def stored_files(engine: sa.Engine, empresa: str, cod_int_os: str) -> list[StoredFile]:
    """What the archive holds of a note."""
    f = nfse_file.c
    query = (
        sa.select(f.kind, f.path, f.sha256, f.bytes, f.stored_at)
        .where(f.empresa == empresa, f.cod_int_os == cod_int_os)
        .order_by(f.kind)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [_stored(row) for row in connection.execute(query)]


def write_file(
    connection: sa.Connection,
    empresa: str,
    cod_int_os: str,
    kind: str,
    *,
    path: str,
    sha256: str,
    size_bytes: int,
    at: datetime,
) -> None:
    """Remember a file of the archive; a later file of the same kind takes its place here.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        cod_int_os: our code of the order.
        kind: ``pdf`` or ``xml``.
        path: its path in the archive.
        sha256: the SHA-256 of the bytes.
        size_bytes: size of the file.
        at: time of the change.
    """
    values = {"path": path, "sha256": sha256, "bytes": size_bytes, "stored_at": at}
    connection.execute(
        insert(nfse_file)
        .values(empresa=empresa, cod_int_os=cod_int_os, kind=kind, **values)
        .on_conflict_do_update(index_elements=list(nfse_file.primary_key), set_=values)
    )


def _stored(row: Any) -> StoredFile:
    return StoredFile(*row)


# Links of an issued note, and its files into the archive.

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
        held = {one.kind for one in stored_files(engine, note.empresa, note.cod_int_os)}
        complete = complete and {"pdf"} <= held and (links.url_xml is None or "xml" in held)
    with warehouse_errors(), engine.begin() as connection:
        keep_as_read(connection, note, next_check_at=None if complete else _next(note, now))
    return stored


def _with_id(engine: sa.Engine, client: OmieClient, note: NoteState, now: datetime) -> NoteState:
    """The note with Omie's id of it, which StatusOS does not tell."""
    if note.n_cod_nf is not None or note.n_cod_os is None:
        return note
    found = newest_by_order(list_of_order(client, note.n_cod_os)).get(note.n_cod_os)
    if found is None or found.n_cod_nf is None:
        return note
    write_seen(engine, note, found, now, "list")
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
    held = {one.kind for one in stored_files(engine, note.empresa, note.cod_int_os)}
    stored = 0
    for kind, link in (("pdf", links.url_pdf), ("xml", links.url_xml)):
        if link is None or kind in held:
            continue
        try:
            content = files.download(link)
        except RetryLater:
            continue
        except OmieFault as fault:
            _LOG.warning(texts.NOTE_LOGGED, note.cod_int_os, fault.detail.text)
            continue
        if not content:
            continue
        kept = files.archive.store(path_of(note, kind, note.issued_at or now), content)
        with warehouse_errors(), engine.begin() as connection:
            write_file(
                connection,
                note.empresa,
                note.cod_int_os,
                kind,
                path=kept.path,
                sha256=kept.sha256,
                size_bytes=kept.size_bytes,
                at=now,
            )
        stored += 1
    return stored


def _next(note: NoteState, now: datetime) -> datetime | None:
    age = now - (note.issued_at or note.changed_at)
    since = now - note.changed_at
    if min(age, since) > _GIVE_UP:
        return None
    return now + min(_LONGEST_WAIT, max(FIRST_CHECK, since))
