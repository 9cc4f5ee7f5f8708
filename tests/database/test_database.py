"""The database goes away, comes back, says no, and takes its time."""

import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from tools.racing import meanwhile, transaction, wait_until_blocked
from tools.wire import Sent, Wire, pool_of, taken

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import statements
from tasks_api.database.execution import ATTEMPTS, QUIET, execute
from tasks_api.database.failures import DatabaseUnavailable
from tasks_api.database.statements import Statement


def statement(sql: str, *columns: str) -> Statement:
    return Statement(sa.text(sql).columns(*map(sa.column, columns)))


ME = statement("SELECT pg_backend_pid()", "pid")
KILL = sa.text("SELECT pg_terminate_backend(:pid, 5000)")


@pytest.fixture
def tap() -> Wire:
    """What `own_app` sends."""
    return Wire()


@pytest.fixture
def own_app(database_url: sa.URL, tap: Wire) -> Iterator[Flask]:
    """An application with one connection of its own, to be mistreated."""
    app = create_app(Config(database_url=database_url, database_pool_size=1))
    tap.tap(app)
    with app.app_context():
        yield app
    pool_of(app).close()


def test_connection_that_has_died_is_replaced(own_app, database):
    [before] = execute(ME)
    database.execute(KILL, {"pid": before["pid"]})
    [after] = execute(ME)
    assert after != before


def test_write_on_a_connection_that_has_died_happens_once(own_app, database, path):
    client = own_app.test_client()
    client.get(path)
    [me] = execute(ME)
    database.execute(KILL, {"pid": me["pid"]})
    assert client.post(path, json={"title": "x"}).status_code == 201
    assert [task["revision"] for task in client.get(path).json] == [1]


def test_connection_lost_half_way_is_a_503_and_no_second_attempt(
    own_app, database, path, user, tap
):
    client = own_app.test_client()
    client.post(path, json={"title": "x"})
    [me] = execute(ME)
    with tap.recorded() as attempts, transaction(database) as holder:
        holder.execute(sa.text("SELECT 1 FROM users WHERE id = :user FOR UPDATE"), {"user": user})
        with meanwhile(lambda: client.post(path, json={"title": "y"}), holder.rollback) as write:
            wait_until_blocked(database, holder, write)
            database.execute(KILL, {"pid": me["pid"]})
            answer = write.result()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert len(attempts) == 1
    assert [task["title"] for task in client.get(path).json] == ["x"]


def test_database_that_is_away_is_a_503(path):
    nowhere = sa.make_url("postgresql+psycopg2://127.0.0.1:1/tasks")
    client = create_app(Config(database_url=nowhere)).test_client()
    response = client.get(path)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert response.content_type == "application/problem+json"
    assert "127.0.0.1" not in response.text


def test_database_without_migrations_is_a_503(empty_database, path):
    client = create_app(Config(database_url=empty_database)).test_client()
    assert client.get(path).status_code == 503


def test_pool_that_is_exhausted_is_a_503(own_app, path):
    with taken(own_app):
        assert own_app.test_client().get(path).status_code == 503
    assert own_app.test_client().get(path).status_code == 200


def test_statement_that_takes_too_long_is_a_503(database_url, path):
    app = create_app(Config(database_url=database_url, statement_timeout_ms=50))
    with app.app_context(), pytest.raises(DatabaseUnavailable):
        execute(statement("SELECT pg_sleep(30)", "done"))


def test_timeout_of_zero_means_never(database_url):
    app = create_app(Config(database_url=database_url, statement_timeout_ms=0))
    with app.app_context():
        [row] = execute(statement("SELECT current_setting('statement_timeout')", "timeout"))
    assert row == {"timeout": "0"}


def test_options_in_the_url_are_kept(database_url):
    url = database_url.update_query_dict({"options": "-c search_path=elsewhere"})
    app = create_app(Config(database_url=url, statement_timeout_ms=1234))
    with app.app_context():
        [row] = execute(
            statement(
                "SELECT current_setting('search_path'), current_setting('statement_timeout')",
                *("path", "timeout"),
            )
        )
    assert row == {"path": "elsewhere", "timeout": "1234ms"}


RAISE = "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{}'; END $$"


@pytest.fixture
def fail(tap) -> Callable[..., None]:
    """Let the next statements fail with these codes, by PostgreSQL itself."""
    return lambda *codes: tap.instead.extend(map(RAISE.format, codes))


@pytest.mark.parametrize("code", ["40001", "40P01", "23505"])
def test_statement_that_gave_way_is_run_again(own_app, fail, path, code):
    fail(*[code] * (ATTEMPTS - 1))
    response = own_app.test_client().post(path, json={"title": "x"})
    assert (response.status_code, response.json["revision"]) == (201, 1)


def test_statement_that_gives_way_again_and_again_is_a_503(own_app, fail, path):
    fail(*["40001"] * ATTEMPTS)
    assert own_app.test_client().post(path, json={"title": "x"}).status_code == 503
    assert own_app.test_client().get(path).json == []


@pytest.mark.parametrize(
    "code", ["57P01", "57P03", "53300", "53100", "25006", "25P04", "55P03", "08006"]
)
def test_ailing_database_is_a_503(own_app, fail, path, code):
    fail(code)
    assert own_app.test_client().get(path).status_code == 503


# As Citus 13.2 says it, in `remote_transaction.c`, `adaptive_executor.c` and `remote_commands.c`.
@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("failure on connection marked as essential: worker-1:5432", 503),
        ("failed to prepare transaction ''citus_0_1_2_3'' on host worker-1:5432", 503),
        (
            "execution cannot recover from multiple connection failures. Last node failed "
            "worker-1:5432",
            503,
        ),
        ("postmaster was shut down, exiting", 503),
        ("server closed the connection unexpectedly", 503),
        ("unexpected number of columns from worker: 3, expected 4", 500),
        ("cache lookup failed for relation 1", 500),
    ],
)
def test_node_that_a_distributed_database_has_lost_is_a_503(own_app, tap, path, message, status):
    raised = f"RAISE EXCEPTION USING MESSAGE = '{message}', ERRCODE = 'XX000'"
    tap.instead.append(f"DO $$ BEGIN {raised}; END $$")
    assert own_app.test_client().get(path).status_code == status


def test_connection_to_a_server_that_has_become_read_only_is_not_kept(own_app, fail, path):
    [before] = execute(ME)
    fail("25006")
    assert own_app.test_client().get(path).status_code == 503
    [after] = execute(ME)
    assert after != before


def test_error_that_is_ours_is_a_500_without_the_drivers_words(own_app, fail, path):
    fail("22012")
    response = own_app.test_client().get(path)
    assert response.status_code == 500
    assert "psycopg2" not in response.text


def prepared(app: Flask) -> int:
    count = statement("SELECT count(*) FROM pg_prepared_statements", "number")
    return app.extensions["database"].execute(count, {})[0]["number"]


def test_statement_is_prepared_in_the_round_trip_of_its_first_execution(own_app, tap, path):
    client = own_app.test_client()
    with tap.recorded() as sent:
        answers = [client.get(path) for _ in range(3)]
    assert [answer.json for answer in answers] == [[]] * 3
    first, *others = [statement.sql for statement in sent]
    assert first.startswith("PREPARE")
    assert all(other.startswith("EXECUTE") for other in others)


def forget(app: Flask) -> None:
    """Let PostgreSQL forget what it has prepared, as if this were another session of a pooler."""
    with taken(app) as connection:
        connection.cursor().execute("DEALLOCATE ALL")


def test_request_that_meets_another_session_succeeds_and_the_next_are_plain(own_app, tap, path):
    client = own_app.test_client()
    task = client.post(path, json={"title": "x"}).json
    forget(own_app)
    assert client.post(path, json={"title": "y"}).json["revision"] == 2
    with tap.recorded() as sent:
        assert client.put(f"{path}/{task['id']}", json={"title": "z"}).json["revision"] == 3
    [plain] = sent
    assert "UPDATE tasks" in plain.sql
    assert "PREPARE" not in plain.sql


def test_statement_that_another_process_has_prepared_is_used(own_app, tap, path):
    client = own_app.test_client()
    client.get(path)
    with taken(own_app) as connection:
        connection.prepared.clear()
    with tap.recorded() as sent:
        assert client.get(path).status_code == 200
    assert [statement.sql.partition(" ")[0] for statement in sent] == ["PREPARE", "EXECUTE"]


def test_feature_that_the_database_lacks_is_a_500_and_not_tried_for_ever(own_app, fail, tap, path):
    fail("0A000", "0A000")
    with tap.recorded() as sent:
        assert own_app.test_client().get(path).status_code == 500
    assert len(sent) == 2


def test_nothing_is_prepared_where_that_is_off(database_url, path):
    app = create_app(Config(database_url=database_url, prepared_statements=False))
    assert app.test_client().get(path).status_code == 200
    assert prepared(app) == 0


def kinds(sent: list[Sent]) -> list[list[str]]:
    """Return which commands were sent together."""
    return [[part.split()[0] for part in each.sql.split("; ")] for each in sent]


def test_statement_that_was_used_longest_ago_makes_room_for_another(
    own_app, tap, path, monkeypatch
):
    monkeypatch.setattr(statements, "PREPARED_MAX", 3)
    client = own_app.test_client()
    with tap.recorded() as sent:
        for query in ("q=a", "tag=a", "priority=low", "q=a", "count=true", "q=a", "tag=a"):
            assert client.get(f"{path}?{query}").status_code == 200
    begin, known = ["PREPARE", "EXECUTE"], ["EXECUTE"]
    instead = ["DEALLOCATE", "PREPARE", "EXECUTE"]
    assert kinds(sent) == [begin, begin, begin, known, instead, known, instead]
    assert prepared(own_app) == 3


@pytest.fixture
def table(database: sa.Connection) -> Iterator[str]:
    """A table of the test's own with one column."""
    name = f"t{uuid4().hex}"
    database.execute(sa.text(f"CREATE TABLE {name} AS SELECT 1 AS number"))
    yield name
    database.execute(sa.text(f"DROP TABLE {name}"))


def test_statement_whose_columns_a_migration_has_changed_is_prepared_again(
    own_app, tap, path, database, table
):
    everything = statement(f"SELECT * FROM {table}", "number")
    own_app.test_client().get(path)
    execute(everything)
    database.execute(sa.text(f"ALTER TABLE {table} ALTER number TYPE text"))
    with tap.recorded() as sent:
        assert [execute(everything) for _ in range(2)] == [[{"number": "1"}]] * 2
        own_app.test_client().get(path)
    again = ["DEALLOCATE", "PREPARE", "EXECUTE"]
    assert kinds(sent) == [["EXECUTE"], again, ["EXECUTE"], ["EXECUTE"]]


def test_cause_of_a_503_is_logged_once_and_so_is_the_end_of_it(own_app, fail, path, log_lines):
    client = own_app.test_client()
    fail("53300", "53300", "57P03")
    assert [client.get(path).status_code for _ in range(3)] == [503] * 3
    causes = [line for line in log_lines() if line["logger"] == "tasks_api.database"]
    assert [line["level"] for line in causes] == ["WARNING"] * 2
    assert causes[0]["message"] == "the database can't be used: no (SQLSTATE 53300)"
    assert client.get(path).status_code == 200
    own_app.extensions["database"]._now = lambda: time.monotonic() + QUIET
    assert client.get(path).status_code == 200
    assert client.get(path).status_code == 200
    *_, last = [line for line in log_lines() if line["logger"] == "tasks_api.database"]
    assert last["message"] == "the database can be used again"


def test_number_of_causes_that_are_logged_is_bounded(own_app, fail, path, log_lines):
    codes = [f"530{number}" for number in range(10, 35)]
    fail(*codes)
    client = own_app.test_client()
    assert [client.get(path).status_code for _ in codes] == [503] * 25
    causes = [line for line in log_lines() if line["logger"] == "tasks_api.database"]
    assert len(causes) == 20


@pytest.mark.parametrize("change", [{"password": "s3cret"}, {"database": "nowhere"}])
def test_why_the_database_refuses_a_connection_is_logged_without_the_password(
    database_url, change, path, capsys
):
    url = database_url.set(username="nobody-there", **change)
    client = create_app(Config(database_url=url)).test_client()
    assert [client.get(path).status_code for _ in range(3)] == [503] * 3
    logged = capsys.readouterr().out
    assert logged.count("FATAL") == 1
    assert "s3cret" not in logged


def test_nothing_that_a_user_wrote_is_logged_with_a_500(database_url, empty_role, path, capsys):
    url = database_url.update_query_dict({"options": f"-c role={empty_role}"})
    client = create_app(Config(database_url=url)).test_client()
    answer = client.post(path, json={"title": "my secret", "description": "another secret"})
    assert answer.status_code == 500
    logged = capsys.readouterr().out
    assert "InsufficientPrivilege, SQLSTATE 42501" in logged
    assert "secret" not in logged


@pytest.fixture
def empty_role(database):
    """A role that may do nothing."""
    name = f"r{uuid4().hex}"
    database.execute(sa.text(f"CREATE ROLE {name}"))
    yield name
    database.execute(sa.text(f"DROP ROLE {name}"))
