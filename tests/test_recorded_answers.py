"""Every answer is, to the byte, the one that was recorded.

Each file in `recorded` is a conversation, which begins with the settings of its application, where
those aren't the default. Lines with `>` are requests, lines with `<` their answers. What differs
from run to run, or with the members of a task, has a name, `<id-1>`, numbered by first appearance,
and requests can use the names of answers before them; so `<user-1>` is a new user, `<token-1>` that
user's token, and `<shape-1>` the end of every entity tag.

`RECORD=1 pytest tests/test_recorded_answers.py` writes the answers again, those to requests that
were added as well. Read the difference before you commit it.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tasks_api.app import create_app
from tasks_api.config import from_environ

FILES = sorted((Path(__file__).parent / "recorded").glob("*.http"))
SETTING = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)
# The form is part of the answer: a time without microseconds or in another zone has no name.
VARYING = re.compile(
    r"(?P<request>(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f]))"
    r"|(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r'|(?P<time>(?<!"due_at":")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)'
    r'|(?:(?<=cursor=)|(?<="next":"))(?P<cursor>[^&>"]{20,})'
    r"|(?<=^retry: )(?P<retry>[0-9]+)$"
    r'|(?<=-)(?P<shape>[0-9a-f]{4})(?="$)',
    re.MULTILINE,
)
# What a request can say: a name, `<'a'*70000>` or `<byte-ff>`.
PLACEHOLDER = re.compile(
    r"<(?:(?P<kind>[a-z]+)-(?P<number>\d+)|'(?P<text>[^']+)'\*(?P<times>\d+)|byte-(?P<byte>..))>"
)
# A long run of one character is written as in requests.
RUN = re.compile(r"([^\n'])\1{49,}")
LONGEST = 20_000
# `failures.http` records two of these, `test_rate_limit.py` tests the third; not each operation can
# be made to answer with them.
FAILURES = {"429", "500", "503"}


class Conversation:
    """Sends requests to an application, and keeps what the names in them stand for."""

    def __init__(self, client: FlaskClient, settings: dict[str, str]) -> None:
        self.client = client
        self.settings = settings
        self.values: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.count: Counter[str] = Counter()

    def ask(self, request: list[str]) -> list[str]:
        """Send a request, given by its lines; return the lines of the answer."""
        head, _, body = self.fill_in("\n".join(request)).partition("\n\n")
        first, *headers = head.split("\n")
        method, path = first.split(" ", 1)
        answer = self.client.open(
            path,
            method=method,
            headers=[
                (name, value.strip()) for name, _, value in (h.partition(":") for h in headers)
            ],
            data=body.encode(errors="surrogateescape"),
        )
        return self.transcript(answer)

    def transcript(self, answer: TestResponse) -> list[str]:
        """Write an answer down, one object of an array a line, with names for what varies."""
        # werkzeug has the methods in a set, whose order is another in each process.
        allow = ", ".join(sorted(answer.allow))
        headers = [(name, allow if name == "Allow" else value) for name, value in answer.headers]
        head = [answer.status, *(f"{name}: {value}" for name, value in headers)]
        lines = VARYING.sub(self.name, "\n".join(head)).split("\n")
        body = VARYING.sub(self.name, answer.get_data().decode(errors="backslashreplace"))
        if len(body) > LONGEST:
            body = f"<sha256 {sha256(body.encode()).hexdigest()}>"
        elif answer.is_json:
            body = body.replace("},{", "},\n{")
        body = RUN.sub(lambda run: f"<'{run[1]}'*{len(run[0])}>", body)
        return [*lines, "", *body.split("\n")] if body else lines

    def fill_in(self, text: str) -> str:
        """Put what they stand for in the place of a request's names; unknown ones stay."""
        return PLACEHOLDER.sub(self.value, text)

    def value(self, found: re.Match[str]) -> str:
        if found["text"]:
            return found["text"] * int(found["times"])
        if found["byte"]:
            return bytes.fromhex(found["byte"]).decode("ascii", "surrogateescape")
        if found["kind"] in {"token", "expired", "forged"}:
            return self.token(found["kind"], self.values[f"<user-{found['number']}>"])
        if found["kind"] == "user" and found[0] not in self.values:
            self.learn(found[0], str(uuid4()))
        return self.values.get(found[0], found[0])

    def token(self, kind: str, user: str) -> str:
        key = self.settings["JWT_SECRET"][:: -1 if kind == "forged" else 1]
        expires = int(time.time()) + (-3600 if kind == "expired" else 3600)
        claims = {
            "iss": self.settings["JWT_ISSUER"],
            "aud": self.settings["JWT_AUDIENCE"],
            "sub": user,
            "iat": expires - 7200,
            "exp": expires,
        }
        return jwt.encode(claims, key, algorithm="HS256")

    def name(self, found: re.Match[str]) -> str:
        kind, value = found.lastgroup, found[0]
        # Each cursor gets a new number: two at one place in a list need not be equal.
        if value not in self.names or kind == "cursor":
            self.count[kind] += 1
            self.learn(f"<{kind}-{self.count[kind]}>", value)
        return self.names[value]

    def learn(self, name: str, value: str) -> None:
        self.values[name] = value
        self.names[value] = name


def exchanges(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Read what is below each `###`: its title, and the lines of the request and the answer."""
    for part in text.split("\n### ")[1:]:
        title, *lines = part.split("\n")
        yield title, *([line[2:] for line in lines if line.startswith(mark)] for mark in "><")


def marked(mark: str, lines: list[str]) -> str:
    return "".join(f"{mark} {line}\n" if line else f"{mark}\n" for line in lines)


@pytest.fixture
def application(request, preface, database_url) -> Flask:
    """The tests' own application, or a new one where a conversation has settings."""
    settings = dict(SETTING.findall(preface))
    if not settings:
        return request.getfixturevalue("app")
    config = from_environ(settings)
    app = create_app(config if config.database_url else replace(config, database_url=database_url))
    app.add_url_rule("/broken", view_func=lambda: 1 / 0)
    return app


@pytest.fixture
def preface(file) -> str:
    return file.read_text().partition("\n### ")[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_answers_are_those_that_were_recorded(file, preface, application):
    conversation = Conversation(application.test_client(), dict(SETTING.findall(preface)))
    recorded = file.read_text()
    heard = (
        preface.rstrip()
        + "\n"
        + "".join(
            f"\n### {title}\n{marked('>', request)}\n{marked('<', conversation.ask(request))}"
            for title, request, _ in exchanges(recorded)
        )
    )
    if os.environ.get("RECORD"):
        file.write_text(heard)
    elif heard != recorded:
        texts = recorded.split("\n"), heard.split("\n")
        changes = unified_diff(
            *texts, f"{file.name} as recorded", "as answered now", n=9, lineterm=""
        )
        pytest.fail("\n".join(changes), pytrace=False)


def recorded_of_each_operation(client):
    """Return each operation of the document, with its recorded targets and answers' statuses."""
    recorded = [
        (*request[0].split(" ", 1), answer[0][:3])
        for file in FILES
        for _, request, answer in exchanges(file.read_text())
    ]
    for path, operations in client.get("/openapi.json").json["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        for method in operations.keys() - {"parameters"}:
            yield (
                f"{method} {path}",
                operations[method],
                [
                    (target, status)
                    for asked, target, status in recorded
                    if asked == method.upper() and pattern.fullmatch(target.partition("?")[0])
                ],
            )


def test_every_documented_answer_is_recorded(client):
    for name, operation, recorded in recorded_of_each_operation(client):
        heard = {status for _, status in recorded}
        assert operation["responses"].keys() - FAILURES - heard == set(), name


def test_every_documented_parameter_of_a_query_is_recorded(client):
    for name, operation, recorded in recorded_of_each_operation(client):
        succeeded = [target for target, status in recorded if status == "200"]
        asked = {each for target in succeeded for each in parse_qs(urlsplit(target).query)}
        parameters = operation.get("parameters", [])
        documented = {each["name"] for each in parameters if each["in"] == "query"}
        assert documented - asked == set(), name
