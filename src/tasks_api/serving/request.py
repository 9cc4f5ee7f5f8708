"""The head of a request, read as strictly as gunicorn reads it, and a little more so."""

from __future__ import annotations

from typing import Any

from gunicorn.http import message


class Request(message.Request):
    """gunicorn's request, which reads its head as it is made.

    It relies on `set_body_reader` being called for that, and on `should_close`
    being asked when the head of the answer is written.
    """

    # gunicorn's types have them as absent before the head is read, and don't know `body.failed`.
    body: Any
    _expected_100_continue: bool

    # The client will send the body when it is told to (RFC 9110, section 10.1.1).
    awaits_continue = False

    def set_body_reader(self) -> None:
        """Choose how to read the body."""
        super().set_body_reader()
        # gunicorn would ask for the body before the application has seen the head.
        self.awaits_continue, self._expected_100_continue = self._expected_100_continue, False

    def should_close(self) -> bool:
        """Return whether no other request can follow: this one's body may still come, or not."""
        return self.awaits_continue or super().should_close()
