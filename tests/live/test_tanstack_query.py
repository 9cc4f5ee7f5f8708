"""TanStack Query in Chromium, on another origin, by the adapter that docs/clients.md shows."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Page, Route, expect
from tools.chromium import needs_chromium
from tools.jwt_settings import WITH_SECRET, token_of
from tools.npm import install, needs_npm
from tools.server import ROOT, Server, launch

ADAPTER = ROOT / "examples" / "clients" / "tanstack_query.ts"
SOURCES = Path(__file__).with_name("tanstack_query")
VAR = ROOT / "var" / "tanstack_query"
WAIT = 30_000

# The first time, the packages are installed.
pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    needs_npm,
    needs_chromium,
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """The page's sources, and what npm has of them."""
    VAR.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / name, VAR)
    home = tmp_path_factory.mktemp("page")
    (home / "node_modules").symlink_to(install(VAR))
    for source in (*SOURCES.iterdir(), ADAPTER):
        shutil.copy(source, home)
    return home


@pytest.fixture(scope="module")
def origin(home) -> Iterator[str]:
    """Where the page is served from."""
    handler = partial(Quiet, directory=home)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def server(database_url, origin, tmp_path_factory) -> Iterator[Server]:
    url = database_url.set(drivername="postgres").render_as_string(hide_password=False)
    settings = {"DATABASE_URL": url, **WITH_SECRET, "CORS_ORIGINS": origin, "WEB_CONCURRENCY": 2}
    server = launch(tmp_path_factory.mktemp("server"), **settings)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def bundle(home, server) -> None:
    """Make types of the document, check the page by them, and put it into one file."""
    commands = (
        ["openapi-typescript", f"{server.url}/openapi.json", "--output", "schema.ts"],
        ["tsc"],
        ["esbuild", "app.tsx", "--bundle", "--format=esm", "--outfile=app.js"],
    )
    for program, *arguments in commands:
        result = subprocess.run(
            [f"node_modules/.bin/{program}", *arguments],
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout


@pytest.fixture
def open_page(browser, bundle, origin, server, user) -> Iterator[Callable[[], Page]]:
    """Open the page for the user; it logs no error."""
    errors: list[str] = []
    context = browser.new_context()

    def open_page() -> Page:
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: errors.append(str(error)))
        query = urlencode({"baseUrl": server.url, "user": user, "token": token_of(user)})
        page.goto(f"{origin}/?{query}")
        expect(page.locator("#root > div")).to_be_visible(timeout=WAIT)
        return page

    yield open_page
    context.close()
    assert errors == []


def add(page: Page, title: str) -> None:
    page.fill("[name=title]", title)
    page.press("[name=title]", "Enter")


def test_row_is_there_before_the_answer_and_stays_the_same_element(api, open_page):
    page, held = open_page(), []

    def hold(route: Route) -> None:
        held.append(route) if route.request.method == "POST" else route.continue_()

    page.route("**/tasks", hold)
    add(page, "Buy oat milk")
    row = page.locator("li")
    expect(row).to_have_attribute("data-revision", "0")
    element = row.element_handle()
    while not held:
        page.wait_for_timeout(10)
    assert api.get(api.url).json() == []
    [request] = held
    request.continue_()
    expect(row).to_have_attribute("data-revision", "1", timeout=WAIT)
    assert element.evaluate("old => old === document.querySelector('li')")
    [task] = api.get(api.url).json()
    assert request.request.post_data_json["id"] == task["id"]


def test_creation_whose_answer_was_lost_is_repeated_and_made_once(api, open_page):
    page, tries = open_page(), []

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method == "POST" and not tries:
            tries.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/tasks", lose_the_first_answer)
    add(page, "Buy oat milk")
    expect(page.locator("li")).to_have_attribute("data-revision", "1", timeout=WAIT)
    assert (tries, len(api.get(api.url).json())) == ([201], 1)


def test_creation_that_is_refused_goes_away_and_says_why(api, open_page):
    page = open_page()
    add(page, "x" * 256)
    expect(page.get_by_role("alert")).to_contain_text("not acceptable", timeout=WAIT)
    expect(page.locator("li")).to_have_count(0)
    assert api.get(api.url).json() == []


def test_list_goes_on_to_its_end_while_it_is_scrolled(api, open_page):
    for start in (0, 100):
        batch = [{"title": f"task {number:03}"} for number in range(start, start + 60)]
        assert api.post(f"{api.url}/batch", json=batch).status_code == 201
    newest_first = [task["title"] for offset in (0, 100) for task in listed(api, offset)]
    assert len(newest_first) == 120
    page = open_page()
    expect(page.locator("li")).to_have_count(50, timeout=WAIT)
    # What is made meanwhile shifts no page.
    add(page, "made meanwhile")
    expect(page.locator("li").first).to_have_attribute("data-revision", "121", timeout=WAIT)
    end = page.locator("#root > div")
    for number in (101, 121):
        end.scroll_into_view_if_needed()
        expect(page.locator("li")).to_have_count(number, timeout=WAIT)
    expect(end).to_have_text("end")
    assert page.locator("li span").all_text_contents() == ["made meanwhile", *newest_first]


def listed(api: requests.Session, offset: int) -> list[dict[str, str]]:
    return api.get(api.url, params={"limit": 100, "offset": offset}).json()


def test_task_that_somebody_else_has_changed_is_shown_as_it_is_now(api, open_page):
    task = api.post(api.url, json={"title": "a"}).json()
    page, asked = open_page(), []
    api.patch(f"{api.url}/{task['id']}", json={"title": "b"})
    page.on("request", lambda request: asked.append(request.method))
    page.locator("li input").click()
    expect(page.get_by_role("alert")).to_have_text("Changed elsewhere: b", timeout=WAIT)
    expect(page.locator("li span")).to_have_text("b")
    expect(page.locator("li input")).not_to_be_checked()
    assert "GET" not in asked
    # Now it is known as it is, and can be changed.
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as answered:
        page.locator("li input").click()
    assert answered.value.status == 200
    expect(page.get_by_role("alert")).to_have_text("")


def test_page_does_not_conflict_with_itself(api, open_page):
    page = open_page()
    add(page, "a")
    box = page.locator("li input")
    for number in range(5):
        box.click()
        expect(box).to_be_checked(checked=number % 2 == 0)
    expect(page.locator("li")).to_have_attribute("data-revision", "6", timeout=WAIT)
    expect(page.get_by_role("alert")).to_have_text("")
    expect(page.locator("li input")).to_be_checked()
    [task] = api.get(api.url).json()
    assert task["completed"]
