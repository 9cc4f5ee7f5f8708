"""How many files of the service a reader enters who follows one request."""

import sys
from pathlib import Path

from tasks_api import app as factory

SOURCE = Path(factory.__file__).parents[1]
ROOT = SOURCE.parent

PUT_WITH_IF_MATCH = {
    "wsgi.py",
    "gevent_postgres/pool.py",
    "tasks_api/database/execution.py",
    "tasks_api/database/statements.py",
    "tasks_api/http/entity_tags.py",
    "tasks_api/http/fields.py",
    "tasks_api/http/log.py",
    "tasks_api/http/parser.py",
    "tasks_api/http/service.py",
    "tasks_api/http/strict_input.py",
    "tasks_api/tasks/changes/waits.py",
    "tasks_api/tasks/folding.py",
    "tasks_api/tasks/item/statements.py",
    "tasks_api/tasks/item/views.py",
    "tasks_api/tasks/preconditions.py",
}


def test_put_with_if_match_enters_few_files(client, path, make_task):
    """Their functions are called. The architecture document walks the same way."""
    task = make_task(due_at="2026-01-09T17:00:00Z")
    url, body = f"{path}/{task['id']}", {"title": "Buy oat milk, four cartons"}
    # Statements are written when they first come.
    client.put(url, json=body, headers={"If-Match": "*"})
    entered = set()

    def enter(frame, event, _argument):
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.is_relative_to(SOURCE):
            entered.add(str(file.relative_to(SOURCE)))

    sys.setprofile(enter)
    try:
        answer = client.put(url, json=body, headers={"If-Match": f'"{task["revision"] + 1}"'})
    finally:
        sys.setprofile(None)
    assert answer.status_code == 200
    assert entered | {"wsgi.py"} == PUT_WITH_IF_MATCH
