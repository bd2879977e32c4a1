"""The way back: what Omie knows of the clinic's records, told to the clinic's own systems."""
