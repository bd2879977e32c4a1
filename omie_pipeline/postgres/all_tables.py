"""Every module that declares tables, so that ``metadata`` is whole."""

from omie_pipeline.postgres import (
    defaults_tables,
    inbox_tables,
    mirror_tables,
    nfse_tables,
    notification_tables,
    privacy_tables,
    run_workers,
    tables,
)

__all__ = [
    "defaults_tables",
    "inbox_tables",
    "mirror_tables",
    "nfse_tables",
    "notification_tables",
    "privacy_tables",
    "run_workers",
    "tables",
]
