"""psycopg2 under gevent: it waits in the event loop, and requests share its connections.

`wait.wait_callback` is for psycopg2's `set_wait_callback`: a slow statement holds a greenlet, not a
thread. `pool.Pool` keeps a bounded number of connections, and each of their holders to half of
them; it does with fewer where the database refuses to open more. Both know nothing of what is asked
of the database.

It relies on parts of gevent's hub that `wait` names. It promises that a silent database is given
up, that nobody waits for a connection beyond the pool's time-out, that those who wait are served in
their order, and that a connection which the server has closed is replaced before it is used.
"""
