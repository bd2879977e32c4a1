"""Omie's lists into the warehouse: read, merge, and prove that nothing was missed."""
