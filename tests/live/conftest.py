"""What these tests start runs unmeasured: others run the same lines, and measuring costs much."""

from collections.abc import Iterator

import pytest

# Only these start the service at a terminal, and without what it needs.
MEASURED = {"test_serving", "test_terminal"}


@pytest.fixture(scope="module", autouse=True)
def unmeasured(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start no coverage in the programs that a module starts."""
    with pytest.MonkeyPatch.context() as environment:
        if request.module.__name__.rpartition(".")[2] not in MEASURED:
            environment.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield
