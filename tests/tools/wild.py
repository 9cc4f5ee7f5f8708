"""Requests that nobody thought of, for hypothesis: any header, and paths written in other ways.

A header's value is made of what its grammar knows, of numbers beyond all bounds, and of noise.
"""

import re
import socket
from dataclasses import dataclass, field

from hypothesis import strategies as st

USER = "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"
TASK = "019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a10"
PATHS = (
    "/",
    "/health",
    "/openapi.json",
    "/docs",
    "/docs/start.js",
    "/docs/swagger-ui.css",
    f"/api/{USER}",
    f"/api/{USER}/tasks",
    f"/api/{USER}/tasks/batch",
    f"/api/{USER}/tasks/{TASK}",
    f"/api/{USER}/tasks/{TASK}/complete",
    f"/api/{USER}/changes",
)
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "BREW")
# With these, the service reads all the headers that it can be told to read.
SETTINGS = {
    "CORS_ORIGINS": "https://app.example",
    "RATE_LIMIT": "999999999/day",
    "TRUSTED_PROXIES": 1,
}
# Those that frame a message are beside these: what they mean, a table of tests says.
HEADERS = tuple(
    """Accept-Charset Accept-Encoding Accept-Language Access-Control-Request-Headers
    Access-Control-Request-Method Authorization Cache-Control Content-Disposition Content-Encoding
    Content-Language Content-Location Content-Range Content-Type Cookie Date Expect Forwarded From
    Host Idempotency-Key If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since
    Max-Forwards Origin Pragma Prefer Proxy-Authorization Range Referer TE Trailer Upgrade
    User-Agent Via X-Forwarded-For X-Forwarded-Host X-Forwarded-Port X-Forwarded-Prefix
    X-Forwarded-Proto X-Request-Id baggage traceparent tracestate""".split()  # noqa: SIM905
)

# Fields that change nothing of any operation on tasks: beside everything else that a test sends.
BESIDE = (
    ("Accept", "image/png;q=nan, */, ;;=\xff"),
    ("Accept-Encoding", "identity;q=0, *;q=" + "9" * 5000),
    ("Cookie", '\xff="\\777"; =;;'),
    ("Forwarded", 'for="[::1]:\xb2";by=_x;proto=";'),
    ("If-Modified-Since", "1 Jan 99999999999 00:00:00 GMT"),
    ("If-Range", "Sun, 0 Jan 30963405384 0:0:0 +99999"),
    ("If-Unmodified-Since", "Sunday, 01-Jan-99999999999 00:00:00 GMT"),
    ("Range", "bytes=0-1,-" + "9" * 400),
    ("X-Forwarded-For", '", ::ffff:999.0.0.1%\xff'),
    ("X-Forwarded-Host", "a/b:c:d"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("traceparent", "00-zz-\xff"),
)

# What a server lets through in a field: visible characters, spaces and obs-text.
NOISE = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))
NUMBERS = st.one_of(
    st.integers(0, 70).map(str),
    st.integers(0, 10**25).map(str),
    st.sampled_from(["-1", "+1", "0x1", "1e9", "NaN", "\xb2", "9" * 400, "9" * 5000]),
)
DAYS = st.sampled_from(["Sun, ", "Sunday, ", "Sun ", "Xxx, ", ""])
MONTHS = st.sampled_from(["Jan", "Feb", "dec", "Xxx"])
TIMES = st.builds("{}:{}:{}".format, NUMBERS, NUMBERS, NUMBERS)
ZONES = st.one_of(st.sampled_from([" GMT", " EST", "", " -0000"]), NUMBERS.map(" +{}".format))
DATES = st.one_of(
    st.builds("{}{} {} {} {}{}".format, DAYS, NUMBERS, MONTHS, NUMBERS, TIMES, ZONES),
    st.builds("{}{}-{}-{} {}{}".format, DAYS, NUMBERS, MONTHS, NUMBERS, TIMES, ZONES),
    st.builds("{}{} {} {} {}".format, DAYS, MONTHS, NUMBERS, TIMES, NUMBERS),
)
RANGES = st.lists(st.builds("{}-{}".format, NUMBERS | st.just(""), NUMBERS | st.just(""))).map(
    lambda ranges: "bytes=" + ",".join(ranges)
)
WORDS = st.sampled_from(
    """* W/ "57" "57-3f9a" application/json application/merge-patch+json multipart/form-data text
    charset=utf-7 filename*0*=UTF-8''%ff boundary= q=0 q=nan gzip identity 100-continue close
    for=_x by="[::1]:1" proto=https Bearer Basic eyJ.eyJ.e30 00-0-0-00 ::1 https://app.example
    null max-age=0 bytes=0-1 =?utf-8?q?=22?= $Version=1 __Host-a=\\777""".split()  # noqa: SIM905
)
MARKS = st.sampled_from([*";,=\"*/\\'()<>@:[]-%_ \t"])
LISTS = st.lists(st.one_of(WORDS, MARKS, NUMBERS, NOISE), max_size=12).map("".join)
VALUES = st.one_of(LISTS, DATES, RANGES, NOISE)
FIELDS = st.lists(st.tuples(st.sampled_from(HEADERS), VALUES), max_size=4)

# Beside a path, or in it.
OTHER = st.sampled_from(
    """/ // /. /.. /./ /../ %2e%2e/ %2F %2f %5c \\ ; ;a=b %3B %00 %0A %20 %ff %C0%AF %u002f %zz %
    # ? :// ~ + api docs http:// HTTPS://a@b""".split()  # noqa: SIM905
)


def _encoded(path: str, places: set[int], times: int) -> str:
    """Percent-encode the characters at some places of a path, once or again and again."""
    percent = "%" + "25" * (times - 1)
    return "".join(
        f"{percent}{ord(character):02x}" if place in places else character
        for place, character in enumerate(path)
    )


TARGETS = st.one_of(
    st.sampled_from(PATHS),
    st.builds(_encoded, st.sampled_from(PATHS), st.sets(st.integers(0, 60)), st.integers(1, 3)),
    st.builds(
        lambda path, place, other: path[:place] + other + path[place:],
        st.sampled_from(PATHS),
        st.integers(0, 60),
        OTHER | st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=5),
    ),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["http://h", "HTTPS://h:1", "http://", "ftp://h", "a", "//h", "/../.."]),
        st.sampled_from(PATHS),
        st.sampled_from(["", "?", "?%2F", "?a=b#", "#"]),
    ),
)
BODIES = st.sampled_from([b"", b"{}", b'{"title": "x"}', b"[]", b"\xff", b'{"title": "\xfc"}'])


@dataclass
class Request:
    """A request whose framing is right, and anything else may be wrong."""

    method: str
    target: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def encode(self) -> bytes:
        """Return its bytes."""
        given = {name for name, _ in self.fields}
        lines = [f"{self.method} {self.target} HTTP/1.1", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.fields]
        lines += [] if "Host" in given else ["Host: localhost"]
        lines += [f"Content-Length: {len(self.body)}"] if self.body else []
        return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + self.body

    @property
    def path(self) -> str:
        """What a reader takes for the path who decodes nothing."""
        target = re.sub(r"^https?://[^/?#]*", "", self.target, flags=re.IGNORECASE)
        return target.partition("?")[0] or "/"


REQUESTS = st.builds(Request, st.sampled_from(METHODS), TARGETS, FIELDS, BODIES)


def answer_to(port: int, request: Request) -> tuple[int, dict[str, str]]:
    """Send a request to this machine; return the status and the headers of the only answer."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while data := connection.recv(65536):
            received += data
    received = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    head, _, _ = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"HTTP/1\.1 ([1-5]\d\d) .+", status)
    assert match, received[:200]
    return int(match[1]), {name.lower(): it for name, it in (line.split(": ", 1) for line in lines)}


def check(port: int, request: Request) -> None:
    """Check that a request has one meaning, and that nothing of it is a defect of the service."""
    status, headers = answer_to(port, request)
    # 501: a method or a coding that is not known.
    seen = f"{request} is answered with {status}: {headers}"
    assert status < 500 or status == 501, seen
    if status >= 400:
        assert headers.get("content-type") == "application/problem+json", seen
    elif request.method != "OPTIONS":
        assert request.path in PATHS, seen
    assert headers["x-content-type-options"] == "nosniff", seen
    assert headers.keys() >= {"date", "x-request-id", "cache-control"}, seen
