"""Alive, ready, and if not, why not."""

import pytest
import sqlalchemy as sa

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import migrations
from tasks_api.database.engine import new_engine

NOWHERE = sa.make_url("postgresql+psycopg2://127.0.0.1:1/tasks")


def test_health_does_not_touch_the_database(client, statements):
    response = client.get("/health")
    assert (response.status_code, response.json) == (200, {"status": "ok"})
    assert statements == []


def test_healthy_without_a_database():
    assert create_app(Config(database_url=NOWHERE)).test_client().get("/health").status_code == 200


def test_ready_when_the_migrations_are_at_head(client):
    response = client.get("/ready")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_not_ready_without_a_database():
    response = create_app(Config(database_url=NOWHERE)).test_client().get("/ready")
    assert (response.status_code, response.json["check"]) == (503, "database")
    assert response.headers["Retry-After"] == "5"


def test_not_ready_before_the_first_migration(empty_database):
    response = create_app(Config(database_url=empty_database)).test_client().get("/ready")
    assert (response.status_code, response.json["check"]) == (503, "migrations")
    assert "none" in response.json["detail"]


def test_ready_as_soon_as_the_last_migration_has_run(empty_database):
    """A new release that has been started before its migrations."""
    engine = new_engine(empty_database)
    migrations.upgrade(engine)
    migrations.downgrade(engine, "-1")
    client = create_app(Config(database_url=empty_database)).test_client()
    response = client.get("/ready")
    assert (response.status_code, response.json["check"]) == (503, "migrations")
    assert f"{int(migrations.HEAD) - 1:04}" in response.json["detail"]
    assert migrations.HEAD in response.json["detail"]
    migrations.upgrade(engine)
    assert client.get("/ready").status_code == 200


def test_ready_when_a_newer_release_has_migrated(ahead):
    """An old release in the middle of a deployment, or one that was returned to."""
    assert create_app(Config(database_url=ahead)).test_client().get("/ready").status_code == 200


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_platform_may_add_a_parameter_of_its_own(client, path):
    assert client.get(f"{path}?probe=1").status_code == 200
