"""gunicorn's answer, which doesn't write the date of each answer from the beginning.

It relies on gunicorn's `Response.default_headers` returning the first lines of an answer.
"""

from functools import lru_cache
from time import time

from gunicorn.http import wsgi
from gunicorn.util import http_date

# The date of one second; what HTTP says about it is exact to seconds (RFC 9110, section 6.6.1).
date = lru_cache(1)(http_date)


class Response(wsgi.Response):
    """An answer in HTTP/1, without upgrades."""

    def default_headers(self) -> list[str]:
        """Return the status line and what the server itself has to say."""
        major, minor = self.req.version or (1, 1)
        return [
            f"HTTP/{major}.{minor} {self.status}\r\n",
            f"Server: {self.version}\r\n",
            f"Date: {date(int(time()))}\r\n",
            f"Connection: {'close' if self.should_close() else 'keep-alive'}\r\n",
            *(["Transfer-Encoding: chunked\r\n"] if self.chunked else []),
        ]
