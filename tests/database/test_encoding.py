"""A database that isn't in UTF8 can't keep every text: it is refused before anything is in it."""

import pytest
import sqlalchemy as sa
from tools.databases import connect, new_database

from tasks_api.app import create_app
from tasks_api.config import Config

REFUSAL = "The database's encoding is {}, and must be UTF8: make another one, with CREATE DATABASE"
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture(params=["SQL_ASCII", "LATIN9", "EUC_JP"])
def encoding(request):
    return request.param


@pytest.fixture
def other_database(database_url, encoding):
    options = f"template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc"
    with new_database(database_url, options) as url:
        yield url


def test_db_upgrade_refuses_a_database_that_is_not_in_utf8(other_database, encoding):
    runner = create_app(Config(database_url=other_database)).test_cli_runner()
    result = runner.invoke(args=["db", "upgrade"])
    assert result.exit_code == 1
    assert REFUSAL.format(encoding) in result.output
    assert result.output.count("\n") == 1
    with connect(other_database) as connection:
        assert connection.scalar(sa.text(TABLES)) == 0


def test_service_is_not_ready_on_a_database_that_is_not_in_utf8(other_database, encoding):
    answer = create_app(Config(database_url=other_database)).test_client().get("/ready")
    assert (answer.status_code, answer.json["check"]) == (503, "encoding")
    assert answer.json["detail"].startswith(REFUSAL.format(encoding))
