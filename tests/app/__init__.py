"""The use cases without any door: no terminal, no Dagster."""
