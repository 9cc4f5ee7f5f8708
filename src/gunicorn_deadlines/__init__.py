"""A gunicorn worker in which no client is waited for without limit, and what its servers need.

`worker.Worker` serves with gevent. A client that is late with its request, or with taking its
answer, is dropped; if there are more clients than the worker has room for, those that have kept it
waiting longest go. The application hands in how long to wait (`Patience`), what to call the metrics
(`Metrics`) and how a refusal is written (`Refusal`).

It relies on gunicorn's `GeventWorker`, `Request` and `wsgi.create`, on gevent's sockets, and on
prometheus_client's files for several processes; each module names what it takes of their private
parts. It promises that each wait for a client ends, that a worker ends without breaking off an
answer, and that an answer gets through to a client that is still sending.
"""
