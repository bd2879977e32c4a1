"""The terminal of the CLI's tests, beside dbt builds and servers of other databases."""

from tests.cli.conftest import _one_simulator, clinic, sim, terminal
from tests.dbt_mapping.conftest import scenarios
from tests.servers import mariadb, mariadb_server

__all__ = [
    "_one_simulator",
    "clinic",
    "mariadb",
    "mariadb_server",
    "scenarios",
    "sim",
    "terminal",
]
