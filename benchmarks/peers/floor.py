"""The floor: the least that Python can do with gunicorn and psycopg2. No framework, no checks."""

import os
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import orjson
import psycopg2
import statements
from gevent.queue import LifoQueue
from gevent.socket import wait_read, wait_write
from psycopg2 import extensions


def wait(connection: Any) -> None:
    """Let other requests go on while PostgreSQL works."""
    while (state := connection.poll()) != extensions.POLL_OK:
        (wait_read if state == extensions.POLL_READ else wait_write)(connection.fileno())


extensions.set_wait_callback(wait)

# Each place is a connection, or None until it is needed.
pool: LifoQueue = LifoQueue()
for _ in range(10):
    pool.put(None)


def connect() -> Any:
    """Connect to the database, in autocommit mode."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    return connection


def run(statement: str, *parameters: Any) -> list[dict[str, Any]]:
    """Run a statement; return its tasks."""
    connection = pool.get()
    try:
        connection = connection or connect()
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor]
    finally:
        pool.put(connection)
    for row in rows:
        row["priority"] = statements.PRIORITIES[row["priority"]]
    return rows


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer a request."""
    method = environ["REQUEST_METHOD"]
    user, *rest = environ["PATH_INFO"].removeprefix("/api/").removesuffix("/").split("/")
    task = rest[1] if len(rest) > 1 else ""
    if method in {"POST", "PUT"}:
        body = orjson.loads(environ["wsgi.input"].read())
        values = body["title"], body.get("description")
    status = "200 OK"
    if method == "POST":
        [answer] = run(statements.CREATE, user, str(uuid4()), *values)
        status = "201 Created"
    elif method == "PUT":
        [answer] = run(statements.UPDATE, user, *values, user, task)
    elif method == "PATCH":
        [answer] = run(statements.TOGGLE, user, user, task)
    elif task:
        [answer] = run(statements.GET, user, task)
    else:
        answer = run(statements.LIST, user, 50, 0)
    content = orjson.dumps(answer, option=orjson.OPT_UTC_Z)
    start_response(
        status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    )
    return [content]
