"""Random histories of a whole chain, from a receipt to its note."""
