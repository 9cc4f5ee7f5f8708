"""Ways to get in without a right token: names, and what makes the token that is tried."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tools.issuer import Issuer, SigningKey, base64url, encode, leaked_key, new_key, some_key

USER_ID = "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"

ED, EC, RSA, PS = (some_key(kind) for kind in ("EdDSA", "ES256", "RS256", "PS256"))
NOBODY = new_key()
ENCRYPTING = new_key("ES256", use="enc")
LEAKED = leaked_key()
MISLABELLED = new_key("ES384", alg="ES256")
SYMMETRIC = SigningKey("oct", "HS256", b"x" * 32, {})
SYMMETRIC.jwk = {"kty": "oct", "kid": "oct", "k": base64url(SYMMETRIC.private)}
# The key of PS256, signing as RS256 does.
PS_AS_RS = SigningKey(PS.kid, "RS256", PS.private, {})
# What the issuer has in its set, besides the key that it signs with.
KEYS = [
    *(some_key(kind) for kind in ("ES256", "RS256", "PS256", "ES384", "Ed448", "weak RS256")),
    ENCRYPTING,
    LEAKED,
    MISLABELLED,
    SYMMETRIC,
]
# What is made for something else, or is no media type as a token has it.
OTHER_TYPES = (
    *("dpop+jwt", "logout+jwt", "secevent+jwt", "application/secevent+jwt", "entity-statement+jwt"),
    *("JOSE", "at+jwt; x=1", " JWT", "text/jwt", "application/application/jwt", "", ["JWT"], 1),
)


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda data: hmac.new(secret, data, hashlib.sha256).digest()


def public_forms(key: SigningKey) -> dict[str, bytes]:
    """Give what everybody knows of a key, as a verifier might take it for a secret."""
    public = key.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(key.jwk).encode()
    coordinate = base64.urlsafe_b64decode(key.jwk.get("x", key.jwk.get("n")) + "==")
    return {"PEM": pem, "its stripped PEM": pem.strip(), "DER": der, "JWK": jwk, "raw": coordinate}


def attacks() -> dict[str, Callable[[Issuer], str]]:  # noqa: PLR0912
    """Give the attacks: a name, and how to make the token."""

    def row(name: str, **changes: Any) -> None:
        rows[name] = lambda issuer: issuer.token(**{"sub": USER_ID, **changes})

    rows: dict[str, Callable[[Issuer], str]] = {}
    for alg in ("none", "None", "nOnE", "NONE", "", [], ["EdDSA"], {"a": 1}, 0, True):
        row(f"alg {alg!r} without a signature", header={"alg": alg}, sign=lambda _: b"")
        row(f"alg {alg!r} with one", header={"alg": alg})
    row("no alg", header={"alg": None})
    row("no alg, no signature", header={"alg": None}, sign=lambda _: b"")

    for key in (ED, EC, RSA):
        for form, secret in public_forms(key).items():
            for alg in ("HS256", key.alg):
                row(
                    f"{alg} signed with the {form} of the {key.alg} key",
                    key=key,
                    header={"alg": alg},
                    sign=hs256(secret),
                )
    row("HS256 with an empty secret", header={"alg": "HS256"}, sign=hs256(b""))
    row("HS256 with no kid", header={"alg": "HS256", "kid": None}, sign=hs256(b""))
    row(
        "HS256 with an oct key of the set",
        header={"alg": "HS256", "kid": "oct"},
        sign=hs256(b"x" * 32),
    )

    for name, kid in {
        "a path": "../../../../../../dev/null",
        "a file": "file:///dev/null",
        "SQL": "' UNION SELECT 'x' --",
        "a shell's": "$(id)|`id`",
        "an address": "http://127.0.0.1/jwks",
        "NUL": "\0",
        "empty": "",
        "8,000 characters": "k" * 5000,
        "a list": [ED.kid],
        "an object": {"kid": ED.kid},
        "a number": 0,
        "__class__": "__class__",
    }.items():
        row(f"kid: {name}", header={"kid": kid})
        row(f"kid: {name}, HS256", header={"kid": kid, "alg": "HS256"}, sign=hs256(b""))
    row("no kid, among several keys", header={"kid": None})

    row("signed by nobody", key=NOBODY)
    row("signed by nobody, in the name of a known key", key=NOBODY, header={"kid": ED.kid})
    row("own jwk", key=NOBODY, header={"jwk": NOBODY.jwk})
    row("own jwk under a known kid", key=NOBODY, header={"jwk": NOBODY.jwk, "kid": ED.kid})
    row("own jwk without a kid", key=NOBODY, header={"jwk": NOBODY.jwk, "kid": None})
    for name in ("jku", "x5u"):
        rows[f"own {name}"] = lambda issuer, name=name: issuer.token(
            USER_ID, NOBODY, header={name: f"{issuer.url}/evil"}
        )
        rows[f"own {name} under a known kid"] = lambda issuer, name=name: issuer.token(
            USER_ID, NOBODY, header={name: f"{issuer.url}/evil", "kid": ED.kid}
        )
    row("own x5c", key=NOBODY, header={"x5c": ["MIIB"], "kid": ED.kid})

    row("RS256 for an ES256 key", key=RSA, header={"kid": EC.kid})
    row("ES256 for an RSA key", key=EC, header={"kid": RSA.kid})
    row("EdDSA for an RSA key", key=ED, header={"kid": RSA.kid})
    row("RS256 where the key says PS256", key=PS, header={"alg": "RS256"}, sign=PS_AS_RS.sign)
    row("RS512", key=RSA, header={"alg": "RS512"})
    row("ES384, of a key on P-384", key=some_key("ES384"))
    row("ES256, of a key on P-384", key=some_key("ES384"), header={"alg": "ES256"})
    row("ES256, of a key on P-384 that says ES256", key=MISLABELLED)
    row("EdDSA, of an Ed448 key", key=some_key("Ed448"))
    row("an RSA key of 1024 bits", key=some_key("weak RS256"))
    row("a key for encryption", key=ENCRYPTING)
    row("a key whose private half is published", key=LEAKED)

    for claim in ("iss", "aud", "exp", "iat", "sub"):
        row(f"no {claim}", **{claim: None})
    for claim, values in {
        "iss": [
            "https://evil.example",
            "",
            [],
            1,
            "HTTP://127.0.0.1",
            ["{iss}"],
            "{iss}/",
            "{iss}x",
        ],
        "aud": [
            "other",
            "",
            [],
            {},
            1,
            "Tasks",
            "tasks2",
            "task",
            ["other"],
            ["tasks", 1],
            [["tasks"]],
        ],
        "exp": ["x", "9999999999", [], {}, True, 0, -1, 1e400, float("nan"), 10**400, -1e400],
        "iat": ["x", "1", [], {}, True, 10**400, 1e400, float("nan"), -1],
        "nbf": ["x", "1", [], {}, True, 10**400, 1e400, float("nan"), -1],
        "sub": [
            "",
            "admin",
            1,
            [USER_ID],
            {},
            True,
            "*",
            "%",
            f"{{{USER_ID}}}",
            f"urn:uuid:{USER_ID}",
        ],
    }.items():
        for value in values:
            rows[f"{claim} {str(value)[:40]!r}"] = lambda issuer, claim=claim, value=value: (
                issuer.token(
                    **{
                        "sub": USER_ID,
                        claim: json.loads(json.dumps(value).replace("{iss}", issuer.url)),
                    }
                )
            )
    row("sub without hyphens", sub=USER_ID.replace("-", ""))
    row("sub with a line break", sub=f"{USER_ID}\n")
    row("sub in other digits", sub=USER_ID.replace("6", "\uff16"))
    row("another type of token of the same issuer", aud=["session", "https://app.example"])
    for typ in OTHER_TYPES:
        row(f"typ {typ!r}", header={"typ": typ})
    for name, seconds in {"expired": -1000, "expired long ago": -(10**9)}.items():
        rows[name] = lambda issuer, seconds=seconds: issuer.token(
            USER_ID, exp=int(issuer.now()) + seconds
        )
    for claim in ("iat", "nbf"):
        rows[f"{claim} in the future"] = lambda issuer, claim=claim: issuer.token(
            USER_ID, **{claim: int(issuer.now()) + 60}
        )

    for crit in (["exp"], ["b64"], ["x"], [], "b64", [1], None):
        rows[f"crit {crit!r}"] = lambda issuer, crit=crit: encode(
            {"alg": "EdDSA", "kid": ED.kid, "crit": crit, "b64": True, "x": 1},
            issuer.claims(USER_ID),
            ED.sign,
        )
    row("b64 without crit", header={"b64": True})
    row("b64 false", header={"b64": False, "crit": ["b64"]})

    rows |= MALFORMED
    return rows


def change_payload(issuer: Issuer) -> str:
    head, _, signature = issuer.token(str(uuid4())).split(".")
    payload = json.dumps(issuer.claims(USER_ID)).encode()
    return f"{head}.{base64url(payload)}.{signature}"


def part(number: int, change: Callable[[str], str]) -> Callable[[Issuer], str]:
    def make(issuer: Issuer) -> str:
        parts = issuer.token(USER_ID).split(".")
        parts[number] = change(parts[number])
        return ".".join(parts)

    return make


MALFORMED = {
    "the payload of another": change_payload,
    "the signature of another": lambda issuer: (
        issuer.token(USER_ID).rpartition(".")[0] + "." + issuer.token(str(uuid4())).split(".")[2]
    ),
    "no signature": part(2, lambda _: ""),
    "half a signature": part(2, lambda text: text[: len(text) // 2]),
    "a signature that is too long": part(2, lambda text: text + "AAAA"),
    "a signature of zeros": part(2, lambda text: "A" * len(text)),
    "a cut header": part(0, lambda text: text[:-4]),
    "two parts": lambda issuer: issuer.token(USER_ID).rpartition(".")[0],
    "four parts": lambda issuer: issuer.token(USER_ID) + ".AAAA",
    "five parts": lambda issuer: issuer.token(USER_ID) + ".AAAA.AAAA",
    "padding": lambda issuer: issuer.token(USER_ID) + "=====",
    "dots": lambda _: ".." * 1000,
    "an empty header": lambda _: "e30.e30.AAAA",
    "a header that is a list": lambda _: encode([], {}, ED.sign),
    "a header that is null": lambda _: encode(None, {}, ED.sign),
    "claims that are a list": lambda _: encode({"alg": "EdDSA", "kid": ED.kid}, [], ED.sign),
    "a header nested deep": lambda _: f"{base64url(b'[' * 5000)}.e30.AAAA",
    "a header in UTF-16": lambda _: f"{base64url('{}'.encode('utf-16'))}.e30.AAAA",
    "a number of 5,000 digits": lambda _: base64url(b'{"alg":' + b"9" * 5000 + b"}") + ".e30.AA",
    "a session token": lambda _: f"{secrets.token_urlsafe(24)}.{secrets.token_urlsafe(32)}=",
    "an opaque token": lambda _: secrets.token_hex(16),
    "8 KB of one letter": lambda _: "x" * 8192,
    "8 KB of random letters": lambda _: secrets.token_urlsafe(6144),
    "8 KB of token": lambda issuer: issuer.token(USER_ID, name="x" * 6000),
    "a megabyte": lambda _: "x." * 500_000,
    "null": lambda _: "null",
    "undefined": lambda _: "undefined",
}
ATTACKS = attacks()
