"""One statement: SQLAlchemy writes it, PostgreSQL prepares it, psycopg2 runs it."""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from psycopg2 import DataError, extensions
from psycopg2.errors import DuplicatePreparedStatement, FeatureNotSupported
from sqlalchemy.dialects.postgresql import psycopg2

from tasks_api.database.connection import Connection, as_literals

# How many statements a connection keeps: lists have many combinations of filters. Then the one goes
# that was used longest ago.
PREPARED_MAX = 200

# The lengths of a moment in seconds, and in microseconds.
SECONDS, MICROSECONDS = len("2026-01-08 20:45:00+00"), len("2026-01-08 20:45:00.123456+00")

# A row by the names of its columns, ready to be written as JSON.
Row = dict[str, Any]

_PLAIN = psycopg2.dialect()  # type: ignore[no-untyped-call]
# With the placeholders of PREPARE: $1, $2.
_NUMBERED = psycopg2.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Statement:
    """A statement with its parameters' names and types.

    PostgreSQL takes longer to parse and plan a write than to do it. So a statement is prepared on
    each connection that runs it, in the round trip of its first execution.
    """

    def __init__(self, sql: sa.ReturnsRows) -> None:
        # SQLAlchemy's names are a kind of str that orjson refuses as keys.
        self._columns = [str(column.name) for column in sql.exported_columns]
        self._plain = str(sql.compile(dialect=_PLAIN))
        numbered = sql.compile(dialect=_NUMBERED)
        # The values that are part of the statement itself, such as the 1 that the counter adds.
        self.constants = {k: v for k, v in numbered.params.items() if v is not None}
        # The parameters, in the order of $1, $2.
        self.names = numbered.positiontup or []
        types = (numbered.binds[name].type.compile(_NUMBERED) for name in self.names)
        # A hash of the text: behind a pooler, another process may have prepared it.
        self.name = "q" + blake2b(str(numbered).encode(), digest_size=8).hexdigest()
        declared = f"({', '.join(types)})" if self.names else ""
        given = f"({', '.join(f'%({name})s' for name in self.names)})" if self.names else ""
        self.text = f"PREPARE {self.name}{declared} AS {numbered}"
        self._prepare = self.text.replace("%", "%%")
        self._execute = f"EXECUTE {self.name}{given}"

    def run(
        self, connection: Connection, parameters: dict[str, Any], *, prepare: bool
    ) -> list[Row]:
        """Return the rows.

        Args:
            connection: in autocommit mode.
            parameters: by name.
            prepare: whether to prepare it, which needs the same session of PostgreSQL each time.

        Raises:
            psycopg2.Error: as psycopg2 raises it.
        """
        prepared = connection.prepared
        known = prepare and self.name in prepared
        if known:
            prepared.move_to_end(self.name)
            sql = self._execute
        elif prepare:
            sql = f"{self._prepare}; {self._execute}"
            if len(prepared) >= PREPARED_MAX:
                oldest, _ = prepared.popitem(last=False)
                sql = f"DEALLOCATE {oldest}; {sql}"
        else:
            sql = self._plain
        values = self.constants | parameters
        if connection.before:
            values = {name: as_literals(value) for name, value in values.items()}
        with connection.cursor() as cursor:
            try:
                cursor.execute(connection.before + sql, values)
            except DuplicatePreparedStatement:
                prepared[self.name] = None
                raise
            except FeatureNotSupported:
                if not known:
                    raise
                # A migration has changed the columns; nothing was done yet.
                again = f"DEALLOCATE {self.name}; {self._prepare}; {self._execute}"
                cursor.execute(connection.before + again, values)
            rows = [dict(zip(self._columns, row, strict=True)) for row in cursor.fetchall()]
        if prepare and not known:
            prepared[self.name] = None
        return rows


def _rfc_3339(value: Any, _cursor: object) -> str | None:
    """Write PostgreSQL's `2026-01-08 20:45:00.1234+00` as RFC 3339 does (section 5.6).

    Raises:
        DataError: it isn't written in ISO 8601, or its year in UTC isn't one of 1 to 9999.
    """
    if value is None:
        return None
    if not value.endswith("+00") or value[4] != "-":
        value = _in_utc(value)
    if SECONDS < len(value) < MICROSECONDS:
        # PostgreSQL leaves out zeros at the end of a fraction.
        value = f"{value[:-3].ljust(MICROSECONDS - 3, '0')}+00"
    text: str = value.replace(" ", "T").replace("+00", "Z")
    return text


def _in_utc(value: str) -> str:
    """Convert it from another time zone, to which something else has set the session."""
    try:
        moment = datetime.fromisoformat(value)
        utc = str(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise DataError("a timestamp is not as DateStyle ISO has it")
    return utc.replace("+00:00", "+00")


# By the OIDs of the types, which are the same in every PostgreSQL.
JSON_TYPES = (
    extensions.new_type((2950,), "UUID", extensions.UNICODE),
    extensions.new_type((1082,), "DATE", extensions.UNICODE),
    extensions.new_type((1184,), "TIMESTAMPTZ", _rfc_3339),
)


def return_json(connection: Connection, _record: object) -> None:
    """Make a connection return UUIDs, dates and timestamps as JSON has them.

    A page of 50 tasks has 100 UUIDs and 200 timestamps. They would become objects only to be
    written as text again.
    """
    for kind in JSON_TYPES:
        extensions.register_type(kind, connection)
