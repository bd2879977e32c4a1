"""Títulos' money: settlements, account entries, movements, statements."""
