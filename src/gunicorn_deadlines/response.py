"""gunicorn's answer, whose date is written once a second.

It relies on gunicorn's `Response.default_headers` returning the first lines of an answer.
"""

from functools import lru_cache
from time import time

from gunicorn.http import wsgi
from gunicorn.util import http_date

# HTTP's dates are exact to the second (RFC 9110, section 5.6.7): the last one is kept.
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
