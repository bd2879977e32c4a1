"""Every module that declares tables, so that ``metadata`` is whole."""

from omie_pipeline.postgres import omie_tables, run_workers, tables

__all__ = ["omie_tables", "run_workers", "tables"]
