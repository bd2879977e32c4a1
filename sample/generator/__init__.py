"""Synthetic clinics: any size for trials and benchmarks, and the demo's complement."""
