"""A plugin of pytest: only those tests that use the service over HTTP and don't look inside."""

import pytest

CLIENTS = {"client", "application"}
# Statements, and a purge's: they are known by the names under which they are prepared.
INSIDE = {"statements", "purge"}
# It counts the files that a request enters: behind a pooler it is one more.
WALK = "test_walk"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def is_black_box(fixtures: set[str]) -> bool:
        return not fixtures.isdisjoint(CLIENTS) and fixtures.isdisjoint(INSIDE)

    items[:] = [
        item for item in items if is_black_box({*item.fixturenames}) and item.path.stem != WALK
    ]
