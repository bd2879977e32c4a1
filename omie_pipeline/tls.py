"""One TLS context for all connections of a process: reading the authorities costs 30 ms each time.

Which authorities are trusted is what httpx would read: those of the file in ``SSL_CERT_FILE`` or of
the folder in ``SSL_CERT_DIR`` if one is set (a network whose proxy signs by itself), else
certifi's.
"""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from typing import Final

import httpx

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import tools as texts

_FILE: Final = "SSL_CERT_FILE"
_FOLDER: Final = "SSL_CERT_DIR"


def shared_context() -> ssl.SSLContext:
    """The context of this process. Nobody may change it: every connection has it.

    Raises:
        ConfigurationError: what a variable names cannot be read as certificates.
    """
    return _context(os.environ.get(_FILE, ""), os.environ.get(_FOLDER, ""))


def no_authorities() -> ssl.SSLContext:
    """A context that trusts nobody and costs nothing: for addresses that are ``http`` anyway."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@lru_cache(maxsize=4)
def _context(file: str, folder: str) -> ssl.SSLContext:
    """One for each setting of the two variables: a process has one, a test may have two."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        name, place = (_FILE, file) if file else (_FOLDER, folder)
        raise ConfigurationError(
            texts.certificates_unreadable(variable=name, place=place, cause=error.strerror or error)
        ) from None
