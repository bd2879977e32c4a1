"""How everything stands, for a person: counts, rows to fix, history."""
