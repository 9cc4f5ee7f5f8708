"""A connection on which a statement means the same, however server, database and role are set.

What a session has set itself outlasts a reload of the server's configuration. Behind a pooler that
may use another session for each transaction, each string that is sent sets it for its own one.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from psycopg2 import extensions

CHECK_INTERVAL = "client_connection_check_interval"
# Values without quotes, as SET takes them.
SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    # PostgreSQL's own default. Another schema is named by the options in DATABASE_URL.
    "search_path": '"$user", public',
    # Waits are bounded by the statement's timeout.
    "lock_timeout": "0",
    # A statement is ended when its connection is closed (in milliseconds).
    CHECK_INTERVAL: "500",
}
# What `If-Match` and N toggles at once rely on.
READ_COMMITTED = "read committed"

# A pooler makes up the process id that a client is told. Settings that would be left to its other
# clients end with this statement instead.
PIN = """
    SELECT pg_backend_pid() = %(told)s, name, set_config(name, value, pg_backend_pid() <> %(told)s)
    FROM unnest(%(names)s, %(values)s) AS setting (name, value)
    WHERE name <> %(check)s OR version() ~ 'linux|darwin|bsd'
"""


class Connection(extensions.connection):
    """A connection that knows how PostgreSQL is set, and what it has prepared on it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Names of statements; the one that was used last comes last.
        self.prepared: OrderedDict[str, None] = OrderedDict()
        # SQL that has to come before each statement; empty where the session is its own.
        self.before = ""

    # psycopg2's has all parameters, of which it hides only the password.
    __repr__ = object.__repr__

    def pin(self, settings: Mapping[str, str]) -> None:
        """Make it independent of other settings, by one round trip; in autocommit mode."""
        own = {
            **settings,
            "default_transaction_isolation": READ_COMMITTED,
            # Either is fine, but psycopg2 quotes strings by what it was at the start.
            "standard_conforming_strings": self.info.parameter_status(
                "standard_conforming_strings"
            ),
        }
        with self.cursor() as cursor:
            given = {"told": self.info.backend_pid, "names": [*own], "values": [*own.values()]}
            # Windows refuses that one.
            cursor.execute(PIN, given | {"check": CHECK_INTERVAL})
            set_now = {name: is_session for is_session, name, _ in cursor}
        if not all(set_now.values()):
            names = [name for name in settings if name in set_now]
            local = "".join(f"SET LOCAL {name} = {settings[name]}; " for name in names)
            self.before = f"SET TRANSACTION ISOLATION LEVEL {READ_COMMITTED}; {local}"


class Literal:
    """A string, or bytes, that reads the same under both values of standard_conforming_strings.

    Behind a pooler it may change between two statements, and psycopg2 doesn't learn of it in time:
    a backslash before a quote would end the string.
    """

    def __init__(self, value: str | bytes) -> None:
        self._value = value

    def __conform__(self, _protocol: object) -> "Literal":
        return self

    def getquoted(self) -> bytes:
        """Return it as SQL."""
        if isinstance(self._value, bytes):
            return f"E'\\\\x{self._value.hex()}'::bytea".encode()
        doubled = self._value.replace("\\", "\\\\").replace("'", "''")
        return f"E'{doubled}'".encode()


def as_literals(value: Any) -> Any:
    """Return a parameter in which strings and bytes are literals."""
    if isinstance(value, str | bytes):
        return Literal(value)
    if isinstance(value, list):
        return [as_literals(element) for element in value]
    return value
