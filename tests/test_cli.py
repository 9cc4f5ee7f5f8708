"""The `flask` command's commands."""

import runpy
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from tools.databases import AHEAD
from tools.jwt_settings import SECRET, WITH_JWKS, WITH_SECRET, as_fields

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import migrations

USER_ID = "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"


def version(url: sa.URL) -> list[str]:
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        return list(connection.scalars(sa.text("SELECT version_num FROM alembic_version")))


def test_db_upgrade_and_downgrade_migrate(empty_database):
    runner = create_app(Config(database_url=empty_database)).test_cli_runner()
    needed = f"this version needs {migrations.HEAD}.\n"
    at_head = f"The database is at migration {migrations.HEAD}, {needed}"
    for _ in range(2):
        result = runner.invoke(args=["db", "upgrade"])
        assert (result.exit_code, result.output) == (0, at_head)
        assert version(empty_database) == [migrations.HEAD]
    result = runner.invoke(args=["db", "downgrade", "base"])
    assert (result.exit_code, result.output) == (0, f"The database is at migration none, {needed}")
    assert version(empty_database) == []


def test_older_release_does_not_touch_a_database_that_is_ahead_of_it(ahead):
    runner = create_app(Config(database_url=ahead)).test_cli_runner()
    result = runner.invoke(args=["db", "upgrade"])
    assert (result.exit_code, result.output) == (
        0,
        f"The database is at migration {AHEAD}, this version needs {migrations.HEAD}.\n",
    )
    result = runner.invoke(args=["db", "downgrade", "-1"])
    assert result.exit_code == 1
    assert f"Can't locate revision identified by '{AHEAD}'" in result.output
    assert version(ahead) == [AHEAD]


def test_migration_to_a_revision_that_does_not_exist_is_refused_in_one_line(database_url):
    runner = create_app(Config(database_url=database_url)).test_cli_runner()
    result = runner.invoke(args=["db", "upgrade", "colour"])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "'colour'" in result.output


def test_db_upgrade_says_in_one_line_that_the_database_is_away():
    nowhere = sa.make_url("postgresql+psycopg2://127.0.0.1:1/tasks")
    runner = create_app(Config(database_url=nowhere)).test_cli_runner()
    result = runner.invoke(args=["db", "upgrade"])
    assert result.exit_code == 1
    assert "Connection refused" in result.output
    assert "Traceback" not in result.output


def test_db_revision_writes_the_next_migration(database_url, tmp_path, monkeypatch):
    scripts = tmp_path / "migrations"
    shutil.copytree(Path(migrations.__file__).parent, scripts)
    monkeypatch.setattr(migrations, "SCRIPTS", str(scripts))
    before = set(scripts.glob("versions/*.py"))
    runner = create_app(Config(database_url=database_url)).test_cli_runner()
    result = runner.invoke(args=["db", "revision", "Give tasks a colour"])
    assert result.exit_code == 0, result.output
    number = f"{int(migrations.HEAD) + 1:04}"
    [new] = set(scripts.glob("versions/*.py")) - before
    assert new.name == f"{number}_give_tasks_a_colour.py"
    assert str(new) in result.output
    migration = runpy.run_path(str(new))
    assert migration["__doc__"] == "Give tasks a colour."
    assert (migration["revision"], migration["down_revision"]) == (number, migrations.HEAD)


@pytest.mark.parametrize("options", [[], ["--minutes", "1"]])
def test_minted_token_opens_its_users_paths(database_url, options):
    app = create_app(Config(database_url=database_url, **as_fields(WITH_SECRET)))
    result = app.test_cli_runner().invoke(args=["token", USER_ID, *options])
    assert result.exit_code == 0
    client = app.test_client()
    headers = {"Authorization": f"Bearer {result.output.strip()}"}
    assert client.get(f"/api/{USER_ID}/tasks", headers=headers).status_code == 200
    other = USER_ID.replace("6", "7")
    assert client.get(f"/api/{other}/tasks", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("settings", "arguments", "message"),
    [
        ({}, [USER_ID], "JWT_SECRET"),
        (WITH_JWKS, [USER_ID], "JWT_SECRET"),
        (WITH_SECRET, ["ada"], "USER_ID"),
        (WITH_SECRET, [f"{{{USER_ID}}}"], "USER_ID"),
        (WITH_SECRET, [USER_ID, "--minutes", "0"], "--minutes"),
        (WITH_SECRET, [USER_ID, "--minutes", "999999999999"], "--minutes"),
    ],
)
def test_what_cannot_be_minted_is_refused_by_name(database_url, settings, arguments, message):
    runner = create_app(Config(database_url=database_url, **as_fields(settings))).test_cli_runner()
    result = runner.invoke(args=["token", *arguments])
    assert result.exit_code > 0
    assert message in result.output.splitlines()[-1]
    assert SECRET not in result.output
