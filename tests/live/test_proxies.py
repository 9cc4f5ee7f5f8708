"""Real proxies compress: what they change on the way still works."""

from uuid import uuid4

import pytest
import requests
from tools.http_proxies import PROXIES


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
