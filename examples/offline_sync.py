"""Offline-first: a copy of a user's tasks in a file, which works without the service and syncs.

python examples/offline_sync.py http://127.0.0.1:8000/api/USER_ID copy.json [new title]
"""

import json
import os
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4


def call(method, url, body=None, **headers):
    """Send a request; give the status and what the answer says."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if os.environ.get("TOKEN"):
        headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json", **headers}, method=method)
    try:
        with urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except HTTPError as error:
        if error.code >= 500:
            raise  # An OSError, as is no answer at all: try again later.
        return error.code, json.loads(error.read())


def sync(base, copy):
    """Send what was done offline, then take over what has changed since the last time.

    Args:
        base: the user's address, `…/api/USER_ID`.
        copy: `revision`, `tasks` by id, and `outbox`: a `key` for each task made offline, or the
            `id` and `revision` of one that was changed, with its `body`.

    Returns:
        What the service did not take: somebody else had changed it (412), or deleted it (404).
    """
    refused = []
    while copy["outbox"]:
        todo = copy["outbox"][0]
        if "key" in todo:  # However often this is repeated, the task is made once.
            answer = call("POST", f"{base}/tasks", todo["body"], Idempotency_Key=todo["key"])
        else:  # Nobody else's change is overwritten.
            url, tag = f"{base}/tasks/{todo['id']}", f'"{todo["revision"]}"'
            answer = call("PATCH", url, todo["body"], If_Match=tag)
        if answer[0] >= 400:
            refused.append((todo, answer))
        copy["outbox"].pop(0)
    more = True
    while more:
        status, page = call("GET", f"{base}/changes?since={copy['revision']}")
        if status == 410:  # The feed doesn't go back that far: start again.
            copy |= {"revision": 0, "tasks": {}}
            continue
        for change in page["changes"]:
            if change.get("deleted"):
                copy["tasks"].pop(change["id"], None)
            else:
                copy["tasks"][change["id"]] = change
        copy["revision"], more = page["revision"], page["has_more"]
    return refused


if __name__ == "__main__":
    base, file = sys.argv[1], Path(sys.argv[2])
    new = {"revision": 0, "tasks": {}, "outbox": []}
    copy = json.loads(file.read_text()) if file.exists() else new
    copy["outbox"] += [{"key": str(uuid4()), "body": {"title": title}} for title in sys.argv[3:]]
    try:
        print("refused:", sync(base, copy))
    except OSError as error:
        print("offline:", error)
    file.write_text(json.dumps(copy))
    for task in copy["tasks"].values():
        print("[x]" if task["completed"] else "[ ]", task["title"])
