"""Lists: every filter, every order, and walks that neither skip nor repeat."""

import itertools
import random
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer
from tools.racing import beside

from tasks_api.http.problems import Problem
from tasks_api.tasks.folding import fold, folded
from tasks_api.tasks.lists import cursors
from tasks_api.tasks.lists.cursors import Place
from tasks_api.tasks.lists.schemas import CURSOR_MAX, TaskQuerySchema
from tasks_api.tasks.models import PRIORITIES, SORTS, TITLE_MAX
from tasks_api.tasks.preconditions import entity_tag

PARAMETERS = TaskQuerySchema().fields
ORDERS = [*SORTS, *(f"-{name}" for name in SORTS)]
START = datetime(2026, 1, 1, tzinfo=UTC)

TITLE_CHARACTERS = st.characters(exclude_characters="\0", codec="utf-8")


def forge(order, position) -> str:
    """Make a cursor that passes the digest, as everybody can who reads the code."""
    return cursors.SERIALIZER.dumps(position, salt=order).decode()


def links(answer):
    """Read a Link header (RFC 8288) into relation -> target."""
    found = re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"])
    return {relation: target for target, relation in found}


def walk(client, url, **query):
    """Follow `next` to the end; give the tasks of each page."""
    answer = client.get(url, query_string=query)
    yield answer.json
    while "next" in links(answer):
        answer = client.get(links(answer)["next"])
        assert answer.status_code == 200
        yield answer.json


@pytest.fixture(scope="module")
def varied(app):
    """A user with tasks that differ, and tie, in everything that can be sorted or filtered."""
    client, path = app.test_client(), f"/api/{uuid4()}/tasks"
    combinations = itertools.product(
        ("b", "a", "É%"), (None, 0, 3), PRIORITIES[::2], (True, False), ([], ["x"], ["x", "y"])
    )
    batch = [
        {
            "title": title,
            "description": f"{number} of Many",
            "due_at": None if day is None else (START + timedelta(days=day)).isoformat(),
            "priority": priority,
            "completed": completed,
            "tags": tags,
            "position": None if day == 0 else f"{'aB'[completed]}{number % 5}",
        }
        for number, (title, day, priority, completed, tags) in enumerate(combinations)
    ]
    for part in (batch[:40], batch[40:80], batch[80:]):
        assert client.post(f"{path}/batch", json=part).status_code == 201
    return path


def everything(client, path):
    return [task for page in walk(client, path, limit=100) for task in page]


def expected_order(tasks, order):
    """Sort as the contract says: nulls last either way, `id` breaks ties in the same direction."""
    name, reverse = order.removeprefix("-"), order.startswith("-")
    ranks = {"priority": PRIORITIES.index, "title": lambda title: fold(title, 10**6)}
    rank = ranks.get(name, lambda value: value)
    there = [task for task in tasks if task[name] is not None]
    absent = [task for task in tasks if task[name] is None]
    there.sort(key=lambda task: (rank(task[name]), task["id"]), reverse=reverse)
    absent.sort(key=lambda task: task["id"], reverse=reverse)
    return there + absent


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("order", ORDERS)
def test_walk_in_any_order_is_the_whole_list_in_that_order(client, varied, order, limit):
    walked = [task for page in walk(client, varied, sort=order, limit=limit) for task in page]
    assert walked == expected_order(everything(client, varied), order)


@pytest.mark.parametrize("order", ORDERS)
def test_offset_counts_along_the_list_in_any_order(client, varied, order):
    tasks = expected_order(everything(client, varied), order)
    for offset in range(0, len(tasks) + 20, 13):
        query = {"sort": order, "offset": offset, "limit": 20}
        assert client.get(varied, query_string=query).json == tasks[offset : offset + 20]


def test_every_order_is_tried_and_on_tasks_that_differ(client, varied):
    assert set(ORDERS) == set(PARAMETERS["sort"].validate.choices)
    tasks = everything(client, varied)
    assert [name for name in SORTS if len({task[name] for task in tasks}) == 1] == []


FILTERS = {
    "completed=true": lambda task: task["completed"],
    "completed=false": lambda task: not task["completed"],
    "priority=medium": lambda task: task["priority"] == "medium",
    "priority=high": lambda task: False,
    "tag=y": lambda task: "y" in task["tags"],
    "tag=X": lambda task: False,
    "q=é": lambda task: "É" in task["title"],
    "q=MANY": lambda task: True,
    "q=7 of": lambda task: "7 of" in task["description"],
    "q=%": lambda task: "%" in task["title"],
    "q=_": lambda task: False,
    "q=!": lambda task: False,
    "q=\\": lambda task: False,
    "due_before=2026-01-04T00:00:00Z": lambda task: (task["due_at"] or "9") < "2026-01-04",
    "due_before=2026-01-01T01:00:00+01:00": lambda task: False,
    "due_after=2026-01-01T00:00:00.000001Z": lambda task: (task["due_at"] or "") > "2026-01-02",
    "due_after=2025-12-31T23:59:59.999999Z": lambda task: task["due_at"] is not None,
    "deleted=false": lambda task: True,
}


# The trash has tests of its own.
NO_FILTERS = {"limit", "offset", "cursor", "count", "sort", "deleted"}


def test_every_filter_is_tried_on_tasks_that_it_lets_through_and_on_others(client, varied):
    tasks = everything(client, varied)
    tried = {
        query.partition("=")[0]
        for query, lets_through in FILTERS.items()
        if len({lets_through(task) for task in tasks}) == 2
    }
    assert tried == PARAMETERS.keys() - NO_FILTERS


@pytest.mark.parametrize("query", FILTERS)
def test_filter_lets_through_what_it_says(client, varied, query):
    name, _, value = query.partition("=")
    listed = [task for page in walk(client, varied, **{name: value}) for task in page]
    assert listed == [task for task in everything(client, varied) if FILTERS[query](task)]


PAIRS = [
    pair
    for pair in itertools.combinations(FILTERS, 2)
    if len({query.partition("=")[0] for query in pair}) == 2
]


@pytest.mark.parametrize(("number", "queries"), list(enumerate(PAIRS)))
def test_filters_combine_with_each_other_an_order_and_a_walk(client, varied, number, queries):
    given = dict(query.split("=", 1) for query in queries)
    order = ORDERS[number % len(ORDERS)]
    walked = [task for page in walk(client, varied, sort=order, limit=9, **given) for task in page]
    wanted = [
        task
        for task in everything(client, varied)
        if all(FILTERS[query](task) for query in queries)
    ]
    assert walked == expected_order(wanted, order)


@pytest.mark.parametrize("query", FILTERS)
def test_total_counts_what_the_filters_match(client, varied, query):
    name, _, value = query.partition("=")
    answer = client.get(varied, query_string={name: value, "count": "true", "limit": 2})
    wanted = [task for task in everything(client, varied) if FILTERS[query](task)]
    assert int(answer.headers["X-Total-Count"]) == len(wanted)


def test_total_is_told_only_where_it_is_asked_for(client, path, varied):
    assert "X-Total-Count" not in client.get(varied).headers
    assert "X-Total-Count" not in client.get(varied, query_string={"count": "false"}).headers
    assert client.get(path, query_string={"count": "true"}).headers["X-Total-Count"] == "0"


def test_total_beyond_the_end_is_still_the_total(client, varied):
    answer = client.get(varied, query_string={"count": "true", "offset": 1000})
    assert (answer.json, answer.headers["X-Total-Count"]) == ([], "108")


def test_links_keep_every_filter(client, varied):
    query = {"completed": "false", "q": "many", "limit": "5", "count": "true", "sort": "title"}
    answer = client.get(varied, query_string=query)
    following = client.get(links(answer)["next"])
    assert following.headers["X-Total-Count"] == answer.headers["X-Total-Count"]
    assert client.get(links(following)["first"]).json == answer.json


def test_first_is_always_linked_and_next_only_where_there_is_more(client, path, make_task):
    assert links(client.get(path)) == {"first": path}
    make_task()
    make_task()
    assert set(links(client.get(path, query_string={"limit": 2}))) == {"first"}
    assert set(links(client.get(path, query_string={"limit": 1}))) == {"first", "next"}


def test_request_with_an_offset_is_linked_by_offsets(client, varied):
    answer = client.get(varied, query_string={"offset": 5, "limit": 10})
    assert links(answer) == {
        "first": f"{varied}?limit=10",
        "next": f"{varied}?limit=10&offset=15",
        "prev": f"{varied}?limit=10&offset=0",
    }
    assert set(links(client.get(varied, query_string={"offset": 0, "limit": 10}))) == {
        "first",
        "next",
    }


@pytest.mark.parametrize("letters", [["\x01"], ["😀"], '😀🧦🦊🪁\x01\x1f"\\é', ["%"]])
def test_longest_link_is_accepted_by_the_service(client, path, letters):
    """The request line may have 8,190 bytes; the header names what else there is if it can."""
    letter = random.Random(8).choice
    text = "".join(letter(letters) for _ in range(TITLE_MAX)).replace("\0", "")
    tag = text[:50]
    batch = [{"title": text, "tags": [tag], "due_at": START.isoformat()}] * 2
    assert client.post(f"{path}/batch", json=batch).status_code == 201
    query = {
        "q": text,
        "tag": tag,
        "sort": "-title",
        "limit": "1",
        "completed": "false",
        "priority": "none",
        "deleted": "false",
        "count": "false",
        "due_before": "2026-12-31T23:59:59.999999999+00:00",
        "due_after": "2020-12-31T23:59:59.999999999+00:00",
    }
    assert query.keys() == PARAMETERS.keys() - {"cursor", "offset"}
    answer = client.get(path, query_string=query)
    target = links(answer)["next"]
    assert len(f"GET {target} HTTP/1.1\r\n") <= 8190
    assert len(answer.headers["Link"]) <= 4096 or set(links(answer)) == {"next"}
    following = client.get(target)
    assert following.status_code == 200
    assert [task["title"] for task in following.json] == [text]


def test_long_link_without_a_next_page_is_to_the_one_before(client, path):
    query = {"q": "😀" * 255, "tag": "😀" * 50}
    assert set(links(client.get(path, query_string={**query, "offset": "1"}))) == {"prev"}
    assert set(links(client.get(path, query_string=query))) == {"first"}


def test_cursor_and_offset_are_refused_together(client, varied):
    target = links(client.get(varied, query_string={"limit": 1}))["next"]
    answer = client.get(f"{target}&offset=1")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == "cursor"


@pytest.fixture
def cursor(client, varied):
    target = links(client.get(varied, query_string={"limit": 1}))["next"]
    return re.search(r"cursor=([^&]*)", target)[1]


@pytest.mark.parametrize(
    "spoil",
    {
        "empty": lambda cursor: "",
        "cut off": lambda cursor: cursor[:-1],
        "cut short": lambda cursor: cursor[:4],
        "longer": lambda cursor: cursor + "A",
        "padded": lambda cursor: cursor + "=",
        "spaced": lambda cursor: cursor + " ",
        "one letter changed": lambda cursor: cursor[:-2] + chr(ord(cursor[-2]) ^ 1) + cursor[-1],
        "not base64": lambda cursor: "ü" * 8,
        "made up": lambda cursor: "bm90IGEgY3Vyc29y",
        "a number": lambda cursor: "1",
    }.items(),
    ids=lambda item: item[0],
)
def test_string_that_is_no_cursor_is_refused(client, varied, cursor, spoil):
    answer = client.get(varied, query_string={"cursor": spoil[1](cursor)})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == "cursor"


def test_cursor_of_another_order_is_refused(client, path, varied, cursor):
    assert client.get(varied, query_string={"cursor": cursor}).status_code == 200
    # For another user it is just a place among their tasks.
    assert client.get(path, query_string={"cursor": cursor}).json == []
    other = client.get(varied, query_string={"cursor": cursor, "sort": "created_at"})
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("order", "position"),
    [
        ("-created_at", []),
        ("-created_at", ["x", str(uuid4())]),
        ("-created_at", [None, str(uuid4())]),
        ("-created_at", [5, str(uuid4())]),
        ("due_at", ["x", str(uuid4())]),
        ("due_at", ["2026-02-30", str(uuid4())]),
        ("-created_at", ["2026-01-08", str(uuid4())]),
        ("priority", ["urgent", str(uuid4())]),
        ("priority", [None, str(uuid4())]),
        ("title", [5, str(uuid4())]),
        ("title", ["a\0b", str(uuid4())]),
        ("title", ["a", "x"]),
        ("title", ["a", 5]),
        ("title", ["a", str(uuid4()), "more"]),
        ("title", ["a" * 256, str(uuid4())]),
        ("title_folded", ["a" * 1021, str(uuid4())]),
        ("title_folded", ["a\0b", str(uuid4())]),
        ("title_folded", [None, str(uuid4())]),
        ("title", {"a": 1, "b": 2}),
        ("title", None),
        ("position", ["a-b", str(uuid4())]),
        ("-position", [5, str(uuid4())]),
        *(
            (order, [moment, str(uuid4())])
            for order in ("-created_at", "updated_at", "due_at")
            for moment in (
                "2026-01-08T20:45:00",
                "2026-01-08T20:45:00+24:00",
                "2026-01-08T20:45:00+01:00:00.123456",
                "0001-01-01T00:00:00+23:59",
                "9999-12-31T23:59:59-23:59",
                "infinity",
            )
        ),
    ],
)
def test_forged_cursor_is_refused_and_never_a_defect(client, user, path, order, position):
    forged = forge(order, position)
    sort = order.removesuffix("_folded")
    answer = client.get(path, query_string={"cursor": forged, "sort": sort})
    assert answer.status_code == 422


@pytest.mark.parametrize("order", ["created_at", "-updated_at", "due_at"])
def test_forged_cursor_may_have_any_moment_that_a_query_may_have(client, user, path, order):
    forged = forge(order, ["2026-01-08T20:45:00+23:59", str(uuid4())])
    answer = client.get(path, query_string={"cursor": forged, "sort": order})
    assert (answer.status_code, answer.json) == (200, [])


@given(st.text(max_size=TITLE_MAX))
def test_cursor_is_short_enough_for_the_service_whatever_the_title(title):
    text = folded({"title": title})["title_folded"].decode()
    for place in (Place("-title", title, uuid4()), Place("-title_folded", text, uuid4())):
        assert len(cursors.write(place)) <= CURSOR_MAX


@given(
    st.uuids(), st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=TITLE_MAX)
)
def test_cursor_leads_back_to_its_place(task_id, title):
    place = Place("-title", title, task_id)
    cursor = cursors.write(place)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", cursor)
    assert cursors.read(("-title_folded", "-title"), cursor) == place


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b'["\\ud800","x"]', b"[" * 1000, b"[NaN]"])
def test_forged_cursor_that_is_not_json_is_refused(client, user, path, payload):
    class Forger:
        dumps = staticmethod(lambda _: payload)

    forger = URLSafeSerializer("tasks_api.cursor", salt="title", serializer=Forger)
    answer = client.get(path, query_string={"cursor": forger.dumps(None), "sort": "title"})
    assert answer.status_code == 422


def test_cursor_of_an_earlier_release_is_refused(client, path):
    earlier = (
        "NGqUeB_3eKxbMSwiLWNyZWF0ZWRfYXQiLCIyMDI2LTAxLTA4VDIwOjQ1OjAwLjEyMzQ1NiswMDowMCIsIjAxOWJi"
        "MWEyLTdjNWUtN2QzMS05YzBhLTNmMmI4ZTZkNGExMCJd"
    )
    answer = client.get(path, query_string={"cursor": earlier})
    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, "cursor")


@given(st.text())
def test_any_other_string_is_no_cursor(text):
    with pytest.raises(Problem, match="Not a cursor of this list"):
        cursors.read(("title",), text)


def test_walk_of_10_000_tasks_under_writes_meets_each_exactly_once(app, database, user, path):
    client = app.test_client()
    for _ in range(100):
        client.post(f"{path}/batch", json=[{"title": "there throughout"}] * 100)

    def disturb() -> None:
        mine = app.test_client()
        made = mine.post(path, json={"title": "comes and goes"}).json
        mine.patch(f"{path}/{made['id']}/complete")
        mine.delete(f"{path}/{made['id']}")
        mine.post(path, json={"title": "stays"})

    with beside(disturb, disturb):
        walked = [task for page in walk(client, path, limit=100) for task in page]
    throughout = [task["id"] for task in walked if task["title"] == "there throughout"]
    assert len(throughout) == len(set(throughout)) == 10_000
    assert len({task["id"] for task in walked}) == len(walked)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("sort=colour", "sort"),
        ("sort=--title", "sort"),
        ("sort=", "sort"),
        ("sort=-id", "sort"),
        ("priority=urgent", "priority"),
        ("priority=2", "priority"),
        ("q=", "q"),
        ("q=a%00b", "q"),
        ("q=" + "x" * 256, "q"),
        ("tag=", "tag"),
        ("tag=" + "x" * 51, "tag"),
        ("due_before=2026-01-01", "due_before"),
        ("due_before=2026-01-01T00:00:00", "due_before"),
        ("due_after=2026-02-30T00:00:00Z", "due_after"),
        ("due_after=2026-01-01T00:00:00+01:00", "due_after"),
        ("deleted=yes", "deleted"),
        ("count=1", "count"),
    ],
)
def test_unacceptable_parameter_of_a_list_is_named(client, path, query, parameter):
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json["errors"]] == [parameter]


def test_search_for_what_like_would_take_for_a_pattern_is_literal(client, path, make_task):
    make_task(title="100 per cent")
    percent = make_task(title="100% sure")
    underscore = make_task(title="snake_case", description="C:\\temp")
    assert client.get(path, query_string={"q": "100%"}).json == [percent]
    assert client.get(path, query_string={"q": "e_c"}).json == [underscore]
    assert client.get(path, query_string={"q": "\\t"}).json == [underscore]
    assert client.get(path, query_string={"q": "%%"}).json == []


def test_search_looks_into_the_title_and_the_description(client, path, make_task):
    title = make_task(title="Straße")
    description = make_task(description="die STRASSE, straße")
    make_task(description=None)
    assert client.get(path, query_string={"q": "straße"}).json == [description, title]


def test_list_is_one_statement_with_everything_in_it(client, varied, statements):
    query = "?q=a&tag=x&priority=none&completed=true&due_after=2026-01-01T00:00:00Z"
    client.get(f"{varied}{query}&sort=-due_at&count=true&limit=3")
    assert len(statements) == 1


def test_deleted_tasks_are_listed_only_in_the_trash(client, path, make_task):
    live, gone = make_task(), make_task(completed=True)
    client.delete(f"{path}/{gone['id']}")
    assert client.get(path).json == [live]
    [listed] = client.get(path, query_string={"deleted": "true", "completed": "true"}).json
    assert listed["id"] == gone["id"]
    assert client.get(path, query_string={"deleted": "true", "completed": "false"}).json == []


def test_ties_of_every_kind_are_broken_by_the_id(client, database, user, path):
    made = client.post(f"{path}/batch", json=[{"title": "same"}] * 10).json
    same = sa.text("UPDATE tasks SET created_at = now(), updated_at = now() WHERE user_id = :user")
    database.execute(same, {"user": user})
    ids = [task["id"] for task in made]
    for order in ORDERS:
        walked = [task["id"] for page in walk(client, path, sort=order, limit=3) for task in page]
        assert walked == sorted(ids, reverse=order.startswith("-"))


def test_page_has_in_its_body_what_the_list_has_in_its_headers(client, path, make_task):
    for number in range(5):
        make_task(title=f"task {number}", completed=number == 3)
    query = {"completed": "false", "limit": "2", "count": "true"}
    listed = client.get(path, query_string=query)
    page = client.get(f"{path}/page", query_string=query)
    assert page.json["tasks"] == listed.json
    assert f"cursor={page.json['next']}>" in listed.headers["Link"]
    assert str(page.json["total"]) == listed.headers["X-Total-Count"]
    assert page.headers["ETag"] == listed.headers["ETag"] == entity_tag(page.json["revision"])
    last = client.get(f"{path}/page", query_string={**query, "cursor": page.json["next"]})
    assert [task["title"] for task in last.json["tasks"]] == ["task 1", "task 0"]
    assert last.json["next"] is None


def test_generated_client_may_send_an_offset_of_0_with_each_cursor(client, path, make_task):
    titles = [make_task(title=f"task {number}")["title"] for number in range(5)]
    met, cursor = [], None
    while cursor or not met:
        query = {"limit": 2, "offset": 0, **({"cursor": cursor} if cursor else {})}
        page = client.get(f"{path}/page", query_string=query).json
        met += [task["title"] for task in page["tasks"]]
        cursor = page["next"]
    assert met == titles[::-1]


def test_links_lead_back_below_the_prefix_of_the_service(client, path, make_task):
    for _ in range(3):
        make_task()
    environ = {"SCRIPT_NAME": "/todo"}
    answer = client.get(path, query_string={"limit": 1}, environ_overrides=environ)
    assert links(answer).keys() == {"first", "next"}
    assert all(target.startswith(f"/todo{path}?") for target in links(answer).values())
