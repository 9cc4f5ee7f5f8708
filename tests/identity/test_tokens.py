"""A token proves who is calling, or nothing; one that was verified is not verified again."""

import base64
import json
import sys
from dataclasses import replace
from threading import Barrier
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools import issuer as issuers
from tools import jwt_settings
from tools.issuer import Clock, Issuer, some_key
from tools.jwt_settings import AUDIENCE, ISSUER, WITH_SECRET, as_fields
from tools.racing import race

from issuer_keys.jwks import Key
from issuer_keys.keys import (
    FETCH_INTERVAL,
    REFRESH_AFTER,
    KeysUnavailable,
    RemoteKeys,
    SharedSecret,
    UnknownKey,
)
from tasks_api.app import verifier_for
from tasks_api.cli import mint
from tasks_api.config import Config
from tasks_api.identity import tokens
from tasks_api.identity.tokens import LEEWAY, InvalidToken, Verifier

SECRET = jwt_settings.SECRET.encode()
USER = UUID("6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11")


class KnownKeys:
    """Keys that are simply there, and can be withdrawn."""

    def __init__(self, *keys) -> None:
        self.keys = {key.kid: key for key in keys}

    def find(self, kid):
        try:
            return self.keys[kid]
        except KeyError:
            raise UnknownKey from None

    def still_has(self, key):
        return key in self.keys.values()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="module")
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.go_away()


@pytest.fixture
def keys():
    return KnownKeys(
        *(
            Key(key.kid, (key.alg,), key.private.public_key())
            for key in map(some_key, ["EdDSA", "ES256", "RS256", "PS256"])
        )
    )


@pytest.fixture
def make_verifier(issuer, keys, clock):
    issuer.now = clock

    def make(**changes):
        settings = {"issuer": issuer.url, "audience": issuer.audience, "now": clock, **changes}
        return Verifier(settings.pop("keys", keys), **settings)

    return make


@pytest.fixture
def verifier(make_verifier):
    return make_verifier()


@pytest.fixture
def checked(monkeypatch):
    """The tokens whose signature was checked."""
    checked = []
    decode = tokens.jwt.decode

    def record(token, *args, **kwargs):
        checked.append(token)
        return decode(token, *args, **kwargs)

    monkeypatch.setattr(tokens.jwt, "decode", record)
    return checked


@pytest.mark.parametrize("kind", ["EdDSA", "ES256", "RS256", "PS256"])
def test_token_of_each_algorithm_says_who_is_calling(issuer, verifier, kind):
    assert verifier.user_of(issuer.token(str(USER), some_key(kind))) == USER


GOOD = {
    "sub in upper case": {"sub": str(USER).upper()},
    "aud among others": {"aud": ["other", "tasks"]},
    **{
        f"typ {typ}": {"header": {"typ": typ}}
        for typ in ("JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT")
    },
    "a header that means nothing": {"header": {"x": "y"}},
    "nbf in the past": {"nbf": 1},
    "a time with a fraction": {"nbf": 1.5},
    "claims that mean nothing": {"scope": "all", "jti": "x"},
}


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD)
def test_what_a_token_may_say_is_taken(issuer, verifier, changes):
    assert verifier.user_of(issuer.token(**{"sub": str(USER), **changes})) == USER


@pytest.mark.parametrize(
    ("claim", "good", "bad"),
    [("exp", -LEEWAY + 1, -LEEWAY), ("iat", LEEWAY, LEEWAY + 1), ("nbf", LEEWAY, LEEWAY + 1)],
)
def test_clocks_may_differ_by_the_leeway_and_no_more(issuer, verifier, clock, claim, good, bad):
    assert verifier.user_of(issuer.token(str(USER), **{claim: int(clock()) + good})) == USER
    with pytest.raises(InvalidToken):
        verifier.user_of(issuer.token(str(USER), **{claim: int(clock()) + bad}))


def test_verified_token_is_remembered(issuer, verifier, checked):
    token = issuer.token(str(USER))
    assert [verifier.user_of(token) for _ in range(100)] == [USER] * 100
    assert checked == [token]


def test_token_that_was_refused_is_not_remembered(issuer, verifier, checked):
    token = issuer.token(str(USER), aud="other")
    for _ in range(3):
        with pytest.raises(InvalidToken):
            verifier.user_of(token)
    assert len(checked) == 3


def test_token_is_remembered_until_it_expires_and_verified_again_in_the_leeway(
    issuer, verifier, checked, clock
):
    token = issuer.token(str(USER), exp=int(clock()) + 60)
    verifier.user_of(token)
    clock.advance(59.999)
    verifier.user_of(token)
    assert len(checked) == 1
    clock.advance(0.001)
    verifier.user_of(token)
    assert len(checked) == 2
    clock.advance(LEEWAY)
    with pytest.raises(InvalidToken, match="expired"):
        verifier.user_of(token)


def test_token_is_good_until_it_would_be_refused(issuer, verifier, clock):
    token = issuer.token(str(USER), exp=int(clock()) + 60)
    assert verifier.seconds_left(token) == 60 + LEEWAY
    clock.advance(60 + LEEWAY - 1)
    assert verifier.seconds_left(token) == 1
    assert verifier.user_of(token) == USER
    clock.advance(1)
    assert verifier.seconds_left(token) == 0


def test_token_is_good_no_longer_when_its_key_is_withdrawn(issuer, verifier, keys):
    token = issuer.token(str(USER))
    assert verifier.seconds_left(token) > 0
    keys.keys.clear()
    assert verifier.seconds_left(token) == 0


def test_remembered_token_is_forgotten_with_its_key(issuer, verifier, keys):
    token = issuer.token(str(USER))
    verifier.user_of(token)
    keys.keys.clear()
    with pytest.raises(InvalidToken):
        verifier.user_of(token)


def test_tokens_that_were_not_used_for_longest_are_forgotten_first(issuer, make_verifier, checked):
    verifier = make_verifier(remembered=2)
    first, second, third = (issuer.token(str(uuid4())) for _ in range(3))
    for token in (first, second, first, third, first):
        verifier.user_of(token)
    assert checked == [first, second, third]
    verifier.user_of(second)
    assert checked == [first, second, third, second]


def test_text_of_a_remembered_token_is_not_kept(issuer, verifier):
    token = issuer.token(str(USER))
    references = sys.getrefcount(token)
    verifier.user_of(token)
    assert sys.getrefcount(token) == references


def test_one_token_may_come_from_many_threads_at_once(issuer, make_verifier):
    verifier = make_verifier(remembered=3)
    users = [str(uuid4()) for _ in range(8)]
    made = [issuer.token(user) for user in users]

    def use(_):
        return [[str(verifier.user_of(token)) for token in made] for _ in range(20)]

    assert race(8, use) == [[users] * 20] * 8


def test_issuer_may_rotate_its_keys_under_load(clock):
    rounds, issuer = 6, Issuer(clock)
    source = RemoteKeys(issuer.jwks_url, now=clock)
    verifier = Verifier(source, issuer=issuer.url, audience=issuer.audience, now=clock)

    def rotate():
        clock.advance(FETCH_INTERVAL)
        issuer.rotate()

    barrier = Barrier(8, action=rotate, timeout=60)

    def use(_):
        mine = []
        for _ in range(rounds):
            barrier.wait()
            mine.append((user := uuid4(), issuer.token(str(user))))
            assert all(verifier.user_of(token) == user for user, token in mine)

    race(8, use)
    issuer.go_away()
    assert len(issuer.requests) == rounds


def test_token_of_a_withdrawn_key_is_refused_soon(clock):
    issuer = Issuer(clock)
    source = RemoteKeys(issuer.jwks_url, now=clock)
    verifier = Verifier(source, issuer=issuer.url, audience=issuer.audience, now=clock)
    old = issuer.token(str(USER))
    verifier.user_of(old)
    issuer.keys = [issuers.new_key()]
    clock.advance(REFRESH_AFTER + 1)
    assert verifier.user_of(issuer.token(str(USER))) == USER
    with pytest.raises(InvalidToken):
        verifier.user_of(old)
    issuer.go_away()


def test_no_key_and_no_issuer_is_neither_yes_nor_no(issuer, make_verifier, clock):
    away = RemoteKeys("http://127.0.0.1:1/jwks", now=clock)
    with pytest.raises(KeysUnavailable):
        make_verifier(keys=away).user_of(issuer.token(str(USER)))


CONFIG = Config(**as_fields(WITH_SECRET))


def test_minted_token_says_who_is_calling_for_as_long_as_was_asked(make_verifier):
    clock = Clock()
    verifier = make_verifier(keys=SharedSecret(SECRET), issuer=ISSUER, now=clock)
    token = mint(CONFIG, USER, seconds=60)
    assert verifier.user_of(token) == USER
    assert verifier_for(CONFIG).user_of(token) == USER
    clock.advance(60 + LEEWAY + 2)
    with pytest.raises(InvalidToken, match="expired"):
        verifier.user_of(token)


def test_token_of_another_secret_is_refused():
    other = replace(CONFIG, jwt_secret=SECRET[::-1])
    with pytest.raises(InvalidToken, match="InvalidSignature"):
        verifier_for(CONFIG).user_of(mint(other, USER, seconds=60))


@pytest.mark.parametrize("kind", ["EdDSA", "ES256", "RS256"])
def test_secret_verifies_no_other_algorithm(issuer, make_verifier, kind):
    with pytest.raises(InvalidToken, match="InvalidAlgorithm"):
        make_verifier(keys=SharedSecret(SECRET)).user_of(issuer.token(str(USER), some_key(kind)))


def test_settings_decide_where_the_keys_come_from(issuer):
    config = Config(**as_fields(issuer.settings()))
    assert verifier_for(config).user_of(issuer.token(str(USER))) == USER


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
names = ["alg", "kid", "typ", "crit", "b64", "iss", "aud", "exp", "iat", "nbf", "sub", "jti", "jwk"]
objects = st.dictionaries(st.sampled_from(names) | st.text(max_size=3), json_values, max_size=5)


@given(header=objects, claims=objects, kind=st.sampled_from(["EdDSA", "ES256", "RS256"]))
def test_whatever_a_header_says_only_a_refusal_comes_of_it(header, claims, kind):
    # Signed with a good key, so that it is the header and the claims that are looked at.
    key = some_key(kind)
    known = KnownKeys(Key(key.kid, (key.alg,), key.private.public_key()))
    verifier = Verifier(known, issuer=ISSUER, audience=AUDIENCE)
    right = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(USER), "iat": 1, "exp": 2}
    for pair in (
        (header, claims),
        ({"alg": key.alg, "kid": key.kid}, claims),
        ({"alg": key.alg, "kid": key.kid}, {**right, **claims}),
        ({"alg": key.alg, "kid": key.kid, **header}, right),
    ):
        token = issuers.encode(*pair, key.sign)
        try:
            assert verifier.user_of(token) == USER
        except InvalidToken:
            continue
        # What was let in was right in all that counts.
        seen = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert seen["exp"] > 2


@given(st.text(st.characters(max_codepoint=127)))
def test_any_text_is_refused(text):
    verifier = Verifier(KnownKeys(), issuer=ISSUER, audience=AUDIENCE)
    with pytest.raises(InvalidToken):
        verifier.user_of(text)


NAMESPACE = UUID("0190c1d4-3f5b-7c3e-9a51-2f6d8e4b7a10")


@pytest.mark.parametrize("name", ["auth0|507f1f77bcf86cd799439011", "ü", " ", str(USER) + "0", "1"])
def test_name_that_is_no_uuid_becomes_one_in_the_namespace(issuer, make_verifier, name):
    verifier = make_verifier(user_namespace=NAMESPACE)
    assert verifier.user_of(issuer.token(name)) == uuid5(NAMESPACE, name)
    assert verifier.user_of(issuer.token(str(USER).upper())) == USER


@pytest.mark.parametrize("claim", ["", 5, True, ["a"], {"a": 1}, "\ud800"])
def test_claim_that_names_nobody_is_refused_with_a_namespace_too(issuer, make_verifier, claim):
    verifier = make_verifier(user_namespace=NAMESPACE, user_claim="uid")
    with pytest.raises(InvalidToken, match="uid"):
        verifier.user_of(issuer.token(str(USER), uid=claim))


def test_another_claim_may_say_whose_a_token_is(issuer, make_verifier):
    verifier = make_verifier(user_claim="https://app.example/user")
    token = issuer.token("auth0|5", **{"https://app.example/user": str(USER)})
    assert verifier.user_of(token) == USER
    with pytest.raises(InvalidToken, match="MissingRequiredClaim"):
        verifier.user_of(issuer.token(str(USER)))


def test_settings_decide_which_claim_says_whose_a_token_is():
    config = replace(CONFIG, jwt_user_claim="uid", jwt_user_namespace=NAMESPACE)
    assert verifier_for(config).user_of(mint(config, USER, seconds=60)) == USER
    with pytest.raises(InvalidToken):
        verifier_for(CONFIG).user_of(mint(config, USER, seconds=60))
