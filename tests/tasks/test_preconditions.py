"""Conditional requests: nobody overwrites what they haven't seen, nobody loads what they have."""

import re
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length
from tools.racing import race, while_it_waits

from tasks_api.http.entity_tags import EntityTags, shape_of
from tasks_api.tasks.preconditions import SHAPE, entity_tag
from tasks_api.tasks.schemas import TaskSchema

WRITES = {
    "put": ("put", "", {"title": "changed"}),
    "patch": ("patch", "", {"title": "changed"}),
    "put of nothing": ("put", "", {}),
    "toggle": ("patch", "/complete", None),
    "set": ("patch", "/complete", {"completed": True}),
    "delete": ("delete", "", None),
}
WRITE = pytest.mark.parametrize(("method", "suffix", "body"), WRITES.values(), ids=WRITES)


@pytest.fixture
def task(make_task):
    return make_task()


@pytest.fixture
def one(path, task):
    return f"{path}/{task['id']}"


class MembersSchema(Schema):
    title = fields.String()
    tags = fields.List(fields.String())
    due_at = fields.DateTime()


def changed(**members):
    """Return the shape of `MembersSchema` with these members added or replaced."""
    return shape_of(Schema.from_dict(MembersSchema._declared_fields | members)())


def test_shape_is_four_digits_that_the_schema_alone_decides():
    assert re.fullmatch("[0-9a-f]{4}", SHAPE)
    assert shape_of(TaskSchema()) == SHAPE
    assert shape_of(MembersSchema(exclude=["due_at"])) != changed()


@pytest.mark.parametrize(
    "members",
    [
        {"color": fields.String()},
        {"description": fields.String()},
        {"title": fields.Integer()},
        {"title": fields.String(allow_none=True)},
        {"title": fields.Nested(MembersSchema)},
        {"tags": fields.List(fields.Integer())},
        {"due_at": fields.Date()},
    ],
    ids=["added", "added, named like prose", "type", "null", "nested", "type in a list", "format"],
)
def test_another_member_or_type_is_another_shape(members):
    assert changed(**members) != changed()


def test_members_of_a_nested_schema_are_part_of_the_shape():
    inner = Schema.from_dict(MembersSchema._declared_fields | {"color": fields.String()})
    assert changed(title=fields.Nested(inner)) != changed(title=fields.Nested(MembersSchema))


@pytest.mark.parametrize(
    "title",
    [
        fields.String(metadata={"description": "What is to be done."}),
        fields.String(metadata={"example": "Buy oat milk"}),
        fields.String(validate=Length(max=255)),
        fields.String(required=True),
        fields.String(dump_only=True),
    ],
    ids=["description", "example", "limit", "required", "read only"],
)
def test_prose_and_limits_leave_the_shape_as_it_is(title):
    assert changed(title=title) == changed()


def test_every_answer_with_a_task_has_a_strong_tag_made_from_its_revision(client, path):
    created = client.post(path, json={"title": "x"})
    one = created.headers["Location"]
    answers = [
        created,
        client.get(one),
        client.put(one, json={"title": "y"}),
        client.patch(one, json={"title": "z"}),
        client.put(one, json={}),
        client.patch(f"{one}/complete"),
    ]
    for answer in answers:
        assert answer.headers["ETag"] == f'"{answer.json["revision"]}-{SHAPE}"'


def test_list_has_a_tag_made_from_the_users_counter(client, path, make_task):
    assert client.get(path).headers["ETag"] == entity_tag(0)
    make_task()
    task = make_task()
    assert client.get(path).headers["ETag"] == entity_tag(2)
    client.delete(f"{path}/{task['id']}")
    assert client.get(path).headers["ETag"] == entity_tag(3)


@pytest.mark.parametrize("suffix", ["", "/{id}", "/00000000-0000-7000-8000-000000000000"])
def test_answers_are_kept_by_nobody_without_asking_again(client, path, task, suffix):
    answer = client.get(path + suffix.format(**task))
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "tags",
    ["{tag}", "W/{tag}", '"x", {tag}', '{tag}, "x"', 'W/"x" ,\tW/{tag}', ',, {tag},,"x"', "*"],
)
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("where", ["list", "task"])
def test_current_copy_is_not_sent_again(client, path, one, where, method, tags):
    url = path if where == "list" else one
    tag = client.get(url).headers["ETag"]
    answer = getattr(client, method)(url, headers={"If-None-Match": tags.format(tag=tag)})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in answer.headers["Vary"]
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize(
    "tags",
    [
        entity_tag(0),
        f'"01-{SHAPE}"',
        f'"-{SHAPE}"',
        f'"99999999999999999999-{SHAPE}"',
        f'"1-{SHAPE.upper()}x"',
        '""',
        '"x"',
    ],
)
@pytest.mark.parametrize("where", ["list", "task"])
def test_other_copy_is_replaced(client, path, one, where, tags):
    url = path if where == "list" else one
    answer = client.get(url, headers={"If-None-Match": tags})
    assert answer.status_code == 200
    assert answer.json == client.get(url).json


@pytest.mark.parametrize("tags", ['"1"', '"1-0000"', 'W/"1-0000", "1"', f'"{SHAPE}", "1-"'])
@pytest.mark.parametrize("where", ["list", "task"])
def test_copy_of_another_release_is_replaced(client, path, one, where, tags):
    url = path if where == "list" else one
    answer = client.get(url, headers={"If-None-Match": tags})
    assert (answer.status_code, answer.headers["ETag"]) == (200, entity_tag(1))
    assert answer.json == client.get(url).json


def test_list_of_a_user_who_never_wrote_can_be_current_too(client, path):
    assert client.get(path, headers={"If-None-Match": entity_tag(0)}).status_code == 304
    assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304


def test_star_is_current_for_every_list_but_for_no_absent_task(client, path):
    answer = client.get(f"{path}/{uuid4()}", headers={"If-None-Match": "*"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "tags", ["{tag}", '"x", {tag}', 'W/"x", {tag}', "*", '"1"', '"1-0000"', '"x", "1-0000"']
)
@WRITE
def test_write_happens_where_a_revision_matches(client, task, one, method, suffix, body, tags):
    header = {"If-Match": tags.format(tag=entity_tag(task["revision"]))}
    answer = getattr(client, method)(one + suffix, json=body, headers=header)
    assert answer.status_code in {200, 204}


@pytest.mark.parametrize(
    "tags",
    [
        '"999"',
        'W/"999"',
        '"x"',
        '""',
        '"999-gzip"',
        '"01"',
        '"1-"',
        '"1-00000"',
        '"1-lzw"',
        '"1gzip"',
    ],
)
@WRITE
def test_write_is_refused_where_no_revision_matches(client, task, one, method, suffix, body, tags):
    current = entity_tag(task["revision"])
    header = {"If-Match": tags.format(tag=current)}
    answer = getattr(client, method)(one + suffix, json=body, headers=header)
    assert answer.status_code == 412
    assert answer.headers["ETag"] == current
    assert client.get(one).json == answer.json["task"] == task


@pytest.mark.parametrize("tags", ["{tag}", "W/{tag}", '"x", {tag}', "*"])
@WRITE
def test_write_is_refused_where_a_tag_matches_that_must_not(
    client, task, one, method, suffix, body, tags
):
    current = entity_tag(task["revision"])
    header = {"If-None-Match": tags.format(tag=current)}
    answer = getattr(client, method)(one + suffix, json=body, headers=header)
    assert (answer.status_code, answer.headers["ETag"]) == (412, current)
    assert client.get(one).json == answer.json["task"] == task


@WRITE
def test_write_happens_where_no_tag_matches_that_must_not(client, task, one, method, suffix, body):
    header = {"If-None-Match": '"999", W/"x", "1", "1-0000"', "If-Match": f'"{task["revision"]}"'}
    answer = getattr(client, method)(one + suffix, json=body, headers=header)
    assert answer.status_code in {200, 204}


@WRITE
def test_absent_task_is_a_404_whatever_is_expected(client, path, method, suffix, body):
    for tags in ("*", '"1"'):
        url = f"{path}/{uuid4()}{suffix}"
        answer = getattr(client, method)(url, json=body, headers={"If-Match": tags})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    "tags", ["", "1", '"1', "W/1", "'1'", '"1" "2"', '"1";', '*, "1"', 'w/"1"', '"a\tb"', "\xff"]
)
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_malformed_tags_are_a_400_that_names_the_header(client, task, one, header, tags):
    method = "put" if header == "If-Match" else "get"
    body = {"title": "x"} if header == "If-Match" else None
    answer = getattr(client, method)(one, json=body, headers={header: tags})
    assert answer.status_code == 400
    assert [error["header"] for error in answer.json["errors"]] == [header]
    assert client.get(one).json == task


@pytest.mark.parametrize("name", [name for name in WRITES if name != "put of nothing"])
def test_of_twelve_writers_with_one_tag_exactly_one_wins(app, task, one, name):
    method, suffix, body = WRITES[name]
    header = {"If-Match": f'"{task["revision"]}"'}

    def write(number: int) -> int:
        mine = {"title": str(number)} if body and "title" in body else body
        call = getattr(app.test_client(), method)
        return call(one + suffix, json=mine, headers=header).status_code

    statuses = race(12, write)
    won = 204 if method == "delete" else 200
    lost = {412, 404} if method == "delete" else {412}
    assert statuses.count(won) == 1
    assert {status for status in statuses if status != won} <= lost


def test_refused_write_tells_the_tag_to_go_on_with(client, one):
    refused = client.put(one, json={"title": "mine"}, headers={"If-Match": '"999"'})
    again = client.put(one, json={"title": "mine"}, headers={"If-Match": refused.headers["ETag"]})
    assert again.json["title"] == "mine"


def test_refused_write_has_the_task_as_another_has_left_it(client, database, path, user, one):
    id_ = one.rpartition("/")[2]
    answer = while_it_waits(
        *(database, user),
        lambda: client.put(one, json={"title": "mine"}, headers={"If-Match": '"1"'}),
        "UPDATE tasks SET title = 'theirs', revision = 10 WHERE user_id = :user AND id = :id",
        "UPDATE users SET revision = 10 WHERE id = :user",
        id=id_,
    )
    assert (answer.status_code, answer.json["task"]["title"]) == (412, "theirs")
    assert answer.json["task"] == client.get(one).json
    assert answer.headers["ETag"] == client.get(one).headers["ETag"]


def test_refused_write_to_the_whole_list_has_no_task(client, path, task):
    answer = client.delete(f"{path}?completed=true", headers={"If-Match": '"999"'})
    assert (answer.status_code, "task" in answer.json) == (412, False)


def test_patch_takes_a_merge_patch(client, one):
    answer = client.patch(
        one, data=b'{"description": "x"}', content_type="application/merge-patch+json"
    )
    assert (answer.status_code, answer.json["description"]) == (200, "x")


def test_put_takes_no_merge_patch(client, task, one):
    answer = client.put(one, data=b"{}", content_type="application/merge-patch+json")
    assert (answer.status_code, answer.headers["Accept"]) == (415, "application/json")


def test_patch_tells_what_it_takes(client, one):
    answer = client.patch(one, data=b"{}", content_type="text/plain")
    assert answer.status_code == 415
    assert answer.headers["Accept-Patch"] == "application/json, application/merge-patch+json"


CODINGS = ["br", "compress", "dcb", "dcz", "deflate", "gzip", "x-compress", "x-gzip", "zstd"]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("dash", "-;")
@pytest.mark.parametrize("weak", ["", "W/"])
def test_tag_that_a_proxy_has_changed_is_still_the_tag(client, task, one, weak, dash, coding):
    whole, plain = entity_tag(task["revision"]), f'"{task["revision"]}"'
    for tag in (f'{weak}{known[:-1]}{dash}{coding}"' for known in (whole, plain)):
        unchanged = client.put(one, json={}, headers={"If-Match": tag})
        assert (unchanged.status_code, unchanged.json) == (200, task)
    tag = f'{weak}{whole[:-1]}{dash}{coding}"'
    assert client.get(one, headers={"If-None-Match": tag}).status_code == 304
    assert client.put(one, json={"title": "x"}, headers={"If-None-Match": tag}).status_code == 412
    assert client.put(one, json={"title": "x"}, headers={"If-Match": tag}).status_code == 200
    assert client.put(one, json={"title": "y"}, headers={"If-Match": tag}).status_code == 412


@WRITE
def test_weak_tag_can_only_come_from_a_proxy_and_counts(client, task, one, method, suffix, body):
    header = {"If-Match": f"W/{entity_tag(task['revision'])}"}
    answer = getattr(client, method)(one + suffix, json=body, headers=header)
    assert answer.status_code in {200, 204}


tags = st.builds(
    lambda weak, text: f'{"W/" if weak else ""}"{text}"',
    st.booleans(),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f'))
    | st.builds(
        "{}{}".format,
        st.integers(0, 10**20),
        st.sampled_from(["", "-3f9a", "-0000", "-gzip", "-3f9a;br", "-br;br"]),
    ),
)


@given(st.lists(tags, min_size=1), st.sampled_from([",", ", ", " ,", "\t,,"]))
def test_any_list_of_tags_is_read(given_tags, comma):
    header = comma.join(given_tags)
    texts = [tag.removeprefix("W/").strip('"') for tag in given_tags]
    plain = [re.sub(f"[-;]({'|'.join(CODINGS)})$", "", text).partition("-") for text in texts]
    counted = [
        (int(number), shape)
        for number, dash, shape in plain
        if number.isascii() and number.isdecimal() and number == str(int(number))
        if len(number) < 19 and (not dash or re.fullmatch("[0-9a-f]{4}", shape))
    ]
    whole = EntityTags(shape="3f9a").deserialize(header)
    assert whole == [number for number, shape in counted if shape == "3f9a"]
    assert EntityTags().deserialize(header) == [number for number, _ in counted]


@given(st.text(st.characters(max_codepoint=0xFF)))
def test_any_header_is_tags_or_refused(header):
    try:
        revisions = EntityTags().deserialize(header)
    except ValidationError:
        return
    assert revisions is None or all(isinstance(revision, int) for revision in revisions)


@pytest.mark.parametrize("tags", ['"x"', '"an-etag-of-another-service"', 'W/"x", "01"'])
@WRITE
def test_tag_that_is_nobodys_is_named_as_such(client, task, one, method, suffix, body, tags):
    """A client that took the tag of something else must not be told that the task has changed."""
    answer = getattr(client, method)(one + suffix, json=body, headers={"If-Match": tags})
    assert answer.status_code == 412
    assert answer.json["type"].endswith(":foreign-entity-tag")
    assert answer.json["detail"].startswith("If-Match has no entity tag of this service")
    assert answer.headers["ETag"] == entity_tag(task["revision"])
