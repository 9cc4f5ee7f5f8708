"""The to-do page of the examples, in Chromium: two windows, offline, by keyboard alone."""

import re
import shlex
import subprocess
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page, Route, expect
from tools.chromium import needs_chromium
from tools.server import BIN, ROOT, environment

WAIT = 30_000
EXAMPLE = "http://127.0.0.1:8000"

pytestmark = [
    needs_chromium,
    pytest.mark.long,
]


@pytest.fixture
def server(serve, tmp_path):
    return serve(DATA_DIR=tmp_path / "data", AUTH="none", WEB_CONCURRENCY=2)


@pytest.fixture
def device(browser, server):
    """Open the page on a device of its own, for one user; none of them logs an error."""
    contexts, errors, user = [], [], str(uuid4())

    def open_page() -> Page:
        context = browser.new_context()
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server.url}/demo/?user={user}")
        expect(page.locator("#state")).to_have_text("live", timeout=WAIT)
        return page

    open_page.tasks = f"{server.url}/api/{user}/tasks"
    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def add(page: Page, title: str) -> None:
    page.fill('#new [name="title"]', title)
    page.press('#new [name="title"]', "Enter")


def titles(page: Page) -> list[str]:
    return page.eval_on_selector_all("#tasks .title", "inputs => inputs.map(i => i.value)")


def expect_titles(page: Page, expected: list[str]) -> None:
    shown = "JSON.stringify([...document.querySelectorAll('#tasks .title')].map(i => i.value))"
    page.wait_for_function(f"expected => {shown} === expected", arg=as_json(expected), timeout=WAIT)


def as_json(values: list[str]) -> str:
    return "[" + ",".join(f'"{value}"' for value in values) + "]"


def test_change_in_one_window_appears_in_the_other(device):
    one, other = device(), device()
    add(one, "Buy oat milk")
    expect_titles(other, ["Buy oat milk"])
    other.check("#tasks .completed")
    expect(one.locator("#tasks .completed")).to_be_checked(timeout=WAIT)
    one.fill("#tasks .title", "Buy two oat milks")
    one.press("#tasks .title", "Tab")
    expect_titles(other, ["Buy two oat milks"])
    other.click("#tasks .delete")
    expect_titles(one, [])
    [gone] = requests.get(device.tasks, params={"deleted": "true"}).json()
    assert (gone["title"], gone["completed"]) == ("Buy two oat milks", True)


def test_devices_that_were_offline_are_equal_afterwards(device):
    one, other = device(), device()
    add(one, "there before")
    expect_titles(other, ["there before"])
    for page in (one, other):
        page.context.set_offline(True)
    add(one, "made on one")
    one.locator("#tasks .due_on").first.fill("2027-01-09")
    add(other, "made on the other")
    other.locator("#tasks .completed").first.check()
    expect(one.locator("#state")).to_contain_text("to send")
    for page in (one, other):
        page.context.set_offline(False)
    for page in (one, other):
        expect_titles(page, ["there before", "made on one", "made on the other"])
        expect(page.locator("#tasks .completed").first).to_be_checked(timeout=WAIT)
        expect(page.locator("#tasks .due_on").first).to_have_value("2027-01-09", timeout=WAIT)
        expect(page.locator("#state")).to_have_text("live", timeout=WAIT)
    listed = requests.get(device.tasks, params={"sort": "position"}).json()
    assert [task["title"] for task in listed] == titles(one)


def test_page_does_not_conflict_with_itself_when_an_answer_is_lost(device):
    one, other, loses = device(), device(), True

    def relay(route: Route) -> None:
        if loses:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    add(one, "a")
    expect_titles(other, ["a"])
    one.route("**/changes", relay)
    one.fill("#tasks .title", "b")
    one.press("#tasks .title", "Tab")
    expect_titles(other, ["b"])
    other.check("#tasks .completed")
    one.fill("#tasks .title", "c")
    one.press("#tasks .title", "Tab")
    loses = False
    for page in (one, other):
        expect_titles(page, ["c"])
        expect(page.locator("#tasks .completed")).to_be_checked(timeout=WAIT)
        expect(page.locator("#state")).to_have_text("live", timeout=WAIT)
        expect(page.locator("#notices li")).to_have_count(0)


def test_page_is_used_by_the_keyboard_alone(device):
    page = device()
    for title in ("first", "second", "third"):
        page.keyboard.type(title)
        page.keyboard.press("Enter")
    expect_titles(page, ["first", "second", "third"])
    page.locator("#tasks li").nth(2).focus()
    page.keyboard.press("Alt+ArrowUp")
    expect_titles(page, ["first", "third", "second"])
    page.locator("#tasks li").nth(1).focus()
    page.keyboard.press("Space")
    expect(page.locator("#tasks .completed").nth(1)).to_be_checked()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Delete")
    expect_titles(page, ["third", "second"])


def test_page_moves_a_task_by_dragging_and_finds_it_in_any_case(device):
    page, other = device(), device()
    for title in ("Äpfel", "Birnen", "Zwiebeln"):
        add(page, title)
    expect_titles(page, ["Äpfel", "Birnen", "Zwiebeln"])
    page.drag_and_drop("#tasks li:nth-child(3)", "#tasks li:nth-child(1)")
    for each in (page, other):
        expect_titles(each, ["Zwiebeln", "Äpfel", "Birnen"])
    page.fill("#search", "apfel")
    expect_titles(page, ["Äpfel"])


def test_page_shows_200_tasks_in_the_order_of_the_service(device):
    for start in (0, 100):
        batch = [
            {"title": f"task {n:03}", "position": f"a{n:03}V"} for n in range(start, start + 100)
        ]
        assert requests.post(f"{device.tasks}/batch", json=batch).status_code == 201
    expect_titles(device(), [f"task {number:03}" for number in range(200)])


def test_two_commands_of_the_readme_move_a_project_of_todoist_to_the_page(device, server):
    page = device()
    expect_titles(page, [])
    user = re.search("/api/(.*)/tasks", device.tasks)[1]
    commands = re.findall(r"^    (.*examples/transfer.*)$", (ROOT / "README.md").read_text(), re.M)
    assert len(commands) == 2
    script = re.sub(r"(\.\./\.\./)?\.venv/bin/", f"{shlex.quote(str(BIN))}/", "\n".join(commands))
    script = script.replace("~/Downloads", shlex.quote(f"{ROOT}/tests/live/exports"))
    script = script.replace("Todoist.csv", "todoist.csv").replace(EXAMPLE, server.url)
    script = re.sub("/api/.*", f"/api/{user}", script)
    subprocess.run(["bash", "-e"], input=script, text=True, cwd=ROOT, env=environment(), check=True)
    expect_titles(
        page,
        [
            "Order the scaffold",
            "Measure the wall",
            'Say \\"hello\\" to everybody, twice',
            "Water the plants",
            "Water the plants",
            "Write to mail@example.org",
        ],
    )
