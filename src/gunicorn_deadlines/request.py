"""The head of a request, read as strictly as gunicorn reads it, and a little more so.

It relies on gunicorn's `Request` calling `parse` and then `set_body_reader` as it is made, and
`should_close` when the head of the answer is written; and on its `_expected_100_continue`,
`_peer_is_trusted_proxy` and `_ip_in_allow_list`.
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from gunicorn.http import message
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import InvalidRequestLine, ParseException, UnsupportedTransferCoding
from gunicorn.http.unreader import Unreader

# A body that nobody wanted is read up to this size, so that the connection can be kept.
UNWANTED_BYTES = 64 * 1024
CONNECTION_OPTION = re.compile(r"[^ \t,]+")


@lru_cache(1000)
def _is_trusted(cfg: Any, address: str) -> bool:
    """Return whether gunicorn trusts an address; it would read it again for each request."""
    networks = cfg.forwarded_allow_networks()
    trusted: bool = message._ip_in_allow_list(address, cfg.forwarded_allow_ips, networks)  # type: ignore[attr-defined]
    return trusted


class BodyReader:
    """gunicorn's reader of a body, whose errors an application need not know."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.begun = False

    def read(self, size: int) -> bytes:
        """Read a part of the body.

        Raises:
            OSError: it is cut off, or its chunks are malformed.
        """
        self.begun = True
        try:
            data: bytes = self.reader.read(size)
        except ParseException as error:
            raise OSError("the body is malformed") from error
        return data

    def is_abandoned(self) -> bool:
        """Return whether too much is left to go on behind it, or nobody knows how much."""
        if isinstance(self.reader, LengthReader):
            return self.reader.length > UNWANTED_BYTES
        # Until its last chunk was read.
        return self.begun and self.reader.parser is not None


class Request(message.Request):
    """gunicorn's request, which reads its head as it is made."""

    # gunicorn's types have them as absent before the head is read, and don't know `body.failed`.
    uri: str
    version: tuple[int, int]
    body: Any
    _expected_100_continue: bool

    # The client will send the body when it is told to (RFC 9110, section 10.1.1).
    awaits_continue = False

    def parse(self, unreader: Unreader) -> bytes:
        """Read the head; take the host from an absolute target (RFC 9112, section 3.2.2).

        Raises:
            InvalidRequestLine: the target has a fragment, or none of the forms of section 3.2.
        """
        rest = super().parse(unreader)
        # A higher minor version is answered in the one that is spoken here (RFC 9110, section 2.5).
        self.version = min(self.version, (1, 1))
        if "#" in self.uri:
            raise InvalidRequestLine(self.uri)
        if not self.uri.startswith("/") and self.uri != "*" and self.method != "CONNECT":
            scheme, host, *_ = urlsplit(self.uri)
            if scheme not in {"http", "https"}:
                raise InvalidRequestLine(self.uri)
            self.headers = [(name, host if name == "HOST" else it) for name, it in self.headers]
            self.path = self.path or "/"
        return rest

    def _peer_is_trusted_proxy(self) -> bool:
        """Return whether the peer may set the scheme."""
        return not isinstance(self.peer_addr, tuple) or _is_trusted(self.cfg, self.peer_addr[0])

    def set_body_reader(self) -> None:
        """Choose how to read the body.

        Raises:
            UnsupportedTransferCoding: it has a coding beside `chunked` (RFC 9112, section 6.1).
        """
        super().set_body_reader()
        self.body.reader = BodyReader(self.body.reader)
        for name, value in self.headers:
            if name == "TRANSFER-ENCODING" and value.lower() != "chunked":
                raise UnsupportedTransferCoding(value)
            # gunicorn reads `Connection` as one word (RFC 9112, section 9.6).
            if name == "CONNECTION" and "close" in CONNECTION_OPTION.findall(value.lower()):
                self.force_close()
        # gunicorn would ask for the body before the application has seen the head.
        self.awaits_continue, self._expected_100_continue = self._expected_100_continue, False

    def should_close(self) -> bool:
        """Return whether no other request can follow: this one's body may still come, or not."""
        return self.awaits_continue or super().should_close()
