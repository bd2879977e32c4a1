"""Where the files of issued notes are kept: a folder or a bucket, through fsspec.

``<empresa>/<yyyy>/<mm>/NFSe-<numero>-<cod_int_os>.pdf`` (or ``.xml``). A file that stands there is
never overwritten: the same bytes are the same file, other bytes get the beginning of their hash
into the name. In a folder only the owner reads them; a bucket has rights of its own.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from omie_pipeline.clock import BRASILIA
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.nfse.nfse import NoteState
from omie_pipeline.private_files import (
    close_to_others,
    make_private_folder,
    open_to_others,
    private_opener,
)

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the archive; ``caminho`` is below its root."""

    caminho: str
    sha256: str
    tamanho_bytes: int


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
            raise ConfigurationError(
                f"OMIE_PIPELINE_NFSE_ARCHIVE: falta o pacote do fsspec para {protocol}:// (s3fs, "
                "gcsfs, adlfs)"
            ) from None
        return found[0], found[1].rstrip("/")

    def store(self, path: str, content: bytes) -> Stored:
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
                    return Stored(one, digest, len(content))
        except OSError as error:
            raise ConfigurationError(
                "OMIE_PIPELINE_NFSE_ARCHIVE: não foi possível gravar "
                f"({error.strerror or type(error).__name__})"
            ) from None
        raise ConfigurationError(
            f"OMIE_PIPELINE_NFSE_ARCHIVE: {path} já existe duas vezes com outro conteúdo"
        )

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


def path_of(note: NoteState, tipo: str, issued_at: datetime) -> str:
    """Where a file of a note belongs, below the archive's root."""
    day = issued_at.astimezone(BRASILIA)
    name = f"NFSe-{_in_name(note.numero or '0')}-{_in_name(note.cod_int_os)}.{tipo}"
    return f"{_in_name(note.empresa)}/{day:%Y}/{day:%m}/{name}"


def _in_name(text: str) -> str:
    return _NOT_IN_A_NAME.sub("_", text).lstrip(".") or "_"


def _beside(path: str, digest: str) -> str:
    stem, _, ending = path.rpartition(".")
    return f"{stem}.{digest[:12]}.{ending}"
