"""What the application's class does by fewer steps than Flask comes to the same."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter
from werkzeug.test import EnvironBuilder, run_wsgi_app

USER = "6F1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"
PARTS = ["api", "tasks", "complete", "changes", "health", "me", "demo", "", "<>", "é"]
IDS = [USER, USER + "0", "x" + USER, USER.replace("-", "_"), "<uuid:user_id>", "<path:filename>"]
# As long as a path of ours, and often one.
PATHS = st.one_of(
    st.lists(st.sampled_from(PARTS + IDS), max_size=6).map("/".join),
    st.tuples(
        st.sampled_from(IDS), st.sampled_from(IDS), st.sampled_from(["", "/complete", "/"])
    ).map(lambda ids: "api/{}/tasks/{}{}".format(*ids)),
)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]


@given(path=PATHS, method=st.sampled_from(METHODS))
def test_view_of_a_path_is_the_one_that_werkzeug_would_find(app, path, method):
    environ = EnvironBuilder(path=f"/{path}", method=method).get_environ()
    adapter = app.create_url_adapter(app.request_class(environ))

    def found(match):
        try:
            rule, parameters = match(return_rule=True)
        except HTTPException as error:
            return type(error), error.get_headers()
        # Which of several views answers OPTIONS doesn't matter: Flask does.
        return rule.rule, parameters, None if method == "OPTIONS" else rule.endpoint

    ours, theirs = found(adapter.match), found(lambda **how: MapAdapter.match(adapter, **how))
    assert ours == theirs


def test_head_has_the_headers_of_a_get_and_no_body(client, path, make_task):
    make_task()
    get, head = client.get(path), client.head(path)
    assert head.data == b""
    assert {**head.headers, "X-Request-Id": ""} == {**get.headers, "X-Request-Id": ""}


@pytest.mark.parametrize(("terminated", "status"), [(True, 201), (False, 400)])
def test_body_without_a_length_is_read_only_where_the_server_ends_it(app, path, terminated, status):
    """Elsewhere there is none: the stream may be that of a connection that is kept."""
    environ = EnvironBuilder(
        path=path, method="POST", content_type="application/json"
    ).get_environ()
    environ["wsgi.input"] = io.BytesIO(b'{"title": "Buy oat milk"}')
    if terminated:
        environ["wsgi.input_terminated"] = True
    _body, answered, _headers = run_wsgi_app(app, environ)
    assert int(answered[:3]) == status
