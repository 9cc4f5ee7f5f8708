"""What somebody sees who opens the page in a browser and tries an operation."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page
from tools.chromium import needs_chromium
from tools.jwt_settings import WITH_SECRET, token_of
from tools.server import ROOT, documented_operations, environment

COLLECT_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event =>
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""

pytestmark = [
    pytest.mark.long,
    needs_chromium,
]


@dataclass
class Visit:
    """The page in the browser, and what has happened there."""

    page: Page
    url: str
    console: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    def authorize(self, token: str) -> None:
        """Send a token with all requests from here on."""
        self.page.click(".auth-wrapper .authorize")
        self.page.fill(".auth-container input", token)
        self.page.click(".auth-btn-wrapper .authorize")
        self.page.click(".auth-btn-wrapper .btn-done")

    def execute_all(self) -> Iterator[tuple[str, str]]:
        """Execute the operations from top to bottom, as they stand there; yield their statuses."""
        blocks = self.page.locator(".opblock")
        blocks.first.wait_for()
        for block in blocks.all():
            toggle = block.locator(".opblock-summary-control")
            toggle.click()
            block.get_by_role("button", name="Execute").click()
            status = block.locator(".live-responses-table .response .response-col_status")
            path = block.locator(".opblock-summary-path").get_attribute("data-path")
            method = block.locator(".opblock-summary-method").inner_text()
            yield f"{method} {path}", status.inner_text().strip()
            toggle.click()

    def create_task(self, user: str) -> None:
        """Click through the creation of a task, to the answer."""
        operation = self.page.locator("#operations-tasks-createTask")
        operation.locator(".opblock-summary-control").click()
        operation.locator('tr[data-param-name="user_id"] input').fill(user)
        operation.get_by_role("button", name="Execute").click()
        status = operation.locator(".live-responses-table .response .response-col_status")
        assert status.inner_text().strip() == "201"


@pytest.fixture
def visit(browser, serve, on_database, request) -> Iterator[Visit]:
    """The page, and whatever happens there from the first byte on."""
    page = browser.new_page()
    visit = Visit(page, serve(**on_database | getattr(request, "param", {})).url)
    page.on("console", lambda message: visit.console.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: visit.console.append(f"error: {error}"))
    page.on("request", lambda request: visit.requested.append(request.url))
    page.add_init_script(COLLECT_VIOLATIONS)
    page.goto(f"{visit.url}/docs")
    yield visit
    page.close()


def test_all_operations_succeed_by_clicking_from_top_to_bottom(visit):
    statuses = dict(visit.execute_all())
    assert statuses.keys() == documented_operations(visit.url)
    assert {name: status for name, status in statuses.items() if status[0] != "2"} == {}


@pytest.mark.parametrize("visit", [WITH_SECRET], indirect=True, ids=["jwt"])
def test_all_operations_succeed_with_the_token_of_any_user(visit, user):
    visit.authorize(token_of(user))
    statuses = dict(visit.execute_all())
    assert "GET /api/me" in statuses
    assert {name: status for name, status in statuses.items() if status[0] != "2"} == {}


def test_task_is_created_by_a_click(visit):
    user = str(uuid4())
    visit.create_task(user)
    [task] = requests.get(f"{visit.url}/api/{user}/tasks").json()
    assert task["user_id"] == user


def test_console_has_neither_an_error_nor_a_warning(visit):
    visit.create_task(str(uuid4()))
    assert [line for line in visit.console if line.startswith(("error", "warning"))] == []


def test_no_other_host_is_asked_for_anything(visit):
    visit.create_task(str(uuid4()))
    # Data URLs come from nowhere.
    asked = {urlsplit(url)[:2] for url in visit.requested if not url.startswith("data:")}
    assert asked == {urlsplit(visit.url)[:2]}


def test_nothing_on_the_page_is_against_its_policy(visit):
    visit.create_task(str(uuid4()))
    assert visit.page.evaluate("window.violations") == []


def test_pictures_of_readme_are_taken_by_their_script(tmp_path):
    subprocess.run(
        [sys.executable, ROOT / "docs" / "picture.py", tmp_path],
        cwd=tmp_path,
        env=environment(),
        check=True,
    )
    for name in ("demo.png", "docs.png"):
        for picture in (tmp_path / name, ROOT / "docs" / name):
            assert picture.read_bytes().startswith(b"\x89PNG")
            assert picture.stat().st_size < 150_000
