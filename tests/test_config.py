"""Settings are read once, and a wrong one stops the start in one line that names it."""

import sys

import pytest
from tools.jwt_settings import AUDIENCE, ISSUER, SECRET, WITH_JWKS, WITH_SECRET

from tasks_api.config import Config, ConfigError, from_environ

DATABASE_URL = "postgres://me:secret@db.example/tasks?sslmode=require"
JWKS_URL = WITH_JWKS["JWT_JWKS_URL"]
WITH_STORAGE = {
    "RATE_LIMIT": "600/minute",
    "RATE_LIMIT_STORAGE_URL": "rediss://:secret@cache.example:6380?ssl_cert_reqs=none",
}
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAmxPcoGTQ+8jfnz4C9dAawEAmhHxzNoxOvhbLNqfbmcA=
-----END PUBLIC KEY-----
"""


def test_nothing_is_needed_on_a_laptop():
    assert from_environ({}) == Config()
    assert Config().database_url is None


def test_empty_variable_counts_as_unset():
    assert from_environ({"PORT": "", "DATABASE_URL": "", "AUTH": ""}) == from_environ({})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_each_way_to_say_postgresql_is_understood(scheme):
    url = f"{scheme}://me:secret@db.example/tasks?sslmode=require"
    parsed = from_environ({"DATABASE_URL": url, "AUTH": "none"}).database_url
    assert parsed.render_as_string(hide_password=False) == (
        "postgresql+psycopg2://me:secret@db.example/tasks?sslmode=require"
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "::1", "localhost", "db-1.Example.internal"])
def test_address_or_name_to_listen_at_is_taken_as_it_is(host):
    assert from_environ({"HOST": host}).host == host


@pytest.mark.parametrize(("text", "value"), [("on", True), ("off", False), ("", True)])
def test_switch_is_on_or_off(text, value):
    assert from_environ({"PREPARED_STATEMENTS": text}).prepared_statements is value


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
        ({"HOST": "bad host"}, "HOST must be an address or a name of this machine"),
        ({"HOST": "[::1]"}, "HOST"),
        ({"HOST": "127.0.0.1:8000"}, "HOST"),
        ({"HOST": "127.0.0.256"}, "HOST"),
        ({"HOST": "http://localhost"}, "HOST"),
        ({"WEB_CONCURRENCY": "-1"}, "WEB_CONCURRENCY"),
        ({"MAX_BODY_BYTES": "64K"}, "MAX_BODY_BYTES"),
        ({"DATABASE_POOL_SIZE": "0"}, "DATABASE_POOL_SIZE"),
        ({"STATEMENT_TIMEOUT_MS": "1.5"}, "STATEMENT_TIMEOUT_MS"),
        ({"REQUEST_HEAD_SECONDS": "0"}, "REQUEST_HEAD_SECONDS"),
        ({"REQUEST_BODY_SECONDS": "0"}, "REQUEST_BODY_SECONDS"),
        ({"REQUEST_BODY_BYTES_PER_SECOND": "0"}, "REQUEST_BODY_BYTES_PER_SECOND"),
        ({"ANSWER_SECONDS": "0"}, "ANSWER_SECONDS"),
        ({"KEEPALIVE_SECONDS": "0"}, "KEEPALIVE_SECONDS"),
        ({"PREPARED_STATEMENTS": "no"}, "PREPARED_STATEMENTS must be one of on, off"),
        ({"LOG_LEVEL": "info"}, "LOG_LEVEL"),
        ({"RATE_LIMIT": "600"}, "RATE_LIMIT must be a number of requests in a second, minute"),
        ({"RATE_LIMIT": "600/minutes"}, "RATE_LIMIT"),
        ({"RATE_LIMIT": "0/minute"}, "RATE_LIMIT"),
        ({"RATE_LIMIT": "10 per hour"}, "RATE_LIMIT"),
        ({"RATE_LIMIT": "٣/hour"}, "RATE_LIMIT"),
        ({"RATE_LIMIT_STORAGE_URL": "redis://h"}, "RATE_LIMIT_STORAGE_URL is set, but RATE_LIMIT"),
        ({**WITH_STORAGE, "RATE_LIMIT_STORAGE_URL": "memcached://h"}, "RATE_LIMIT_STORAGE_URL is"),
        ({**WITH_STORAGE, "RATE_LIMIT_STORAGE_URL": "unix:///tmp/x"}, "RATE_LIMIT_STORAGE_URL is"),
        ({**WITH_STORAGE, "RATE_LIMIT_STORAGE_URL": "redis://:secret@h:x"}, "RATE_LIMIT_STORAGE"),
        ({**WITH_STORAGE, "RATE_LIMIT_STORAGE_URL": "redis://h?x=secret"}, "RATE_LIMIT_STORAGE"),
        (
            {**WITH_STORAGE, "RATE_LIMIT_STORAGE_URL": "rediss://h?ssl_cert_reqs=x"},
            "RATE_LIMIT_STORAGE_URL",
        ),
        ({"TRUSTED_PROXIES": "1"}, "TRUSTED_PROXIES is set, but RATE_LIMIT is not"),
        (
            {"RATE_LIMIT": "9/second", "TRUSTED_PROXIES": "10.0.0.0/8"},
            "TRUSTED_PROXIES must be a whole number",
        ),
        ({"AUTH": "maybe"}, "AUTH"),
        ({"DATABASE_URL": DATABASE_URL}, "AUTH"),
        ({"DATABASE_URL": "mysql://me:secret@db.example/tasks", "AUTH": "none"}, "DATABASE_URL"),
        ({"DATABASE_URL": "db.example secret", "AUTH": "none"}, "DATABASE_URL"),
        (
            {"DATABASE_URL": "postgres://me:secret@db.example:port/tasks", "AUTH": "none"},
            "DATABASE_URL",
        ),
        ({"AUTH": "JWT"}, "AUTH"),
        ({"AUTH": "jwt"}, "JWT_JWKS_URL or JWT_SECRET"),
        ({**WITH_JWKS, "AUTH": "none"}, "JWT_JWKS_URL is set, but AUTH is not"),
        ({**WITH_JWKS, "AUTH": ""}, "JWT_JWKS_URL is set, but AUTH is not"),
        ({**WITH_JWKS, "AUTH": "", "DATABASE_URL": DATABASE_URL}, "AUTH must be set"),
        ({"JWT_SECRET": "a secret"}, "JWT_SECRET is set, but AUTH is not"),
        ({"JWT_ISSUER": "x"}, "JWT_ISSUER is set, but AUTH is not"),
        ({"JWT_AUDIENCE": "x"}, "JWT_AUDIENCE is set, but AUTH is not"),
        ({**WITH_JWKS, "JWT_SECRET": WITH_SECRET["JWT_SECRET"]}, "JWT_JWKS_URL and JWT_SECRET"),
        ({**WITH_JWKS, "JWT_ISSUER": ""}, "JWT_ISSUER"),
        ({**WITH_JWKS, "JWT_AUDIENCE": ""}, "JWT_AUDIENCE"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "issuer.example/jwks"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "file:///etc/jwks"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "https://"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "https://[::1/jwks"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "https://issuer.example:x/jwks"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "https://issuer.example/a b"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "https://issuer.example/\r\nX: y"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "https://ïssuer.example/jwks"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "https://me:secret@issuer.example/jwks"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": f"{JWKS_URL}#keys"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "http://issuer.example/jwks"}, "JWT_JWKS_URL"),
        ({**WITH_JWKS, "JWT_JWKS_URL": "http://9.9.9.9/jwks"}, "JWT_JWKS_URL"),
        ({**WITH_SECRET, "JWT_SECRET": "secret of thirty-one bytes, no?"}, "JWT_SECRET"),
        ({**WITH_SECRET, "JWT_SECRET": PUBLIC_KEY}, "JWT_SECRET must not be"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "null"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "app.example"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://app.example/"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://*.app.example"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://me:secret@app.example"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://app.example:65536"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://app.example https://b.example"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://a.example, https://b.example?secret"}, "CORS_ORIGINS"),
        ({"METRICS_TOKEN": "secret_of_15_by"}, "METRICS_TOKEN must have at least 16"),
        ({"METRICS_TOKEN": "a secret with spaces"}, "METRICS_TOKEN must have at least 16"),
    ],
)
def test_wrong_setting_stops_the_start_with_one_line_that_names_it(environ, name):
    with pytest.raises(ConfigError) as stop:
        from_environ(environ)
    message = str(stop.value)
    assert message.startswith(name)
    assert "\n" not in message
    assert "secret" not in message


def test_tokens_may_be_checked_with_the_issuers_keys():
    config = from_environ({**WITH_JWKS, "DATABASE_URL": DATABASE_URL})
    assert (config.auth, config.jwt_jwks_url, config.jwt_secret) == ("jwt", JWKS_URL, None)
    assert (config.jwt_issuer, config.jwt_audience) == (ISSUER, AUDIENCE)


def test_tokens_may_be_checked_with_a_secret_that_is_never_shown():
    config = from_environ(WITH_SECRET)
    assert (config.jwt_jwks_url, config.jwt_secret) == (None, SECRET.encode())
    assert SECRET not in repr(config)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("5/second", (5, 1)),
        ("600/minute", (600, 60)),
        ("1/hour", (1, 3600)),
        ("999999999/day", (999_999_999, 86_400)),
    ],
)
def test_rate_is_a_number_and_a_unit_of_time(text, rate):
    assert from_environ({"RATE_LIMIT": text}).rate_limit == rate


def test_rates_may_be_counted_in_redis_whose_password_is_never_shown():
    config = from_environ(WITH_STORAGE)
    assert config.rate_limit_storage_url == WITH_STORAGE["RATE_LIMIT_STORAGE_URL"]
    assert "secret" not in repr(config)


def test_start_says_which_package_the_storage_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigError, match=r"^RATE_LIMIT_STORAGE_URL needs .*`pip install redis`"):
        from_environ(WITH_STORAGE)


def test_token_for_the_metrics_is_never_shown():
    config = from_environ({"METRICS_TOKEN": "secret-of-16-chr"})
    assert config.metrics_token == "secret-of-16-chr"
    assert "secret" not in repr(config)


def test_secret_is_measured_in_bytes():
    # The second is what the environment makes of a byte that isn't UTF-8.
    for text, secret in (("ü" * 16, b"\xc3\xbc" * 16), ("\udcff" * 32, b"\xff" * 32)):
        assert from_environ({**WITH_SECRET, "JWT_SECRET": text}).jwt_secret == secret


@pytest.mark.parametrize(
    "host",
    [
        "localhost:3000",
        "127.0.0.1:3000",
        "[::1]:3000",
        "10.0.0.7",
        "auth:3000",
        "auth.railway.internal",
        "auth.default.svc.cluster.local",
    ],
)
def test_keys_may_come_over_http_from_where_no_stranger_can_be(host):
    url = f"http://{host}/api/auth/jwks"
    assert from_environ({**WITH_JWKS, "JWT_JWKS_URL": url}).jwt_jwks_url == url


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://app.example", ("https://app.example",)),
        (
            " https://app.example , http://localhost:3000,",
            ("https://app.example", "http://localhost:3000"),
        ),
        ("HTTPS://App.Example:443", ("https://app.example",)),
        ("http://app.example:80", ("http://app.example",)),
        ("https://app.example:80", ("https://app.example:80",)),
        ("http://[::1]:3000", ("http://[::1]:3000",)),
        ("capacitor://localhost", ("capacitor://localhost",)),
    ],
)
def test_origins_are_read_as_browsers_write_them(text, origins):
    assert from_environ({"CORS_ORIGINS": text}).cors_origins == origins
