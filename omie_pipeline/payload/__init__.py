"""Payload models: what dbt hands over for each endpoint, read and selected, row by row."""
