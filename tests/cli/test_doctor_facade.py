"""What `tokenhouse doctor` says of the facade."""

import re
from pathlib import Path
from socket import create_server

from tests.cli.command import Operator
from tests.facade.pair import Pair
from tests.ports import free_port


def test_a_facade_without_a_core(tmp_path: Path) -> None:
    """It says so itself. Beside a core that stands still it is not to blame; a newer setting it has not read.

    One that reaches another server's core is in the way of ours.
    """
    with Pair(tmp_path) as pair, create_server(("127.0.0.1", 0)) as theirs:
        metrics = f"127.0.0.1:{theirs.getsockname()[1]}"
        other = f"[Server]\nDataDir = other\nListen = 127.0.0.1:{pair.port}\n[Grpc]\nListen = 127.0.0.1:{free_port()}\n"
        (tmp_path / "other.conf").write_text(f"{other}[Metrics]\nFacadeListen = {metrics}\n")
        beside = Operator(tmp_path / "other.conf")("doctor").stdout
        pair.hold_core()
        stuck = Operator(tmp_path / "t.conf")("doctor").stdout
        pair.release_core()
        pair.kill_core()
        with (tmp_path / "t.conf").open("a") as config:
            config.write(f"[Metrics]\nFacadeListen = 127.0.0.1:{free_port()}\n")
        called = Operator(tmp_path / "t.conf")("doctor")
    assert f"note     Addresses      Server.Listen: the facade on 127.0.0.1:{pair.port} waits for the core\n" in stuck
    assert re.search(
        rf"127\.0\.0\.1:{pair.port} is taken by another server's facade, process \d+ .*: stop that", beside
    )
    assert re.search(rf"problem +Addresses +Metrics\.FacadeListen: {metrics} is taken", beside)
    assert " did not answer within 3 s: restart it\n" in stuck
    assert stuck.endswith("\n\n1 problem.\n")
    assert called.status == 1
    assert (
        f"the facade on 127.0.0.1:{pair.port} does not reach a core: start one with: tokenhouse serve core"
        in called.stdout
    )
    assert re.search(r"Metrics\.FacadeListen: nobody listens on .*: restart the facade", called.stdout)
    assert called.stdout.endswith("\n\n2 problems.\n")


def test_an_address_where_nobody_listens(tmp_path: Path) -> None:
    """Whoever changes the port of Server.Address alone has a server that is well, and that no client reaches."""
    with Pair(tmp_path) as pair:
        config, port = tmp_path / "t.conf", free_port()
        text = config.read_text()
        config.write_text(text.replace(f"localhost:{pair.port}", f"localhost:{port}"))
        called = Operator(config)("doctor")
        config.write_text(text)
        before = Operator(config)("doctor")
    told = (
        f"Server.Address: nobody listens at http://localhost:{port}: let Server.Listen, which is 127.0.0.1:{pair.port}"
    )
    assert told in called.stdout
    assert called.status == 1
    assert "Server.Address: nobody" not in before.stdout
