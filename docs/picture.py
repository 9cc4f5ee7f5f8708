"""Take the pictures that README shows: `make picture`. Needs Chromium."""

from __future__ import annotations

import atexit
import shutil
import sys
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread
from typing import TYPE_CHECKING
from uuid import uuid4

import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tasks_api.app import create_app
from tasks_api.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

# The day on which the pictures are taken, for what is overdue.
TODAY = "2026-01-09T09:00:00Z"
TASKS = [
    {"title": "Buy oat milk", "due_on": "2026-01-09"},
    {"title": "Call the landlord", "due_on": "2026-01-08"},
    {"title": "Book the train to Lyon", "due_on": "2026-01-12"},
    {"title": "Water the plants", "completed": True},
    {"title": "Finish the slides", "due_on": "2026-01-16"},
]
# Two windows side by side.
WINDOWS = """
<!DOCTYPE html>
<style>
  body { margin: 0; padding: 24px; width: max-content; display: flex; gap: 24px;
         background: #e8edf2; font: 13px system-ui, sans-serif; color: #567; }
  figure { margin: 0; border-radius: 10px; overflow: hidden; box-shadow: 0 6px 24px #0003; }
  figcaption { padding: 8px 14px; background: #f5f7f9; border-bottom: 1px solid #dde; }
  figcaption::before { content: "● ● ●"; letter-spacing: 2px; color: #c5ced6; margin-right: 12px; }
  img { display: block; width: 480px; }
</style>
"""


@contextmanager
def served() -> Iterator[str]:
    """Serve the service with a database of its own; return its address."""
    data = Path(mkdtemp())
    # What is registered last runs first: the database is stopped before its data is removed.
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    config = Config(data_dir=data, log_level="ERROR")
    server = make_server("127.0.0.1", 0, create_app(config), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


def take_docs(browser: Browser, url: str, path: Path) -> None:
    """Write to a file how the operations on tasks look."""
    page = browser.new_page(viewport={"width": 900, "height": 1000})
    page.goto(f"{url}/docs")
    page.locator(".opblock-tag-section").first.screenshot(path=path)


def take_demo(browser: Browser, url: str, path: Path) -> None:
    """Write to a file how two windows show the same tasks, one of them just changed."""
    user = uuid4()
    tasks = [{**task, "position": f"a{number}"} for number, task in enumerate(TASKS)]
    requests.post(f"{url}/api/{user}/tasks/batch", json=tasks, timeout=30).raise_for_status()
    windows = [open_demo(browser, f"{url}/demo/?user={user}") for _ in range(2)]
    # A change in one window appears in the other.
    windows[0].locator("#tasks .completed").first.check()
    for window in windows:
        expect(window.locator("#tasks li.done")).to_have_count(2)
        expect(window.locator("#state")).to_have_text("live")
    figures = (figure(window) for window in windows)
    page = browser.new_page(device_scale_factor=1.5)
    page.set_content(WINDOWS + "".join(figures))
    page.locator("body").screenshot(path=path)


def open_demo(browser: Browser, address: str) -> Page:
    """Open the to-do page on a device of its own."""
    context = browser.new_context(viewport={"width": 480, "height": 470}, device_scale_factor=1.5)
    context.clock.set_fixed_time(TODAY)
    page = context.new_page()
    page.goto(address)
    page.locator("h1").click()
    expect(page.locator("#tasks li")).to_have_count(len(TASKS))
    return page


def figure(window: Page) -> str:
    """Return HTML that shows a window."""
    shown = b64encode(window.screenshot()).decode()
    caption = "<figcaption>127.0.0.1:8000/demo/</figcaption>"
    return f'<figure>{caption}<img src="data:image/png;base64,{shown}"></figure>'


def take(directory: Path) -> None:
    """Write all pictures into a directory."""
    with (
        served() as url,
        sync_playwright() as playwright,
        # In a container Chromium has no sandbox; it sees nothing but these pages.
        playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        ) as browser,
    ):
        take_docs(browser, url, directory / "docs.png")
        take_demo(browser, url, directory / "demo.png")


if __name__ == "__main__":
    take(Path(sys.argv[1]))
