"""What is measured of the database and of the pools of connections to it."""

from prometheus_client import Counter, Gauge, Histogram

# A connection of the pool is there at once; only what took longer than this counts as a wait.
WAIT_SECONDS = 0.001

STATEMENTS = Histogram(
    "tasks_api_statement_duration_seconds",
    "How long statements took on their connections, also those that failed.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5),
)
FAILURES = Counter(
    "tasks_api_statement_failures",
    "Statements, and attempts to connect, that failed, by SQLSTATE: none if the server sent none.",
    ["sqlstate"],
)
IN_USE = Gauge(
    "tasks_api_pool_connections_in_use",
    "Connections to the database on which a statement runs.",
    multiprocess_mode="livesum",
)
WAITS = Histogram(
    "tasks_api_pool_wait_seconds",
    "How long statements waited because no connection was free, or a new one had to be opened.",
    buckets=(0.01, 0.1, 1, 3.5),
)
NO_CONNECTION = Counter(
    "tasks_api_pool_refused", "Statements that were not run: no connection was free in time."
)
