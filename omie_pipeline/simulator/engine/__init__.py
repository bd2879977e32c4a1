"""One call from its bytes to its answer: HTTP, limits, faults, state."""
