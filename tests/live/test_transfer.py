"""Tasks move in from other apps, and out again, by the public API alone."""

import json
import os
import pty
import signal
import subprocess
import sys
import termios
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import pytest
import requests
from fractional_indexing import generate_key_between
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar
from tools.jwt_settings import WITH_SECRET
from tools.server import ROOT, environment, free_port

from transfer.__main__ import main

HOME = ROOT / "examples" / "transfer"
EXPORTS = Path(__file__).with_name("exports")
ALL = {"description": None, "completed": False, "due_on": None, "due_at": None}
REST = {"priority": "none", "tags": []}


@pytest.fixture
def transfer(base, capsys):
    """Run the program; return its status, its lines, and what it complains of."""

    def transfer(command, file, *options, url=base):
        status = main([command, str(file), url, *options])
        out, complaint = capsys.readouterr()
        return status, out.splitlines(), complaint

    return transfer


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        file = tmp_path / name
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    return write


def tasks_at(base):
    """All tasks, in the order by hand."""
    found, url = [], f"{base}/tasks?limit=100&sort=position"
    while url:
        answer = requests.get(url)
        found += answer.json()
        url = (
            requests.compat.urljoin(url, answer.links["next"]["url"])
            if answer.links.get("next")
            else None
        )
    return found


def shown(base):
    """The members that differ from their defaults, without those that the service sets."""
    names = ("title", *ALL, *REST, "recurrence", "time_zone")
    defaults = ALL | REST | {"recurrence": None, "time_zone": None}
    return [
        {name: task[name] for name in names if name in task and task[name] != defaults.get(name)}
        for task in tasks_at(base)
    ]


def line_of(task, **more):
    return json.dumps({"id": str(uuid4()), "title": task, **more})


def test_project_of_todoist_comes_in(transfer, base):
    status, lines, _ = transfer("import", EXPORTS / "todoist.csv", "--time-zone", "Europe/Berlin")
    assert status == 0
    attachment = '[[file {"file_name":"plan.pdf","file_url":"https://files.example/plan.pdf"}]]'
    assert shown(base) == [
        {
            "title": "Order the scaffold",
            "description": "Ask Meier for both sizes\nComment: They answer by Friday\n"
            f"Attachment: The drawing  {attachment}",
            "due_on": "2027-03-02",
            "priority": "high",
            "tags": ["building", "phone"],
        },
        {
            "title": "Measure the wall",
            "description": "Duration: 45 minute",
            "due_at": "2027-03-01T08:30:00Z",
            "priority": "medium",
            "tags": ["Order the scaffold"],
        },
        {
            "title": 'Say "hello" to everybody, twice',
            "description": "Responsible: Bob (18)",
            "priority": "low",
        },
        {
            "title": "Water the plants",
            "description": "Date: jeden zweiten Tag",
            "tags": ["home", "Garden"],
        },
        {
            "title": "Water the plants",
            "description": "Date: tomorrow",
            "due_on": "2027-05-01",
            "tags": ["home", "Garden"],
        },
        {"title": "Write to mail@example.org", "due_on": "2027-03-09", "tags": ["Garden"]},
    ]
    assert lines == [
        "todoist.csv: 6 tasks read",
        "     1 attachment: in the description",
        "     6 author: left out",
        "     1 comment: in the description",
        "     2 date: in the description",
        "     1 duration: in the description",
        "     6 new task",
        "     1 responsible: in the description",
        "     1 subtask: its parent's title is its tag",
        "     3 task in a section: the section's name is a tag",
    ]


def test_what_belongs_to_no_task_is_told(transfer, write):
    file = write("todoist.csv", "TYPE,CONTENT,DESCRIPTION\nsection,Garden,All that is outside\n")
    assert transfer("import", file)[1] == [
        "todoist.csv: 0 tasks read",
        "     1 description of a section: left out",
    ]


DATES = {
    ("2027-03-02", "de"): "2027-03-02",
    ("Mar 2 2027", "en"): "2027-03-02",
    ("2 March 2027", ""): "2027-03-02",
    ("Mar 2", "en"): None,
    ("2/3/2027", "en"): None,
    ("Mar 2 2027", "de"): None,
    ("10:00", "en"): None,
    ("today", "en"): None,
    ("2", "en"): None,
    ("9" * 400, "en"): None,
}


@pytest.mark.parametrize(("date", "language"), DATES)
def test_date_is_read_only_if_it_always_means_the_same(transfer, base, write, date, language):
    rows = f"TYPE,CONTENT,DATE,DATE_LANG\ntask,x,{date},{language}\n"
    transfer("import", write("todoist.csv", rows))
    day = DATES[date, language]
    expected = {"due_on": day} if day else {"description": f"Date: {date}"}
    assert shown(base) == [{"title": "x", **expected}]


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("2027-07-02T10:00:00+02:00", "2027-07-02T08:00:00Z"),
        ("2027-07-02 10:00", "2027-07-02T08:00:00Z"),
        ("2 Jul 2027 10:00", "2027-07-02T08:00:00Z"),
    ],
)
def test_time_is_in_the_zone_that_is_named(transfer, base, write, date, moment):
    rows = f"TYPE,CONTENT,DATE,TIMEZONE\ntask,x,{date},Europe/Berlin\n"
    transfer("import", write("todoist.csv", rows))
    assert shown(base) == [{"title": "x", "due_at": moment}]


def test_older_file_of_todoist_lacks_columns(transfer, base):
    assert transfer("import", EXPORTS / "todoist-old.csv")[0] == 0
    assert shown(base) == [
        {"title": "Read the contract", "priority": "high"},
        {"title": "Ask about page 3", "tags": ["Read the contract"]},
    ]


def test_title_of_a_parent_goes_where_the_user_says(transfer, base):
    transfer("import", EXPORTS / "todoist-old.csv", "--subtasks", "description", "--tag", "Work")
    assert shown(base)[1] == {
        "title": "Ask about page 3",
        "description": "Part of: Read the contract",
        "tags": ["Work"],
    }


def test_broken_row_is_named_and_the_rest_comes_in(transfer, base):
    status, lines, _ = transfer("import", EXPORTS / "todoist-broken.csv")
    assert status == 1
    assert [task["title"] for task in shown(base)] == ["First", "Fifth"]
    assert [line for line in lines if line.startswith("left out")] == [
        "left out: row 2: a comment that belongs to no task",
        "left out: row 4: invalid literal for int() with base 10: 'one'",
        "left out: row 5: it has no title",
        "left out: row 7: 'habit' is not known",
        "left out: row 6: 'Middle Earth' is no time zone such as Europe/Berlin",
    ]


def test_takeout_of_google_comes_in(transfer, base):
    status, lines, _ = transfer("import", EXPORTS / "Tasks.json")
    assert status == 1
    assert shown(base) == [
        {
            "title": "Plan the trip",
            "description": "By train\nor by boat",
            "due_on": "2027-03-02",
            "tags": ["My Tasks"],
        },
        {
            "title": "Book a room",
            "description": "Links: email Your booking https://mail.example/1\n"
            "Completed: 2026-10-01",
            "completed": True,
            "tags": ["My Tasks", "Plan the trip"],
        },
        {"title": "Only a note", "description": "Starred: True", "tags": ["My Tasks"]},
        {"title": "Fine", "tags": ["Work"]},
    ]
    assert lines == [
        "Tasks.json: 4 tasks read",
        "     1 completed: in the description",
        "     1 hidden task: comes in like the others",
        "     1 links: in the description",
        "     4 new task",
        "     1 starred: in the description",
        "     1 subtask: its parent's title is its tag",
        "     4 task in a list: the list's title is a tag",
        "     1 task in the trash: left out",
        "     1 task without a title: it is the first line of its text",
        "     2 time of creation: left out, the service sets its own",
        "left out: task 4 of list 'My Tasks': it has no title",
        "left out: task 1 of list 'Work': it doesn't look like a task",
        "left out: task 2 of list 'Work': Invalid isoformat string: 'soon'",
        "left out: task 3 of list 'Work': it has no 'id'",
    ]


def test_microsoft_to_do_comes_in(transfer, base):
    status, lines, _ = transfer("import", EXPORTS / "graph.json", "--time-zone", "Europe/Berlin")
    assert status == 1
    assert shown(base) == [
        {
            "title": "Renew the passport",
            "description": "Bring photos\nand the old one\nReminder: 2027-02-27 08:00+00:00\n"
            "Link: Mail of the office https://mail.example/7\n"
            "Attachment: it has some, which Graph doesn't export",
            "due_on": "2027-03-02",
            "priority": "high",
            "tags": ["Blue category", "Tasks"],
        },
        {
            "title": "Take photos",
            "completed": True,
            "tags": ["Tasks", "Renew the passport"],
        },
        {"title": "Find the old one", "tags": ["Tasks", "Renew the passport"]},
        {
            "title": "Pay the rent",
            "description": "Status: waitingOnOthers",
            "due_on": "2027-03-01",
            "recurrence": "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=1;UNTIL=20280301",
            "tags": ["Tasks"],
        },
        {
            "title": "Call home",
            "description": "Completed: 2027-03-02\n"
            "Recurrence: FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=MO",
            "completed": True,
            "due_on": "2027-03-02",
            "priority": "low",
            "tags": ["Tasks"],
        },
    ]
    assert lines == [
        "graph.json: 5 tasks read",
        "     1 attachment: in the description",
        "     1 completed: in the description",
        "     1 link: in the description",
        "     5 new task",
        "     1 recurrence: in the description",
        "     1 reminder: in the description",
        "     1 status: in the description",
        "     2 subtask: its parent's title is its tag",
        "     3 task in a list: the list's title is a tag",
        "     1 time of creation: left out, the service sets its own",
        "left out: task 4 of list 'Tasks': 'Middle Earth' is no time zone such as Europe/Berlin",
    ]


@pytest.mark.parametrize(
    ("instant", "zone"),
    [
        ("2027-03-02T00:00:00.0000000", "UTC"),
        ("2027-03-01T23:00:00.0000000", "UTC"),
        ("2027-03-02T10:00:00.0000000", "UTC"),
        ("2027-03-01T10:00:00.0000000", "Pacific/Kiritimati"),
    ],
)
def test_day_of_microsoft_is_the_day_on_the_device(transfer, base, write, instant, zone):
    due = {"dateTime": instant, "timeZone": "UTC"}
    file = write("graph.json", {"value": [{"id": "T", "title": "x", "dueDateTime": due}]})
    transfer("import", file, "--time-zone", zone)
    assert shown(base) == [{"title": "x", "due_on": "2027-03-02"}]


def test_pages_that_a_file_does_not_have_are_told(transfer, write):
    page = {"value": [{"id": "T", "title": "x"}], "@odata.nextLink": "https://graph.example/2"}
    status, lines, _ = transfer("import", write("graph.json", page))
    assert (status, lines[1:]) == (
        1,
        ["     1 new task", "left out: what is on further pages, which the file doesn't have"],
    )


PATTERNS = {
    "FREQ=DAILY;INTERVAL=3;COUNT=5": (
        {"type": "daily", "interval": 3},
        {"type": "numbered", "numberOfOccurrences": 5},
    ),
    "FREQ=MONTHLY;INTERVAL=1;BYDAY=MO,TU;BYSETPOS=-1": (
        {"type": "relativeMonthly", "daysOfWeek": ["monday", "tuesday"], "index": "last"},
        {"type": "noEnd"},
    ),
    "FREQ=YEARLY;INTERVAL=1;BYMONTH=3;BYMONTHDAY=1": (
        {"type": "absoluteYearly", "month": 3, "dayOfMonth": 1},
        {"type": "noEnd"},
    ),
}


@pytest.mark.parametrize("rule", PATTERNS)
def test_recurrence_of_microsoft_is_a_rule(transfer, base, write, rule):
    pattern, limits = PATTERNS[rule]
    due = {"dateTime": "2027-03-01T00:00:00", "timeZone": "UTC"}
    task = {"id": "T", "title": "x", "dueDateTime": due}
    recurrence = {"pattern": pattern, "range": limits}
    assert transfer("import", write("graph.json", [{**task, "recurrence": recurrence}]))[0] == 0
    assert shown(base)[0]["recurrence"] == rule


def test_icalendar_comes_in(transfer, base):
    status, lines, _ = transfer("import", EXPORTS / "todo.ics", "--time-zone", "Europe/Berlin")
    assert status == 1
    assert shown(base) == [
        {
            "title": "Tidy the house",
            "description": "Upstairs, then\ndownstairs\nAttach: https://files.example/plan.pdf\n"
            "Location: Attic\nReminder: -PT15M",
            "due_on": "2027-03-02",
            "priority": "high",
            "tags": ["Home", "Weekend"],
        },
        {
            "title": "Wash the windows",
            "due_at": "2027-07-01T07:00:00Z",
            "priority": "medium",
            "recurrence": "FREQ=WEEKLY;BYDAY=TH",
            "time_zone": "Europe/Berlin",
            "tags": ["Tidy the house"],
        },
        {
            "title": "Drink water",
            "description": "Start: 2027-03-01 08:00:00\nRecurrence: FREQ=HOURLY",
            "due_at": "2027-03-01T08:00:00Z",
            "priority": "low",
        },
        {
            "title": "Sweep the stairs",
            "description": "Completed: 2026-10-01 12:00:00+00:00\nRecurrence: FREQ=DAILY",
            "completed": True,
            "due_on": "2026-10-01",
        },
        {
            "title": "Paint the door",
            "description": "Status: CANCELLED",
            "completed": True,
            "due_at": "2027-03-01T08:00:00Z",
        },
    ]
    assert lines == [
        "todo.ics: 5 tasks read",
        "     1 VEVENT: left out, it is no task",
        "     1 attach: in the description",
        "     1 completed: in the description",
        "     1 location: in the description",
        "     5 new task",
        "     2 recurrence: in the description",
        "     1 reminder: in the description",
        "     1 start: in the description",
        "     1 status: in the description",
        "     1 subtask: its parent's title is its tag",
        "     1 task with members of one app (X-…): these are left out",
        "     1 time of creation: left out, the service sets its own",
        "     1 time without a zone: read as Europe/Berlin",
        "left out: VTODO 5: DUE: Wrong date format 20270231",
    ]


def test_rule_that_the_service_refuses_is_in_the_description(transfer, base, write):
    todo = "UID:1\nSUMMARY:x\nDUE;VALUE=DATE:20270301\nRRULE:FREQ=WEEKLY;BYMONTHDAY=3"
    file = write("todo.ics", f"BEGIN:VCALENDAR\nBEGIN:VTODO\n{todo}\nEND:VTODO\nEND:VCALENDAR\n")
    status, lines, _ = transfer("import", file)
    assert (status, lines[1:]) == (
        0,
        ["     1 new task", "     1 recurrence: in the description"],
    )
    description = "Recurrence: FREQ=WEEKLY;BYMONTHDAY=3"
    assert shown(base) == [{"title": "x", "due_on": "2027-03-01", "description": description}]


FILES = ["todoist.csv", "todoist-old.csv", "Tasks.json", "graph.json", "todo.ics"]


@pytest.mark.parametrize("name", FILES)
def test_dry_run_tells_all_and_sends_nothing(transfer, base, name):
    status, said, _ = transfer("import", EXPORTS / name, "--dry-run")
    assert requests.get(f"{base}/changes").json()["revision"] == 0
    really, told, _ = transfer("import", EXPORTS / name)
    assert status == really
    assert said[1:] == [line for line in told[1:] if not line.endswith("new task")]
    assert said[0].endswith("tasks would come in")


@pytest.mark.parametrize("name", FILES)
def test_second_import_makes_nothing_and_a_third_undoes_no_edit(transfer, base, name):
    transfer("import", EXPORTS / name)
    before = tasks_at(base)
    _, lines, _ = transfer("import", EXPORTS / name)
    assert f"{len(before):6} task that was there already" in lines
    assert tasks_at(base) == before
    edited = {"title": "Edited in the app", "completed": True, "position": "a0", "tags": []}
    requests.patch(f"{base}/tasks/{before[0]['id']}", json=edited)
    requests.delete(f"{base}/tasks/{before[1]['id']}")
    kept = tasks_at(base)
    _, lines, _ = transfer("import", EXPORTS / name)
    assert "     2 task that is different there, or deleted: left as it is" in lines
    assert tasks_at(base) == kept


def test_tasks_can_be_moved_between_those_that_came_in(transfer, base):
    transfer("import", EXPORTS / "todoist.csv")
    keys = [task["position"] for task in tasks_at(base)]
    between = [generate_key_between(one, other) for one, other in pairwise([None, *keys, None])]
    assert all(
        one < key < other
        for (one, other), key in zip(pairwise(["", *keys, "~"]), between, strict=True)
    )


def test_two_tasks_alike_are_two_and_stay_two(transfer, base, write):
    file = write("todoist.csv", "TYPE,CONTENT\ntask,Buy milk\ntask,Buy milk\n")
    for _ in range(2):
        transfer("import", file)
        assert shown(base) == [{"title": "Buy milk"}] * 2


def test_what_is_too_long_goes_on_elsewhere(transfer, base, write):
    tags = ",".join([*(f"t{number}" for number in range(21)), "y" * 51])
    todo = f"UID:1\nSUMMARY:{'a' * 300}\nDESCRIPTION:{'b' * 4100}\nCATEGORIES:{tags}"
    file = write("todo.ics", f"BEGIN:VCALENDAR\nBEGIN:VTODO\n{todo}\nEND:VTODO\nEND:VCALENDAR\n")
    status, lines, _ = transfer("import", file)
    assert status == 0
    found = shown(base)
    assert [task["title"] for task in found] == [
        f"{'a' * 254}…",
        f"{'a' * 240} (2)",
        f"{'a' * 240} (3)",
    ]
    text = "".join(task["description"] for task in found)
    assert text == f"…{'a' * 46}\n{'b' * 4100}\nTags: t20, {'y' * 51}"
    assert all(task["tags"] == [f"t{number}" for number in range(20)] for task in found)
    assert lines[1:] == [
        "     2 description over 2,000 characters: the rest is in a further task",
        "     3 new task",
        "     1 tags: in the description",
        "     1 title over 255 characters: the rest is in the description",
    ]


def test_characters_that_cannot_be_kept_are_replaced_and_counted(transfer, base, write):
    task = {"id": "T", "title": "a\0b", "notes": "c\ud800d", "status": "needsAction"}
    lists = [{"title": "L", "items": [task]}]
    status, lines, _ = transfer(
        "import", write("T.json", {"kind": "tasks#taskLists", "items": lists})
    )
    assert status == 0
    assert shown(base) == [{"title": "a\ufffdb", "description": "c\ufffdd", "tags": ["L"]}]
    assert "     2 text with characters that can't be kept: replaced by \ufffd" in lines


def test_json_lines_lose_nothing(transfer, base, service, write, tmp_path):
    transfer("import", EXPORTS / "todo.ics")
    transfer("import", EXPORTS / "todoist.csv")
    made = requests.post(
        f"{base}/tasks", json={"title": "At 9\u2028sharp", "position": "a0V"}
    ).json()
    requests.patch(f"{base}/tasks/{made['id']}/complete")
    recurring = next(task for task in tasks_at(base) if task["recurrence"])
    done = requests.patch(f"{base}/tasks/{recurring['id']}/complete").json()
    requests.patch(f"{base}/tasks/{done['next_task_id']}", json={"title": "Wash all windows"})
    done = requests.patch(f"{base}/tasks/{done['next_task_id']}/complete").json()
    requests.patch(f"{base}/tasks/{done['next_task_id']}", json={"title": "Wash some windows"})
    assert transfer("export", tmp_path / "all.jsonl")[:2] == (0, ["all.jsonl: 14 tasks"])
    other = f"{service}/api/{uuid4()}"
    assert transfer("import", tmp_path / "all.jsonl", url=other)[0] == 0
    read_only = ("user_id", "revision", "created_at", "updated_at", "completed_at")

    def kept(base):
        return [
            {name: each for name, each in task.items() if name not in read_only}
            for task in tasks_at(base)
        ]

    assert kept(other) == kept(base)


def test_next_task_that_was_deleted_does_not_come_back(transfer, base, service, tmp_path):
    task = {"title": "x", "due_on": "2027-03-01", "recurrence": "FREQ=DAILY"}
    made = requests.post(f"{base}/tasks", json=task).json()
    done = requests.patch(f"{base}/tasks/{made['id']}/complete").json()
    requests.delete(f"{base}/tasks/{done['next_task_id']}")
    transfer("export", tmp_path / "all.jsonl")
    other = f"{service}/api/{uuid4()}"
    _, lines, _ = transfer("import", tmp_path / "all.jsonl", url=other)
    assert "     1 recurrence: in the description" in lines
    description = "Recurrence: FREQ=DAILY"
    assert shown(other) == [
        {"title": "x", "description": description, "completed": True, "due_on": "2027-03-01"}
    ]


def test_line_of_json_that_is_broken_is_named(transfer, base, write):
    twice = line_of("Twice")
    lines = [
        line_of("One"),
        "{",
        '"x"',
        "",
        twice,
        twice,
        line_of("New", colour="red"),
        '{"id": 1}',
    ]
    status, said, _ = transfer(
        "import", write("all.jsonl", "\n".join([*lines, '{"title": "No id"}']))
    )
    assert status == 1
    assert {task["title"] for task in shown(base)} == {"One", "Twice", "No id"}
    named = [line.removeprefix("left out: ")[:15] for line in said if line.startswith("left out")]
    assert named == [
        "line 2: Expecti",
        "line 3: it is n",
        "line 6: its id ",
        "line 8: it does",
        "'New': There is",
    ]


def test_calendar_of_all_tasks_passes_two_validators(transfer, base, tmp_path):
    transfer("import", EXPORTS / "todo.ics", "--time-zone", "Europe/Berlin")
    transfer("import", EXPORTS / "todoist.csv")
    odd = {"title": "a;b,c\\d\ne" + "ü" * 100, "tags": ["x,y", "\t"], "description": "\r\x01\x7f"}
    assert requests.post(f"{base}/tasks", json=odd).status_code == 201
    assert transfer("export", tmp_path / "all.ics")[0] == 0
    text = (tmp_path / "all.ics").read_bytes().decode()
    calendar = Calendar.from_ical(text)
    calendar.validate()
    assert [each.errors for each in calendar.walk() if each.errors] == []
    checked = IcsCalendarStream.calendar_from_ics(text)
    assert {todo.summary for todo in checked.todos} == {task["title"] for task in tasks_at(base)}
    assert {str(todo.rrule) for todo in checked.todos if todo.rrule} != set()


def test_calendar_comes_in_as_it_went_out(transfer, base, service, tmp_path):
    transfer("import", EXPORTS / "todo.ics", "--time-zone", "Europe/Berlin")
    requests.post(f"{base}/tasks", json={"title": "a;b,c\\d\ne", "tags": ["x,y", "z"]})
    transfer("export", tmp_path / "all.ics")
    other = f"{service}/api/{uuid4()}"
    assert transfer("import", tmp_path / "all.ics", url=other)[0] == 0
    by_title = {task["title"]: task for task in shown(base)}
    for task in shown(other):
        before = by_title[task["title"]]
        assert {**task, "description": None} == {**before, "description": None}


BROKEN = {
    "not utf-8.csv": b"TYPE,CONTENT\ntask,\xff\n",
    "no columns.csv": "one,two\n1,2\n",
    "empty.csv": "",
    "huge field.csv": f"TYPE,CONTENT\ntask,{'x' * 200_000}\n",
    "a page.ics": "<html>\n<p>Log in</p>\n</html>\n",
    "half.ics": "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\n",
    "empty.ics": "",
    "half.json": '{"kind": "tasks#taskLists", "items": [',
    "deep.json": "[" * 100_000,
    "of something else.json": {"name": "package"},
    "empty.jsonl": "\n",
    "a picture.png": b"\x89PNG",
}


@pytest.mark.parametrize("name", BROKEN)
def test_file_that_is_not_what_it_says_is_one_line(transfer, base, write, name):
    file = write(name, BROKEN[name])
    status, lines, complaint = transfer("import", file)
    assert (status, lines) == (2, [])
    assert complaint.startswith(f"{file}: ")
    assert complaint.count("\n") == 1
    assert requests.get(f"{base}/changes").json()["revision"] == 0


def test_file_that_is_not_there_is_one_line(transfer, tmp_path):
    status, _, complaint = transfer("import", tmp_path / "no.csv")
    assert (status, complaint.count("\n")) == (2, 1)


def test_service_that_is_not_there_is_one_line(transfer, write):
    url = f"http://127.0.0.1:{free_port()}/api/{uuid4()}"
    status, _, complaint = transfer("import", write("all.jsonl", line_of("x")), url=url)
    assert (status, complaint.count("\n")) == (2, 1)
    assert "can't reach the service" in complaint


def test_export_to_an_unknown_kind_of_file_is_one_line(transfer, tmp_path):
    status, _, complaint = transfer("export", tmp_path / "all.xlsx")
    assert status == 2
    assert complaint == f"{tmp_path}/all.xlsx: its name must end in .jsonl or .ics\n"


def test_token_comes_from_the_environment(serve, on_database, transfer, monkeypatch, write):
    server = serve(**on_database | WITH_SECRET)
    file = write("all.jsonl", line_of("Buy milk"))
    user = str(uuid4())
    status, _, complaint = transfer("import", file, url=f"{server.url}/api/{user}")
    assert (status, complaint.count("\n")) == (2, 1)
    assert "401" in complaint
    token = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "token", user],
        cwd=ROOT,
        env=environment(**on_database | WITH_SECRET),
        capture_output=True,
        text=True,
        check=True,
    )
    monkeypatch.setenv("TOKEN", token.stdout.strip())
    assert transfer("import", file, url=f"{server.url}/api/{user}")[0] == 0


@pytest.mark.parametrize("command", [["import", "f"], ["import", "f", "localhost"], []])
def test_wrong_arguments_print_the_usage(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(command)
    assert exit_.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m transfer")


def many(write, number):
    return write("many.jsonl", "\n".join(line_of(f"Task {each}") for each in range(number)))


def test_rate_limit_is_waited_for(serve, on_database, transfer, user, write):
    server = serve(**on_database, RATE_LIMIT="1/second", WEB_CONCURRENCY=1)
    base = f"{server.url}/api/{user}"
    assert transfer("import", many(write, 300), url=base)[:2] == (
        0,
        ["many.jsonl: 300 tasks read", "   300 new task"],
    )


def test_push_that_is_too_large_is_sent_in_parts(serve, on_database, transfer, user, write):
    server = serve(**on_database, MAX_BODY_BYTES=1024, WEB_CONCURRENCY=1)
    text = "\n".join(line_of(f"Task {each}", description="d" * 500) for each in range(100))
    url = f"{server.url}/api/{user}"
    status, lines, _ = transfer("import", write("all.jsonl", text), url=url)
    assert (status, lines[1]) == (0, "   100 new task")


class Between:
    """Something between the program and the service: it may answer in its place, or wait."""

    def __init__(self, service):
        between = self
        self.refusals, self.pushes, self.stop_at, self.stopped = [], 0, None, Event()
        self.go_on = Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                between.pushes += 1
                if between.pushes == between.stop_at:
                    between.stopped.set()
                    between.go_on.wait(60)
                    return
                if between.refusals:
                    status, headers, content = between.refusals.pop(0)
                else:
                    json_ = {"Content-Type": "application/json"}
                    answer = requests.post(f"{service}{self.path}", data=body, headers=json_)
                    status, headers, content = answer.status_code, {}, answer.content
                self.send_response(status)
                for name, value in {"Content-Length": len(content), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self):
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def between(service):
    between = Between(service)
    yield between
    between.stop()


def test_service_that_is_busy_is_asked_again(transfer, between, user, write):
    between.refusals = [
        (503, {"Retry-After": 0}, b"{}"),
        (429, {"Retry-After": 0}, b"{}"),
        (502, {}, b""),
    ]
    status, lines, _ = transfer("import", many(write, 10), url=f"{between.url}/api/{user}")
    assert (status, lines[1], between.pushes) == (0, "    10 new task", 4)


def test_change_that_had_no_turn_is_sent_again(transfer, between, user, write):
    late = json.dumps({"results": [{"status": 503}] * 10, "revision": 0}).encode()
    between.refusals = [(200, {}, late)]
    status, lines, _ = transfer("import", many(write, 10), url=f"{between.url}/api/{user}")
    assert (status, lines[1], between.pushes) == (0, "    10 new task", 2)


@pytest.mark.parametrize(
    "refusal",
    [
        (200, {}, b"<html>Log in</html>"),
        (200, {}, b"[]"),
        (302, {"Location": "http://127.0.0.1:9/"}, b""),
        (500, {}, b'{"detail": "A defect."}'),
        (413, {}, b'{"detail": "Too large."}'),
        (404, {}, b'{"detail": "No such user."}'),
    ],
)
def test_answer_that_is_not_the_services_is_one_line(transfer, between, user, write, refusal):
    between.refusals = [refusal] * 2
    file = write("all.jsonl", line_of("x"))
    status, lines, complaint = transfer("import", file, url=f"{between.url}/api/{user}")
    assert (status, lines, complaint.count("\n")) == (2, [], 1)
    assert between.pushes == 1
    assert "can't reach" not in complaint


def test_import_that_was_interrupted_goes_on(transfer, base, between, user, write):
    file = many(write, 500)
    between.stop_at = 3
    command = [sys.executable, "-m", "transfer", "import", file, f"{between.url}/api/{user}"]
    with subprocess.Popen(
        command, cwd=HOME, env=environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert between.stopped.wait(60)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "Interrupted. The same command goes on from here.\n"
    assert process.returncode == 130
    between.go_on.set()
    status, lines, _ = transfer("import", file)
    assert status == 0
    assert lines[1:] == ["   300 new task", "   200 task that was there already"]
    assert len({task["title"] for task in tasks_at(base)}) == len(tasks_at(base)) == 500


def test_terminal_shows_a_bar(base, write):
    device, inside = pty.openpty()
    termios.tcsetwinsize(inside, (24, 80))
    command = [sys.executable, "-m", "transfer", "import", many(write, 200), base]
    with subprocess.Popen(command, cwd=HOME, env=environment(), stderr=inside) as process:
        os.close(inside)
        text = ""
        try:
            while part := os.read(device, 65536).decode():
                text += part
        except OSError:  # The program has ended.
            pass
    os.close(device)
    assert process.returncode == 0
    assert "200/200" in text


def test_deleted_task_leaves_a_copy_that_is_exported(transfer, base, tmp_path):
    ids = [requests.post(f"{base}/tasks", json={"title": each}).json()["id"] for each in "ab"]
    requests.delete(f"{base}/tasks/{ids[0]}")
    transfer("export", tmp_path / "all.jsonl")
    [line] = (tmp_path / "all.jsonl").read_text().splitlines()
    assert json.loads(line) == requests.get(f"{base}/tasks/{ids[1]}").json()


def test_what_the_program_needs_is_pinned_as_the_tests_have_it():
    lines = (HOME / "requirements.txt").read_text().splitlines()
    pins = {line for line in lines if not line.startswith("#")}
    assert pins <= set((ROOT / "constraints.txt").read_text().splitlines())
