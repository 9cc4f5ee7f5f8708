"""Offline-first: a copy of a user's tasks in a file, which works without the service and syncs.

What was done offline is in the file before it is sent, and stays there until the service has
answered. Only one process at a time may use a file. The environment's TOKEN is the bearer token.
"""

import argparse
import json
import os
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener
from uuid import uuid4

# With these results the service refuses a change: it is no use to send it again. A 410 is none of
# them: the task was deleted meanwhile, and there is nothing left to do.
REFUSED = {404, 409, 422}


class TryLaterError(Exception):
    """The service can't be reached, or can't take the change now; the text says why."""


def load(file):
    """Return the copy in a file: `tasks` by id, `next` to ask with, `outbox` and `refused`.

    The outbox has changes as a push takes them: the `id` of a task, what was `set`, and what it
    `was` before, null for a new task. What the service refused is kept, for the user to see.
    """
    empty = {"next": "0", "tasks": {}, "outbox": [], "refused": []}
    return empty | json.loads(file.read_text()) if file.exists() else empty


def save(file, copy):
    """Write the copy to its file, which is the old one or the new one if the power fails."""
    new = file.with_name(f"{file.name}.new")
    with new.open("w") as output:
        json.dump(copy, output)
        output.flush()
        os.fsync(output.fileno())
    new.replace(file)


class NoRedirect(HTTPRedirectHandler):
    """Follows no redirect: it would turn a POST into a GET, and take the token somewhere else."""

    def redirect_request(self, *_):
        return None


open_url = build_opener(NoRedirect).open


def call(url, body=None):
    """Send a request; return the status and the JSON of the answer.

    Raises:
        TryLaterError: there is no answer, or it needs another token, another address or more time.
    """
    headers = {"Content-Type": "application/json"}
    if os.environ.get("TOKEN"):
        headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"
    data = None if body is None else json.dumps(body).encode()
    try:
        try:
            answer = open_url(Request(url, data, headers), timeout=30)
        except HTTPError as error:
            answer = error  # A problem is an answer too.
        with answer:
            status, content = answer.status, json.loads(answer.read())
    except (OSError, HTTPException) as error:
        raise TryLaterError(f"offline: {error}") from None
    except ValueError as error:
        raise TryLaterError(f"no answer of the service: {error}") from None
    if not isinstance(content, dict):
        raise TryLaterError(f"{url} is not the service")
    if status not in {200, 410}:
        raise TryLaterError(f"{status}: {content.get('detail')}")
    return status, content


def send(base, copy, file):
    """Push what is in the outbox; each change leaves it when it has its result.

    A push that is repeated is done once, and overwrites nothing that somebody else has changed.
    """
    while changes := copy["outbox"][:100]:
        _, answer = call(f"{base}/changes", {"changes": changes})
        late = []
        for change, result in zip(changes, answer["results"], strict=True):
            if result["status"] in REFUSED:
                reason = f"{result['status']}: {result['errors'][0]['detail']}"
                copy["refused"].append({"change": change, "reason": reason})
            elif result["status"] == 503:  # It was not its turn in time.
                late.append(change)
        copy["outbox"][:100] = late
        save(file, copy)


def fetch(base, copy, file):
    """Take over what has changed since the last time."""
    since, more = copy["next"], True
    tasks = {} if since == "0" else dict(copy["tasks"])
    while more:
        status, page = call(f"{base}/changes?since={quote(since)}")
        if status == 410:  # The feed doesn't go back that far: start again.
            since, tasks = "0", {}
            continue
        for change in page["changes"]:
            if change.get("deleted"):
                tasks.pop(change["id"], None)
            else:
                tasks[change["id"]] = change
        since, more = page["next"], page["has_more"]
    copy |= {"next": since, "tasks": tasks}
    save(file, copy)


def text(argument):
    """Return an argument that can be sent as JSON; argparse refuses one that isn't UTF-8."""
    argument.encode()
    return argument


def by_hand(task):
    """Sort by position, as the service does: by its bytes, and tasks without one last."""
    return task.get("position") is None, task.get("position") or ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("base", metavar="URL", help="http://127.0.0.1:8000/api/USER_ID")
    parser.add_argument("file", type=Path, help="where the copy is, or will be")
    parser.add_argument("title", nargs="*", type=text, help="the title of a new task")
    given = parser.parse_args()
    if not given.base.startswith(("http://", "https://")):
        parser.error("the URL must start with http:// or https://")

    copy = load(given.file)
    copy["outbox"] += [
        {"id": str(uuid4()), "was": None, "set": {"title": title}} for title in given.title
    ]
    save(given.file, copy)
    try:
        send(given.base, copy, given.file)
        fetch(given.base, copy, given.file)
    except TryLaterError as error:
        print(f"not synced, {len(copy['outbox'])} changes wait in {given.file}:", error)
    print("refused:", [refused["reason"] for refused in copy["refused"]])
    for task in sorted(copy["tasks"].values(), key=by_hand):
        due = task.get("due_on") or task.get("due_at")
        print("[x]" if task["completed"] else "[ ]", task["title"] + (f" ({due})" if due else ""))


if __name__ == "__main__":
    main()
