"""A real HTTPS server on this machine that serves clients' documents, and whatever else a test wants it to answer."""

import json
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509

from tests.certificates import Authority
from tests.patience import PATIENCE

#: What is done with a connection on which a request has come.
Answering = Callable[[ssl.SSLSocket], None]


class DocumentHost:
    """Answers GET on a port of its own; a path without an answer is 404."""

    def __init__(self, authority: Authority, *names: x509.GeneralName, days: int = 1) -> None:
        """The certificate is of the authority, for these names; by default for this machine."""
        issued = authority.issue(*names, days=days) if names else authority.issue_server(days)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            issued.write(Path(folder))
            self._context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
        self._context.sni_callback = self._note_name
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        #: By path, with its query.
        self.answers: dict[str, Answering] = {}
        #: The names that connections asked for (RFC 6066 §3).
        self.server_names: list[str | None] = []
        #: The head of each request.
        self.requests: list[str] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def url(self, path: str = "/client.json") -> str:
        """The URL of a path, by the name of this machine."""
        return f"https://localhost:{self.port}{path}"

    def limit_tls(self, newest: ssl.TLSVersion) -> None:
        """Speak no newer TLS than this; before anybody connects."""
        self._context.minimum_version, self._context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, newest

    def serve(self, path: str, body: bytes, *headers: str, status: str = "200 OK") -> None:
        """Answer with this; headers as `Name: value`, and a length."""
        self.answers[path] = lambda connection: connection.sendall(http_answer(body, *headers, status=status))

    def publish(self, client_id: str, /, *headers: str, path: str = "/client.json", **members: Any) -> None:
        """Serve a client's document; None leaves a member out."""
        self.serve(path, a_document(client_id, **members), "Content-Type: application/json", *headers)

    def fetched(self, path: str = "/client.json") -> int:
        """How often a path was asked for."""
        return sum(request.startswith(f"GET {path} ") for request in self.requests)

    def _note_name(self, _socket: Any, name: str | None, _context: ssl.SSLContext) -> None:
        self.server_names.append(name)

    def _start(self, run: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        # Whoever asks may find the certificate bad, hang up in the middle, or have enough.
        with suppress(OSError), connection:
            connection.settimeout(PATIENCE)
            with self._context.wrap_socket(connection, server_side=True) as secured:
                head = b""
                while b"\r\n\r\n" not in head:
                    received = secured.recv(65536)
                    if not received:
                        return
                    head += received
                self.requests.append(head.decode("latin-1"))
                path = self.requests[-1].split(" ")[1]
                self.answers.get(path, _not_found)(secured)


def http_answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP/1.1 answer with a length."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "".join(f"{line}\r\n" for line in head).encode("latin-1") + b"\r\n" + body


def a_document(client_id: str, /, **members: Any) -> bytes:
    """A client's document; None leaves a member out."""
    good = {
        "client_id": client_id,
        "client_name": "A tool",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    }
    return json.dumps({name: value for name, value in {**good, **members}.items() if value is not None}).encode()


def _not_found(connection: ssl.SSLSocket) -> None:
    connection.sendall(http_answer(b"", status="404 Not Found"))
