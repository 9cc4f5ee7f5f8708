"""Keys are fetched when they are needed, seldom, and nobody waits who needn't."""

import json
import threading
from http.client import HTTPException

import orjson
import pytest
from tools import issuer as issuers
from tools.issuer import Clock, Issuer, leaked_key, new_key, some_key
from tools.racing import meanwhile, race

from issuer_keys.jwks import Key, parse
from issuer_keys.keys import (
    FETCH_INTERVAL,
    MAX_AGE,
    MAX_BYTES,
    MAX_UNKNOWN,
    REFRESH_AFTER,
    TIMEOUT,
    KeysUnavailable,
    RemoteKeys,
    SharedSecret,
    UnknownKey,
)

URL = "http://issuer.example/jwks"


def jwk_set(*jwks):
    return json.dumps({"keys": jwks}).encode()


class Source:
    """What is at the address: gives `answer`, or raises it, as soon as the gate is open."""

    def __init__(self, *keys) -> None:
        self.answer = jwk_set(*(key.jwk for key in keys))
        self.calls = []
        self.gate, self.asked = threading.Event(), threading.Event()
        self.gate.set()

    def __call__(self, *arguments):
        self.calls.append(arguments)
        self.asked.set()
        assert self.gate.wait(30)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def settle():
    """Wait for the end of whatever is being fetched."""
    for thread in threading.enumerate():
        if thread.name == "jwks":
            thread.join()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def source():
    source = Source(some_key("EdDSA"), some_key("ES256"))
    yield source
    source.gate.set()
    settle()


@pytest.fixture
def keys(source, clock):
    return RemoteKeys(URL, fetch=source, now=clock)


KID = some_key("EdDSA").kid


@pytest.mark.parametrize(
    ("kind", "algorithms"),
    [("EdDSA", ("EdDSA",)), ("ES256", ("ES256",)), ("RS256", ("RS256", "PS256"))],
)
def test_type_of_a_key_decides_what_it_may_have_signed(kind, algorithms):
    jwk = {name: value for name, value in some_key(kind).jwk.items() if name != "alg"}
    [key] = parse(jwk_set(jwk))
    assert (key.kid, key.algorithms) == (some_key(kind).kid, algorithms)


@pytest.mark.parametrize("kind", ["EdDSA", "ES256", "RS256", "PS256"])
def test_key_that_names_its_algorithm_is_good_for_that_one_only(kind):
    [key] = parse(jwk_set(some_key(kind).jwk))
    assert key.algorithms == (kind,)


ED, EC, RSA = (some_key(kind).jwk for kind in ("EdDSA", "ES256", "RS256"))
P384 = some_key("ES384").jwk

BAD_KEYS = {
    "symmetric": {"kty": "oct", "k": "c2VjcmV0", "kid": "a"},
    "symmetric for HS256": {"kty": "oct", "k": "c2VjcmV0", "kid": "a", "alg": "HS256"},
    "another's algorithm": {**RSA, "alg": "ES256"},
    "HS256 with a public key": {**RSA, "alg": "HS256"},
    "an algorithm that is not taken": {**RSA, "alg": "RS512"},
    "algorithm none": {**ED, "alg": "none"},
    "for encryption": {**ED, "use": "enc"},
    "of a use that is no string": {**ED, "use": ["sig"]},
    "for signing only": {**ED, "key_ops": ["sign"]},
    "of operations that are no list": {**ED, "key_ops": "verify"},
    **{
        f"{kind} with its private half": leaked_key(kind).jwk
        for kind in ("EdDSA", "ES256", "RS256")
    },
    "of another curve": P384,
    "of another curve, for ES256": {**P384, "alg": "ES256"},
    "of another curve than its numbers": {**P384, "crv": "P-256", "alg": "ES256"},
    "Ed448": some_key("Ed448").jwk,
    "not on the curve": {**EC, "x": EC["y"]},
    "RSA of 1024 bits": some_key("weak RS256").jwk,
    "RSA without a modulus": {**RSA, "n": None},
    "RSA with the modulus 0": {**RSA, "n": "AA"},
    "cut short": {**ED, "x": ED["x"][:20]},
    "not base64": {**ED, "x": "ü"},
    "a number for a coordinate": {**EC, "x": 5},
    "without a type": {"kid": "a"},
    "of a type that is no string": {**ED, "kty": ["OKP"]},
    "of a name that is no string": {**ED, "kid": {"a": 1}},
    "a string": "key",
    "null": None,
}


@pytest.mark.parametrize("bad", BAD_KEYS.values(), ids=BAD_KEYS)
def test_bad_key_is_left_out_and_spoils_no_other(bad):
    assert [key.kid for key in parse(jwk_set(bad, EC, bad))] == [EC["kid"]]


@pytest.mark.parametrize("members", [{"use": "sig"}, {"key_ops": ["verify"]}, {"x5t": "a"}])
def test_what_a_key_may_say_besides_does_no_harm(members):
    assert len(parse(jwk_set({**ED, **members}))) == 1


GARBAGE = {
    "nothing": b"",
    "not JSON": b"<html>Log in</html>",
    "bad UTF-8": b'{"keys": ["\xff"]}',
    "an array": b"[]",
    "no keys": b"{}",
    "keys that are no list": b'{"keys": {"a": 1}}',
    "nested 100,000 deep": b"[" * 100_000,
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_jwk_set_is_an_error(garbage):
    with pytest.raises(ValueError, match=r"JWK Set|line 1 column"):
        parse(garbage)


def test_material_is_never_shown():
    assert "secret" not in repr(Key("a", ("HS256",), b"secret"))


def test_secret_is_the_key_of_every_token_and_verifies_hs256_only():
    secret = SharedSecret(b"x" * 32)
    assert secret.find("any") is secret.find(None)
    assert secret.find(None).algorithms == ("HS256",)
    assert secret.still_has(secret.find(None))
    assert not secret.still_has(Key(None, ("HS256",), b"y" * 32))


def test_nothing_is_fetched_before_it_is_needed(source, keys):
    assert source.calls == []
    assert keys.find(KID).algorithms == ("EdDSA",)
    assert source.calls == [(URL, 3.0, 256 * 1024)]


def test_known_keys_cost_no_fetch(source, keys, clock):
    for _ in range(100):
        keys.find(KID)
        keys.find(EC["kid"])
        clock.advance(REFRESH_AFTER / 100)
    assert len(source.calls) == 1


def refused_until(keys, kid):
    """Return the seconds after which the issuer will be asked for the key."""
    with pytest.raises(KeysUnavailable) as unavailable:
        keys.find(kid)
    return unavailable.value.retry_after


def test_unknown_key_is_asked_for_at_most_once_in_30_seconds(source, keys, clock):
    keys.find(KID)
    for number in range(1000):
        assert refused_until(keys, f"unknown {number}") == 30
    assert len(source.calls) == 1
    clock.advance(FETCH_INTERVAL - 0.001)
    assert refused_until(keys, "unknown") == 1
    assert len(source.calls) == 1
    clock.advance(0.001)
    with pytest.raises(UnknownKey):
        keys.find("unknown")
    assert len(source.calls) == 2


def test_key_is_unknown_for_certain_once_the_issuer_was_asked_since_it_first_came(
    source, keys, clock
):
    keys.find(KID)
    assert refused_until(keys, "dead") == 30
    clock.advance(FETCH_INTERVAL)
    with pytest.raises(UnknownKey):
        keys.find("another")
    # Nobody with this key has to be the one who asks.
    for _ in range(3):
        with pytest.raises(UnknownKey):
            keys.find("dead")
    assert refused_until(keys, "new") == 30
    assert len(source.calls) == 2


def test_fetch_that_began_before_a_key_was_asked_for_proves_nothing_of_it(source, keys, clock):
    source.gate.clear()
    with meanwhile(lambda: keys.find("first"), source.gate.set) as first:
        assert source.asked.wait(30)
        with meanwhile(lambda: keys.find("second"), source.gate.set) as second:
            pass
    assert isinstance(first.exception(), UnknownKey)
    assert isinstance(second.exception(), KeysUnavailable)


def test_new_key_is_found_though_it_was_asked_for_before_it_was_there(source, keys, clock):
    keys.find(KID)
    new = new_key()
    assert refused_until(keys, new.kid) == 30
    clock.advance(FETCH_INTERVAL)
    with pytest.raises(UnknownKey):
        keys.find(new.kid)
    source.answer = jwk_set(new.jwk)
    clock.advance(FETCH_INTERVAL)
    assert keys.find(new.kid).kid == new.kid


def test_only_so_many_unknown_keys_are_remembered(source, keys, clock):
    keys.find(KID)
    assert refused_until(keys, "dead") == 30
    clock.advance(FETCH_INTERVAL)
    for number in range(MAX_UNKNOWN + 1):
        with pytest.raises((UnknownKey, KeysUnavailable)):
            keys.find(f"invented {number}")
    assert refused_until(keys, "dead") == 30


def test_key_of_a_day_ago_is_not_called_unknown_while_the_issuer_is_away(source, keys, clock):
    source.answer = TimeoutError()
    assert refused_until(keys, KID) == 30
    clock.advance(FETCH_INTERVAL)
    source.answer = jwk_set(ED)
    keys.find(KID)
    source.answer = TimeoutError()
    clock.advance(MAX_AGE + 1)
    assert refused_until(keys, KID) == 30


def test_new_key_is_found_as_soon_as_it_is_asked_for(source, keys, clock):
    old = keys.find(KID)
    clock.advance(FETCH_INTERVAL)
    new = new_key()
    source.answer = jwk_set(new.jwk, ED)
    assert keys.find(new.kid).kid == new.kid
    assert keys.find(KID) == old
    assert keys.still_has(old)


ERRORS = [TimeoutError("x"), ConnectionRefusedError("x"), HTTPException("x"), ValueError("302")]


@pytest.mark.parametrize("error", [*ERRORS, b"garbage"], ids=repr)
def test_failed_fetch_counts_for_the_30_seconds_too(source, keys, clock, error):
    source.answer = error
    for _ in range(10):
        with pytest.raises(KeysUnavailable) as unavailable:
            keys.find(KID)
        assert unavailable.value.retry_after == 30
    assert len(source.calls) == 1
    clock.advance(29.5)
    with pytest.raises(KeysUnavailable) as unavailable:
        keys.find(KID)
    assert unavailable.value.retry_after == 1
    clock.advance(0.5)
    source.answer = jwk_set(ED)
    assert keys.find(KID).kid == KID
    assert len(source.calls) == 2


@pytest.mark.parametrize("error", [*ERRORS, b"garbage"], ids=repr)
def test_known_keys_go_on_for_a_day_while_the_issuer_is_away(source, keys, clock, error):
    key = keys.find(KID)
    source.answer = error
    for _ in range(24):
        clock.advance(3600)
        assert keys.find(KID) == key
        assert keys.still_has(key)
        settle()
    assert len(source.calls) == 25
    clock.advance(1)
    assert not keys.still_has(key)
    with pytest.raises(KeysUnavailable):
        keys.find(KID)


def test_key_that_is_unknown_while_the_issuer_is_away_may_be_a_new_one(source, keys, clock):
    keys.find(KID)
    clock.advance(FETCH_INTERVAL)
    source.answer = TimeoutError()
    with pytest.raises(KeysUnavailable):
        keys.find("unknown")


def test_withdrawn_key_is_good_no_more(source, keys, clock):
    key = keys.find(KID)
    source.answer = jwk_set(EC)
    clock.advance(REFRESH_AFTER)
    assert keys.still_has(key)
    assert len(source.calls) == 1
    clock.advance(1)
    # Whoever comes now doesn't wait for the news, which come in the background.
    assert keys.still_has(key)
    settle()
    assert len(source.calls) == 2
    assert not keys.still_has(key)
    with pytest.raises(UnknownKey):
        keys.find(KID)


def test_issuer_may_withdraw_all_its_keys(source, keys, clock):
    key = keys.find(KID)
    clock.advance(FETCH_INTERVAL)
    source.answer = jwk_set()
    with pytest.raises(UnknownKey):
        keys.find("unknown")
    assert not keys.still_has(key)


def test_another_key_of_the_same_name_is_another_key(source, keys, clock):
    key = keys.find(KID)
    clock.advance(FETCH_INTERVAL)
    source.answer = jwk_set({**new_key().jwk, "kid": KID})
    with pytest.raises(UnknownKey):
        keys.find("unknown")
    assert keys.find(KID) != key
    assert not keys.still_has(key)


def test_first_of_the_keys_with_one_name_counts(source, keys):
    source.answer = jwk_set({**RSA, "kid": KID}, ED)
    assert keys.find(KID).algorithms == ("RS256",)


@pytest.mark.parametrize("name", [{}, {"kid": None}, {"kid": "named"}])
def test_no_name_means_the_only_key_there_is(source, keys, name):
    jwk = {key: value for key, value in ED.items() if key != "kid"}
    source.answer = jwk_set({**jwk, **name}, P384)
    key = keys.find(None)
    assert key.kid == name.get("kid")
    assert keys.still_has(key)


def test_no_name_means_nothing_where_there_are_several_keys(source, keys):
    without = [{key: value for key, value in jwk.items() if key != "kid"} for jwk in (ED, EC)]
    source.answer = jwk_set(*without)
    with pytest.raises(UnknownKey):
        keys.find(None)


def test_fetch_that_hangs_holds_up_nobody_whose_key_is_known(source, keys, clock):
    key = keys.find(KID)
    clock.advance(REFRESH_AFTER + 1)
    source.gate.clear()
    source.asked.clear()
    with meanwhile(lambda: keys.find("unknown"), source.gate.set) as waiting:
        assert source.asked.wait(30)
        for _ in range(100):
            assert keys.find(KID) == key
            assert keys.still_has(key)
        assert not waiting.done()
    assert isinstance(waiting.exception(), UnknownKey)
    assert len(source.calls) == 2


def test_nobody_waits_longer_than_a_fetch_may_take(source, keys, clock):
    source.gate.clear()
    with meanwhile(lambda: keys.find(KID), source.gate.set):
        assert source.asked.wait(30)
        clock.advance(TIMEOUT)
        with pytest.raises(KeysUnavailable) as unavailable:
            keys.find(KID)
        assert unavailable.value.retry_after == 27
        # Looking up the host can't be stopped, for example; a second thread would hang as well.
        clock.advance(10 * FETCH_INTERVAL)
        with pytest.raises(KeysUnavailable) as unavailable:
            keys.find(KID)
        assert unavailable.value.retry_after == 1
        assert len(source.calls) == 1
    settle()


def test_many_who_need_a_key_at_once_make_one_fetch(source, keys):
    source.gate.clear()
    wanted = [KID, EC["kid"]] * 16

    def find_all():
        return race(32, lambda number: keys.find(wanted[number]))

    with meanwhile(find_all, source.gate.set) as finding:
        assert source.asked.wait(30)
    assert [key.kid for key in finding.result()] == wanted
    assert len(source.calls) == 1


def test_fetch_that_could_not_begin_is_not_waited_for(source, keys, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            keys.find(KID)
    assert keys.find(KID).kid == KID


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.go_away()


ANSWERS = {
    "garbage": issuers.with_body(b"<html>"),
    "an error": issuers.with_status(500),
    "100 MB": issuers.give_100_megabytes,
    "no HTTP": issuers.no_http,
    "a cut answer": issuers.hang_up,
    "more than 256 KiB": issuers.with_body(jwk_set(ED) + b" " * MAX_BYTES),
}


@pytest.mark.parametrize("respond", ANSWERS.values(), ids=ANSWERS)
def test_issuer_may_answer_with_anything(issuer, clock, respond):
    keys = RemoteKeys(issuer.jwks_url, now=clock)
    issuer.respond = respond
    with pytest.raises(KeysUnavailable):
        keys.find(KID)
    clock.advance(FETCH_INTERVAL)
    issuer.respond = issuer.give_keys
    key = keys.find(KID)
    clock.advance(MAX_AGE)
    issuer.respond = respond
    assert keys.find(KID) == key
    settle()
    assert keys.find(KID) == key


def test_keys_are_not_taken_from_where_a_redirect_leads(issuer, clock):
    issuer.respond = issuers.redirect_to(f"{issuer.url}/other")
    with pytest.raises(KeysUnavailable):
        RemoteKeys(issuer.jwks_url, now=clock).find(KID)
    assert issuer.requests == ["/api/auth/jwks"]


def test_set_as_large_as_real_ones_get_is_read():
    many = [{**ED, "kid": str(number), "x5c": ["A" * 2000]} for number in range(50)]
    document = jwk_set(*many)
    assert len(document) < MAX_BYTES
    assert len(parse(document)) == 50
    assert orjson.loads(document)["keys"][0]["kid"] == "0"
