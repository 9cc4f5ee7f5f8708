"""The head of a request, read as strictly as gunicorn reads it, and a little more so.

It relies on gunicorn's `Request` calling `parse` and then `set_body_reader` as it is made, and
`should_close` when the head of the answer is written; and on its `_expected_100_continue`.
"""

from typing import Any
from urllib.parse import urlsplit

from gunicorn.http import message
from gunicorn.http.errors import ParseException, UnsupportedTransferCoding
from gunicorn.http.unreader import Unreader


class BodyReader:
    """gunicorn's reader of a body, whose errors an application need not know."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader

    def read(self, size: int) -> bytes:
        """Read a part of the body.

        Raises:
            OSError: it is cut off, or its chunks are malformed.
        """
        try:
            data: bytes = self.reader.read(size)
        except ParseException as error:
            raise OSError("the body is malformed") from error
        return data


class Request(message.Request):
    """gunicorn's request, which reads its head as it is made."""

    # gunicorn's types have them as absent before the head is read, and don't know `body.failed`.
    uri: str
    body: Any
    _expected_100_continue: bool

    # The client will send the body when it is told to (RFC 9110, section 10.1.1).
    awaits_continue = False

    def parse(self, unreader: Unreader) -> bytes:
        """Read the head; take the host from an absolute target (RFC 9112, section 3.2.2)."""
        rest = super().parse(unreader)
        if "://" in self.uri and not self.uri.startswith("/"):
            host = urlsplit(self.uri).netloc
            self.headers = [(name, host if name == "HOST" else it) for name, it in self.headers]
            self.path = self.path or "/"
        return rest

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
        # gunicorn would ask for the body before the application has seen the head.
        self.awaits_continue, self._expected_100_continue = self._expected_100_continue, False

    def should_close(self) -> bool:
        """Return whether no other request can follow: this one's body may still come, or not."""
        return self.awaits_continue or super().should_close()
