"""What a release promised, the next one keeps: the document, compared as clients see it."""

import json
from copy import deepcopy

import pytest
from tools.compatibility import breaks
from tools.server import ROOT

DOCUMENT = json.loads((ROOT / "openapi" / "openapi.json").read_text())
RELEASED = sorted((ROOT / "openapi").glob("[0-9]*.json"))
TASKS, TASK = "/api/{user_id}/tasks", "/api/{user_id}/tasks/{task_id}"


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)
def test_clients_of_a_release_work_with_this_one(released):
    assert breaks(json.loads(released.read_text()), DOCUMENT) == []


def schema(document, name):
    return document["components"]["schemas"][name]["properties"]


def parameter(document, name):
    parameters = document["paths"][TASKS]["get"]["parameters"]
    return next(each for each in parameters if each["name"] == name)


BREAKING = {
    "an operation is gone": lambda d: d["paths"][TASK].pop("put"),
    "a path is gone": lambda d: d["paths"].pop(TASK),
    "an operation has another name": lambda d: d["paths"][TASK]["get"].update(operationId="x"),
    "a parameter is gone": lambda d: d["paths"][TASKS]["get"]["parameters"].pop(),
    "a parameter is required": lambda d: parameter(d, "q").update(required=True),
    "a new parameter is required": lambda d: d["paths"][TASKS]["get"]["parameters"].append(
        {"in": "query", "name": "x", "required": True, "schema": {"type": "string"}}
    ),
    "a parameter takes less": lambda d: parameter(d, "limit")["schema"].update(maximum=50),
    "a parameter takes another pattern": lambda d: parameter(d, "q")["schema"].update(pattern="x"),
    "a body has another media type": lambda d: d["paths"][TASKS]["post"].update(
        requestBody={"content": {"application/xml": {"schema": {}}}}
    ),
    "a body is not taken": lambda d: d["paths"][TASKS]["post"].pop("requestBody"),
    "a body is needed": lambda d: d["paths"][TASK]["get"].update(
        requestBody={"required": True, "content": {}}
    ),
    "a member of a body is gone": lambda d: schema(d, "NewTask").pop("tags"),
    "a member of a body is required": lambda d: d["components"]["schemas"]["NewTask"][
        "required"
    ].append("tags"),
    "a member of a body takes less": lambda d: schema(d, "NewTask")["title"].update(maxLength=10),
    "a member of a body needs more": lambda d: schema(d, "NewTask")["title"].update(minLength=3),
    "a member of a body is never null": lambda d: schema(d, "NewTask")["due_on"].pop("nullable"),
    "an element of a body takes less": lambda d: schema(d, "NewTask")["tags"]["items"].update(
        maxLength=10
    ),
    "a choice in a body is gone": lambda d: d["components"]["schemas"]["Priority"]["enum"].pop(),
    "a choice in an answer is new": lambda d: d["components"]["schemas"]["Priority"]["enum"].append(
        "urgent"
    ),
    "a status is gone": lambda d: d["paths"][TASKS]["post"]["responses"].pop("201"),
    "a header is gone": lambda d: d["paths"][TASKS]["get"]["responses"]["200"]["headers"].pop(
        "Link"
    ),
    "a member of an answer is gone": lambda d: schema(d, "Task").pop("tags"),
    "a member of an answer may be missing": lambda d: d["components"]["schemas"]["Task"][
        "required"
    ].remove("tags"),
    "a member of an answer may be null": lambda d: schema(d, "Task")["title"].update(nullable=True),
    "a member of an answer has another type": lambda d: schema(d, "Task")["revision"].update(
        type="string"
    ),
    "a member of an answer has another format": lambda d: schema(d, "Task")["due_on"].update(
        format="date-time"
    ),
    "a member of an answer has no type": lambda d: schema(d, "Task")["revision"].pop("type"),
    "an answer is of another kind": lambda d: d["paths"][TASK]["get"]["responses"]["200"].update(
        content={"text/plain": {}}
    ),
    "an alternative is gone": lambda d: schema(d, "ChangePage")["changes"]["items"].update(
        {keyword: [] for keyword in ("anyOf", "oneOf")}
    ),
}


@pytest.mark.parametrize("change", BREAKING.values(), ids=BREAKING)
def test_what_breaks_a_client_is_seen(change):
    changed = deepcopy(DOCUMENT)
    change(changed)
    assert breaks(DOCUMENT, changed) != []


HARMLESS = {
    "nothing": lambda d: None,
    "an operation is new": lambda d: d["paths"].update({"/new": d["paths"][TASK]}),
    "a parameter is new": lambda d: d["paths"][TASKS]["get"]["parameters"].append(
        {"in": "query", "name": "x", "schema": {"type": "string"}}
    ),
    "a parameter takes more": lambda d: parameter(d, "limit")["schema"].update(maximum=500),
    "a member of a body is new": lambda d: schema(d, "NewTask").update(x={"type": "string"}),
    "a member of a body is not required any more": lambda d: d["components"]["schemas"]["NewTask"][
        "required"
    ].clear(),
    "a member of a body takes more": lambda d: schema(d, "NewTask")["title"].update(maxLength=999),
    "a member of an answer is new": lambda d: schema(d, "Task").update(x={"type": "string"}),
    "a member of an answer is never null": lambda d: schema(d, "Task")["due_on"].pop("nullable"),
    "a status is new": lambda d: d["paths"][TASK]["get"]["responses"].update({"451": {}}),
    "a header is new": lambda d: d["paths"][TASKS]["get"]["responses"]["200"]["headers"].update(
        X={"schema": {"type": "string"}}
    ),
    "a type of problem is new": lambda d: schema(d, "Problem")["type"]["enum"].append("urn:x"),
    "a description is another": lambda d: schema(d, "Task")["title"].update(description="x"),
    "a schema has another name": lambda d: d["paths"][TASK]["get"]["responses"]["200"]["content"][
        "application/json"
    ].update(schema=d["components"]["schemas"]["Task"]),
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_what_breaks_nobody_may_change(change):
    changed = deepcopy(DOCUMENT)
    change(changed)
    assert breaks(DOCUMENT, changed) == []
