"""What a failure of a statement means: by its SQLSTATE."""

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
# A table or column that isn't there.
NOT_MIGRATED = frozenset({"42P01", "42703"})


def is_temporary(error: psycopg2.Error) -> bool:
    """Return whether the database can't answer now, though the statement may be right."""
    # There is no code if the server couldn't be reached, or the connection was lost.
    code = error.pgcode or "08"
    return code.startswith(UNAVAILABLE)
