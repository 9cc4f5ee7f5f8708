"""What a worker measures of its clients."""

from prometheus_client import Counter, Gauge


class Metrics:
    """The metrics of a process.

    Args:
        namespace: what their names begin with: the application's name.
    """

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.clients = Gauge(
            "clients",
            "Connections of clients.",
            namespace=namespace,
            multiprocess_mode="livesum",
        )
        dropped = Counter(
            "clients_dropped",
            "Connections of clients that were closed: between two requests or after the last one "
            "(idle), late with a request or with taking an answer (late), for a new one (surplus), "
            "or that had gone while a read of theirs was answered (gone).",
            ["reason"],
            namespace=namespace,
        )
        reasons = ("idle", "late", "surplus", "gone")
        self.idle, self.late, self.surplus, self.gone = map(dropped.labels, reasons)
        self.refused = Counter(
            "requests_refused",
            "Requests that were refused before the application saw them.",
            ["status"],
            namespace=namespace,
        )
        # Without a collector of processes, which prometheus_client has where one process serves.
        self.memory = Gauge(
            "process_resident_memory_bytes",
            "Memory of each worker; pid is the worker's number.",
            multiprocess_mode="liveall",
            registry=None,
        )

    def count_worker(self) -> None:
        """Count this process as a worker that lives."""
        Gauge(
            "workers", "Workers that live.", namespace=self.namespace, multiprocess_mode="livesum"
        ).set(1)
