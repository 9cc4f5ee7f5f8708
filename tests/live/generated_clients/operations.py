"""Every operation once, by the client that openapi-python-client makes."""

import sys
from datetime import date
from http import HTTPStatus
from uuid import uuid4

from task_api_client import AuthenticatedClient
from task_api_client.api.health import get_health, get_readiness
from task_api_client.api.me import get_me
from task_api_client.api.tasks import (
    clear_completed_tasks,
    complete_task,
    create_task,
    create_tasks,
    delete_task,
    erase_user,
    get_task,
    list_changes,
    list_task_page,
    list_tasks,
    patch_task,
    push_changes,
    restore_task,
    update_task,
)
from task_api_client.models.change import Change
from task_api_client.models.change_page import ChangePage
from task_api_client.models.cleared import Cleared
from task_api_client.models.completion import Completion
from task_api_client.models.health import Health
from task_api_client.models.me import Me
from task_api_client.models.new_task import NewTask
from task_api_client.models.priority import Priority
from task_api_client.models.push import Push
from task_api_client.models.pushed import Pushed
from task_api_client.models.sort_key import SortKey
from task_api_client.models.stale_problem import StaleProblem
from task_api_client.models.task import Task
from task_api_client.models.task_change import TaskChange
from task_api_client.models.task_page import TaskPage
from task_api_client.models.tombstone import Tombstone

client = AuthenticatedClient(
    base_url=sys.argv[1], token=sys.argv[2], raise_on_unexpected_status=True
)

assert isinstance(get_health.sync(client=client), Health)
assert isinstance(get_readiness.sync(client=client), Health)

me = get_me.sync(client=client)
assert isinstance(me, Me)
user = me.user_id

new = NewTask(title="Buy oat milk", priority=Priority.HIGH, tags=["errands"])
task = create_task.sync(user, client=client, body=new, idempotency_key="a-1")
assert isinstance(task, Task)

listed = list_tasks.sync_detailed(
    user, client=client, sort=SortKey.PRIORITY_DESCENDING, priority=task.priority, count=True
)
assert listed.parsed == [task]
assert listed.headers["X-Total-Count"] == "1"
assert get_task.sync(user, task.id, client=client) == task
page = list_task_page.sync(user, client=client, limit=1, count=True)
assert isinstance(page, TaskPage)
assert (page.tasks, page.total, page.next_) == ([task], 1, None)

# A client that chooses the id may repeat the creation.
own = NewTask(id=uuid4(), title="Buy tea")
for status in (HTTPStatus.CREATED, HTTPStatus.OK):
    answer = create_task.sync_detailed(user, client=client, body=own)
    assert isinstance(answer.parsed, Task)
    assert (answer.status_code, answer.parsed.id) == (status, own.id)

# A client may send back what it got.
sent_back = TaskChange.from_dict({**task.to_dict(), "title": "Buy two oat milks"})
assert isinstance(update_task.sync(user, task.id, client=client, body=sent_back), Task)
patch = TaskChange(description=None, due_on=date(2026, 1, 9), position="a0")
patched = patch_task.sync(user, task.id, client=client, body=patch)
assert isinstance(patched, Task)
assert (patched.due_on, patched.due_at) == (date(2026, 1, 9), None)

stale = delete_task.sync_detailed(user, task.id, client=client, if_match=f'"{task.revision}"')
assert stale.status_code is HTTPStatus.PRECONDITION_FAILED
assert isinstance(stale.parsed, StaleProblem)
assert stale.parsed.task.id == task.id
assert stale.headers["ETag"]

deleted = delete_task.sync_detailed(user, task.id, client=client)
assert deleted.status_code is HTTPStatus.NO_CONTENT
assert isinstance(restore_task.sync(user, task.id, client=client), Task)
done = complete_task.sync(user, task.id, client=client, body=Completion(completed=True))
assert isinstance(done, Task)
assert done.completed_at

# The priority of a task fits into a new one.
daily = NewTask(
    title=done.title,
    priority=done.priority,
    tags=done.tags,
    due_on=done.due_on,
    recurrence="FREQ=DAILY",
    time_zone="Europe/Berlin",
)
created = create_tasks.sync(user, client=client, body=[new, daily])
assert isinstance(created, list)
assert created[1].next_task_id is None
cleared = clear_completed_tasks.sync(user, client=client, completed=True)
assert isinstance(cleared, Cleared)
assert cleared.deleted == 1

page = list_changes.sync(user, client=client, since=str(task.revision))
assert isinstance(page, ChangePage)
assert [type(change) for change in page.changes] == [Task, Task, Task, Tombstone]

made = Change(id=uuid4(), was=None, set_=TaskChange(title="Offline"))
changed = Change(made.id, set_=TaskChange(completed=True), was=TaskChange(completed=False))
conflict = Change(made.id, set_=TaskChange(title="x"), was=TaskChange(title="y"))
for change, number in ((made, 201), (changed, 200), (conflict, 409)):
    pushed = push_changes.sync(user, client=client, body=Push(changes=[change]))
    assert isinstance(pushed, Pushed)
    [result] = pushed.results
    assert (result.status, result.id) == (number, made.id)
    assert isinstance(result.task, Task)

erased = erase_user.sync_detailed(user, client=client)
assert erased.status_code is HTTPStatus.NO_CONTENT
