"""A plugin of pytest: only those tests that use the service over HTTP and don't look inside."""

from __future__ import annotations

import pytest

CLIENTS = {"client", "application"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def is_black_box(fixtures: set[str]) -> bool:
        return not fixtures.isdisjoint(CLIENTS) and "statements" not in fixtures

    items[:] = [item for item in items if is_black_box({*item.fixturenames})]
