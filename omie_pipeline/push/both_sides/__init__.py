"""A record that the clinic and a person in Omie both change: compared three ways, and decided."""
