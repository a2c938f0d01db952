"""Sockets and ports: listened on by whom they should be, or free for a start."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from core.config.addresses import ListenAddress
from core.config.config import Config
from core.doctor.finding import Finding, good, note, problem
from core.doctor.processes import Listener, find_listener, find_socket_listener
from core.rpc.free_addresses import CannotListen, check_socket, require_free_port

_SUBJECT = "Addresses"
#: In seconds; everything is on this machine.
_PATIENCE = 3.0
_RESTART = "restart the core to let it use this setting"
#: What the facade says at /readyz, and nobody else.
_ANSWERS = (b"ok\n", b"the core is not serving\n")
_LONGEST_ANSWER = 100
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
#: Where to find a server that listens on every address.
_NEAR = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def examine_addresses(config: Config, core: Listener | None, *, answers: bool) -> Iterator[Finding]:
    """What the `core` listens on where one runs, and else what it would; then what the facade does.

    `answers`: the core that runs does as it should.
    """
    grpc, metrics = config.grpc, config.metrics
    for setting, path in (("Grpc.Socket", grpc.socket), ("Grpc.AdminSocket", grpc.admin_socket)):
        yield _examine_socket(setting, path) if core is None else _examine_running_socket(setting, path, core)
    for setting, address in (("Grpc.Listen", grpc.listen), ("Metrics.CoreListen", metrics.core_listen)):
        if address is not None:
            yield _examine_port(setting, address) if core is None else _examine_running_port(setting, address, core)
    status = _ask_facade(config)
    yield _examine_facade(config.server.listen, status, running=core is not None, answers=answers)
    if status == http.HTTPStatus.OK and core is not None:
        yield from _examine_public_address(config.server.address, config.server.listen)
    if metrics.facade_listen is not None:
        # One that is ready while no core of ours runs is another server's.
        ours = status is not None and not (status == http.HTTPStatus.OK and core is None)
        yield _examine_facade_metrics(metrics.facade_listen, serving=ours)


def _examine_running_socket(setting: str, path: Path, core: Listener) -> Finding:
    listener = find_socket_listener(path)
    if listener is None:
        return problem(_SUBJECT, f"{setting}: nobody answers at {path}: {_RESTART}")
    if _is_another(listener, core):
        return problem(_SUBJECT, f"{setting}: {path} is {listener}'s and not the core's: stop that, then {_RESTART}")
    if path.stat().st_mode & 0o077:
        return problem(_SUBJECT, f"{setting}: {path} is open to others: chmod 0600 it")
    return good(_SUBJECT, f"{setting}: the core listens on {path}")


def _examine_running_port(setting: str, address: ListenAddress, core: Listener) -> Finding:
    if not _is_open(address):
        return problem(_SUBJECT, f"{setting}: nobody listens on {address}: {_RESTART}")
    if _is_another(listener := find_listener(address.port), core):
        return problem(_SUBJECT, f"{setting}: {address} is taken by {listener}: stop that, then {_RESTART}")
    return good(_SUBJECT, f"{setting}: the core listens on {address}")


def _is_another(listener: Listener, core: Listener) -> bool:
    """As far as it can be told."""
    return None not in (listener.process, core.process) and listener.process != core.process


def _examine_socket(setting: str, path: Path) -> Finding:
    try:
        if path.parent.exists():
            check_socket(path)
    except CannotListen as refusal:
        return problem(_SUBJECT, f"{setting}: {refusal}: remove what is there, or name another path")
    return good(_SUBJECT, f"{setting}: {path} is free")


def _examine_port(setting: str, address: ListenAddress) -> Finding:
    try:
        require_free_port(address.host, address.port)
    except CannotListen as refusal:
        if not _is_open(address):
            return problem(_SUBJECT, f"{setting}: {refusal}: name another address")
        return problem(
            _SUBJECT,
            f"{setting}: {address} is taken by {find_listener(address.port)}: stop that, or name another port",
        )
    return good(_SUBJECT, f"{setting}: {address} is free")


def _examine_facade(address: ListenAddress, status: int | None, *, running: bool, answers: bool) -> Finding:
    """`status` is what its /readyz says; None where no facade answers."""
    if status == http.HTTPStatus.OK and not running:
        # Ours would reach nobody.
        taken = f"{address} is taken by another server's facade, {find_listener(address.port)}"
        return problem(_SUBJECT, f"Server.Listen: {taken}: stop that, or name another port")
    if status == http.HTTPStatus.OK:
        return good(_SUBJECT, f"Server.Listen: the facade listens on {address}, and reaches the core")
    if status is not None:
        if running and not answers:
            return note(_SUBJECT, f"Server.Listen: the facade on {address} waits for the core")
        advice = "restart the facade" if running else "start one with: tokenhouse serve core"
        return problem(_SUBJECT, f"Server.Listen: the facade on {address} does not reach a core: {advice}")
    if running and not _is_open(address):
        return note(_SUBJECT, f"Server.Listen: no facade listens on {address}: tokenhouse serve facade starts one")
    return _examine_port("Server.Listen", address)


def _examine_public_address(address: str, listen: ListenAddress) -> Iterator[Finding]:
    """Of an address that is this machine's own nothing needs to be asked beyond it."""
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    if host in _THIS_MACHINE and port != listen.port and not _is_open(ListenAddress(host, port)):
        yield problem(
            _SUBJECT,
            f"Server.Address: nobody listens at {address}: let Server.Listen, which is {listen}, "
            "have its port, or let what stands before the server listen there",
        )


def _examine_facade_metrics(address: ListenAddress, *, serving: bool) -> Finding:
    setting = "Metrics.FacadeListen"
    if not serving:
        return _examine_port(setting, address)
    if not _is_open(address):
        return problem(
            _SUBJECT, f"{setting}: nobody listens on {address}: restart the facade to let it use this setting"
        )
    return good(_SUBJECT, f"{setting}: {address} answers")


def _ask_facade(config: Config) -> int | None:
    """The status of /readyz; None where no facade answers."""
    address = config.server.listen
    connection = _connection(_near(address.host), address.port, https=config.server.certificate is not None)
    try:
        connection.request("GET", "/readyz", headers={"Host": urlsplit(config.server.address).netloc})
        answer = connection.getresponse()
        return answer.status if answer.read(_LONGEST_ANSWER) in _ANSWERS else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _connection(host: str, port: int, *, https: bool) -> http.client.HTTPConnection:
    if not https:
        return http.client.HTTPConnection(host, port, timeout=_PATIENCE)
    # The certificate is for the public address, and is looked at by itself; here it is asked who listens.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=_PATIENCE, context=context)


def _is_open(address: ListenAddress) -> bool:
    try:
        with socket.create_connection((_near(address.host), address.port), timeout=_PATIENCE):
            return True
    except OSError:
        return False


def _near(host: str) -> str:
    return _NEAR.get(host, host)
