"""Settings are read once, and a wrong one stops the start in one line that names it."""

from __future__ import annotations

import os

import pytest

from tasks_api.config import Config, ConfigError, from_environ

DATABASE_URL = "postgres://me:secret@db.example/tasks?sslmode=require"


def test_nothing_is_needed_on_a_laptop():
    config = from_environ({})
    assert config.database_url is None
    assert config == Config(data_dir=config.data_dir, web_concurrency=os.cpu_count())


def test_empty_variable_counts_as_unset():
    assert from_environ({"PORT": "", "DATABASE_URL": "", "AUTH": ""}) == from_environ({})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_each_way_to_say_postgresql_is_understood(scheme):
    url = f"{scheme}://me:secret@db.example/tasks?sslmode=require"
    parsed = from_environ({"DATABASE_URL": url, "AUTH": "none"}).database_url
    assert parsed.render_as_string(hide_password=False) == (
        "postgresql+psycopg2://me:secret@db.example/tasks?sslmode=require"
    )


def test_environment_of_the_process_is_not_looked_at(monkeypatch):
    monkeypatch.setenv("PORT", "1")
    assert from_environ({}).port == 8000


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "0"}, "PORT"),
        ({"PORT": "65536"}, "PORT"),
        ({"PORT": "٣"}, "PORT"),
        ({"PORT": "9" * 5000}, "PORT"),
        ({"WEB_CONCURRENCY": "-1"}, "WEB_CONCURRENCY"),
        ({"MAX_BODY_BYTES": "64K"}, "MAX_BODY_BYTES"),
        ({"DATABASE_POOL_SIZE": "0"}, "DATABASE_POOL_SIZE"),
        ({"STATEMENT_TIMEOUT_MS": "1.5"}, "STATEMENT_TIMEOUT_MS"),
        ({"LOG_LEVEL": "info"}, "LOG_LEVEL"),
        ({"AUTH": "maybe"}, "AUTH"),
        ({"DATABASE_URL": DATABASE_URL}, "AUTH"),
        ({"DATABASE_URL": "mysql://me:secret@db.example/tasks"}, "DATABASE_URL"),
        ({"DATABASE_URL": "db.example secret"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgres://me:secret@db.example:port/tasks"}, "DATABASE_URL"),
    ],
)
def test_wrong_setting_stops_the_start_with_one_line_that_names_it(environ, name):
    with pytest.raises(ConfigError) as stop:
        from_environ(environ)
    message = str(stop.value)
    assert message.startswith(name)
    assert "\n" not in message
    assert "secret" not in message
