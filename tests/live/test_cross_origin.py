"""A page of an allowed origin can do all that the API can, with queries and every header."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page
from tools.chromium import needs_chromium

# What `docs/identity.md` names, but for the preconditions, which depend on the operation.
HEADERS = {
    "Authorization": "Bearer x",
    "Content-Type": "application/json",
    "Idempotency-Key": "page-1",
    "X-Request-Id": "page-1",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "tracestate": "vendor=1",
    "baggage": "release=1",
}
FETCH = """async ([url, options]) => {
  const answer = await fetch(url, options);
  const headers = Object.fromEntries(answer.headers);
  return {status: answer.status, headers, text: await answer.text()};
}"""

pytestmark = [
    pytest.mark.long,
    needs_chromium,
]


class Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Blank)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser, origin) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(origin)
    yield page
    page.close()


def test_page_of_an_allowed_origin_can_do_everything(serve, on_database, origin, page):
    service = serve(**on_database, CORS_ORIGINS=origin).url
    user, task = f"{service}/api/{uuid4()}", str(uuid4())

    def ask(method, url, body=None, **headers):
        options = {"method": method, "headers": HEADERS | headers, "body": body}
        answer = page.evaluate(FETCH, [url, {k: v for k, v in options.items() if v is not None}])
        assert answer["headers"]["x-request-id"] == "page-1"
        return answer

    made = ask("POST", f"{user}/tasks", '{"title": "from a page", "completed": true}')
    assert made["status"] == 201
    task = f"{service}{made['headers']['location']}"
    batch = ask("POST", f"{user}/tasks/batch", '[{"title": "b"}]', **{"Idempotency-Key": "page-2"})
    assert batch["status"] == 201
    listed = ask("GET", f"{user}/tasks?limit=1&sort=-title&count=true", **{"If-None-Match": '"9"'})
    assert (listed["status"], listed["headers"]["x-total-count"]) == (200, "2")
    following = listed["headers"]["link"].split('>; rel="next"')[0].rpartition("<")[2]
    statuses = [
        ask(method, url, body, **headers)["status"]
        for method, url, body, headers in [
            ("GET", f"{service}{following}", None, {}),
            ("GET", task, None, {"If-None-Match": '"9"'}),
            ("PUT", task, "{}", {"If-Match": made["headers"]["etag"]}),
            ("PATCH", task, '{"description": null}', {"If-None-Match": '"9"'}),
            ("PATCH", f"{task}/complete", '{"completed": true}', {"If-Match": "*"}),
            ("GET", f"{user}/changes?since=1&limit=2", None, {}),
            ("DELETE", task, None, {"If-Match": "*"}),
            ("POST", f"{task}/restore", None, {"If-Match": "*"}),
            ("DELETE", f"{user}/tasks?completed=true", None, {}),
            ("DELETE", user, None, {}),
        ]
    ]
    assert statuses == [200, 200, 200, 200, 200, 200, 204, 200, 200, 204]


def test_page_sees_why_a_query_is_refused(serve, on_database, origin, page):
    service = serve(**on_database, CORS_ORIGINS=origin).url
    url = f"{service}/api/{uuid4()}/tasks/{uuid4()}?limit=1"
    answer = page.evaluate(FETCH, [url, {"headers": HEADERS}])
    assert answer["status"] == requests.get(url, timeout=30).status_code == 422
    assert '"parameter":"limit"' in answer["text"]


def test_page_sees_why_a_request_is_refused_that_the_application_never_sees(
    serve, on_database, origin, page
):
    service = serve(**on_database, CORS_ORIGINS=origin).url
    url = f"{service}/api/{uuid4()}/tasks?q={'x' * 9000}"
    answer = page.evaluate(FETCH, [url, {}])
    assert answer["status"] == 414
    assert f'"request_id":"{answer["headers"]["x-request-id"]}"' in answer["text"]
