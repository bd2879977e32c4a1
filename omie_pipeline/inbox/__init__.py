"""Omie's webhook events: kept as they came, then turned into readings."""
