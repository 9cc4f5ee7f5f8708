"""The kinds of request that are measured; README.md says what each is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from requests import Request, Response, Session
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

NEW_TASK = {"title": "Buy oat milk", "description": "Two cartons, the barista kind."}
CHANGES = {"title": "Buy oat milk again", "description": "Four cartons this time."}

# The tasks of `fill.sql`: the list of each user, and 20 tasks of each, from the oldest to the
# newest, a task of one user after the other. The last user has 10,000 tasks.
*LISTS, MANY = [f"/api/00000000-0000-4000-8000-{user:012x}/tasks" for user in range(101)]
TASKS = [
    f"{LISTS[user]}/00000000-{user:04x}-7000-8000-{number:012x}"
    for number in range(0, 2000, 100)
    for user in range(100)
]

client = Session()
# A proxy that the environment names can't reach a server on this machine.
client.trust_env = False
# A server that is about to start refuses connections: try again, for about 50 seconds in all.
client.mount("http://", HTTPAdapter(max_retries=Retry(connect=9, backoff_factor=0.1)))


def send(request: Request) -> Response:
    """Send a request that isn't measured."""
    return client.send(request.prepare(), timeout=10)


def line(request: Request) -> str:
    """Return a request as `cycle.lua` reads it."""
    ready = request.prepare()
    tag, body = ready.headers.get("If-None-Match", ""), (ready.body or b"").decode()
    return f"{ready.method}\t{ready.path_url}\t{tag}\t{body}\n"


# Makes the requests, which are sent in turn, to a server at this address; it may ask that first.
Maker = Callable[[str], list[Request]]


def each(method: str, targets: list[str], body: Any = None) -> Maker:
    """Make the same request for all the targets."""
    return lambda root: [Request(method, root + target, json=body) for target in targets]


def known_lists(root: str) -> list[Request]:
    """Ask for each user's list with the tag that it has now."""
    urls = [root + target for target in LISTS]
    tags = [send(Request("GET", url)).headers["ETag"] for url in urls]
    headers = [{"If-None-Match": tag} for tag in tags]
    return [Request("GET", url, known) for url, known in zip(urls, headers, strict=True)]


def deep_page(root: str) -> list[Request]:
    """Follow `next` through half of the 10,000 tasks, and ask for the page after these."""
    target = f"{MANY}?limit=100"
    for _ in range(50):
        target = send(Request("GET", root + target)).links["next"]["url"]
    return [Request("GET", root + target.replace("limit=100", "limit=50"))]


@dataclass(frozen=True)
class Case:
    """A kind of request, and the only status that counts; what is `ours` no peer can do."""

    name: str
    status: int
    make: Maker
    ours: bool = False


CASES = [
    Case("get", 200, each("GET", TASKS)),
    Case("list", 200, each("GET", LISTS)),
    Case("post", 201, each("POST", LISTS, NEW_TASK)),
    Case("put", 200, each("PUT", TASKS, CHANGES)),
    Case("toggle", 200, each("PATCH", [f"{target}/complete" for target in TASKS])),
    Case("list-304", 304, known_lists, ours=True),
    Case("first", 200, each("GET", [MANY]), ours=True),
    Case("deep", 200, deep_page, ours=True),
    Case("search", 200, each("GET", [f"{MANY}?q=nowhere"]), ours=True),
]
