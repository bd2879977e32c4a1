"""What a session of the database takes for today: the time zone of its login.

Our own sessions set theirs. A database that is ours alone (the embedded one) is set as a whole, so
that an analyst's ``current_date`` is the clinic's day; other people's databases are left as they
are, and only told about.
"""

from __future__ import annotations

import sqlalchemy as sa


def database_time_zone(connection: sa.Connection) -> str | None:
    """The time zone that the database itself gives to a session; ``None`` if it gives none."""
    found: str | None = connection.execute(
        sa.text(
            "SELECT (SELECT split_part(item, '=', 2) FROM pg_db_role_setting AS s, "
            "unnest(s.setconfig) AS item WHERE s.setrole = 0 AND s.setdatabase = "
            "(SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND lower(split_part(item, '=', 1)) = 'timezone')"
        )
    ).scalar_one()
    return found


def set_database_time_zone(engine: sa.Engine, name: str) -> None:
    """Make every new session of the database begin in the time zone ``name``."""
    with engine.begin() as connection:
        if database_time_zone(connection) == name:
            return
        database = sa.text("SELECT quote_ident(current_database())")
        quoted: str = connection.execute(database).scalar_one()
        # ALTER takes no parameters; the name was held against the list of time zones.
        connection.exec_driver_sql(f"ALTER DATABASE {quoted} SET timezone TO '{name}'")
