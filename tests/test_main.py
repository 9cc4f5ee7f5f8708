"""What gunicorn reads by itself is checked before it, and answered with one line."""

import subprocess
import sys

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from tools.server import ROOT, environment

from tasks_api.__main__ import check
from tasks_api.settings import ConfigError

WRONG = {
    "WEB_CONCURRENCY": ["auto", "0", "-1", "1.5", "257", " "],
    "PORT": ["http", "0", "65536", "tcp://10.0.0.1:80"],
    "FORWARDED_ALLOW_IPS": ["proxy", "10.0.0.1/8"],
    "LISTEN_FDS": ["x"],
    "LISTEN_PID": ["x"],
    "SCRIPT_NAME": ["/prefix"],
    "GUNICORN_CMD_ARGS": [
        *(
            "--workers",
            "--workers auto",
            "--timeout -1",
            "--nothing",
            "'",
            "--worker-class nothing",
        ),
        *("--bind localhost:http", "--chdir /nowhere", "--user nobody-at-all"),
    ],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_wrong_variable_stops_the_start_with_one_line_that_names_it(name, value):
    with pytest.raises(ConfigError, match=rf"^{name} (must|has options) [^\n]*$"):
        check({name: value})


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WEB_CONCURRENCY": "2", "PORT": "80", "FORWARDED_ALLOW_IPS": "*"},
        {"FORWARDED_ALLOW_IPS": "10.0.0.0/8,::1", "SENDFILE": "maybe", "NOTIFY_SOCKET": "/x"},
        {"LISTEN_FDS": "1", "LISTEN_PID": "4194304", "SCRIPT_NAME": ""},
        {"GUNICORN_CMD_ARGS": "--bind unix:/x --workers=3 --env A=B wsgi:app"},
    ],
)
def test_right_variables_stay_as_they_are(environ):
    checked = dict(environ)
    check(checked)
    assert checked == environ


def test_empty_variable_and_what_another_gunicorn_has_left_are_removed():
    environ = {"WEB_CONCURRENCY": "", "PORT": "", "LISTEN_FDS": "", "GUNICORN_PID": "1", "X": ""}
    check(environ)
    assert environ == {"X": ""}


@given(st.sampled_from(sorted(WRONG)), st.text())
def test_any_text_is_taken_or_refused_in_one_line(name, text):
    # One of the options is `-h`.
    with pytest.raises(SystemExit, match=r"\A.*\Z"):
        sys.exit(check({name: text}))


@pytest.mark.parametrize("setting", ["WEB_CONCURRENCY=auto", "GUNICORN_CMD_ARGS=--workers"])
def test_command_ends_with_the_line_alone(setting):
    result = subprocess.run(
        [sys.executable, "-m", "tasks_api"],
        cwd=ROOT,
        env=environment(**dict([setting.split("=")])),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (1, "")
    [line] = result.stderr.splitlines()
    assert line.startswith(setting.partition("=")[0])


def test_empty_number_of_workers_counts_as_none(serve, on_database):
    server = serve(**on_database, WEB_CONCURRENCY="")
    assert requests.get(f"{server.url}/health").status_code == 200
