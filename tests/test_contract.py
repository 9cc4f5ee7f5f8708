"""The OpenAPI document holds: what it allows is accepted, what it doesn't is refused, as it says.

schemathesis makes the requests: from the examples, at the edges of each schema, at random, and
along the document's links. Every check that it has looks at every answer.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.filters import FilterSet
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.specs.openapi.checks import use_after_free
from tools.jwt_settings import WITH_SECRET, as_fields
from tools.wild import BESIDE

from tasks_api.app import create_app
from tasks_api.cli import mint
from tasks_api.config import Config

# Others see that all lines are run; being counted makes these take twice as long.
pytestmark = pytest.mark.no_cover

# `test_docs` sees that it is the service's own.
OPENAPI = json.loads((Path(__file__).parents[1] / "openapi" / "openapi.json").read_text())
OPERATIONS = [
    f"{method.upper()} {path}"
    for path, item in OPENAPI["paths"].items()
    for method in item
    if method != "parameters"
]

load_all_checks()

# All checks are on. What a document can't say is told here, for the operations that it concerns;
# the lists are schemathesis' own and the statuses in the comments.
CONFIG = f"""
seed = 1

[generation]
mode = "all"
deterministic = true
database = "none"
max-examples = {settings().max_examples // 5}

# 412: an entity tag may be well formed and stand for another version.
[[operations]]
include-operation-id = [
    "updateTask", "patchTask", "completeTask", "deleteTask", "restoreTask", "clearCompletedTasks",
    "eraseUser",
]
checks.positive_data_acceptance.expected-statuses = [
    "2xx", "3xx", "401", "403", "404", "409", "412", "429", "5xx",
]

# 200: what is wrong with one change in a push is in its own result.
[[operations]]
include-operation-id = "pushChanges"
checks.negative_data_rejection.expected-statuses = [
    "200", "400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "5xx",
]

# 410: an id may be that of a task in the trash; a revision may be ahead of the user's counter, or
# older than an erasure.
[[operations]]
include-operation-id = ["createTask", "createTasks", "listChanges"]
checks.positive_data_acceptance.expected-statuses = [
    "2xx", "3xx", "401", "403", "404", "409", "410", "429", "5xx",
]
"""
STEPS = 10
RUNS = settings().max_examples // 5
SETTINGS = Config(**as_fields(WITH_SECRET))


def tasks_in(body: Any) -> list[dict[str, Any]]:
    """Return the objects of a body that may have an id: a task, those of a batch, or changes."""
    if isinstance(body, dict):
        return body.get("changes", [body])
    return body if isinstance(body, list) else []


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Send one more header; let a request that is to be accepted be acceptable, where no schema can
    say what that is.
    """
    place = crc32(repr((case.method, case.path, case.path_parameters, case.body)).encode())
    case.headers.setdefault(*BESIDE[place % len(BESIDE)])
    if case.meta is None:
        return
    # A request whose headers were meant to be refused counts as acceptable if they turn out to be
    # so. Then the rest of it must be acceptable too.
    refused = {name for name, info in case.meta.components.items() if info.mode.is_negative}
    # A cursor is what the service made, and nothing that anybody else could make.
    lists = case.operation.definition.raw.get("operationId") in {"listTasks", "listTaskPage"}
    if lists and ParameterLocation.QUERY not in refused:
        case.query.pop("cursor", None)
    if ParameterLocation.BODY not in refused:
        make_acceptable(case.body)
    if not case.meta.generation.mode.is_positive:
        return
    headers = case.headers or {}
    # A key that was used for another request is a 422: each request gets a key of its own.
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = uuid4().hex
    # For a header that needs quotes, its coverage phase has only 0, and takes that for valid.
    for name in ("If-Match", "If-None-Match"):
        if str(headers.get(name)) == "0":
            del headers[name]


def make_acceptable(body: Any) -> None:
    """Do what no schema can demand: no two tasks of a batch, or changes of a push, have one id."""
    seen = set()
    for each in tasks_in(body):
        if "id" in each and each["id"].lower() in seen:
            each["id"] = str(uuid4())
        seen.add(each.get("id", "").lower())
    for each in body if isinstance(body, list) else [body]:
        if isinstance(each, dict):
            make_consistent(each)


def make_consistent(task: dict[str, Any]) -> None:
    """Let the members of a task go together, and with those that it may have already."""
    if task.get("time_zone") is not None:
        task["time_zone"] = "Europe/Berlin"
    if task.get("recurrence") is not None:
        task["recurrence"] = "FREQ=WEEKLY"
        task.setdefault("due_on", "2026-01-09")
    for due, other in (("due_on", "due_at"), ("due_at", "due_on")):
        if task.get(due):
            task[other] = None
    if task.keys() & {"due_on", "due_at"} and not (task.get("due_on") or task.get("due_at")):
        task["recurrence"] = None


@schemathesis.auth(refresh_interval=None)
class Caller:
    """Whoever the path names, with a token; `ignored_auth` then tries without, and with another."""

    def get(self, case: Any, _context: Any) -> str:
        """Mint the token."""
        return mint(SETTINGS, case.path_parameters.get("user_id", uuid4()), seconds=3600)

    def set(self, case: Any, data: str, _context: Any) -> None:
        """Send it along."""
        case.headers["Authorization"] = f"Bearer {data}"


@pytest.fixture(scope="module")
def document(database_url):
    """The document, with the application behind it."""
    config = SchemathesisConfig.from_str(CONFIG)
    document = schemathesis.openapi.from_dict(OPENAPI, config=config)
    document.app = create_app(replace(SETTINGS, database_url=database_url))
    return document


def test_every_check_there_is_is_on(document):
    known = {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "positive_data_acceptance",
        "missing_required_header",
        "unsupported_method",
        "allow_header_conformance",
        "use_after_free",
        "ensure_resource_availability",
        "ignored_auth",
        "object_level_authorization",
    }
    assert set(CHECKS.get_all_names()) == known
    configs = [
        document.config.checks_config_for(operation=each.ok())
        for each in document.get_all_operations()
    ]
    assert all(config.get_by_name(name=name).enabled for config in configs for name in known)


def validate(case: Any) -> None:
    case.call_and_validate()


@pytest.mark.hypothesis
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation_answers_as_the_document_says(document, operation):
    """Its requests are made here: schemathesis' plugin makes all in each process that collects."""
    [made] = get_all_tests(
        schema=document.clone(filter_set=FilterSet().with_include(name=operation)),
        test_func=validate,
        settings=None,
        given_kwargs=None,
    )
    _, test = made.ok()
    test()


def test_operations_that_are_linked_answer_as_the_document_says(document):
    restored = set()

    class Machine(document.as_state_machine()):
        def before_call(self, case):
            super().before_call(case)
            # Each run is a new one: an id that the last one has used would be answered otherwise.
            if case.meta.generation.mode.is_positive:
                for each in tasks_in(case.body):
                    if "id" in each:
                        each["id"] = str(uuid4())

        def validate_response(self, response, case, **kwargs):
            # A task that was deleted and then restored may be read again, which no link can say.
            operation = case.operation.definition.raw["operationId"]
            if operation == "restoreTask" and response.status_code == 200:
                restored.add(case.path_parameters["task_id"])
            elif operation == "deleteTask":
                restored.discard(case.path_parameters["task_id"])
            exists = case.path_parameters.get("task_id") in restored
            excluded = [use_after_free] if exists else []
            case.validate_response(response, excluded_checks=excluded)

    Machine.run(
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
    )
