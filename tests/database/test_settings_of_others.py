"""However a server, a database or a role is set: no answer changes, and nothing else is kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from psycopg2 import DataError
from sqlalchemy.dialects.postgresql import ARRAY
from tools.databases import connect
from tools.pgbouncer import needs_pgbouncer, pgbouncer
from tools.postgres import Postgres, new_server
from tools.racing import race
from tools.wire import pool_of

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import migrations
from tasks_api.database.engine import new_engine
from tasks_api.database.execution import execute
from tasks_api.database.statements import Statement, _rfc_3339
from tasks_api.tasks.models import SORTS
from tasks_api.tasks.upkeep import purge

# What changes the text of an answer, the meaning of a statement, or how long it may wait.
SETTINGS = [
    ("TimeZone", "Asia/Tokyo"),
    ("TimeZone", "Asia/Kolkata"),
    ("DateStyle", "SQL, DMY"),
    ("DateStyle", "German, DMY"),
    ("IntervalStyle", "sql_standard"),
    ("bytea_output", "escape"),
    ("extra_float_digits", "-15"),
    ("standard_conforming_strings", "off"),
    ("transform_null_equals", "on"),
    ("array_nulls", "off"),
    ("client_encoding", "LATIN1"),
    ("search_path", "elsewhere"),
    ("default_transaction_isolation", "serializable"),
]
# What bounds a statement, or decides what it sees; and what it has to be.
BOUNDS = {
    "transaction_isolation": "read committed",
    "lock_timeout": "0",
    "statement_timeout": "1234ms",
}
# It would end a string, or begin an escape, where strings have backslash escapes.
TEXT = r"\' OR true -- \\ \x41 %s _ é ẞ 𝄞"
ESCAPED = quote(TEXT)
STATEMENTS = Path(__file__).parents[2] / "docs" / "statements.sql"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of the module's own, whose settings others don't share."""
    with new_server() as server:
        server.initialise()
        server.start()
        migrations.upgrade(new_engine(server.url))
        yield server


@pytest.fixture(params=["direct", pytest.param("pooled", marks=needs_pgbouncer)])
def url(server, request, tmp_path) -> Iterator[sa.URL]:
    """The address of the server, or of a PgBouncer that takes no start-up options."""
    if request.param == "direct":
        yield server.url
    else:
        with pgbouncer(tmp_path, server.url) as pooled:
            yield pooled


@pytest.fixture
def new_app(url) -> Iterator[Callable[[], Flask]]:
    """Make the application, with two connections."""
    made = []

    def make() -> Flask:
        made.append(
            create_app(Config(database_url=url, database_pool_size=2, statement_timeout_ms=1234))
        )
        return made[-1]

    yield make
    for app in made:
        pool_of(app).close()


@pytest.fixture
def prefer(server) -> Iterator[Callable[[str, str], None]]:
    """Change a setting of the running server."""
    with connect(server.url) as connection:

        def change(name: str, value: str) -> None:
            server.set(name, value)
            # A new session has it when the server has told the old ones.
            while read_setting(server, name) != value:
                pass

        yield change
        connection.execute(sa.text("ALTER SYSTEM RESET ALL"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))


def read_setting(server: Postgres, name: str) -> str:
    """Return a setting as a session that sets nothing itself has it."""
    with sa.create_engine(server.url, poolclass=sa.NullPool).connect() as connection:
        # psycopg2 itself sets DateStyle if it isn't ISO.
        query = "SELECT reset_val || coalesce(unit, '') FROM pg_settings WHERE name = :name"
        return str(connection.scalar(sa.text(query), {"name": name}))


@contextmanager
def database_set(server: Postgres, name: str, value: str) -> Iterator[None]:
    """Set the database so that new sessions have this."""
    with connect(server.url) as connection:
        connection.execute(sa.text(f"ALTER DATABASE postgres SET {name} = '{value}'"))
        try:
            yield
        finally:
            connection.execute(sa.text(f"ALTER DATABASE postgres RESET {name}"))


def talk(client: FlaskClient) -> None:
    """Use all kinds of values, and all kinds of statements, and check each answer."""
    user = uuid4()
    path = f"/api/{user}/tasks"
    sent = {
        "title": TEXT,
        "description": TEXT,
        "tags": [TEXT],
        "due_at": "2026-02-03T01:02:03.4+05:30",
        "priority": "high",
    }
    kept = sent | {"due_at": "2026-02-02T19:32:03.400000Z"}
    begin = datetime.now(UTC) - timedelta(seconds=1)
    task = client.post(path, json=sent).json
    assert {name: task[name] for name in kept} == kept
    assert begin < datetime.fromisoformat(task["created_at"]) < datetime.now(UTC)
    put = client.put(f"{path}/{task['id']}", json=task, headers={"If-Match": '"1"'}).json
    assert {**put, "revision": 1, "updated_at": task["updated_at"]} == task
    key = {"Idempotency-Key": "\\'"}
    batches = [client.post(f"{path}/batch", json=[sent, sent], headers=key) for _ in range(2)]
    assert [{name: each[name] for name in kept} for each in batches[1].json] == [kept, kept]
    for sort in SORTS:
        page, walked = client.get(f"{path}?sort={sort}&limit=1"), []
        while True:
            walked += page.json
            if 'rel="next"' not in page.headers["Link"]:
                break
            target = page.headers["Link"].split('>; rel="next"')[0].rpartition("<")[2]
            page = client.get(target)
        assert [each["id"] for each in walked] == sorted(each["id"] for each in walked)
    for query in (
        f"q={ESCAPED}",
        f"tag={ESCAPED}",
        "due_before=2026-02-02T19:32:03.5Z",
        "due_after=2026-02-03T01:02:03.3%2B05:30",
    ):
        assert len(client.get(f"{path}?{query}").json) == 3, query
    assert client.get(f"{path}?due_before=2026-02-02T19:32:03.4Z").json == []
    day = client.post(path, json={"title": "x", "due_on": "2026-02-02"}).json
    assert day["due_on"] == "2026-02-02"
    assert client.get(f"{path}?sort=-due_at").json[0] == day
    assert client.get(f"{path}?due_before=2026-02-03T00:00:00%2B09:00").json[0] == day
    assert client.delete(f"{path}/{day['id']}").status_code == 204
    toggle = f"{path}/{task['id']}/complete"
    answers = race(4, lambda _: client.application.test_client().patch(toggle))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert client.get(f"{path}/{task['id']}").json["completed"] is False
    client.delete(f"{path}/{task['id']}")
    changes = client.get(f"/api/{user}/changes").json["changes"]
    assert [change["title"] for change in changes] == [TEXT, TEXT]
    with client.application.app_context():
        assert purge.count(0) > 0
        assert purge.count(30) == 0
        assert len([*purge.purge(0)]) > 0


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_setting_of_the_database_changes_no_answer(server, new_app, name, value):
    with database_set(server, name, value):
        talk(new_app().test_client())


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_setting_that_changes_while_it_serves_changes_no_answer(new_app, prefer, name, value):
    client = new_app().test_client()
    talk(client)
    prefer(name, value)
    talk(client)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("default_transaction_isolation", "serializable"),
        ("lock_timeout", "7000ms"),
        ("statement_timeout", "7000ms"),
    ],
)
def test_statement_keeps_its_own_bounds(server, new_app, prefer, name, value):
    shown = ", ".join(f"current_setting('{bound}')" for bound in BOUNDS)
    bounds = Statement(sa.text(f"SELECT {shown}").columns(*map(sa.column, BOUNDS)))
    with database_set(server, name, value), new_app().app_context():
        assert execute(bounds) == [BOUNDS]
    with new_app().app_context():
        assert execute(bounds) == [BOUNDS]
        prefer(name, value)
        assert [execute(bounds) for _ in range(3)] == [[BOUNDS]] * 3


def test_setting_that_is_changed_back_while_it_serves_changes_no_answer(new_app, prefer):
    """psycopg2 quotes by what it has learnt when it connected."""
    prefer("standard_conforming_strings", "off")
    client = new_app().test_client()
    talk(client)
    prefer("standard_conforming_strings", "on")
    talk(client)


def test_bytes_and_lists_of_texts_stay_what_they_are(new_app, prefer):
    same = Statement(
        sa.select(
            sa.func.encode(sa.bindparam("raw", type_=sa.LargeBinary), "hex").label("raw"),
            sa.bindparam("texts", type_=ARRAY(sa.Text)).label("texts"),
        )
    )
    with new_app().app_context():
        for strings in ("on", "off", "on"):
            prefer("standard_conforming_strings", strings)
            for _ in range(3):
                [row] = execute(same, raw=TEXT.encode(), texts=[TEXT, ""])
                assert row == {"raw": TEXT.encode().hex(), "texts": [TEXT, ""]}


def test_database_that_has_become_read_only_serves_reads_and_then_all_again(new_app, prefer):
    client = new_app().test_client()
    path = f"/api/{uuid4()}/tasks"
    task = client.post(path, json={"title": "x"}).json
    # This is how providers protect a full disk: it is respected.
    prefer("default_transaction_read_only", "on")
    assert client.get(path).json == [task]
    assert client.post(path, json={"title": "y"}).status_code == 503
    prefer("default_transaction_read_only", "off")
    assert client.post(path, json={"title": "y"}).status_code == 201


def test_nothing_is_left_to_other_clients_of_a_pooler(server, tmp_path):
    with pgbouncer(tmp_path, server.url, pool_size=1) as url:
        talk(create_app(Config(database_url=url, database_pool_size=1)).test_client())
        names = {name: None for name, _ in SETTINGS if name != "client_encoding"} | BOUNDS
        shown = ", ".join(f"current_setting('{name}')" for name in names)
        seen = []
        for address in (url, server.url):
            with sa.create_engine(address, poolclass=sa.NullPool).connect() as other:
                seen.append(other.execute(sa.text(f"SELECT {shown}")).one())
        assert seen[0] == seen[1]


def test_no_statement_has_a_backslash():
    """It reads otherwise where standard_conforming_strings is off."""
    assert "\\" not in STATEMENTS.read_text()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-08 20:45:00.123456+00", "2026-01-08T20:45:00.123456Z"),
        ("2026-01-08 20:45:00.1234+00", "2026-01-08T20:45:00.123400Z"),
        ("2026-01-08 20:45:00+00", "2026-01-08T20:45:00Z"),
        ("2026-01-08 20:45:00.1234+05:30", "2026-01-08T15:15:00.123400Z"),
        ("2026-01-08 20:45:00-03", "2026-01-08T23:45:00Z"),
        ("0001-01-01 09:18:59+09:18:59", "0001-01-01T00:00:00Z"),
        (None, None),
    ],
)
def test_timestamp_with_any_offset_is_written_in_utc(written, meant):
    assert _rfc_3339(written, None) == meant


@pytest.mark.parametrize(
    "written",
    [
        "01/08/2026 20:45:00.123456 UTC",
        "01/08/2026 20:45:00.12345 +00",
        "08.01.2026 20:45:00.123456 UTC",
        "Thu Jan 08 20:45:00.123456 2026 UTC",
        "2026-01-08 20:45:00",
        "10000-01-08 20:45:00+00",
        "9999-12-31 23:59:59-01",
        "0044-03-15 00:00:00+00 BC",
        "infinity",
    ],
)
def test_timestamp_in_another_form_is_refused(written):
    with pytest.raises(DataError):
        _rfc_3339(written, None)
