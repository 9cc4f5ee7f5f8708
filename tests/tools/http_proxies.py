"""The HTTP proxies that people put in front, as Debian packages them, each on a port of its own."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NGINX = """\
daemon off; error_log stderr; pid nginx.pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u;
  scgi_temp_path s;
  gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://{upstream}; proxy_set_header Host $http_host; }}
  }}
}}
"""
APACHE = """\
ServerName localhost
ServerRoot {directory}
PidFile apache.pid
ErrorLog /dev/stderr
Listen 127.0.0.1:{port}
User nobody
Group nogroup
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so
LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
SetOutputFilter DEFLATE
ProxyPass / http://{upstream}/
"""
HAPROXY = """\
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:{port}
  compression algo gzip
  compression type application/json application/problem+json
  default_backend service
backend service
  server one {upstream}
"""
CADDY = """\
{{
  admin off
  auto_https off
}}
http://127.0.0.1:{port} {{
  encode {{
    gzip
    minimum_length 1
  }}
  reverse_proxy {upstream}
}}
"""
# Of each: its program, its configuration, and the arguments before the configuration's path.
PROXIES = {
    "nginx": ("nginx", NGINX, ("-p", ".", "-c")),
    "apache": ("apache2", APACHE, ("-D", "FOREGROUND", "-f")),
    "haproxy": ("haproxy", HAPROXY, ("-f",)),
    "caddy": ("caddy", CADDY, ("run", "--adapter", "caddyfile", "--config")),
}


def program(name: str) -> str:
    """Return the path of a proxy's program; skip the test if it isn't installed."""
    found = shutil.which(PROXIES[name][0], path="/usr/sbin:/usr/bin:/usr/local/bin")
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


@contextmanager
def http_proxy(name: str, upstream: str, directory: Path) -> Iterator[str]:
    """Run a proxy that compresses, in front of `host:port`; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _, template, arguments = PROXIES[name]
    directory.mkdir(parents=True, exist_ok=True)
    configuration = directory / f"{name}.conf"
    configuration.write_text(template.format(port=port, upstream=upstream, directory=directory))
    with (directory / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            [program(name), *arguments, configuration], cwd=directory, stdout=log, stderr=log
        )
    try:
        _wait_until_it_listens(process, port, directory / f"{name}.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    """Put a proxy, by its name, in front of a server's address; it ends with the test."""
    running = []

    def start(name: str, url: str) -> str:
        proxy = http_proxy(name, url.removeprefix("http://"), tmp_path / name)
        address = proxy.__enter__()
        running.append(proxy)
        return address

    yield start
    for proxy in running:
        proxy.__exit__(None, None, None)
