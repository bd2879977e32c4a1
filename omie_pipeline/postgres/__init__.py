"""PostgreSQL: the embedded server, connections, locks, tables and migrations."""
