"""Measures of the promises that are about speed and memory; ``python -m benchmarks``."""
