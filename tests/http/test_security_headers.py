"""No answer is taken for something else: by a browser, or by a cache."""

import pytest

USER = "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/health"),
        ("GET", "/openapi.json"),
        ("GET", "/docs/start.js"),
        ("GET", "/docs/swagger-ui.css"),
        ("GET", "/docs/oauth2-redirect.html"),
        ("GET", "/nowhere"),
        ("BREW", "/health"),
        ("OPTIONS", f"/api/{USER}/tasks"),
        ("GET", f"/api/{USER}/tasks"),
        ("GET", f"/api/{USER}/tasks?limit=0"),
        ("HEAD", f"/api/{USER}/tasks/{USER}"),
    ],
)
def test_answer_is_of_the_type_that_it_says_and_is_shown_in_no_page(client, method, path):
    with client.open(path, method=method) as answer:
        headers = answer.headers
    assert headers.getlist("X-Content-Type-Options") == ["nosniff"]
    policy = ["default-src 'none'; frame-ancestors 'none'"]
    assert headers.getlist("Content-Security-Policy") == policy


def test_page_has_the_policy_that_it_needs_and_no_other(client):
    headers = client.get("/docs").headers
    [policy] = headers.getlist("Content-Security-Policy")
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/health", "no-store"),
        ("/ready", "no-store"),
        ("/openapi.json", "no-store"),
        ("/nowhere", "no-store"),
        ("/docs", "no-store"),
        ("/docs/swagger-ui.css", "no-cache"),
        (f"/api/{USER}/tasks", "private, no-cache"),
        (f"/api/{USER}/tasks/{USER}", "private, no-cache"),
        ("/api/bob/tasks", "no-store"),
    ],
)
def test_cache_is_told_what_it_may_keep(client, path, kept):
    # Of some statuses it may keep answers that say nothing of it (RFC 9110, section 15.1).
    with client.get(path) as answer:
        assert answer.headers.getlist("Cache-Control") == [kept]
