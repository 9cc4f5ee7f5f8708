"""The `flask` command's commands."""

from __future__ import annotations

import sqlalchemy as sa

from tasks_api import migrations
from tasks_api.app import create_app
from tasks_api.config import Config


def version(url: sa.URL) -> list[str]:
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        return list(connection.scalars(sa.text("SELECT version_num FROM alembic_version")))


def test_db_upgrade_and_downgrade_migrate(empty_database):
    runner = create_app(Config(database_url=empty_database)).test_cli_runner()
    assert runner.invoke(args=["db", "upgrade"]).exit_code == 0
    assert version(empty_database) == [migrations.head()]
    assert runner.invoke(args=["db", "upgrade"]).exit_code == 0
    assert runner.invoke(args=["db", "downgrade", "base"]).exit_code == 0
    assert version(empty_database) == []


def test_db_upgrade_says_in_one_line_that_the_database_is_away():
    nowhere = sa.make_url("postgresql+psycopg2://127.0.0.1:1/tasks")
    runner = create_app(Config(database_url=nowhere)).test_cli_runner()
    result = runner.invoke(args=["db", "upgrade"])
    assert result.exit_code == 1
    assert "Connection refused" in result.output
    assert "Traceback" not in result.output
