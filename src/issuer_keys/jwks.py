"""A JWK Set (RFC 7517) in, the keys that may verify tokens out."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from jwt import PyJWK, PyJWTError

RSA_MIN_BITS = 2048

# The algorithms for each type of key and curve (RFC 7518, section 3.1; RFC 8037). The header of a
# token can choose only among these. Symmetric keys are left out: a public set can't keep a secret.
ALGORITHMS = (
    ("OKP", "Ed25519", ("EdDSA",)),
    ("EC", "P-256", ("ES256",)),
    ("RSA", None, ("RS256", "PS256")),
)


@dataclass(frozen=True)
class Key:
    """A key to verify with, and the algorithms that it may be used for.

    Its `material` is what PyJWT verifies with: a public key, or the bytes of a shared secret.
    """

    kid: str | None
    algorithms: tuple[str, ...]
    material: Any = field(repr=False)


def parse(document: bytes) -> list[Key]:
    """Return the keys of a JWK Set, without those that can't verify tokens here.

    An empty set is a valid answer: the issuer has withdrawn its keys.

    Raises:
        ValueError: the document isn't a JWK Set at all.
    """
    jwks = orjson.loads(document)
    if not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list):
        raise ValueError("not a JWK Set")  # noqa: TRY004
    return [key for jwk in jwks["keys"] if (key := _usable(jwk))]


def _usable(jwk: object) -> Key | None:
    if not isinstance(jwk, dict):
        return None
    kid, alg, operations = jwk.get("kid"), jwk.get("alg"), jwk.get("key_ops", ["verify"])
    algorithms = [
        algorithm
        for kty, crv, algorithms in ALGORITHMS
        if jwk.get("kty") == kty and (crv is None or jwk.get("crv") == crv)
        for algorithm in algorithms
        if alg is None or alg == algorithm
    ]
    if (
        not algorithms
        or not (kid is None or isinstance(kid, str))
        or jwk.get("use") not in (None, "sig")
        or not (isinstance(operations, list) and "verify" in operations)
        # Anybody can sign with a private key that was published.
        or "d" in jwk
    ):
        return None
    try:
        material = PyJWK(jwk, algorithms[0]).key
    except PyJWTError:
        return None
    if jwk["kty"] == "RSA" and material.key_size < RSA_MIN_BITS:
        return None
    return Key(kid, tuple(algorithms), material)
