"""Dagster's assets: thin doors over ``omie_pipeline.sync``."""
