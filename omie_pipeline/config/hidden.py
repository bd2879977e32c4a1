"""Texts for people without the secrets of the environment."""

from __future__ import annotations

import re
from typing import Final

from omie_pipeline.config.settings import environment

_SECRET_VARIABLE: Final = re.compile(r"KEY|SECRET|PASSWORD|TOKEN|SENHA|PASSWD|NOTIFY")
_URL_PASSWORD: Final = re.compile(r"(://[^\s:/@]*:)[^\s@]+@")
_SHORTEST_SECRET: Final = 6


def hide_secrets(text: str) -> str:
    """``text`` without the value of any secret variable and without passwords in URLs."""
    for name, value in environment().items():
        if _SECRET_VARIABLE.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "***").replace(value.strip(), "***")
    return _URL_PASSWORD.sub(r"\1***@", text)
