"""A fetch is over in time, whatever the other side does, and takes no more than it should."""

from http.client import HTTPException
from threading import Event

import pytest
from tools import issuer as issuers
from tools.issuer import Issuer

from issuer_keys.fetch import fetch

MAX_BYTES = 1000


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.go_away()


def test_answer_is_given_as_it_was_sent(issuer):
    assert fetch(issuer.jwks_url, 10, MAX_BYTES) == issuer.jwks()
    assert issuer.requests == ["/api/auth/jwks"]


def test_address_is_asked_for_with_its_query(issuer):
    fetch(f"{issuer.url}?tenant=a&b=%20", 10, MAX_BYTES)
    fetch(issuer.url, 10, MAX_BYTES)
    assert issuer.requests == ["/?tenant=a&b=%20", "/"]


def test_redirect_is_not_followed(issuer):
    issuer.respond = issuers.redirect_to(f"{issuer.url}/elsewhere")
    with pytest.raises(ValueError, match="302"):
        fetch(issuer.jwks_url, 10, MAX_BYTES)
    assert issuer.requests == ["/api/auth/jwks"]


@pytest.mark.parametrize("status", [201, 204, 404, 500])
def test_only_a_200_is_an_answer(issuer, status):
    issuer.respond = issuers.with_status(status)
    with pytest.raises(ValueError, match=str(status)):
        fetch(issuer.jwks_url, 10, MAX_BYTES)


def test_answer_may_be_as_large_as_the_limit_and_no_larger(issuer):
    issuer.respond = issuers.with_body(b"x" * MAX_BYTES)
    assert len(fetch(issuer.jwks_url, 10, MAX_BYTES)) == MAX_BYTES
    issuer.respond = issuers.with_body(b"x" * (MAX_BYTES + 1))
    with pytest.raises(ValueError, match="too large"):
        fetch(issuer.jwks_url, 10, MAX_BYTES)


def test_rest_of_too_large_an_answer_is_not_waited_for(issuer):
    done = Event()

    def respond(request):
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_BYTES + 1))
        done.wait(30)

    issuer.respond = respond
    with pytest.raises(ValueError, match="too large"):
        fetch(issuer.jwks_url, 10, MAX_BYTES)
    done.set()


def test_hundred_megabytes_are_too_large(issuer):
    issuer.respond = issuers.give_100_megabytes
    with pytest.raises(ValueError, match="too large"):
        fetch(issuer.jwks_url, 10, MAX_BYTES)


@pytest.mark.parametrize("respond", [issuers.dribble_head, issuers.dribble_body])
def test_answer_that_dribbles_is_given_up_when_the_time_is_over(issuer, respond):
    issuer.respond = respond
    # The last bytes may cross with the end of the connection.
    with pytest.raises((TimeoutError, ConnectionError)):
        fetch(issuer.jwks_url, 0.5, 2**20)


@pytest.mark.parametrize("respond", [issuers.hang_up, issuers.no_http])
def test_what_is_not_http_is_an_error(issuer, respond):
    issuer.respond = respond
    with pytest.raises(HTTPException):
        fetch(issuer.jwks_url, 10, MAX_BYTES)


def test_nobody_there_is_an_error(issuer):
    issuer.go_away()
    with pytest.raises(ConnectionRefusedError):
        fetch(issuer.jwks_url, 10, MAX_BYTES)
    issuer.come_back()


def test_https_is_spoken_where_the_address_says_so(issuer):
    # The issuer speaks plain HTTP, so that the handshake fails.
    with pytest.raises(OSError, match="SSL"):
        fetch(issuer.jwks_url.replace("http:", "https:"), 10, MAX_BYTES)
    assert issuer.requests == []
