"""An issuer of tokens on this machine, which behaves as Better Auth's plugin `jwt` does.

Its keys are at /api/auth/jwks, Ed25519 unless told otherwise and without `use`; its tokens have a
`kid`, no `typ`, and are good for 15 minutes. It can rotate its keys, be slow, go away, come back,
and answer with whatever a test has in mind.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from tools.jwt_settings import AUDIENCE, jwt_environ

JWKS_PATH = "/api/auth/jwks"
MINUTES_15 = 15 * 60

GENERATORS: dict[str, Callable[[], Any]] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "weak RS256": lambda: rsa.generate_private_key(65537, 1024),
}


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.time = float(int(time.time()))

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class SigningKey:
    """A key pair with a name."""

    kid: str
    alg: str
    private: Any
    jwk: dict[str, Any]

    def sign(self, data: bytes) -> bytes:
        return get_default_algorithms()[self.alg].sign(data, self.private)


def new_key(kind: str = "EdDSA", **members: Any) -> SigningKey:
    """Make a key; `members` are added to its JWK."""
    alg = {"Ed448": "EdDSA"}.get(kind, kind.removeprefix("weak "))
    private = GENERATORS[kind]()
    public = get_default_algorithms()[alg].to_jwk(private.public_key(), as_dict=True)
    public.pop("key_ops", None)
    kid = str(uuid4())
    return SigningKey(kid, alg, private, {"alg": alg, **public, "kid": kid, **members})


def leaked_key(kind: str = "EdDSA") -> SigningKey:
    """Make a key whose JWK has its private half in it."""
    key = new_key(kind)
    private = get_default_algorithms()[key.alg].to_jwk(key.private, as_dict=True)
    key.jwk |= {**private, "key_ops": ["verify"]}
    return key


@cache
def some_key(kind: str) -> SigningKey:
    """Give one key of a kind, always the same: those of RSA take long to make."""
    return new_key(kind)


def encode(header: Any, claims: Any, sign: Callable[[bytes], bytes]) -> str:
    """Make a compact JWS of anything that JSON, or Python's idea of it, can say."""
    parts = [base64url(json.dumps(part).encode()) for part in (header, claims)]
    data = ".".join(parts)
    return f"{data}.{base64url(sign(data.encode()))}"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """The issuer, serving in a thread of its own."""

    audience = AUDIENCE

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.keys = [some_key("EdDSA")]
        # The paths it was asked for.
        self.requests: list[str] = []
        self.respond: Callable[[BaseHTTPRequestHandler], None] = self.give_keys
        # Closed, nobody gets an answer; the other one tells that somebody has asked.
        self.gate, self.asked = Event(), Event()
        self.gate.set()
        self.port = 0
        self.come_back()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def jwks_url(self) -> str:
        return self.url + JWKS_PATH

    def settings(self) -> dict[str, str]:
        """Return the environment of a service that takes its tokens."""
        return jwt_environ(self.url, self.audience, JWT_JWKS_URL=self.jwks_url)

    def come_back(self) -> None:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.requests.append(self.path)
                issuer.asked.set()
                issuer.gate.wait(30)
                try:
                    issuer.respond(self)
                except ConnectionError:
                    # Who has read enough hangs up.
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def go_away(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def rotate(self, kind: str = "EdDSA") -> SigningKey:
        """Make a new key and sign with it from now on; the older ones stay in the set."""
        self.keys.insert(0, new_key(kind))
        return self.keys[0]

    def jwks(self) -> bytes:
        return json.dumps({"keys": [key.jwk for key in self.keys]}).encode()

    def give_keys(self, request: BaseHTTPRequestHandler) -> None:
        answer(request, 200, self.jwks())

    def claims(self, sub: str, **changes: Any) -> dict[str, Any]:
        """Give what a token says of a user; a change to None leaves the claim out."""
        now = int(self.now())
        claims = {
            "name": "Ada",
            "email": "ada@app.example",
            "iat": now,
            "exp": now + MINUTES_15,
            "iss": self.url,
            "aud": self.audience,
            "sub": sub,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self,
        sub: str,
        key: SigningKey | None = None,
        *,
        header: dict[str, Any] | None = None,
        sign: Callable[[bytes], bytes] | None = None,
        **claims: Any,
    ) -> str:
        """Make a token for a user, or something like one."""
        key = key or self.keys[0]
        full = {"alg": key.alg, "kid": key.kid, **(header or {})}
        full = {name: value for name, value in full.items() if value is not None}
        return encode(full, self.claims(sub, **claims), sign or key.sign)


def answer(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    request.send_response(status)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def redirect_to(url: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda request: answer(request, 302, Location=url)


def with_body(body: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda request: answer(request, 200, body)


def with_status(status: int) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda request: answer(request, status)


def megabytes(count: int) -> Iterator[bytes]:
    yield b'{"keys": ['
    for _ in range(count):
        yield b" " * 2**20
    yield b"]}"


def give_100_megabytes(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for chunk in megabytes(100):
        request.wfile.write(chunk)


def hang_up(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1")


def no_http(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"\x16\x03\x01 what is this\r\n\r\n")


def dribble_head(request: BaseHTTPRequestHandler) -> None:
    """Send a header that has no end, byte by byte, until nobody listens."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _dribble(request)


def dribble_body(request: BaseHTTPRequestHandler) -> None:
    """Send a body that has no end, byte by byte, until nobody listens."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    _dribble(request)


def _dribble(request: BaseHTTPRequestHandler) -> None:
    while True:
        request.wfile.write(b" ")
        time.sleep(0.001)
