"""Bodies and queries that readers might disagree on are refused, and change nothing."""

import json
import re
from io import BytesIO
from urllib.parse import unquote

import orjson
import pytest
from flask.testing import EnvironBuilder
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import run_wsgi_app

from tasks_api.http.parser import pointer
from tasks_api.http.problems import Problem
from tasks_api.http.strict_input import MAX_DEPTH, MAX_VALUES, loads


def nested(depth: int) -> bytes:
    return b'{"title":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


BODIES = {
    "nothing": (b"", 400),
    "white space": (b" ", 400),
    "not JSON": (b"title=x", 400),
    "cut off": (b'{"title": "x', 400),
    "something after it": (b'{"title": "x"} {}', 400),
    "single quotes": (b"{'title': 'x'}", 400),
    "a comment": (b'{"title": "x"} // why', 400),
    "a byte order mark": (b'\xef\xbb\xbf{"title": "x"}', 400),
    "UTF-16": ('{"title": "x"}'.encode("utf-16"), 400),
    "bad UTF-8": (b'{"title": "\xff"}', 400),
    "an overlong NUL": (b'{"title": "\xc0\x80"}', 400),
    "a surrogate in UTF-8": (b'{"title": "\xed\xa0\x80"}', 400),
    "a lone surrogate": (b'{"title": "\\ud800"}', 400),
    "a lone surrogate in a name": (b'{"title": "x", "\\ud800": 1}', 400),
    "a raw control character": (b'{"title": "a\nb"}', 400),
    "NaN": (b'{"title": NaN}', 400),
    "Infinity": (b'{"title": -Infinity}', 400),
    "a number too large": (b'{"title": "x", "revision": 1e400}', 400),
    "5,000 digits": (b'{"title": "x", "revision": ' + b"9" * 5000 + b"}", 400),
    "a member twice": (b'{"title": "x", "title": "y"}', 400),
    "a member twice, once escaped": (b'{"title": "x", "\\u0074itle": "y"}', 400),
    "a member twice, deep inside": (b'{"title": "x", "id": [{"a": 1, "a": 2}]}', 400),
    "nested too deep": (nested(MAX_DEPTH + 1), 400),
    "a member twice, with quotes and backslashes": (rb'{"title": "\\\":", "title": "\\"}', 400),
    "more values than can be of use": (
        b'{"title": "x", "id": [' + b"{}," * MAX_VALUES + b"{}]}",
        400,
    ),
    "nested 30,000 deep": (b"[" * 30_000 + b"]" * 30_000, 400),
    "an array": (b'[{"title": "x"}]', 422),
    "a string": (b'"title"', 422),
    "null": (b"null", 422),
    "as deep as can be": (nested(MAX_DEPTH), 422),
    "NUL": (b'{"title": "a\\u0000b"}', 422),
    "yes for a boolean": (b'{"title": "x", "completed": "yes"}', 422),
    "an object for a string": (b'{"title": {"a": 1}}', 422),
    "an unknown member": (b'{"title": "x", "titel": "y"}', 422),
    "a member without a name": (b'{"title": "x", "": "y"}', 422),
    "__proto__": (b'{"title": "x", "__proto__": {}}', 422),
    "too large": (b'{"title": "' + b"x" * 65536 + b'"}', 413),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_hostile_body_is_refused_and_changes_nothing(client, path, make_task, method, body, status):
    task = make_task()
    one = f"{path}/{task['id']}"
    where = {"post": path, "put": one, "patch": f"{one}/complete"}[method]
    response = getattr(client, method)(where, data=body, content_type="application/json")
    if method == "patch" and not body:
        assert response.status_code == 200
        return
    assert response.status_code == status
    assert response.json["status"] == status
    assert client.get(path).json == [task]


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", "*/*"],
)
def test_body_that_is_not_declared_json_is_a_415(client, path, content_type):
    response = client.post(path, data=b'{"title": "x"}', content_type=content_type)
    assert response.status_code == 415
    assert response.headers["Accept"] == "application/json"
    assert client.get(path).json == []


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;"]
)
def test_json_may_be_declared_in_each_way_that_media_types_allow(client, path, content_type):
    response = client.post(path, data=b'{"title": "x"}', content_type=content_type)
    assert response.status_code == 201


def test_query_that_is_not_utf_8_is_a_400(client, path):
    assert client.get(f"{path}?completed=%ff").status_code == 400


def test_body_without_a_length_is_bounded_too(app, path):
    # As gunicorn passes on a chunked body: no Content-Length, and an end that it vouches for.
    environ = {
        "CONTENT_TYPE": "application/json",
        "wsgi.input": BytesIO(b'{"title": "' + b"x" * 100_000 + b'"}'),
        "wsgi.input_terminated": True,
    }
    builder = EnvironBuilder(app, path, method="POST", environ_base=environ)
    made = builder.get_environ() | environ
    made.pop("CONTENT_LENGTH", None)
    assert run_wsgi_app(app, made)[1].startswith("413")


def test_body_shorter_than_its_length_is_a_400_also_where_the_server_ends_it(app, client, path):
    # The rest never came; what did come is whole JSON.
    body = b'{"title": "Pay 10"}'
    environ = {
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body) + 2),
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
    }
    builder = EnvironBuilder(app, path, method="POST", environ_base=environ)
    assert run_wsgi_app(app, builder.get_environ() | environ)[1].startswith("400")
    assert client.get(path).json == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values, st.booleans())
def test_any_json_is_read_as_the_standard_library_reads_it(value, ascii_only):
    assert loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.dictionaries(st.text(max_size=3), json_values, min_size=1), st.data())
def test_any_member_that_is_given_twice_is_refused(members, data):
    again = data.draw(st.sampled_from(sorted(members)))
    pairs = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in members.items()]
    pairs.insert(data.draw(st.integers(0, len(pairs))), f"{json.dumps(again)}: 0")
    with pytest.raises(Problem, match="more than once"):
        loads(f"[{{{', '.join(pairs)}}}]".encode())


def test_as_many_values_as_there_may_be_are_read():
    assert len(loads(b"[" + b"1," * (MAX_VALUES - 1) + b"1]")) == MAX_VALUES


def test_body_of_too_many_values_is_refused_before_anything_is_made_of_it(monkeypatch):
    monkeypatch.setattr(orjson, "loads", None)
    with pytest.raises(Problem, match="at most 8000"):
        loads(b"[" + b"[]," * MAX_VALUES + b"[]]")


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_either_json_or_a_problem(body):
    try:
        orjson.dumps(loads(body))
    except Problem as problem:
        # Anything else would be a 500.
        assert problem.code == 400  # noqa: PT017


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(0)))
def test_a_pointer_leads_back_to_its_steps(steps):
    text = pointer(steps)
    assert text.isascii()
    decoded = unquote(text.removeprefix("#")).split("/")[1:]
    assert [step.replace("~1", "/").replace("~0", "~") for step in decoded] == [
        str(step) for step in steps
    ]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le"])
def test_body_in_another_encoding_is_told_the_byte_that_is_not_utf_8(encoding):
    body = '{"title": "x", "description": "Käse für Anaïs"}'.encode(encoding)
    with pytest.raises(UnicodeDecodeError) as decoding:
        body.decode()
    with pytest.raises(Problem) as refusal:
        loads(body)
    place = f"byte {decoding.value.start}, counted from 0,"
    assert refusal.value.description == f"The body is not UTF-8: {place} can't be decoded."


@given(st.text(alphabet='{}[]",: \n\t\\xé€😀01eNaN\x00'))
def test_place_of_an_error_in_a_body_is_where_a_reader_counts_it(text):
    try:
        loads(text.encode())
    except Problem as refusal:
        place = re.search(r": line (\d+) column (\d+) \(char (\d+)\)\.$", refusal.description)
        if "more than once" not in refusal.description:
            line, column, char = map(int, place.groups())
            before = text[:char]
            assert len(before) == char
            assert (line, column) == (before.count("\n") + 1, char - before.rfind("\n"))
