"""How to talk to PostgreSQL: the embedded server, migrations, ledger, plan, pacing, history."""
