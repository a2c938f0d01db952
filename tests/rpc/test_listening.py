"""Where a core listens: only where nobody else does, and it removes nothing but what an earlier core left."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from core.metrics.calls import CallMetrics
from core.rpc.callers import Caller
from core.rpc.free_addresses import CannotListen
from core.rpc.health import Health
from core.rpc.listener import Listener
from tests.ports import free_port
from tests.serving import Serving


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener that offers its health alone."""
    built = Listener(Caller.SERVICE, {}, Health(), CallMetrics(CollectorRegistry()))
    yield built
    built.stop(0).wait()


def test_a_port_that_is_taken_is_refused(listener: Listener) -> None:
    """Two cores never share a port; the refusal names it and says why."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1 port {port}: Address already in use"):
            listener.listen_on_port("127.0.0.1", port)


def test_a_host_without_an_address_is_refused(listener: Listener) -> None:
    """A name that resolves to nothing is not taken for a port in use."""
    with pytest.raises(CannotListen, match="host"):
        listener.listen_on_port("host.invalid", free_port())


def test_a_file_is_never_taken_for_a_socket(listener: Listener, tmp_path: Path) -> None:
    """A setting that names a file, or a folder, by mistake costs nobody the file."""
    file, folder = tmp_path / "precious", tmp_path / "folder"
    file.write_text("precious")
    folder.mkdir()
    for path in (file, folder):
        with pytest.raises(CannotListen, match="is no socket"):
            listener.listen_on_socket(path)
    assert file.read_text() == "precious"
    assert folder.is_dir()


def test_a_socket_that_answers_is_left_to_its_owner(listener: Listener, tmp_path: Path) -> None:
    """A second core with another database never takes over the first one's socket."""
    path = tmp_path / "core.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(CannotListen, match="another process listens"):
            listener.listen_on_socket(path)
    assert path.is_socket()


def test_a_socket_that_nobody_serves_is_replaced(listener: Listener, tmp_path: Path) -> None:
    """What a core that was killed left behind is in nobody's way."""
    path = tmp_path / "core.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    listener.listen_on_socket(path)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))


def test_a_missing_folder_is_named(listener: Listener, tmp_path: Path) -> None:
    """The refusal says what is missing."""
    with pytest.raises(CannotListen, match="missing is no folder"):
        listener.listen_on_socket(tmp_path / "missing" / "core.sock")


@pytest.mark.parametrize("setting", ["Socket", "AdminSocket"])
def test_the_refusal_names_the_setting(tmp_path: Path, setting: str) -> None:
    """One line that says what to change: the setting, and what is wrong with it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotListen, match=f"Grpc.{setting}: .*/file is there and is no socket"):
        Serving(tmp_path, f"{setting} = file").start()
