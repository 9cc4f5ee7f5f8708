"""What nobody sends by accident, over raw sockets: it is refused, changes nothing, breaks nothing.

Each row says what it gets. Where gunicorn refuses a request before the application sees it, the
answer has to look the same.
"""

import gzip
import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from tools.server import Server

pytestmark = pytest.mark.measured

# More than the server may take to answer, and less than the tests' own limit: it hangs, or doesn't.
PATIENCE = 30
MAX_BODY = 64 * 1024
FIELDS_MAX = 100
CHUNKED = b"Transfer-Encoding: chunked\r\n"
TASK = b'{"title": "x"}'
NOTHING = None


@pytest.fixture(scope="module")
def server(serve_to_all, on_database) -> Server:
    """One gunicorn for the whole table: what one row breaks, the next one meets."""
    return serve_to_all(**on_database)


@pytest.fixture(scope="module")
def user(server: Server) -> str:
    """A user with a task, which every row could spoil."""
    user = str(uuid4())
    answer = requests.post(f"{server.url}/api/{user}/tasks", json={"title": "Keep me"})
    assert answer.status_code == 201
    return user


@dataclass
class Answer:
    """What came back first."""

    status: int
    headers: dict[str, str]
    body: bytes


def talk(server: Server, request: bytes, *, half_close: bool = False) -> bytes:
    """Send bytes; give all that comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
        try:
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            # It may refuse before it has heard everything.
            pass
        received = b""
        try:
            while data := connection.recv(65536):
                received += data
        except ConnectionError:
            pass
        return received


def read(received: bytes) -> Answer | None:
    """Take an answer apart; None where there is none."""
    if not received:
        return None
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"HTTP/1\.\d ([1-5]\d\d)( .*)?", status_line)
    assert match, status_line
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Answer(int(match[1]), headers, body)


@dataclass
class Request:
    """A request in which anything may be wrong; `{user}` in its target is the user's id."""

    method: bytes = b"GET"
    target: str = "/api/{user}/tasks"
    version: bytes = b"HTTP/1.1"
    host: bytes = b"Host: localhost\r\n"
    headers: bytes = b""
    body: bytes = b""
    half_close: bool = False
    # What it is sent as instead, where even the shape is wrong.
    raw: Callable[[bytes], bytes] | None = field(default=None, repr=False)

    def encode(self, user: str) -> bytes:
        """Give its bytes."""
        target = self.target.replace("{user}", user).encode("latin-1")
        head = self.method + b" " + target + b" " + self.version + b"\r\n" + self.host
        whole = head + b"Connection: close\r\n" + self.headers + b"\r\n" + self.body
        return self.raw(whole) if self.raw else whole


def get(target: str = "/api/{user}/tasks", headers: bytes = b"", **more: object) -> Request:
    return Request(target=target, headers=headers, **more)


def query(text: str) -> Request:
    return get("/api/{user}/tasks?" + text)


def header(text: bytes) -> Request:
    return get(headers=text + b"\r\n")


def post(
    body: bytes = TASK,
    *,
    length: object = None,
    content_type: bytes = b"application/json",
    headers: bytes = b"",
    target: str = "/api/{user}/tasks",
    **more: object,
) -> Request:
    """A POST, honest about its length unless told otherwise."""
    length = len(body) if length is None else length
    lines = b"Content-Type: " + content_type + b"\r\n" + headers
    lines += f"Content-Length: {length}\r\n".encode("latin-1")
    return Request(method=b"POST", target=target, headers=lines, body=body, **more)


def chunks(body: bytes, headers: bytes = b"", **more: object) -> Request:
    """A POST without a length, whose body is framed by hand."""
    lines = b"Content-Type: application/json\r\n" + CHUNKED + headers
    return Request(method=b"POST", headers=lines, body=body, **more)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def instead(whole: bytes, *, half_close: bool = False) -> Request:
    return Request(raw=lambda _: whole, half_close=half_close)


END = b"0\r\n\r\n"
JSON_400 = {
    "a raw NUL in a string": post(b'{"title": "a\0b"}'),
    "a NUL after the document": post(TASK + b"\0"),
    "a lone surrogate": post(b'{"title": "\\ud800"}'),
    "a surrogate in UTF-8": post(b'{"title": "\xed\xa0\x80"}'),
    "bad UTF-8": post(b'{"title": "\xff"}'),
    "a byte order mark": post(b"\xef\xbb\xbf" + TASK),
    "UTF-16": post('{"title": "x"}'.encode("utf-16")),
    "arrays, 30,000 deep": post(b"[" * 30_000 + b"]" * 30_000),
    "arrays, 100,000 deep": post(b"[" * 10**5 + b"]" * 10**5, target="/api/{user}/tasks/batch"),
    "objects, 100,000 deep": post(b'{"a":' * 10**5, target="/api/{user}/tasks/batch"),
    "a number without an end": post(b'{"title": "x", "revision": ' + b"9" * 60_000 + b"}"),
    "a number beyond all floats": post(b'{"title": "x", "revision": 1e999999}'),
    "a duplicated member": post(b'{"title": "x", "title": "y"}'),
    "a gzip bomb's beginning": post(b"\x1f\x8b\x08" + b"\0" * 100),
    "no body": post(b""),
}
LENGTHS_400 = {
    "a length that is too small": post(b'{"title": "xyz"}', length=5),
    "a length that is too large, then the end": post(length=100, half_close=True),
    "a negative length": post(length=-1),
    "a length with a sign": post(length="+14"),
    "a length with a fraction": post(length="14.0"),
    "a length of 5,000 digits": post(length="9" * 5000),
    "a length in other digits": post(length="\xb2"),
    "no number for a length": post(length=""),
    "a list for a length": post(length="14, 14"),
    "two lengths": post(headers=b"Content-Length: 5\r\n"),
    "the same length twice": post(headers=b"Content-Length: 14\r\n"),
    "a length, and chunks": post(headers=CHUNKED),
    "chunks, twice": chunks(chunk(TASK) + END, CHUNKED),
    "chunks that end nowhere: gzip": post(headers=b"Transfer-Encoding: gzip\r\n", length=0),
    "chunks of HTTP/1.0": chunks(chunk(TASK) + END, version=b"HTTP/1.0"),
}
CHUNKS_400 = {
    "no size": chunks(b"\r\nx\r\n" + END),
    "a size that isn't hexadecimal": chunks(b"xyz\r\nx\r\n" + END),
    "a negative size": chunks(b"-1\r\nx\r\n" + END),
    "a size with 0x": chunks(b"0xe\r\n" + TASK + b"\r\n" + END),
    "a size with an underscore": chunks(b"0_e\r\n" + TASK + b"\r\n" + END),
    "a size beyond all memory": chunks(b"f" * 40 + b"\r\nx", half_close=True),
    "more than its size": chunks(b"3\r\n" + TASK + b"\r\n" + END),
    "an end half-way": chunks(b"ff\r\n" + TASK, half_close=True),
    "no last chunk": chunks(chunk(TASK), half_close=True),
    "a line of 9,000 characters": chunks(b"e;" + b"a" * 9000, half_close=True),
    "a bad extension": chunks(b"e;=\x01\r\n" + TASK + b"\r\n" + END),
    "a length in the trailer": chunks(chunk(TASK) + b"0\r\nContent-Length: 5\r\n\r\n"),
    "lines that end with LF": chunks(b"e\n" + TASK + b"\n0\n\n", half_close=True),
}
HEADERS_400 = {
    "an If-None-Match without quotes": header(b"If-None-Match: 57"),
    "an If-None-Match that never ends": header(b'If-None-Match: "57'),
    "an If-None-Match, wrong at the end": header(b"If-None-Match: " + b'"1",' * 1900 + b"x"),
    "an If-None-Match of white space": header(b"If-None-Match: " + b"\t ," * 2600 + b"x"),
    "an empty Idempotency-Key": post(headers=b"Idempotency-Key: \r\n"),
    "an Idempotency-Key with a space": post(headers=b"Idempotency-Key: a b\r\n"),
    "an Idempotency-Key that isn't ASCII": post(headers=b"Idempotency-Key: \xe9\r\n"),
    "an Idempotency-Key of 256": post(headers=b"Idempotency-Key: " + b"a" * 256 + b"\r\n"),
    "a media type twice": post(headers=b"Content-Type: text/plain\r\n"),
    "no Host": get(host=b""),
    "two Hosts": get(host=b"Host: a\r\nHost: b\r\n"),
    "a Host with a space": get(host=b"Host: a b\r\n"),
    "a Host with a path": get(host=b"Host: a/b\r\n"),
    "a Host with a user": get(host=b"Host: a@b\r\n"),
    "a Host with two ports": get(host=b"Host: a:1:2\r\n"),
    "a Host with a bracket": get(host=b"Host: [::1\r\n"),
    "a Host that isn't ASCII": get(host=b"Host: \xff\r\n"),
    "a CR in a value": header(b"X-A: a\rX-B: b"),
    "an LF in a value": header(b"X-A: a\nX-B: b"),
    "a NUL in a value": header(b"X-A: a\0b"),
    "a folded value": header(b"X-A: a\r\n b"),
    "white space before the colon": header(b"X-A : a"),
    "no colon": header(b"nonsense"),
    "no name": header(b": a"),
    "a name with brackets": header(b"X(A): a"),
    "a name that isn't ASCII": header(b"X\xe9: a"),
    "contradictory schemes": header(b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off"),
}
LINES_400 = {
    "a raw NUL in the target": get("/api/\0"),
    "raw UTF-8 in the target": get("/api/\xc3\xa9"),
    "a space in the target": get("/api/{user}/tasks x"),
    "no target": get(""),
    "an absolute target with a user": get("http://a@b/api/{user}/tasks"),
    "an absolute target, and no Host": get("http://localhost/api/{user}/tasks", host=b""),
    "a bad absolute target": get("http://[::1/api/{user}/tasks"),
    "a target without a slash": get("api/{user}/tasks"),
    "an asterisk": get("*"),
    "a lower-case method": get(method=b"get"),
    "a method with a bracket": get(method=b"G(T"),
    "a fragment": get("/api/{user}/tasks#x"),
    "a fragment before a query": get("/api/{user}/tasks#?limit=1"),
    "a target without a slash, and :// in its query": get("api/{user}/tasks?q=://"),
    "a target of another scheme": get("ftp://localhost/api/{user}/tasks"),
    "HTTP/0.9": Request(raw=lambda whole: whole[: whole.index(b" HTTP/")] + b"\r\n\r\n"),
    "HTTP/2.0": get(version=b"HTTP/2.0"),
    "HTTP/11.1": get(version=b"HTTP/11.1"),
    "http/1.1": get(version=b"http/1.1"),
    "HTTP/2 without asking": instead(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "lines that end with LF": Request(raw=lambda whole: whole.replace(b"\r\n", b"\n")),
    "a PROXY line before it": Request(raw=lambda w: b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + w),
    "nothing but empty lines": instead(b"\r\n\r\n\r\n", half_close=True),
}
QUERIES_400 = {
    "bad UTF-8 in a query": query("q=%ff"),
    "a surrogate in a query": query("q=%ED%A0%80"),
    "an overlong NUL in a query": query("q=%C0%80"),
    "bad UTF-8 in a parameter's name": query("%ff=1"),
}
QUERIES_422 = {
    "a NUL in a query": query("q=%00"),
    "a NUL in a tag": query("tag=a%00b"),
    "a NUL in a cursor": query("cursor=%00"),
    "a NUL in an order": query("sort=%00"),
    "a NUL in a parameter's name": query("%00=1"),
    "a parameter without a name": query("=1"),
    "a parameter twice": query("q=a&q=b"),
    "a parameter twice, once encoded": query("q=a&%71=b"),
    "a huge number": query("offset=" + "9" * 4000),
    "a thousand parameters": query("&".join(f"a{n}=1" for n in range(1000))),
    "a query of 8,000 characters": query("q=" + "x" * 8000),
    "SQL for an order": query("sort=title%3BDROP%20TABLE%20tasks"),
    "a day that never was": query("due_before=2026-02-30T00:00:00Z"),
    "an offset that leads before time": query("due_before=0001-01-01T00:00:00%2B23:59"),
}
PATHS_404 = {
    "a NUL in a path": get("/api/%00"),
    "a NUL after an id": get("/api/{user}%00/tasks"),
    "bad UTF-8 in a path": get("/api/%ff/tasks"),
    "a bad percent encoding": get("/api/%zz/tasks"),
    "/api/../": get("/api/../api/{user}/tasks"),
    "/api/./": get("/api/./{user}/tasks"),
    "encoded dots": get("/api/%2e%2e/api/{user}/tasks"),
    "an encoded slash": get("/api%2F{user}/tasks"),
    "an encoded slash, encoded again": get("/api%252F{user}/tasks"),
    "an encoded slash at the front": get(
        "http://localhost%2Fapi/{user}/tasks", host=b"Host: a\r\n"
    ),
    "an encoded letter": get("/%61pi/{user}/tasks"),
    "a parameter of a segment": get("/api;a=b/{user}/tasks"),
    "an encoded parameter of a segment": get("/api/{user}%3B/tasks"),
    "a file with a slash at its end": get("/docs/swagger-ui.css/"),
    "a file with dots before it": get("/docs/x/../swagger-ui.css"),
    "a file with two slashes": get("/docs//swagger-ui.css"),
    "two slashes at the front": get("//api/{user}/tasks"),
    "three slashes at the front": get("///api/{user}/tasks"),
    "two slashes within": get("/api/{user}//tasks"),
    "a slash at the end": get("/api/{user}/tasks/"),
    "a backslash": get("/api\\{user}\\tasks"),
    "an id in braces": get("/api/%7B{user}%7D/tasks"),
    "a way out of the documentation": get("/docs/../../etc/passwd"),
    "an encoded way out of the documentation": get("/docs/%2e%2e%2f%2e%2e%2fetc%2fpasswd"),
    "a file with a NUL": get("/docs/%00"),
    "a file of 5,000 characters": get("/docs/" + "a" * 5000),
    "another host's root": get("//other.example/.."),
    "a tunnel": get("other.example:80", method=b"CONNECT"),
    "OPTIONS *": get("*", method=b"OPTIONS"),
}
OTHERS = {
    "an unknown coding": (post(headers=b"Transfer-Encoding: x\r\n", length=0), 501),
    "a coding under the chunks": (
        Request(
            b"POST",
            headers=b"Content-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n",
            body=chunk(TASK) + END,
        ),
        501,
    ),
    "an unknown method": (get(method=b"BREW"), 405),
    "TRACE": (get(method=b"TRACE"), 405),
    "an unknown method where nothing is": (get("/nowhere", method=b"BREW"), 404),
    "a method in another one's header": (
        post(headers=b"X-HTTP-Method-Override: DELETE\r\n", target="/api/{user}/tasks/batch"),
        422,
    ),
    "a header of 9 KB": (header(b"X-Long: " + b"x" * 9000), 431),
    "200 headers": (header(b"\r\n".join(b"X-%d: 1" % n for n in range(2 * FIELDS_MAX))), 431),
    "a request line of 9 KB": (query("q=" + "x" * 9000), 414),
    "an expectation nobody knows": (post(headers=b"Expect: tea\r\n"), 417),
    "a body over the limit": (post(TASK.ljust(MAX_BODY + 1)), 413),
    "a length over the limit, and no body": (post(length=10**30), 413),
    "chunks over the limit": (chunks(chunk(TASK.ljust(MAX_BODY)) + chunk(b"x") + END), 413),
    "garbage beyond the limit": (chunks(chunk(TASK.ljust(MAX_BODY)) + chunk(b"]" * 2000)), 413),
    "no media type": (post(content_type=b""), 415),
    "a body in gzip": (post(gzip.compress(TASK), headers=b"Content-Encoding: gzip\r\n"), 415),
    "a body that says it is in gzip": (post(headers=b"Content-Encoding: gzip\r\n"), 415),
    "a body in br, in br": (post(headers=b"Content-Encoding: br\r\n" * 2), 415),
    "a form": (post(b"title=x", content_type=b"application/x-www-form-urlencoded"), 415),
    "a media type that isn't ASCII": (post(content_type=b"application/json\xff"), 415),
}
REFUSED = {
    **{name: (request, 400) for name, request in JSON_400.items()},
    **{name: (request, 400) for name, request in LENGTHS_400.items()},
    **{f"chunks: {name}": (request, 400) for name, request in CHUNKS_400.items()},
    **{name: (request, 400) for name, request in HEADERS_400.items()},
    **{f"line: {name}": (request, 400) for name, request in LINES_400.items()},
    **{name: (request, 400) for name, request in QUERIES_400.items()},
    **{name: (request, 422) for name, request in QUERIES_422.items()},
    **{name: (request, 404) for name, request in PATHS_404.items()},
    **OTHERS,
}
# Strange, but with only one meaning.
SERVED = {
    "a header of 8 KB": header(b"X-Long: " + b"x" * 8000),
    "a broken Accept": header(b"Accept: image/png;q=nan, */, ;;=\xff"),
    "codings that can't be had": header(b"Accept-Encoding: identity;q=0\r\nAccept-Charset: \xff"),
    "a malformed traceparent": header(b"traceparent: 00-zz-\xff"),
    "a traceparent of zeros": header(b"traceparent: 00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00"),
    "a malformed X-Request-Id": header(b"X-Request-Id: \xff"),
    "a malformed Cookie": header(b'Cookie: \xff="\\777; =;;'),
    "a malformed date": header(b"If-Modified-Since: yesterday"),
    "a date beyond all calendars": header(b"If-Modified-Since: 1 Jan 99999999999 00:00:00 GMT"),
    "a malformed Authorization": header(b"Authorization: Basic \xff"),
    "a range": header(b"Range: bytes=0-5"),
    "an If-Range": header(b'If-Range: "1"\r\nRange: bytes=9-1'),
    "2,000 entity tags": header(b"If-None-Match: " + b'"x",' * 1600 + b'"y"'),
    "an entity tag that isn't ASCII": header(b'If-None-Match: "\xff"'),
    "an entity tag beyond all numbers": header(b'If-None-Match: "' + b"9" * 4000 + b'"'),
    "header names with underscores": header(b"If_None_Match: *\r\nX_Request_Id: a"),
    "a path for another environment": header(b"SCRIPT_NAME: /x\r\nPATH_INFO: /y"),
    "another method in a header": header(b"X-HTTP-Method-Override: DELETE"),
    "an upgrade to h2c": header(b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
    "an upgrade to a web socket": header(b"Upgrade: websocket\r\nSec-WebSocket-Key: x"),
    "HTTP/1.0": get(version=b"HTTP/1.0"),
    "HTTP/1.0 without a Host": get(version=b"HTTP/1.0", host=b""),
    "an absolute target": get("http://other.example/api/{user}/tasks"),
    "a version that is to come": get(version=b"HTTP/1.2"),
    "an empty Host": get(host=b"Host: \r\n"),
    "a body of a GET": get(headers=b"Content-Length: 5\r\n", body=b"hello"),
    "a semicolon in a query": query("q=K;limit=0"),
    "CR and LF in a query": query("q=%0D%0AX-A:%20b"),
}


def tasks(server: Server, user: str) -> object:
    """What the user has; that the server tells it means that it still serves."""
    answer = requests.get(f"{server.url}/api/{user}/tasks", timeout=PATIENCE)
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize(("request_", "status"), REFUSED.values(), ids=REFUSED)
def test_hostile_request_is_refused_with_a_problem_and_changes_nothing(
    server, user, request_, status
):
    before = tasks(server, user)
    answer = read(talk(server, request_.encode(user), half_close=request_.half_close))
    assert answer is not None
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert parsedate_to_datetime(answer.headers["date"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] in {"no-store", "private, no-cache"}
    assert tasks(server, user) == before


@pytest.mark.parametrize("request_", SERVED.values(), ids=SERVED)
def test_strange_request_is_served_and_changes_nothing(server, user, request_):
    before = tasks(server, user)
    answer = read(talk(server, request_.encode(user)))
    assert answer is not None
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    # The last two of the table search for what no task has.
    assert json.loads(answer.body) in (before, [])
    assert tasks(server, user) == before


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", b"GET / HTTP/1.1\r\nHost:", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9],
    ids=["nothing", "a letter", "half a head", "a TLS greeting"],
)
def test_request_that_never_becomes_one_gets_no_answer(server, user, sent):
    before = tasks(server, user)
    assert talk(server, sent, half_close=True) == b""
    assert tasks(server, user) == before


@pytest.mark.parametrize(
    "request_",
    [
        Request(b"PATCH", "{one}/complete", headers=b"Content-Length: 18\r\n", half_close=True),
        Request(b"PATCH", "{one}/complete", headers=CHUNKED, half_close=True),
        Request(b"PUT", "{one}", headers=b"Content-Length: 2\r\n", body=b"{", half_close=True),
    ],
    ids=["with a length", "in chunks", "half of it"],
)
def test_body_that_is_lost_on_the_way_is_not_taken_for_an_absent_one(server, user, request_):
    before = tasks(server, user)
    request_.target = request_.target.replace("{one}", f"/api/{user}/tasks/{before[0]['id']}")
    request_.headers += b"Content-Type: application/json\r\n"
    answer = read(talk(server, request_.encode(user), half_close=True))
    assert answer is not None
    assert answer.status == 400
    assert tasks(server, user) == before


@pytest.mark.parametrize("value", [b"57", b'W/"57', b'"5\x007"', b"", b'"a" "b"'])
def test_write_with_a_malformed_precondition_is_not_done(server, user, value):
    before = tasks(server, user)
    request = Request(
        b"DELETE", f"/api/{user}/tasks/{before[0]['id']}", headers=b"If-Match: " + value + b"\r\n"
    )
    answer = read(talk(server, request.encode(user)))
    assert answer is not None
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert tasks(server, user) == before


@pytest.mark.parametrize("connection", [b"close", b"keep-alive"])
def test_chunks_without_end_are_given_up_at_the_limit(server, user, connection):
    before = tasks(server, user)
    request = chunks(b"").encode(user).replace(b": close", b": " + connection)
    # What the buffers between the two can hold is far less.
    data = chunk(b" " * 65_536) * 2000
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as sender:
        sender.sendall(request)
        with pytest.raises(OSError, match=r"reset|pipe"):
            sender.sendall(data)
    assert tasks(server, user) == before


def test_client_that_goes_amid_its_chunks_changes_nothing(server, user):
    before = tasks(server, user)
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as sender:
        sender.sendall(chunks(chunk(TASK)).encode(user))
    assert tasks(server, user) == before


def test_body_that_is_too_large_is_not_asked_for(server):
    request = post(length=MAX_BODY + 1, headers=b"Expect: 100-continue\r\n").encode(str(uuid4()))
    head = request.partition(b"\r\n\r\n")[0].replace(b": close", b": keep-alive", 1)
    answer = read(talk(server, head + b"\r\n\r\n"))
    assert answer is not None
    assert answer.status == 413
    # The body may come or not: what would be the next request cannot be known.
    assert answer.headers["connection"] == "close"


def test_body_is_asked_for_where_the_client_waits_to_be(server):
    stranger = str(uuid4())
    request = post(headers=b"Expect: 100-continue\r\n").encode(stranger)
    head, body = request.split(b"\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(body)
        answer = read(connection.recv(65536))
    assert answer is not None
    assert answer.status == 201


def test_what_follows_a_wrong_length_is_not_taken_for_a_request(server, user):
    # The rest of the body would be the next request of a proxy's other client.
    before = tasks(server, user)
    smuggled = Request(b"DELETE", f"/api/{user}").encode(user)
    request = post(TASK + smuggled, length=len(TASK), headers=CHUNKED).encode(user)
    received = talk(server, request.replace(b": close", b": keep-alive", 1), half_close=True)
    assert received.count(b"HTTP/1.") == 1
    assert tasks(server, user) == before


def test_malformed_chunk_that_nobody_reads_gets_no_second_answer(server):
    request = chunks(b"xyz\r\n", target="/nowhere").encode("")
    received = talk(server, request.replace(b": close", b": keep-alive", 1))
    assert received.startswith(b"HTTP/1.1 404 ")
    assert received.count(b"HTTP/1.") == 1


def test_connection_ends_with_a_malformed_chunk_and_says_so(server, user):
    request = chunks(b"xyz\r\n").encode(user)
    answer = read(talk(server, request.replace(b": close", b": keep-alive", 1)))
    assert answer is not None
    assert (answer.status, answer.headers["connection"]) == (400, "close")


def test_answer_leads_to_no_host_that_the_client_has_made_up(server):
    answer = read(talk(server, get("http://evil.example").encode("")))
    assert answer is not None
    assert (answer.status, answer.headers["location"]) == (302, "/docs")


def test_coding_that_is_not_undone_is_answered_with_those_that_are(server, user):
    request = post(headers=b"Content-Encoding: gzip\r\n").encode(user)
    answer = read(talk(server, request))
    assert answer is not None
    # RFC 9110, sections 12.5.3 and 15.5.16.
    assert answer.headers["accept-encoding"] == "identity"


def test_nothing_that_was_refused_is_in_the_log(server):
    talk(server, get(headers=b"X(secret-name): a\r\n").encode(""))
    talk(server, get("secret-target").encode(""))
    assert "secret" not in Path(server.log).read_text()


@pytest.mark.parametrize(
    ("connection", "version"),
    [
        (b"TE, close", b"HTTP/1.1"),
        (b"keep-alive\r\nConnection: close", b"HTTP/1.1"),
        (b"TE\r\nConnection:\tCLOSE ,", b"HTTP/1.1"),
        (b"keep-alive, close", b"HTTP/1.0"),
    ],
)
def test_connection_ends_where_one_of_its_options_says_so(server, connection, version):
    # RFC 9112, section 9.6.
    request = get("/health", version=version).encode("").replace(b": close", b": " + connection)
    answer = read(talk(server, request))
    assert answer is not None
    assert (answer.status, answer.headers["connection"]) == (200, "close")


@pytest.mark.parametrize("connection", [b"TE", b"close-not, keep-alive", b'"close"'])
def test_connection_is_kept_where_none_of_its_options_says_otherwise(server, connection):
    request = get("/health").encode("").replace(b": close", b": " + connection)
    received = talk(server, request + get("/health").encode(""))
    assert received.count(b"HTTP/1.1 200 OK") == 2


def test_version_that_is_to_come_is_answered_in_the_one_that_is_spoken(server, user):
    # RFC 9110, section 2.5.
    received = talk(server, get("/health", version=b"HTTP/1.2").encode(""))
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    refused = talk(server, get("/nowhere", version=b"HTTP/1.9").encode(""))
    assert refused.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("target", "headers", "status"), [("/nowhere", b"", 404), ("/health", b"nonsense\r\n", 400)]
)
def test_answer_to_head_has_no_body_even_where_it_is_an_error(server, target, headers, status):
    received = talk(server, get(target, headers, method=b"HEAD").encode(""))
    answer = read(received)
    assert answer is not None
    assert (answer.status, answer.body) == (status, b"")


def test_nothing_of_all_this_was_a_defect(server, user):
    # It is the last one of the module: what the log of the others says.
    lines = [json.loads(line) for line in Path(server.log).read_text().splitlines()]
    assert [line for line in lines if line.get("level") in {"ERROR", "CRITICAL"}] == []
    assert [line for line in lines if line.get("status", 0) >= 500 and line["status"] != 501] == []
