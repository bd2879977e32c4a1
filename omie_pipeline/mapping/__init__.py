"""From a clinic's table to a payload model: which column feeds which field, and the SQL of it."""
