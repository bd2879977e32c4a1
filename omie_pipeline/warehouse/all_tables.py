"""Every module that declares tables, so that ``metadata`` is whole."""

from omie_pipeline.warehouse import (
    inbox_tables,
    mirror_tables,
    nfse_tables,
    notification_tables,
    privacy_tables,
    tables,
)

__all__ = [
    "inbox_tables",
    "mirror_tables",
    "nfse_tables",
    "notification_tables",
    "privacy_tables",
    "tables",
]
