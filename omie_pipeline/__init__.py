"""Reverse-ETL connector between a clinic's tables and the Omie ERP."""
