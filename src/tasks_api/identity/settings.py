"""Reads the settings of tokens."""

import re
from contextlib import suppress
from ipaddress import ip_address
from socket import inet_aton
from urllib.parse import urlsplit
from uuid import UUID

from jwt import InvalidKeyError
from jwt.algorithms import HMACAlgorithm

from tasks_api.settings import ConfigError

# The length of a hash of HS256 (RFC 7518, section 3.2).
SECRET_MIN_BYTES = 32
# Domains that nobody can register (RFC 6761, RFC 6762, and ICANN for .internal).
PRIVATE_DOMAINS = (".internal", ".local", ".localhost")
# Claims about the token, not the user: many users share one value.
OTHER_CLAIMS = frozenset({"iss", "aud", "exp", "iat", "nbf"})
# `uuid.UUID` also accepts braces, `urn:uuid:` and missing hyphens: several texts for one user.
HYPHENATED_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def jwks_url(text: str) -> str:
    """Return the address of the issuer's keys; refuse one where others could replace them."""
    try:
        url = urlsplit(text)
        host, _ = url.hostname or "", url.port
    except ValueError:
        host = ""
    if not (re.fullmatch("[!-~]+", text) and host and url.scheme in {"http", "https"}):
        raise ConfigError("is not a URL (https://issuer.example/api/auth/jwks).")
    if "@" in url.netloc or "#" in text:
        raise ConfigError("must not have a user, a password or a fragment.")
    if url.scheme == "http" and not _is_private(host):
        raise ConfigError(
            "must start with https://: over http, anybody on the way could replace "
            "the keys. Only private addresses and names may use http."
        )
    return text


def _is_private(host: str) -> bool:
    # 16843009 and 0x1010101 look like names, but the system's resolver reads them as addresses.
    with suppress(OSError):
        return ip_address(inet_aton(host)).is_private
    with suppress(ValueError):
        return ip_address(host).is_private
    return "." not in host or host.endswith(PRIVATE_DOMAINS)


def jwt_secret(text: str) -> bytes:
    """Return the bytes of the secret; refuse one that is too short for HS256 (RFC 7518)."""
    # Python reads bytes of the environment that aren't UTF-8 as lone surrogates.
    secret = text.encode(errors="surrogateescape")
    if len(secret) < SECRET_MIN_BYTES:
        raise ConfigError(
            f"must have at least {SECRET_MIN_BYTES} bytes: `openssl rand -base64 32`."
        )
    try:
        return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except InvalidKeyError:
        raise ConfigError(
            "must not be a key or a certificate: other people may know those."
        ) from None


def user_claim(text: str) -> str:
    """Return the name of the claim with the user's id."""
    if text in OTHER_CLAIMS:
        raise ConfigError(f"must name a claim about the user, not {text}.")
    return text


def namespace(text: str) -> UUID:
    """Return the UUID in which the ids of users that aren't UUIDs are names (RFC 9562, 5.5)."""
    if not HYPHENATED_UUID.fullmatch(text):
        raise ConfigError("must be a UUID, with hyphens: `uuidgen` makes one.")
    return UUID(text)
