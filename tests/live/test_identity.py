"""Identity as it is served: gunicorn with its gevent workers, an issuer, curl and a browser."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
import requests
from tools import issuer as issuers
from tools.issuer import Issuer
from tools.racing import meanwhile

ROOT = Path(__file__).parents[2]
LISTENING = re.compile(r"Listening at: (http://127\.0\.0\.1:\d+)")
# What a front end does: it has its user's token, makes a task, and reads the answer's headers.
PAGE = """<!DOCTYPE html>
<title>A front end</title>
<form><input name="token"><button>Log in</button></form>
<pre></pre>
<script>
const [, api, user] = location.hash.split("|");
document.forms[0].onsubmit = async (event) => {
  event.preventDefault();
  const Authorization = "Bearer " + document.forms[0].token.value;
  try {
    const answer = await fetch(`${api}/api/${user}/tasks`, {
      method: "POST",
      headers: {Authorization, "Content-Type": "application/json", "Idempotency-Key": "a-1"},
      body: JSON.stringify({title: "Made by a page"}),
    });
    const {title, detail} = await answer.json();
    const named = ["X-Request-Id", "Location"].filter((name) => answer.headers.get(name));
    document.querySelector("pre").textContent = [answer.status, title, ...named].join(" ");
  } catch (error) {
    document.querySelector("pre").textContent = `${error}`;
  }
};
</script>
"""


class FrontEnd(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        issuers.answer(self, 200, PAGE.encode(), **{"Content-Type": "text/html"})

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.go_away()


@pytest.fixture(scope="module")
def front_end():
    """The origin of the page, which isn't that of the service."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), FrontEnd)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def serve(database_url, issuer, origins=""):
    """Run gunicorn with one worker; give its address."""
    settings = {
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        **issuer.settings(),
        "CORS_ORIGINS": origins,
        "WEB_CONCURRENCY": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tasks_api", "--bind", "127.0.0.1:0"],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
    ) as gunicorn:
        for line in gunicorn.stdout:
            if found := LISTENING.search(line):
                break
        else:
            pytest.fail("gunicorn didn't start")
        # Its log has to be read on, or it would wait for that.
        reader = Thread(target=gunicorn.stdout.read)
        reader.start()
        try:
            yield found[1]
        finally:
            gunicorn.terminate()
            reader.join()


@pytest.fixture(scope="module")
def service(database_url, issuer, front_end):
    with serve(database_url, issuer, front_end) as address:
        yield address


def get(service, user, token):
    return requests.get(
        f"{service}/api/{user}/tasks", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )


def test_smoke_test_passes_with_a_token(service, issuer):
    user = str(uuid4())
    smoke = subprocess.run(
        [ROOT / "tests" / "smoke.sh", service],
        env={**os.environ, "USER_ID": user, "TOKEN": issuer.token(user)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert smoke.returncode == 0, smoke.stdout + smoke.stderr
    assert "all ok" in smoke.stdout


def test_token_of_eight_kilobytes_is_refused_by_the_server(service, user):
    answer = get(service, user, "x" * 8192)
    assert 400 <= answer.status_code < 500


def test_repeated_header_is_refused(service, issuer, user):
    answer = subprocess.run(
        [
            *("curl", "--silent", "--include", f"{service}/api/{user}/tasks"),
            *("--header", f"Authorization: Bearer {issuer.token(user)}") * 2,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.startswith("HTTP/1.1 400 ")


def test_fetch_that_hangs_holds_up_nobody_else_in_the_worker(database_url, user):
    issuer = Issuer()
    issuer.gate.clear()
    token = issuer.token(user)
    with serve(database_url, issuer) as service:
        with meanwhile(lambda: get(service, user, token), issuer.gate.set) as waiting:
            assert issuer.asked.wait(30)
            for _ in range(5):
                assert requests.get(f"{service}/ready", timeout=30).status_code == 200
        assert waiting.result().status_code == 200
    issuer.go_away()


@pytest.fixture
def page(browser):
    page = browser.new_page()
    yield page
    page.close()


def log_in(page, front_end, service, user, token) -> str:
    """Log in on the front end's page; give what it then says."""
    page.goto(f"{front_end}/#|{service}|{user}")
    page.fill("input", token)
    page.click("button")
    page.wait_for_function("document.querySelector('pre').textContent")
    return page.text_content("pre")


@pytest.mark.long
def test_page_of_another_origin_logs_in_and_makes_a_task(page, front_end, service, issuer, user):
    token = issuer.token(user)
    said = log_in(page, front_end, service, user, token)
    assert said == "201 Made by a page X-Request-Id Location"
    assert [task["title"] for task in get(service, user, token).json()] == ["Made by a page"]


@pytest.mark.long
def test_page_of_another_origin_can_tell_why_it_was_refused(page, front_end, service, user):
    said = log_in(page, front_end, service, user, "rubbish")
    assert said == "401 Unauthorized X-Request-Id"


@pytest.mark.long
def test_page_of_an_origin_that_is_not_let_in_gets_nothing(page, front_end, service, issuer, user):
    token = issuer.token(user)
    elsewhere = front_end.replace("127.0.0.1", "localhost")
    assert "Failed to fetch" in log_in(page, elsewhere, service, user, token)
    assert get(service, user, token).json() == []


@pytest.mark.long
def test_authorize_button_of_swagger_ui_works(page, service, issuer, user):
    page.goto(f"{service}/docs")
    page.click(".auth-wrapper .authorize")
    page.fill(".auth-container input", issuer.token(user))
    page.click(".auth-btn-wrapper .authorize")
    page.click(".auth-btn-wrapper .btn-done")
    page.click("#operations-tasks-listTasks .opblock-summary-control")
    page.fill("#operations-tasks-listTasks [placeholder=user_id]", user)
    page.click("#operations-tasks-listTasks .execute")
    status = page.wait_for_selector(
        "#operations-tasks-listTasks .live-responses-table .response .response-col_status"
    )
    assert status.text_content().startswith("200")
