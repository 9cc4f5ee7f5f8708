"""Databases of the tests' own."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import sqlalchemy as sa

from tasks_api.database.engine import new_engine

# A migration of some newer release.
AHEAD = "9999"


def connect(url: sa.URL) -> sa.Connection:
    """Open a connection in autocommit mode, which ends when it is closed."""
    return new_engine(url).connect()


@contextmanager
def new_database(url: sa.URL, template: str = "template1") -> Iterator[sa.URL]:
    """Make a copy of another database, or of an empty one, beside that of `url`.

    It is dropped at the end. Nobody may be connected to the one that is copied.
    """
    name = f"tasks_api_{uuid4().hex}"
    with connect(url) as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        try:
            yield url.set(database=name)
        finally:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
