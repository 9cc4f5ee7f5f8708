"""What a failure of a statement means: by its SQLSTATE, or its text where that says nothing."""

import psycopg2

# The whole statement was rolled back and may be run again: serialization failure, deadlock, and a
# row that another transaction has made since the statement began (which it then sees).
ROLLED_BACK = frozenset({"40001", "40P01", "23505"})
# A statement is prepared already; it isn't; or it can't be.
PREPARED_ALREADY = "42P05"
NOT_PREPARED = "26000"
NOT_SUPPORTED = "0A000"

# SQLSTATE classes and codes that say "not now": connection exceptions, lack of resources,
# operator intervention (shutdown, statement timeout); read-only (a failover), lock not available,
# transaction timeout.
UNAVAILABLE = ("08", "53", "57", "25006", "55P03", "25P04")
# How Citus says under "internal error" that it has lost a node; the last ones are libpq's words.
INTERNAL_ERROR = "XX000"
NODE_LOST = (
    "failure on connection marked as essential",
    "failed to prepare transaction",
    "execution cannot recover from multiple connection failures",
    "postmaster was shut down",
    "server closed the connection unexpectedly",
    "could not receive data from server",
    "could not send data to server",
    "no connection to the server",
    "SSL connection has been closed unexpectedly",
    "SSL SYSCALL error",
)
# A table or column that isn't there.
NOT_MIGRATED = frozenset({"42P01", "42703"})


class DatabaseUnavailable(Exception):
    """The database can't answer now; the request itself may be right."""


class NotMigrated(DatabaseUnavailable):
    """The database answers, but lacks a migration that this code needs."""


class MigrationError(Exception):
    """A migration can't run; the text says why."""


class StatementRefused(Exception):
    """PostgreSQL refuses a statement: a defect of the service, or a role without a privilege.

    The text has no part of PostgreSQL's own message, which may quote what a user wrote.
    """


class ConstraintViolated(StatementRefused):
    """A row is not what a CHECK constraint, of this name, demands."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"the constraint {constraint} is violated")
        self.constraint = constraint


def is_temporary(error: psycopg2.Error) -> bool:
    """Return whether the database can't answer now, though the statement may be right."""
    # There is no code if the server couldn't be reached, or the connection was lost.
    code = error.pgcode or "08"
    text = error.diag.message_primary or ""
    return code.startswith(UNAVAILABLE) or (code == INTERNAL_ERROR and text.startswith(NODE_LOST))
