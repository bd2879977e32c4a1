"""The clinic's side: canonical tables, where they come from, their copy in the warehouse."""
