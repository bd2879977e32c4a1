"""Dagster's resources, and what its own processes need of us."""
