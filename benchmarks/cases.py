"""The kinds of request that are measured; README.md says what each is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

NEW_TASK = {"title": "Buy oat milk", "description": "Two cartons, the barista kind."}
CHANGES = {"title": "Buy oat milk again", "description": "Four cartons this time."}

# The tasks of `fill.sql`: the list of each user, and 20 tasks of each, from the oldest to the
# newest, a task of one user after the other.
LISTS = [f"/api/00000000-0000-4000-8000-{user:012x}/tasks" for user in range(100)]
TASKS = [
    f"{LISTS[user]}/00000000-{user:04x}-7000-8000-{number:012x}"
    for number in range(0, 2000, 100)
    for user in range(100)
]
# The user who has 10,000.
MANY = f"/api/00000000-0000-4000-8000-{100:012x}/tasks"

client = requests.Session()
# A proxy that the environment names can't reach a server on this machine.
client.trust_env = False


@dataclass(frozen=True)
class Request:
    """One request; `tag` is the entity tag for If-None-Match."""

    method: str
    target: str
    body: Any = None
    tag: str = ""

    def send(self, port: int) -> requests.Response:
        """Send it to a server on this machine."""
        headers = {"If-None-Match": self.tag} if self.tag else {}
        url = f"http://127.0.0.1:{port}{self.target}"
        return client.request(self.method, url, json=self.body, headers=headers, timeout=10)

    def line(self) -> str:
        """Return it as `cycle.lua` reads it."""
        body = "" if self.body is None else json.dumps(self.body)
        return f"{self.method}\t{self.target}\t{self.tag}\t{body}\n"


@dataclass(frozen=True)
class Case:
    """One kind of request.

    Attributes:
        status: the only status that counts as an answer.
        make: returns what is sent, in turn; it may ask the running server, given its port.
        ours: whether only this service can do it.
    """

    name: str
    status: int
    make: Callable[[int], list[Request]]
    ours: bool = False


def each(method: str, targets: list[str], body: Any = None) -> Callable[[int], list[Request]]:
    """Make the same request for all the targets."""
    return lambda _port: [Request(method, target, body) for target in targets]


def known_lists(port: int) -> list[Request]:
    """Ask for each user's list with the tag that it has now."""
    tags = [Request("GET", target).send(port).headers["ETag"] for target in LISTS]
    return [Request("GET", target, tag=tag) for target, tag in zip(LISTS, tags, strict=True)]


def deep_page(port: int) -> list[Request]:
    """Follow `next` through half of the 10,000 tasks, and ask for the page after these."""
    target = f"{MANY}?limit=100"
    for _ in range(50):
        link = Request("GET", target).send(port).headers["Link"]
        target = re.findall(r'<([^>]*)>; rel="next"', link)[0]
    return [Request("GET", target.replace("limit=100", "limit=50"))]


CASES = (
    Case("get", 200, each("GET", TASKS)),
    Case("list", 200, each("GET", LISTS)),
    Case("post", 201, each("POST", LISTS, NEW_TASK)),
    Case("put", 200, each("PUT", TASKS, CHANGES)),
    Case("toggle", 200, each("PATCH", [f"{target}/complete" for target in TASKS])),
    Case("list-304", 304, known_lists, ours=True),
    Case("first", 200, each("GET", [MANY]), ours=True),
    Case("deep", 200, deep_page, ours=True),
    Case("search", 200, each("GET", [f"{MANY}?q=nowhere"]), ours=True),
)
