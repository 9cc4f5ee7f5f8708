"""Real proxies in front: what they change on the way still works, and answers get through them."""

from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from uuid import uuid4

import pytest
import requests
from tools.events import STREAM, blocks
from tools.http_proxies import PROXIES
from tools.racing import meanwhile

pytestmark = pytest.mark.long

# Of each of these, a part would be lost; nginx itself takes at most a megabyte.
UPLOADS, UPLOAD_BYTES = 100, 900_000


@pytest.mark.parametrize("name", PROXIES)
def test_tag_that_came_through_a_compressing_proxy_works_in_both_headers(
    serve, on_database, behind, name
):
    proxy = behind(name, serve(**on_database, WEB_CONCURRENCY=1).url)
    tasks = f"{proxy}/api/{uuid4()}/tasks"
    compressed = {"Accept-Encoding": "gzip"}
    body = {"title": "Buy oat milk", "description": "x" * 2000}
    created = requests.post(tasks, json=body, headers=compressed)
    one = f"{tasks}/{created.json()['id']}"
    task = requests.get(one, headers=compressed)
    listed = requests.get(tasks, headers=compressed)
    assert {task.headers["Content-Encoding"], listed.headers["Content-Encoding"]} == {"gzip"}
    for url, tag in ((one, task.headers["ETag"]), (tasks, listed.headers["ETag"])):
        again = requests.get(url, headers={**compressed, "If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
    expected = {**compressed, "If-Match": task.headers["ETag"]}
    changed = requests.put(one, json={"title": "Buy two"}, headers=expected)
    assert (changed.status_code, changed.json()["title"]) == (200, "Buy two")
    refused = requests.put(one, json={"title": "Buy three"}, headers=expected)
    assert refused.status_code == 412
    expected["If-Match"] = refused.headers["ETag"]
    assert requests.delete(one, headers=expected).status_code == 204


@pytest.mark.parametrize("name", PROXIES)
def test_client_is_told_that_its_upload_is_too_large_though_it_still_sends(
    serve, on_database, behind, name
):
    proxy = behind(name, serve(**on_database, WEB_CONCURRENCY=1).url)
    headers = {"Content-Type": "application/json"}

    def upload(_: int) -> int:
        url = f"{proxy}/api/{uuid4()}/tasks"
        return requests.post(url, data=b"x" * UPLOAD_BYTES, headers=headers).status_code

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(upload, range(UPLOADS))) == [413] * UPLOADS


@pytest.mark.parametrize("name", ["nginx", "haproxy"])
@pytest.mark.parametrize("path", ["/api%2F{user}/tasks", "/%61pi/{user}/tasks"])
def test_path_that_a_proxy_does_not_take_for_ours_is_none(serve, on_database, behind, name, path):
    # These two pass it on as the client wrote it: what they guard below `/api/`, it would get past.
    proxy = behind(name, serve(**on_database, WEB_CONCURRENCY=1).url)
    connection = HTTPConnection(proxy.removeprefix("http://"))
    connection.request("GET", path.format(user=uuid4()))
    assert connection.getresponse().status == 404
    connection.close()


@pytest.mark.parametrize("name", PROXIES)
def test_event_comes_through_a_compressing_proxy_while_the_stream_stays_open(
    serve, on_database, behind, name
):
    """A proxy that kept events until it has a buffer full of them would pass on none of these."""
    base = f"{behind(name, serve(**on_database, WEB_CONCURRENCY=1).url)}/api/{uuid4()}"
    headers = {**STREAM, "Accept-Encoding": "gzip"}
    with requests.get(f"{base}/changes", headers=headers, stream=True, timeout=60) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        stream = blocks(answer.iter_content(None))
        assert next(stream).fields.keys() == {"retry"}
        for _ in range(2):
            task = requests.post(f"{base}/tasks", json={"title": "x"}, timeout=60).json()
            event = next(block for block in stream if not block.comments)
            assert event.data["changes"] == [task]
        # It is still open: a comment comes.
        assert next(stream).comments == 1


@pytest.mark.parametrize("name", PROXIES)
def test_wait_ends_with_a_change_behind_a_compressing_proxy(serve, on_database, behind, name):
    server = serve(**on_database, WEB_CONCURRENCY=1)
    base = f"{behind(name, server.url)}/api/{uuid4()}"
    with meanwhile(lambda: requests.get(f"{base}/changes?wait=25", timeout=60)) as answer:
        task = requests.post(f"{base}/tasks", json={"title": "x"}, timeout=60).json()
    assert answer.result().json()["changes"] == [task]
    assert answer.result().headers["Cache-Control"] == "no-store"
