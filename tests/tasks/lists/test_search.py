"""What `q` finds and how titles are ordered: without case, accents and width.

What counts as the same is tried in `test_folding.py`, and other databases in `test_locales.py`.
"""

# ruff: noqa: RUF001

import itertools
import random
import re
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from tools.earlier_release import EarlierRelease
from tools.racing import beside

from tasks_api.tasks.folding import fold
from tasks_api.tasks.models import DESCRIPTION_MAX, TITLE_MAX

ROOM = 10**6
LETTERS = "aAäÄßẞsSΣσςİı%_\\'e\u0301éÉ ﬁfiｱア\u3099😀"
AWKWARD = st.text(st.sampled_from(LETTERS), min_size=1, max_size=6)
TITLES = AWKWARD.filter(lambda text: not text.isspace())


@pytest.fixture
def search(client, path):
    """Return the titles of what a search finds."""

    def search(q: str, **query: object) -> list[str]:
        answer = client.get(path, query_string={"q": q, **query})
        assert answer.status_code == 200, answer.text
        return [task["title"] for task in answer.json]

    return search


@pytest.fixture
def titles(client, path):
    """Return all titles in an order, page by page of two."""

    def titles(sort: str) -> list[str]:
        return [task["title"] for task in walk(client, path, sort)]

    return titles


@pytest.fixture
def earlier(database, user):
    return EarlierRelease(database, user)


def walk(client, path, sort, limit=2, between=lambda: None):
    """Follow a list to its end; do something after each page."""
    target, query = path, {"sort": sort, "limit": limit}
    while target:
        answer = client.get(target, query_string=query)
        assert answer.status_code == 200, answer.text
        yield from answer.json
        between()
        following = re.search(r'<([^>]*)>; rel="next"', answer.headers["Link"])
        target, query = (following[1], None) if following else (None, None)


@pytest.mark.parametrize(
    ("q", "title"),
    [
        ("ARGER", "Ärger"),
        ("ärger", "ARGER"),
        ("strasse", "Große Straße"),
        ("STRASSE", "Straße"),
        ("straße", "STRASSE"),
        ("ΔΡΌΜΟΣ", "Δρόμος"),
        ("δρομο", "ΔΡΌΜΟΣ"),
        ("elan", "Élan"),
        ("Élan", "E\u0301lan"),
        ("e\u0301lan", "ÉLAN"),
        ("ПРИВЕТ", "привет"),
        ("istanbul", "İSTANBUL"),
        ("ISPARTA", "\u0131sparta"),
        ("abc123", "ＡＢＣ１２３"),
        ("ガード", "ｶﾞｰﾄﾞ"),
        ("한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"),
    ],
)
def test_search_ignores_case_accents_and_width(make_task, search, q, title):
    make_task(title=title)
    make_task(title="another", description=f"in its description, {title}!")
    make_task(title="unlike")
    assert search(q) == ["another", title]


@pytest.mark.parametrize(
    "text", ["100% sure", "snake_case", "C:\\temp", "it's", '"q"', "\\x61", "(a|b)*"]
)
def test_search_is_for_a_text_and_never_for_a_pattern(make_task, search, text):
    make_task(title=text)
    make_task(title="100 per cent snakeXcase C:temp its q a")
    assert search(text) == [text]


def test_search_for_nothing_but_accents_finds_everything(make_task, search):
    make_task(title="a")
    assert search("\u0301") == ["a"]
    assert search("´") == []


def test_search_does_not_look_across_the_title_and_the_description(make_task, search):
    make_task(title="oat", description="milk")
    assert search("oatmilk") == search("oat\nmilk") == []


def test_search_for_the_longest_text_finds_the_longest(make_task, search):
    title, description = "Ä" * TITLE_MAX, "\U0001f600" * DESCRIPTION_MAX
    make_task(title=title, description=description)
    assert search("a" * 255) == search("\U0001f600" * 255) == [title]
    assert search("a" * 254 + "b") == []


@pytest.mark.parametrize("letter", ["\ufdfa", "…", "\u2057", "ﬃ"])
def test_longest_text_of_letters_that_come_apart_is_found(make_task, search, letter):
    title = letter * TITLE_MAX
    make_task(title=title, description=letter * DESCRIPTION_MAX)
    assert search(letter) == search(letter * 255) == [title]
    assert search(letter + "x") == []


@given(st.lists(st.tuples(TITLES, st.none() | AWKWARD), min_size=1, max_size=6), AWKWARD)
@settings(max_examples=60, deadline=None)
def test_search_and_order_agree_with_the_rule_in_python(app, given_tasks, q):
    client, path = app.test_client(), f"/api/{uuid4()}/tasks"
    batch = [{"title": title, "description": text} for title, text in given_tasks]
    made = client.post(f"{path}/batch", json=batch).json
    part = fold(q, ROOM)
    found = client.get(path, query_string={"q": q, "sort": "created_at"}).json
    texts = {task["id"]: (task["title"], task["description"]) for task in made}
    assert [task["id"] for task in found] == [
        id_ for id_, given in texts.items() if any(t and part in fold(t, ROOM) for t in given)
    ]
    in_order = sorted(made, key=lambda task: (fold(task["title"], ROOM), task["id"]))
    assert list(walk(client, path, "title")) == in_order
    assert list(walk(client, path, "-title")) == in_order[::-1]


def test_titles_are_ordered_as_people_expect(make_task, titles):
    for title in ("Zebra", "éclair 2", "apple", "Éclair 1", "äpfel", "zoo", "Ｂird"):
        make_task(title=title)
    expected = ["äpfel", "apple", "Ｂird", "Éclair 1", "éclair 2", "Zebra", "zoo"]
    assert titles("title") == expected
    assert titles("-title") == expected[::-1]


def test_cursor_in_the_order_of_titles_is_of_this_order_alone(client, path, make_task):
    for title in "ab":
        make_task(title=title)
    link = client.get(path, query_string={"sort": "title", "limit": 1}).headers["Link"]
    cursor = re.search(r"cursor=([^&>]*)", link)[1]
    for sort, status in (("title", 200), ("-title", 422), ("created_at", 422)):
        answer = client.get(path, query_string={"sort": sort, "cursor": cursor})
        assert answer.status_code == status


# What keeps the folded texts right.

FOLDED = sa.text(
    "SELECT convert_from(title_folded, 'UTF8'), convert_from(description_folded, 'UTF8'), "
    "folded_revision = revision FROM tasks WHERE user_id = :user ORDER BY revision"
)


@pytest.fixture
def kept(database, user):
    """Return what is kept of each task: the folded texts, and whether they are of its revision."""
    return lambda: [tuple(row) for row in database.execute(FOLDED, {"user": user})]


@pytest.mark.parametrize(
    ("method", "suffix", "body", "texts"),
    [
        ("put", "", {"title": "Ö"}, ("o", "bb")),
        ("patch", "", {"description": "ÖÖ"}, ("a", "oo")),
        ("patch", "", {"description": None}, ("a", None)),
        ("put", "", {"title": "Ö", "description": "ÜÜ"}, ("o", "uu")),
        ("patch", "", {"tags": ["Ö"]}, ("a", "bb")),
        ("patch", "", {}, ("a", "bb")),
        ("patch", "/complete", None, ("a", "bb")),
        ("delete", "", None, ("a", "bb")),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}])
def test_every_write_leaves_the_folded_texts_right(
    client, path, make_task, kept, headers, method, suffix, body, texts
):
    url = f"{path}/{make_task(title='Ä', description='BB')['id']}{suffix}"
    answer = getattr(client, method)(url, json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    assert kept() == [(*texts, True)]


def test_write_that_is_refused_changes_no_folded_text(client, path, make_task, kept):
    url = f"{path}/{make_task(title='Ä')['id']}"
    answer = client.put(url, json={"title": "Ö"}, headers={"If-Match": '"0"'})
    assert answer.status_code == 412
    assert kept() == [("a", None, True)]


def test_tasks_that_are_made_cleared_and_restored_have_their_folded_texts(client, path, kept):
    batch = [{"title": title, "completed": True} for title in "ÄÖ"]
    keyed = client.post(f"{path}/batch", json=batch, headers={"Idempotency-Key": "k"}).json
    plain = client.post(f"{path}/batch", json=batch).json
    expected = [("a", None, True), ("o", None, True)] * 2
    assert kept() == expected
    assert client.delete(f"{path}?completed=true").json["deleted"] == 4
    assert kept() == expected
    for task in keyed + plain:
        assert client.post(f"{path}/{task['id']}/restore").status_code == 200
    assert kept() == expected


def test_changes_that_are_pushed_leave_the_folded_texts_right(client, user, kept):
    id_ = str(uuid4())
    for was, members, texts in (
        (None, {"title": "Ä", "description": "BB"}, ("a", "bb")),
        ({"title": "Ä"}, {"title": "Ö"}, ("o", "bb")),
        ({}, {"description": None, "completed": True}, ("o", None)),
        ({}, {"description": "ÜÜ"}, ("o", "uu")),
    ):
        change = {"id": id_, "was": was, "set": members}
        answer = client.post(f"/api/{user}/changes", json={"changes": [change]})
        assert answer.json["results"][0]["status"] in {200, 201}, answer.text
        assert kept() == [(*texts, True)]


# While the release before runs beside this one, or has just been replaced.


def test_task_of_the_earlier_release_is_found_as_it_was_there(earlier, make_task, search):
    make_task(title="Straße, folded")
    earlier.create("Die Strasse", "und der Äther")
    assert search("STRASSE") == ["Die Strasse", "Straße, folded"]
    assert search("der Äther") == search("DIE") == ["Die Strasse"]
    assert search("100%") == search("_") == []


def test_title_that_the_earlier_release_has_changed_is_found_and_the_old_one_is_not(
    earlier, client, path, make_task, search
):
    task = make_task(title="Before", description="Both")
    earlier.rename(task["id"], "After")
    assert (search("before"), search("after"), search("both")) == ([], ["After"], ["After"])
    # This release doesn't take over what it hasn't folded itself.
    client.patch(f"{path}/{task['id']}/complete")
    client.patch(f"{path}/{task['id']}", json={"description": "New"})
    assert (search("before"), search("after"), search("new")) == ([], ["After"], ["After"])
    client.patch(f"{path}/{task['id']}", json={"title": "Last"})
    assert (search("after"), search("last"), search("new")) == ([], ["Last"], ["Last"])


def test_titles_are_in_order_while_tasks_of_the_earlier_release_are_not_folded(
    earlier, client, path, make_task, titles
):
    for title in "bd":
        make_task(title=title)
    for title in "ca":
        earlier.create(title)
    assert titles("title") == list("abcd")
    assert titles("-title") == list("dcba")
    counted = {"sort": "title", "count": "true", "q": "b"}
    answer = client.get(path, query_string=counted)
    assert ([task["title"] for task in answer.json], answer.headers["X-Total-Count"]) == (
        ["b"],
        "1",
    )


def test_only_the_first_page_of_unfolded_tasks_takes_a_second_statement(
    earlier, client, path, make_task, statements
):
    for title in "ab":
        make_task(title=title)
    query = {"sort": "title", "limit": 1}
    tag = client.get(path, query_string=query).headers["ETag"]
    assert len(statements) == 3
    assert client.get(path, query_string=query, headers={"If-None-Match": tag}).status_code == 304
    earlier.create("c")
    del statements[:]
    answer = client.get(path, query_string=query)
    assert len(statements) == 2
    client.get(answer.headers["Link"].split('next"')[0].rsplit("<", 1)[1].partition(">")[0])
    assert len(statements) == 3


@pytest.fixture
def fold_all(app):
    def fold_all():
        result = app.test_cli_runner().invoke(args=["tasks", "fold"])
        assert result.exit_code == 0, result.output

    return fold_all


MIXED = ["Äpfel", "Zebra", "apple", "Éclair", "zoo", "birne", "Birnen", "ärger"]


# Folding is known by the name under which it is prepared, which a pooler prevents.
@pytest.mark.usefixtures("statements")
def test_walk_that_began_before_the_tasks_were_folded_meets_each_once(
    earlier, client, path, fold_all, titles
):
    for title in MIXED:
        earlier.create(title)
    order = titles("title")
    walked = [task["title"] for task in walk(client, path, "title", between=fold_all)]
    assert walked == order
    assert titles("title") == sorted(MIXED, key=lambda title: fold(title, ROOM))


def test_walk_that_began_in_the_folded_order_meets_each_once_whatever_the_earlier_release_does(
    earlier, client, path, make_task
):
    made = [make_task(title=title) for title in MIXED]
    others = [make_task(title=f"other {number}") for number in range(4)]

    def disturb():
        for task in made:
            earlier.toggle(task["id"])
        earlier.rename(random.choice(others)["id"], random.choice(MIXED))
        earlier.create("zzz")

    ids = {task["id"] for task in made}
    walked = [
        task["title"] for task in walk(client, path, "title", between=disturb) if task["id"] in ids
    ]
    assert walked == sorted(MIXED, key=lambda title: fold(title, ROOM))


def test_walks_meet_each_task_once_while_others_write_and_fold(app, database, user, path, fold_all):
    client, earlier = app.test_client(), EarlierRelease(database, user)
    names = [
        f"{word} {number:03}"
        for number, word in enumerate(itertools.islice(itertools.cycle(MIXED), 200))
    ]
    for half in (names[:100], names[100:]):
        client.post(f"{path}/batch", json=[{"title": name} for name in half])
    ids = [task["id"] for task in walk(client, path, "created_at", limit=100)]
    numbers = itertools.count()

    def write_as_the_earlier_release():
        earlier.toggle(random.choice(ids))
        if next(numbers) % 3 == 0:
            earlier.create("Äpfel, disturbing")

    def write():
        mine = app.test_client()
        task = mine.post(path, json={"title": random.choice(MIXED)}).json
        mine.patch(f"{path}/{random.choice(ids)}/complete")
        mine.delete(f"{path}/{task['id']}")

    with beside(write_as_the_earlier_release, write, fold_all):
        for sort in ["title", "-title"] * 5:
            walked = [task["id"] for task in walk(client, path, sort, limit=23)]
            assert len(walked) == len(set(walked))
            assert set(ids) <= set(walked)
