"""The worker: gunicorn's for gevent, in which no client is waited for without limit.

It relies on gunicorn's `GeventWorker.run`: it calls `handle` for each connection in a greenlet, of
which there are `worker_connections` at most, and `notify` once a second. When `alive` is false, it
stops accepting, and waits for the greenlets up to `graceful_timeout`. And it relies on gunicorn's
`Config` looking up what it doesn't have itself.
"""

import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
from gunicorn.http import wsgi
from gunicorn.http.errors import ParseException
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.ggevent import GeventWorker
from prometheus_client import PROCESS_COLLECTOR
from werkzeug.exceptions import RequestTimeout

from gunicorn_deadlines import shared_metrics
from gunicorn_deadlines.client import Client, Patience
from gunicorn_deadlines.clients import Clients
from gunicorn_deadlines.departures import Departures
from gunicorn_deadlines.metrics import Metrics
from gunicorn_deadlines.refusals import Refusal, refuse
from gunicorn_deadlines.request import Request
from gunicorn_deadlines.response import Response

logger = logging.getLogger(__name__)

# How many connections are accepted beyond `worker_connections`; for each, another client goes.
ROOM = 100
# How long a client that is idle when the worker ends can still send one more request.
LAST_REQUEST_SECONDS = 2
READS = frozenset({"GET", "HEAD"})


class Worker(GeventWorker):
    """gunicorn's worker with a `handle` of its own, for HTTP/1 without TLS."""

    # An application's own class sets these.
    patience: Patience
    metrics: Metrics
    write_refusal: Refusal
    # Ends a greenlet whose client has gone, if that is safe where it waits; returns whether.
    give_up: Callable[[Any], bool]
    # How many requests the application holds open by itself, at most, and now: they take nobody's
    # room. The last one has them answered, because the worker ends.
    held_max: int
    held: Callable[[], int]
    end_held: Callable[[], None]
    # `pre_fork` sets it, to `shared_metrics.free_number`.
    number: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.departures = Departures()
        self.clients = Clients(self.worker_connections, self.metrics, self.held)
        self.worker_connections += self.held_max + ROOM

    def init_process(self) -> None:
        """Have gunicorn's settings at hand, each of which `Config` would look up a dozen times."""
        vars(self.cfg).update({name: it.get() for name, it in self.cfg.settings.items()})
        super().init_process()

    def handle(self, listener: Any, sock: Any, addr: Any) -> None:
        """Serve the requests of a connection, one after the other, and close it."""
        client = Client(sock, self.patience, self.clients.waiting)
        unreader = SocketUnreader(client)  # type: ignore[arg-type]
        server = listener.getsockname()
        self.clients.add(client)
        try:
            while self.serve(Request(self.cfg, unreader, addr), client, addr, server):
                pass
            client.linger()
        except (StopIteration, OSError):
            # The client has ended its side, has gone, or is dropped.
            pass
        except (ParseException, RequestTimeout) as error:
            with suppress(OSError):
                refuse(client, error, self.write_refusal, self.metrics)
                client.linger()
        except Exception:
            logger.exception("a defect outside of the application")
        finally:
            self.clients.remove(client)
            sock.close()

    def serve(self, request: Request, client: Client, addr: Any, server: Any) -> bool:
        """Answer one request; return whether the connection can have another one."""
        client.begin_body(request)
        response, environ = wsgi.create(  # type: ignore[call-overload]
            request, client, addr, server, self.cfg, response_class=Response
        )
        environ["wsgi.multithread"] = True
        self.nr += 1
        if self.nr == self.max_requests:
            self.handle_exit(signal.SIGTERM, None)
        # What a client wants to be written is done, even if the client has gone.
        client.reader = gevent.getcurrent() if request.method in READS else None
        parts = self.wsgi(environ, response.start_response)
        client.reader = None
        try:
            if not self.alive or request.body.failed or request.body.reader.is_abandoned():
                response.force_close()
            for part in parts:
                response.write(part)
                if response.response_length is None:
                    # It comes as it is made: nobody knows when the next part will follow.
                    client.flush()
            response.close()
        finally:
            if hasattr(parts, "close"):
                parts.close()
        client.flush()
        return not response.should_close() and client.end_request(request)

    def notify(self) -> None:
        """Do what is due once a second."""
        super().notify()
        for client in self.departures.find(self.clients.kept):
            self.metrics.gone.inc(int(self.give_up(client.reader)))
        self.clients.drop_late()
        if self.alive:
            self.clients.drop_surplus()
        for metric in PROCESS_COLLECTOR.collect():
            if metric.name == "process_resident_memory_bytes":
                self.metrics.memory.set(metric.samples[0].value)
        shared_metrics.write()

    def init_signals(self) -> None:
        """Leave Ctrl-C to the master: a terminal sends SIGINT to every process."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop: from now on, each answer is the last one on its connection."""
        super().handle_exit(sig, frame)
        gevent.spawn(self.end_held)
        gevent.spawn_later(LAST_REQUEST_SECONDS, self.clients.end)
