"""The platforms' own files: they parse, do what the Procfile does, and let nobody in unchecked."""

import json
import re
import shlex
import tomllib
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from honcho.environ import parse_procfile

from tasks_api.config import Config

ROOT = Path(__file__).parents[1]
PROCFILE = parse_procfile((ROOT / "Procfile").read_text()).processes
RENDER = yaml.safe_load((ROOT / "render.yaml").read_text())
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
FLY = tomllib.loads((ROOT / "fly.toml").read_text())
RAILWAY = json.loads((ROOT / "railway.json").read_text())
HEROKU = json.loads((ROOT / "app.json").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()

RENDER_WEB, RENDER_PURGE = RENDER["services"]
GRACEFUL_TIMEOUT = int(
    re.search(
        r"^graceful_timeout = (\d+)",
        (ROOT / "src" / "tasks_api" / "gunicorn_conf.py").read_text(),
        re.MULTILINE,
    )[1]
)


def environment_of_render(service: dict) -> dict[str, str | None]:
    return {variable["key"]: variable.get("value") for variable in service["envVars"]}


@pytest.mark.parametrize(
    "command",
    [
        RENDER_WEB["preDeployCommand"],
        *RAILWAY["deploy"]["preDeployCommand"],
        FLY["deploy"]["release_command"],
        shlex.join(COMPOSE["services"]["migrate"]["command"]),
    ],
)
def test_every_platform_migrates_as_the_procfile_does(command):
    assert command == PROCFILE["release"]


def test_image_serves_as_the_procfile_does():
    [command] = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    # Where there is no shell, there is no $PORT: the service reads it itself.
    assert shlex.join(json.loads(command)) == PROCFILE["web"].replace(" --bind 0.0.0.0:$PORT", "")


def test_image_has_the_python_of_the_platforms():
    version = (ROOT / ".python-version").read_text().strip()
    assert set(re.findall(r"^FROM python:(\S+)-slim", DOCKERFILE, re.MULTILINE)) == {version}


def test_purge_is_a_command_of_the_service(app):
    flask, *options, group, command, days, _ = shlex.split(RENDER_PURGE["dockerCommand"])
    assert [flask, *options] == ["flask", "--app", "wsgi"]
    [purge] = [p for p in app.cli.commands[group].commands[command].params if days in p.opts]
    assert purge.required


@pytest.mark.parametrize(
    "settings",
    [
        environment_of_render(RENDER_WEB),
        environment_of_render(RENDER_PURGE),
        FLY["env"],
        HEROKU["env"],
        COMPOSE["services"]["web"]["environment"],
    ],
)
def test_platforms_set_only_what_is_a_setting(settings):
    assert settings.keys() <= {field.name.upper() for field in fields(Config)}


@pytest.mark.parametrize(
    "auth",
    [environment_of_render(RENDER_WEB)["AUTH"], FLY["env"]["AUTH"], HEROKU["env"]["AUTH"]["value"]],
)
def test_platform_on_the_internet_checks_tokens(auth):
    assert auth == "jwt"


def test_compose_without_tokens_is_reached_from_its_machine_only():
    services = COMPOSE["services"]
    assert services["web"]["ports"] == ["127.0.0.1:8000:8000"]
    assert [name for name, service in services.items() if "ports" in service] == ["web"]


@pytest.mark.parametrize(
    "seconds",
    [
        RAILWAY["deploy"]["drainingSeconds"],
        FLY["kill_timeout"],
        int(COMPOSE["services"]["web"]["stop_grace_period"].removesuffix("s")),
    ],
)
def test_platforms_wait_longer_for_the_end_than_gunicorn_takes(seconds):
    assert seconds > GRACEFUL_TIMEOUT


def test_platforms_ask_for_a_path_that_is_there(app):
    paths = {rule.rule for rule in app.url_map.iter_rules()}
    asked = {
        RENDER_WEB["healthCheckPath"],
        RAILWAY["deploy"]["healthcheckPath"],
        *(check["path"] for check in FLY["http_service"]["checks"]),
    }
    assert asked == {"/health", "/ready"}
    assert asked <= paths


def test_image_listens_where_fly_and_compose_look():
    port = re.search(r"\bPORT=(\d+)", DOCKERFILE)[1]
    assert FLY["http_service"]["internal_port"] == int(port)
    assert COMPOSE["services"]["web"]["ports"][0].endswith(f":{port}")
    assert "HOST=0.0.0.0" in DOCKERFILE


def test_heroku_database_allows_two_releases_at_once():
    values = {name: setting.get("value") for name, setting in HEROKU["env"].items()}
    each = int(values["WEB_CONCURRENCY"]) * int(values["DATABASE_POOL_SIZE"])
    # Essential-0 allows 20; the purge needs one, and a migration two.
    assert "heroku-postgresql:essential-0" in HEROKU["addons"]
    assert 2 * each + 3 <= 20


def test_lock_has_what_any_python_needs():
    """One made with a newer Python would lack what only older ones need."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    needed = re.findall(r"^[\w-]+", setup["options"]["install_requires"], re.MULTILINE)
    locked = re.findall(r"^[\w-]+", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    plain = {name.lower().replace("_", "-") for name in locked}
    assert {name.lower() for name in needed} <= plain
