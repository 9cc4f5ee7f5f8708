"""Print the CPU that the worst requests cost: none may hold a worker for more than 100 ms.

No database is needed: what is refused doesn't reach it, and what is accepted is a 503 here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from tasks_api.app import create_app
from tasks_api.config import Config

BOUND_MS = 100
TASKS = "/api/6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11/tasks"
CHANGES = "/api/6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11/changes"
TASK = f"{TASKS}/019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a10"
MIB = 2**20
# As long as gunicorn lets a line or a header be.
LINE = 8000


def fill(element: str, start: str = "[", end: str = "]", size: int = MIB) -> str:
    """Repeat an element, with commas between, as often as the size allows.

    A `#` in it becomes a number of five digits, another one each time.
    """
    times = (size - len(start + end)) // (len(element.replace("#", "00000")) + 1)
    return start + ",".join(element.replace("#", f"{n:05x}") for n in range(times)) + end


def batch(start: str, element: str, end: str) -> str:
    """Fill 100 tasks, all the same."""
    return fill(fill(element, start, end, MIB // 100 - 3))


WIDE = json.dumps(
    {
        "title": "é" * 255,
        "description": "é" * 2000,
        "tags": [f"{n:02}" + "é" * 48 for n in range(20)],
    },
    ensure_ascii=False,
)
# Each of these characters is 18 letters in a search.
APART = json.dumps({"title": "\ufdfa" * 255, "description": "\ufdfa" * 2000}, ensure_ascii=False)
# The dearest rules: no day fits, or none in step with the due.
NEVER = json.dumps(
    {
        "title": "x",
        "due_on": "2026-01-09",
        "recurrence": "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=32",
    }
)
LAST = json.dumps(
    {
        "title": "x",
        "completed": True,
        "due_on": "2026-01-04",
        "recurrence": "FREQ=DAILY;INTERVAL=7;BYDAY=MO,TU,WE,TH,FR,SA",
    }
)
BODIES = {
    "numbers": fill("1"),
    "empty arrays": fill("[]"),
    "empty objects": fill("{}"),
    "arrays in arrays, 31 deep": fill("[" * 31 + "]" * 31),
    "arrays in arrays, 500,000 deep": "[" * (MIB // 2) + "]" * (MIB // 2),
    "objects in objects": '{"a":' * (MIB // 6) + "1" + "}" * (MIB // 6),
    "100 tasks of empty arrays": batch('{"id":[', "[]", "]}"),
    "100 tasks of wrong tags": batch('{"tags":[', "1", "]}"),
    "100 tasks of 20 wrong tags": fill('{"title":1,"tags":[' + "1," * 19 + "1]}", size=5000),
    "100 tasks of unknown members": batch("{", '"#":0', "}"),
    "100 tasks of 90 unknown members": fill(fill('"#":0', "{", "}", 900), size=90_000),
    "one task of wrong tags": fill("1", '[{"tags":[', "]}]"),
    "one task of different tags": fill('"#"', '[{"tags":[', "]}]"),
    "one task of unknown members": fill('"#":0', "[{", "}]"),
    "one task of unknown members with colons": fill('":#":0', "[{", "}]"),
    "one member over and over": fill('"a":0', "[{", "}]"),
    "a name of 1 MB": f'[{{"{"é" * (MIB // 2 - 10)}":0}}]',
    "a title of 1 MB": f'[{{"title":"{"x" * (MIB - 20)}"}}]',
    "a title of 1 MB of white space": f'[{{"title":"{" " * (MIB - 20)}"}}]',
    "a title of 1 MB of escapes": f'[{{"title":"{(chr(92) + "u0041") * (MIB // 6 - 9)}"}}]',
    "digits": "1" * MIB,
    "a string that doesn't end": '"' + "a" * (MIB - 1),
    "line feeds before an error": "\n" * (MIB - 1) + "x",
    "100 tasks as large as can be": f"[{','.join([WIDE] * 100)}]",
    "100 tasks of letters that come apart": f"[{','.join([APART] * 100)}]",
    # Between two of these, others have their turn.
    "100 rules that never come": f"[{','.join([NEVER] * 100)}]",
    "100 completed tasks without a next": f"[{','.join([LAST] * 100)}]",
}
# Both tasks of 100 changes must fit into 1 MiB.
LONG = json.dumps({**json.loads(WIDE), "description": "é" * 1000}, ensure_ascii=False)
CHANGE = f'{{"id":"019bb1a2-7c5e-7d31-9c0a-3f2b8e0#","was":{LONG},"set":{LONG}}}'
PUSHES = {
    "100 changes as large as can be": "["
    + ",".join(CHANGE.replace("#", f"{n:05x}") for n in range(100))
    + "]",
    "100 changes of wrong tags": fill('{"was":{"tags":[' + "1," * 70 + "1]}}", size=15_800),
    "100 changes of 70 unknown members": fill(fill('"#":0', "{", "}", 700), size=70_000),
    "one change of wrong tags": fill("1", '[{"was":{"tags":[', "]}}]", 15_000),
    "one change of unknown members": fill('"#":0', "[{", "}]", 79_000),
}
QUERIES = {
    "unknown parameters": "&".join(f"{number:x}" for number in range(LINE // 5)),
    "one parameter over and over": "a&" * (LINE // 2),
    "a long name": "%C3%A9" * (LINE // 6),
    "a long search": "q=" + "%F0%9F%98%80" * (LINE // 12),
    "a long cursor": "cursor=" + "A" * 1990 + ".A",
}
HEADERS = {
    "If-Match": {
        "tags": '"1",' * (LINE // 4),
        "white space": '"1"' + " \t" * (LINE // 2) + "x",
        "commas": "," * LINE,
        "commas and blanks": '"1"' + " , " * (LINE // 3) + "x",
        "a tag that doesn't end": '"' + "!" * LINE,
    },
    "Idempotency-Key": {"long": "x" * LINE},
    "X-Request-Id": {"long": "x" * LINE},
    "traceparent": {"long": "00-" + "0" * LINE},
    "Host": {"long": "a" * LINE + "/"},
    "Content-Type": {"long": "application/json" + ";a=b" * (LINE // 4)},
}


def requests() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what to call each, and what to give the test client."""
    for title, body in BODIES.items():
        yield title, {"method": "POST", "path": f"{TASKS}/batch", "data": body.encode()}
    for title, body in PUSHES.items():
        yield (
            f"push: {title}",
            {"method": "POST", "path": CHANGES, "data": f'{{"changes":{body}}}'.encode()},
        )
    for title, query in QUERIES.items():
        yield f"query: {title}", {"path": TASKS, "query_string": query}
        yield f"undeclared query: {title}", {"path": TASK, "query_string": query}
    for name, values in HEADERS.items():
        method, path = ("POST", TASKS) if name == "Idempotency-Key" else ("PUT", TASK)
        for title, value in values.items():
            request = {"method": method, "path": path, "data": b'{"title": "x"}'}
            yield f"{name}: {title}", {**request, "headers": {name: value}}


def main() -> None:
    """Print a line for each request, the dearest first."""
    nowhere = sa.make_url("postgresql+psycopg2://127.0.0.1:1/tasks")
    client = create_app(Config(database_url=nowhere, log_level="ERROR")).test_client()
    costs = []
    for title, request in requests():
        spent = []
        for _ in range(3):
            began = time.process_time()
            with client.open(**{"content_type": "application/json", **request}) as answer:
                spent.append((time.process_time() - began) * 1000)
        costs.append((min(spent), answer.status_code, len(answer.data), title))
    print("CPU ms  status  bytes of the answer")
    for cost, status, size, title in sorted(costs, reverse=True):
        print(f"{cost:6.1f}  {status}  {size:8}  {title}{'  OVER' if cost > BOUND_MS else ''}")


if __name__ == "__main__":
    main()
