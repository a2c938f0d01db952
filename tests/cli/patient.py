"""A core that has been stopped, for the doctor."""

import shutil
from pathlib import Path

from tests.cli.command import Called, Operator
from tests.ports import free_port


class Patient:
    """Its folder, with ports of its own, and whoever looks after it."""

    def __init__(self, folder: Path, data: Path) -> None:
        """Copies `data` into `folder`."""
        self.folder = folder
        self.data = folder / "data"
        shutil.copytree(data, self.data)
        self.database = self.data / "database" / "tokenhouse.db"
        self.key = self.data / "master.key"
        self.secrets = [line.split()[1] for line in self.key.read_text().splitlines() if line[:1] != "#"]
        self.port, self.grpc_port = free_port(), free_port()
        self.write_config(grpc_listen=f"127.0.0.1:{self.grpc_port}")
        self.operator = Operator(folder / "tokenhouse.conf")

    def write_config(self, grpc_listen: str, extra: str = "") -> None:
        """Write the configuration, with `extra` sections at its end."""
        file = self.folder / "tokenhouse.conf"
        # It may hold a key.
        file.touch(0o600)
        file.write_text(
            f"[Server]\nAddress = http://localhost:{self.port}\nListen = 127.0.0.1:{self.port}\n"
            f"[Grpc]\nListen = {grpc_listen}\n{extra}"
        )

    def ask(self, status: int) -> dict[str, list[str]]:
        """What is said of each subject, each line with its verdict first; the exit status has to be this one."""
        plain, called = self.operator("doctor"), self.operator("doctor", "--json")
        assert (plain.status, called.status) == (status, status), plain.stdout + plain.stderr
        for secret in self.secrets:
            assert secret not in plain.stdout + plain.stderr + called.stdout + called.stderr
        report = Called(0, called.stdout, called.stderr).json
        assert report["healthy"] is (status == 0)
        said: dict[str, list[str]] = {}
        for finding in report["findings"]:
            said.setdefault(finding["subject"], []).append(f"{finding['verdict']}: {finding['words']}")
        assert plain.stdout.count("\n") == len(report["findings"]) + 2
        return said

    def problems(self) -> dict[str, list[str]]:
        """The subjects with problems, and which; there has to be one."""
        said = self.ask(1)
        found = {subject: [line for line in lines if line.startswith("problem: ")] for subject, lines in said.items()}
        return {subject: lines for subject, lines in found.items() if lines}

    def contents(self) -> dict[Path, tuple[int, bytes]]:
        """Everything that is there."""
        return {
            path: (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
            for path in self.folder.rglob("*")
        }
