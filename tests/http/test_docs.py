"""The OpenAPI document is true and in the repository; its page needs no other host."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.http import docs
from tasks_api.http.problems import TYPES

DOCUMENT = Path(__file__).parents[2] / "openapi" / "openapi.json"


@pytest.fixture(scope="module")
def guarded_app(database_url) -> Flask:
    """The application with AUTH=jwt: it has all that the one without has, and more."""
    secret = b"only for the document, never a secret"
    return create_app(Config(database_url=database_url, auth="jwt", jwt_secret=secret))


@pytest.fixture(scope="module")
def text(guarded_app) -> str:
    return guarded_app.test_client().get("/openapi.json").text


@pytest.fixture
def document(text):
    return json.loads(text)


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def test_document_in_the_repository_is_the_one_that_is_served(text):
    assert text == DOCUMENT.read_text(), "run `make openapi`"


def test_document_without_auth_is_the_same_but_for_auth(client, document):
    components = document["components"]
    del components["securitySchemes"]
    del components["schemas"]["Me"]
    del document["paths"]["/api/me"]
    document["tags"] = [tag for tag in document["tags"] if tag["name"] != "me"]
    for status in ("401", "403"):
        del components["responses"][f"Problem{status}"]
    bare = client.get("/openapi.json").json
    for name, operation in operations(document):
        if operation.pop("security", None):
            added = {"401", "403"} | ({"400"} - dict(operations(bare))[name]["responses"].keys())
            for status in added:
                del operation["responses"][status]
    assert bare == document


def test_document_says_which_openapi_it_is(document):
    assert document["openapi"] == "3.0.3"


def test_every_route_is_in_the_document(guarded_app, document):
    documented = {name for name, _ in operations(document)}
    served = {
        f"{method} {str(rule.rule).replace('<uuid:', '{').replace('>', '}')}"
        for rule in guarded_app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith("docs.")
    }
    assert documented == served


def test_every_operation_says_what_it_is_and_answers(document):
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["operationId"], name
        assert {"500"} < set(operation["responses"]), name
        for status, reference in operation["responses"].items():
            response = resolve(document, reference)
            assert response["headers"], (name, status)
            if status == "304":
                assert "ETag" in response["headers"], name
            elif int(status) >= 400:
                assert set(response["content"]) == {"application/problem+json"}, (name, status)
            elif status == "200":
                assert "example" in response["content"]["application/json"], (name, status)


def test_operation_ids_are_unique(document):
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)


def test_request_schemas_admit_no_other_member(document):
    for name, operation in operations(document):
        if "requestBody" in operation:
            for media in operation["requestBody"]["content"].values():
                schema = resolve(document, media["schema"])
                members = resolve(document, schema.get("items", schema))
                assert members["additionalProperties"] is False, name


def test_what_the_service_sets_is_read_only_and_in_no_request(document):
    schemas = document["components"]["schemas"]
    properties = schemas["Task"]["properties"]
    read_only = {name for name, schema in properties.items() if schema.get("readOnly")}
    assert read_only == {
        *("id", "user_id", "revision", "created_at", "updated_at", "completed_at", "next_task_id")
    }
    # Its id is what the client chose, if it did.
    assert schemas["NewTask"]["properties"].keys() & read_only == {"id"}
    for name in ("TaskChange", "Completion"):
        assert not schemas[name]["properties"].keys() & read_only, name


def test_answers_may_have_more_members_some_day(document):
    closed = {
        name
        for name, schema in document["components"]["schemas"].items()
        if schema.get("additionalProperties") is False
    }
    assert closed == {"NewTask", "TaskChange", "Completion", "Change", "Push"}


def test_description_begins_with_what_the_operation_does(document):
    for name, operation in operations(document):
        assert operation["description"].startswith(f"{operation['summary']}. "), name


def test_group_of_each_operation_says_what_it_groups(document):
    described = {tag["name"]: tag["description"] for tag in document["tags"]}
    for name, operation in operations(document):
        assert all(described[tag] for tag in operation["tags"]), name


def test_offset_has_no_default_that_a_client_would_send_beside_a_cursor(document):
    for name, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["name"] == "offset":
                assert "default" not in parameter["schema"], name


def test_pattern_has_only_characters_that_stand_on_one_line(document):
    """Generators write a pattern into their source as it is."""
    for pattern in patterns_in(document):
        assert pattern.isascii(), pattern
        assert pattern.isprintable(), pattern


def patterns_in(node):
    if isinstance(node, dict | list):
        for name, inner in node.items() if isinstance(node, dict) else enumerate(node):
            if name == "pattern" and isinstance(inner, str):
                yield inner
            yield from patterns_in(inner)


def numbers_in(node):
    if isinstance(node, dict | list):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from numbers_in(inner)
    elif isinstance(node, int):
        yield node


def test_every_schema_and_member_has_a_description(document):
    for name, schema in document["components"]["schemas"].items():
        assert schema["description"], name
        for member, described in schema.get("properties", {}).items():
            assert described["description"], (name, member)


def test_every_parameter_has_a_description_and_an_example(document):
    for name, operation in operations(document):
        shared = document["paths"][name.split()[1]].get("parameters", [])
        for parameter in (*operation.get("parameters", []), *shared):
            assert parameter["description"], name
            # The page sends what has an example, so that only what is required may have one. One
            # of the schema is only shown.
            assert ("example" in parameter) == (parameter["in"] == "path"), name
            assert "example" in parameter or "example" in parameter["schema"], name


def test_every_choice_has_a_name_that_code_can_have(document):
    for name, schema in document["components"]["schemas"].items():
        if "enum" in schema:
            names = schema["x-enum-varnames"]
            assert all(name.isidentifier() for name in names), name
            assert len(set(names)) == len(schema["enum"]), name


def test_priority_is_one_type_everywhere(document):
    schemas = document["components"]["schemas"]
    for name in ("Task", "NewTask", "TaskChange"):
        priority = schemas[name]["properties"]["priority"]
        assert priority["allOf"] == [{"$ref": "#/components/schemas/Priority"}]


def test_failed_precondition_has_the_entity_tag_that_it_speaks_of(document):
    assert "ETag" in document["components"]["responses"]["Problem412"]["headers"]


def test_every_number_is_one_in_javascript(document):
    assert max(numbers_in(document)) < 2**53


def resolve(document, node):
    while "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def test_root_leads_to_the_page(client):
    response = client.get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/docs")


def test_page_forbids_other_hosts(client):
    response = client.get("/docs")
    assert response.status_code == 200
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "//" not in response.text


@pytest.mark.parametrize(
    "name", ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png", "start.js"]
)
def test_files_of_the_page_come_from_this_host(client, name):
    assert f"docs/{name}" in client.get("/docs").text
    with client.get(f"/docs/{name}") as response:
        assert response.status_code == 200
        assert len(response.data) > 0


@pytest.mark.parametrize("name", ["nothing.js", "../__init__.py", "..%2f__init__.py"])
def test_no_other_file_is_given_away(client, name):
    assert client.get(f"/docs/{name}").status_code == 404


@pytest.mark.parametrize("path", ["/health", "/ready", "/docs", "/openapi.json"])
def test_head_answers_as_get_does_but_for_the_body(client, path):
    get, head = client.get(path), client.head(path)
    assert head.data == b""
    for response in (get, head):
        del response.headers["X-Request-Id"]
    assert dict(head.headers) == dict(get.headers)


def test_document_is_valid_json_with_an_end_of_line():
    assert DOCUMENT.read_text().endswith("}\n")
    json.loads(DOCUMENT.read_text())


def test_document_names_the_server_by_its_prefix(client):
    answer = client.get("/openapi.json", environ_overrides={"SCRIPT_NAME": "/todo"})
    assert answer.json["servers"] == [{"url": "/todo"}]
    assert client.get("/openapi.json").json["servers"] == [{"url": "/"}]


def test_document_lists_all_types_of_problems_as_absolute_uris(client):
    types = client.get("/openapi.json").json["components"]["schemas"]["Problem"]["properties"][
        "type"
    ]
    assert types["enum"] == TYPES
    assert all(urlsplit(uri).scheme in {"about", "urn"} for uri in types["enum"])
    assert len(set(types["enum"])) == len(types["enum"])


ASSET = "/docs/swagger-ui.css"
# werkzeug's reader of dates lets an OverflowError through for each of these.
OVERFLOWING = ["1 Jan 99999999999 00:00:00 GMT", "Sun, 1 Jan 2026 0:0:0 +99999999999999"]


def asset(client, **headers):
    """Ask for a file that is an asset of the page; the answer holds it open."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.get(ASSET, headers=fields) as answer:
        return answer.status_code, answer.headers, answer.data


@pytest.mark.parametrize("date", [*OVERFLOWING, "yesterday", ""])
def test_date_that_is_none_is_ignored(client, date):
    status, headers, data = asset(client, If_Modified_Since=date)
    assert (status, headers["Content-Length"]) == (200, str(len(data)))


@pytest.mark.parametrize("condition", [*OVERFLOWING, '"another"', "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_part_of_another_version_is_not_sent_but_the_whole_of_this_one(client, condition):
    status, headers, data = asset(client, If_Range=condition, Range="bytes=0-1")
    assert (status, headers["Content-Length"]) == (200, str(len(data)))


def test_part_of_this_version_is_sent(client):
    _, headers, whole = asset(client)
    status, _, part = asset(client, If_Range=headers["ETag"], Range="bytes=0-1")
    assert (status, part) == (206, whole[:2])


def test_asset_of_another_version_is_a_problem(client):
    status, headers, data = asset(client, If_Match='"another"')
    assert (status, headers["Content-Type"]) == (412, "application/problem+json")
    assert json.loads(data)["status"] == 412


@pytest.mark.parametrize(
    "name", ["swagger-ui.css/", "./swagger-ui.css", "x/../swagger-ui.css", "."]
)
def test_asset_has_one_path(client, name):
    assert client.get("/docs/", environ_overrides={"PATH_INFO": f"/docs/{name}"}).status_code == 404


def test_page_does_not_tell_other_sites_where_it_is(client):
    assert client.get("/docs").headers["Referrer-Policy"] == "no-referrer"


@pytest.fixture
def folder_client(database_url, tmp_path):
    (tmp_path / "index.html").write_text("<p>Hello")
    app = create_app(Config(database_url=database_url))
    docs.serve_folder(app, "page", tmp_path)
    return app.test_client()


@pytest.mark.parametrize(
    ("environ", "location"),
    [
        ({"HTTP_HOST": "tasks.example:8000"}, "http://tasks.example:8000/page/?user=1"),
        ({"HTTP_HOST": "a.example", "wsgi.url_scheme": "https"}, "https://a.example/page/?user=1"),
        ({"HTTP_HOST": "a.example", "SCRIPT_NAME": "/todo"}, "http://a.example/todo/page/?user=1"),
        # HTTP/1.0 has no Host.
        (
            {"HTTP_HOST": "", "SERVER_NAME": "10.0.0.1", "SERVER_PORT": "8000"},
            "http://10.0.0.1:8000/page/?user=1",
        ),
    ],
)
def test_page_without_its_slash_leads_to_the_page_on_the_same_host(
    folder_client, environ, location
):
    answer = folder_client.get("/page?user=1", environ_overrides=environ)
    assert (answer.status_code, answer.headers["Location"]) == (308, location)


def test_folder_is_served_as_a_page_if_it_is_there(tmp_path):
    app = Flask(__name__)
    (tmp_path / "index.html").write_text("<p>Hello")
    docs.serve_folder(app, "page", tmp_path)
    docs.serve_folder(app, "nothing", tmp_path / "nothing")
    page = app.test_client().get("/page/", buffered=True)
    assert page.text == "<p>Hello"
    assert "default-src" in page.headers["Content-Security-Policy"]
    page.close()
    assert app.test_client().get("/nothing/").status_code == 404
