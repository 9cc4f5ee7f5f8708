"""Readers of single settings: each returns the value that the service uses, or refuses the text.

The texts of their errors continue a sentence that begins with the name of the setting.
"""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import ip_address
from socket import inet_aton
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from uuid import UUID

import psycopg2
from jwt import InvalidKeyError
from jwt.algorithms import HMACAlgorithm
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

# RFC 1123, section 2.1. A name whose last label is a number would be a malformed address.
HOST_NAME = re.compile(r"([a-z0-9-]+\.)*[a-z][a-z0-9-]*", re.ASCII | re.IGNORECASE)
# The length of a hash of HS256 (RFC 7518, section 3.2).
SECRET_MIN_BYTES = 32
# RFC 6750, section 2.1.
BEARER_TOKEN = re.compile("[A-Za-z0-9._~+/-]+=*")
METRICS_TOKEN_MIN = 16
# Domains that nobody can register (RFC 6761, RFC 6762, and ICANN for .internal).
PRIVATE_DOMAINS = (".internal", ".local", ".localhost")
DATABASE_SCHEMES = ("postgres", "postgresql", "postgresql+psycopg2")
# This is a file, so it can't contain a socket.
NO_DIRECTORY = "/dev/null"
# Claims about the token, not the user: many users share one value.
OTHER_CLAIMS = frozenset({"iss", "aud", "exp", "iat", "nbf"})
# `uuid.UUID` also accepts braces, `urn:uuid:` and missing hyphens: several texts for one user.
HYPHENATED_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# As a browser writes the Origin header (RFC 6454, section 6.2), in lower case.
ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?P<port>:[0-9]{1,5})?"
)
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class ConfigError(SystemExit):
    """A setting that stops the start.

    Python prints the text of an uncaught `SystemExit` as one line on stderr and exits with 1, under
    gunicorn, the `flask` command and every other WSGI server.
    """


def database_url(text: str) -> URL:
    """Return the database's address, which names the driver for SQLAlchemy.

    Platforms write `postgres://`, and SQLAlchemy 2.1 reads a bare `postgresql://` as psycopg 3.
    """
    # No message here or below repeats a value: it may be a password, or a part of one.
    try:
        if "\0" in unquote_to_bytes(text).decode():
            raise ConfigError("must not have a NUL character (%00).")
        url = make_url(text)
        if url.drivername not in DATABASE_SCHEMES:
            raise ConfigError("must start with postgres:// or postgresql://.")
        # As in libpq, but not in SQLAlchemy: `%2Fvar%2Frun%2Fpostgresql` is a socket's directory.
        host = unquote(url.host) if url.host else None
        url = url.set(drivername="postgresql+psycopg2", host=host)
        _check_by_libpq(url)
    except UnicodeError:
        raise ConfigError("must be UTF-8, also where it is %-encoded.") from None
    except (ArgumentError, ValueError, TypeError, psycopg2.Error):
        raise ConfigError(
            "is not a URL that libpq can use (postgresql://user:pass@host/name)."
        ) from None
    return url


def _check_by_libpq(url: URL) -> None:
    """Check the values of all parameters, as libpq does before it opens a connection.

    Raises:
        ConfigError, psycopg2.Error, TypeError: libpq, or psycopg2 before it, refuses one.
    """
    _, arguments = url.get_dialect()().create_connect_args(url)
    # No host is contacted: each is replaced by a directory that can't exist.
    hosts = ",".join(NO_DIRECTORY for _ in arguments.get("host", "").split(","))
    try:
        psycopg2.connect(**{**arguments, "host": hosts, "hostaddr": ""})
    except psycopg2.Error as error:
        reason = str(error)
        if NO_DIRECTORY in reason:
            return
        if "invalid port number" in reason:
            raise ConfigError("must have a port from 1 to 65535.") from None
        if unknown := re.search(r'invalid connection option "(\w+)"', reason):
            # If a password in the query contains `&`, its rest looks like a parameter.
            name = "" if "password" in url.query else f": {unknown[1]}"
            raise ConfigError(f"has a parameter unknown to libpq{name}.") from None
        if known := re.match(r'invalid "?(\w+)"? value', reason):
            raise ConfigError(f"has a value of {known[1]} that libpq refuses.") from None
        raise


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


def metrics_token(text: str) -> str:
    """Return the token; refuse one that is short, or that no header can carry."""
    if len(text) < METRICS_TOKEN_MIN or not BEARER_TOKEN.fullmatch(text):
        raise ConfigError(
            f"must have at least {METRICS_TOKEN_MIN} characters, of A-Z a-z 0-9 . _ ~ + / - only: "
            "`openssl rand -hex 16`."
        )
    return text


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


def origins(text: str) -> tuple[str, ...]:
    """Return the origins, as browsers write them."""
    found = []
    for place, given in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        origin = ORIGIN.fullmatch(given.lower())
        if not origin or int((origin["port"] or ":0")[1:]) > 65535:  # noqa: PLR2004
            raise ConfigError(
                "must be origins with commas between them, such as "
                f"https://app.example,http://localhost:3000, without paths or *; number {place} "
                "is not an origin."
            )
        # Browsers leave out the default port of http and https.
        found.append(origin[0].removesuffix(DEFAULT_PORTS.get(origin["scheme"]) or "/"))
    return tuple(found)


def host(text: str) -> str:
    """Return an address, or a name, to listen on."""
    try:
        ip_address(text)
    except ValueError:
        if not HOST_NAME.fullmatch(text):
            raise ConfigError(
                "must be an address or a name of this machine, such as 0.0.0.0, ::1 or "
                f"localhost, not {text!r}."
            ) from None
    return text
