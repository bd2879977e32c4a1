"""Events that Omie sends."""

from __future__ import annotations

# inbox/act.py


def not_seen(tables: str) -> str:
    return f"não apareceu em {tables}: fica para a reconciliação"
