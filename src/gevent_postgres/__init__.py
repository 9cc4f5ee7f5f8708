"""psycopg2 under gevent: it waits in the event loop, and requests share its connections.

`wait.wait_callback` is for psycopg2's `set_wait_callback`: a slow statement holds a greenlet, not a
thread. `pool.SharingPool` is a pool for SQLAlchemy's engine; it does with fewer connections where
the database refuses to open more. `pool.Shares` keeps each holder to a share of them. All know
nothing of what is asked of the database.

It relies on parts of SQLAlchemy's `QueuePool` and of gevent's hub that each module names. It
promises that a silent database is given up, that no request waits for its share, or then for a
connection, beyond the pool's time-out, and that a connection which the server has closed is
replaced before it is used.
"""
