"""The service with one worker, for benchmarks that look at what a single one does."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
GUNICORN = [ROOT / ".venv/bin/gunicorn", "--config", "python:tasks_api.gunicorn_conf", "wsgi:app"]


def start(*runner: str, **settings: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start gunicorn with these settings; wait until it answers; return it and its port.

    Args:
        runner: the command, with its arguments, that runs it.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    one = {"PATH": os.environ["PATH"], "PORT": str(port), "WEB_CONCURRENCY": "1"}
    command = [*runner, *GUNICORN]
    process = subprocess.Popen(command, cwd=ROOT, env=one | settings, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            urlopen(f"http://127.0.0.1:{port}/health", timeout=60).read()
        except OSError:
            time.sleep(0.1)
        else:
            return process, port
    sys.exit("gunicorn has ended")
