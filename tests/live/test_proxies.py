"""Real proxies in front: what they change on the way still works, and answers get through them."""

from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from uuid import uuid4

import pytest
import requests
from tools.http_proxies import PROXIES

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
