"""The clinic's rows to Omie: plan, check, guard, send, remember. No Dagster and no HTTP in here."""
