"""Clinic and ledger against what Omie has, and sending again what Omie lost."""
