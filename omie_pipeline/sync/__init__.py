"""The engine: plan, validate, guard, send, remember. No Dagster and no HTTP in here."""
