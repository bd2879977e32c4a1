"""Runs that lose their lock: pauses, cut connections, poolers."""
