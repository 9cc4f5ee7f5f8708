"""Take the picture of /docs that README shows: `make picture`. Needs Chromium."""

from __future__ import annotations

import shutil
import sys
from threading import Thread

from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from tasks_api.app import create_app
from tasks_api.config import Config


def take(path: str) -> None:
    """Serve the page, open it, and write to a file how the operations on tasks look."""
    server = make_server("127.0.0.1", 0, create_app(Config()), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        # In a container Chromium has no sandbox; it sees nothing but this page.
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 900, "height": 1000})
        page.goto(f"http://127.0.0.1:{server.port}/docs")
        page.locator(".opblock-tag-section").first.screenshot(path=path)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    take(sys.argv[1])
