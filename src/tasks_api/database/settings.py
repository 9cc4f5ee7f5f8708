"""Reads the setting of the database."""

import re
from urllib.parse import unquote, unquote_to_bytes

import psycopg2
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from tasks_api.settings import ConfigError

SCHEMES = ("postgres", "postgresql", "postgresql+psycopg2")
# This is a file, so it can't contain a socket.
NO_DIRECTORY = "/dev/null"


def database_url(text: str) -> URL:
    """Return the database's address, which names the driver for SQLAlchemy.

    Platforms write `postgres://`, and SQLAlchemy 2.1 reads a bare `postgresql://` as psycopg 3.
    """
    # No message here or below repeats a value: it may be a password, or a part of one.
    try:
        if "\0" in unquote_to_bytes(text).decode():
            raise ConfigError("must not have a NUL character (%00).")
        url = make_url(text)
        if url.drivername not in SCHEMES:
            raise ConfigError("must start with postgres:// or postgresql://.")
        # As in libpq, but not in SQLAlchemy: `%2Fvar%2Frun%2Fpostgresql` is a socket's directory.
        host = unquote(url.host) if url.host else None
        url = url.set(drivername="postgresql+psycopg2", host=host)
        _check_by_libpq(url)
    except UnicodeError:
        raise ConfigError("must be UTF-8, also where it is %-encoded.") from None
    except (ArgumentError, ValueError, TypeError, psycopg2.Error):
        raise ConfigError(
            "is not a URL that libpq can use (postgresql://user:pass@host/name)."
        ) from None
    return url


def _check_by_libpq(url: URL) -> None:
    """Check the values of all parameters, as libpq does before it opens a connection.

    Raises:
        ConfigError, psycopg2.Error, TypeError: libpq, or psycopg2 before it, refuses one.
    """
    _, arguments = url.get_dialect()().create_connect_args(url)
    # No host is contacted: each is replaced by a directory that can't exist.
    hosts = ",".join(NO_DIRECTORY for _ in arguments.get("host", "").split(","))
    try:
        psycopg2.connect(**{**arguments, "host": hosts, "hostaddr": ""})
    except psycopg2.Error as error:
        reason = str(error)
        if NO_DIRECTORY in reason:
            return
        if "invalid port number" in reason:
            raise ConfigError("must have a port from 1 to 65535.") from None
        if unknown := re.search(r'invalid connection option "(\w+)"', reason):
            # If a password in the query contains `&`, its rest looks like a parameter.
            name = "" if "password" in url.query else f": {unknown[1]}"
            raise ConfigError(f"has a parameter unknown to libpq{name}.") from None
        if known := re.match(r'invalid "?(\w+)"? value', reason):
            raise ConfigError(f"has a value of {known[1]} that libpq refuses.") from None
        raise
