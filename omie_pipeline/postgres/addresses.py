"""Addresses of databases, read so that no part of a password is ever taken for a host."""

from __future__ import annotations

import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError

ESCAPES = "@ é %40, / é %2F, : é %3A, # é %23, ? é %3F, % é %25"


def parsed_url(url: str, variable: str) -> sa.URL:
    """``url`` in its parts.

    Args:
        variable: that holds it, for the message.

    Raises:
        ConfigurationError: it is no address of a database, or its password has a character that
            must be escaped; nothing of it is repeated.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        hint = f" (numa senha, {ESCAPES})" if "@" in url else ""
        raise ConfigurationError(f"{variable} não é um endereço de banco válido{hint}") from None
    # An @ too many sits in the password, whose tail would be taken for the host.
    if "@" in f"{parsed.host or ''}{parsed.database or ''}" and parsed.password is not None:
        raise ConfigurationError(
            f"{variable}: a senha tem @: escreva %40 no lugar dele ({ESCAPES})"
        )
    return parsed
