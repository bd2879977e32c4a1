"""Use cases: what the doors (terminal, Dagster, webhooks) ask for, over one deployment."""
