"""An address that cannot work stops the start: nothing waits for the first request to say so."""

from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from tools.jwt_settings import WITH_JWKS, WITH_SECRET

from tasks_api.config import ConfigError, from_environ


def database_url(text: str) -> sa.URL:
    return from_environ({"DATABASE_URL": text, "AUTH": "none"}).database_url


def jwks_url(text: str) -> str:
    return from_environ({**WITH_JWKS, "JWT_JWKS_URL": text}).jwt_jwks_url


@pytest.mark.parametrize(
    ("url", "named"),
    [
        (
            "postgres://me:secret@db.example/tasks?schema=public",
            "parameter unknown to libpq: schema.",
        ),
        (
            "postgres://me:secret@db.example/tasks?password=a&secret=b",
            "parameter unknown to libpq.",
        ),
        ("postgres://me:secret@db.example/tasks?async=1", "is not a URL"),
        ("postgres://me:secret@db.example/tasks?dsn=secret", "is not a URL"),
        ("postgres://me:secret@db.example:99999/tasks", "port"),
        ("postgres://me:secret@db.example/tasks?port=70000", "port"),
        ("postgres://me:secret@db.example/tasks?sslmode=secret", "sslmode"),
        ("postgres://me:secret@db.example/tasks?ssl_min_protocol_version=secret", "ssl_min_prot"),
        ("postgres://me:secret@db.example/tasks?target_session_attrs=secret", "target_session_at"),
        ("postgres://me:secret@/tasks?host=a&host=b&port=1,2,3", "is not a URL"),
        ("postgres://me:secret@db.example/tasks?service=secret", "is not a URL"),
        ("postgres://me:sec%00ret@db.example/tasks", "NUL"),
        ("postgres://me:sec%ffret@db.example/tasks", "UTF-8"),
        ("postgres://me:sec\udcffret@db.example/tasks", "UTF-8"),
        ("postgres://me:secret@db.example/%ff", "UTF-8"),
    ],
)
def test_address_of_the_database_that_cannot_work_is_refused_without_its_secrets(url, named):
    with pytest.raises(ConfigError) as stop:
        database_url(url)
    message = str(stop.value)
    assert message.startswith("DATABASE_URL ")
    assert named in message
    assert "\n" not in message
    assert "secret" not in message
    assert "ret@" not in message


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?sslmode=require&application_name=x",
        "?options=-c%20search_path%3Dtasks",
        "?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "?hostaddr=127.0.0.1",
        "?target_session_attrs=read-write",
    ],
)
def test_address_that_libpq_takes_is_taken(query):
    url = f"postgresql://me:p%40ss@db.example:6432/tasks{query}"
    assert database_url(url) == make_url(url).set(drivername="postgresql+psycopg2")


def test_servers_of_a_cluster_are_all_named():
    query = database_url("postgresql:///tasks?host=a.example:1&host=b.example:2").query
    assert query["host"] == ("a.example:1", "b.example:2")


def test_percent_encoded_directory_is_where_the_socket_is():
    url = database_url("postgresql://me@%2Fvar%2Frun%2Fpostgresql:6432/tasks")
    assert (url.host, url.port, url.database) == ("/var/run/postgresql", 6432, "tasks")


def test_database_is_reached_through_a_percent_encoded_directory(database):
    [directory, *_] = database.scalar(sa.text("SHOW unix_socket_directories")).split(", ")
    if not Path(directory).is_dir():
        pytest.skip("PostgreSQL is on another machine, or has no socket")
    port, name = database.scalar(sa.text("SHOW port")), database.engine.url.database
    url = database_url(
        f"postgresql://{database.engine.url.username}@{directory.replace('/', '%2F')}:{port}/{name}"
    )
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        assert connection.scalar(sa.text("SELECT current_database()")) == name


def test_nothing_is_asked_of_the_host_before_the_start():
    # No resolver knows this name; nothing tries to find that out.
    assert database_url("postgresql://nowhere.invalid/tasks").host == "nowhere.invalid"


@pytest.mark.parametrize(
    "host",
    [
        "16843009",
        "0x1010101",
        "0100200401",
        "9.9.9.9",
        "9.9.2313",
        "[::ffff:9.9.9.9]",
        "[2620:fe::9]",
    ],
)
def test_public_address_is_no_private_name_however_it_is_written(host):
    with pytest.raises(ConfigError, match=r"^JWT_JWKS_URL must start with https://"):
        jwks_url(f"http://{host}/jwks")


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "[fd00::1]"])
def test_private_address_may_be_written_in_any_way(host):
    assert jwks_url(f"http://{host}/jwks") == f"http://{host}/jwks"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("JWT_USER_CLAIM", "iss"),
        ("JWT_USER_CLAIM", "exp"),
        ("JWT_USER_NAMESPACE", "tasks"),
        ("JWT_USER_NAMESPACE", "{0190c1d4-3f5b-7c3e-9a51-2f6d8e4b7a10}"),
    ],
)
def test_setting_by_which_users_would_be_mixed_up_is_refused(setting, value):
    with pytest.raises(ConfigError, match=f"^{setting} must "):
        from_environ({**WITH_SECRET, setting: value})
    with pytest.raises(ConfigError, match=f"^{setting} is set, but AUTH is not"):
        from_environ({setting: value})


def test_claim_and_namespace_of_users_are_settings():
    namespace = "0190c1d4-3f5b-7c3e-9a51-2f6d8e4b7a10"
    given = {"JWT_USER_CLAIM": "uid", "JWT_USER_NAMESPACE": namespace}
    config = from_environ({**WITH_SECRET, **given})
    assert (config.jwt_user_claim, config.jwt_user_namespace) == ("uid", UUID(namespace))
    config = from_environ(WITH_SECRET)
    assert (config.jwt_user_claim, config.jwt_user_namespace) == ("sub", None)
