"""The way to the running core: its operators' socket, with deadlines, and its refusals as one line."""

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import click
import grpc
from google.protobuf.message import Message

from core.cli.greeting import config_option, own_command
from core.cli.invocation import Refused, config_file, load_or_refuse
from core.cli.next_command import next_command
from core.cli.output import print_json
from core.domain.audit.act import ActorKind
from core.domain.audit.origin import Actor

#: For every call, in seconds. Setting a password waits for Argon2id, revoking for the disk; nothing takes this long.
DEADLINE = 30
#: The most that the core gives at once.
PAGE_SIZE = 500
#: The metadata entry of the name under which this command runs.
_OPERATOR_KEY = "tokenhouse-operator"


@contextmanager
def admin_channel(deadline: int = DEADLINE) -> Iterator[grpc.Channel]:
    """A channel to the core of this invocation's configuration; `deadline`: that of the calls made inside, in seconds.

    Raises:
        Refused: no core runs there, or it refused a call made inside.
    """
    ctx = click.get_current_context()
    path = load_or_refuse(ctx).grpc.admin_socket
    _require_core(path, config_file(ctx))
    try:
        # A proxy in the environment is not meant for a socket; a path may hold characters that a URI may not.
        with grpc.insecure_channel(f"unix:{quote(str(path))}", options=[("grpc.enable_http_proxy", 0)]) as channel:
            yield grpc.intercept_channel(channel, _Named(_own_name()))
    except grpc.RpcError as error:
        raise Refused(_one_line(error, path, deadline)) from None


class _Named(grpc.UnaryUnaryClientInterceptor):
    """Says with each call under which name this command runs, for the audit trail."""

    def __init__(self, name: str) -> None:
        self._metadata = ((_OPERATOR_KEY, name),) if _is_plain(name) else ()

    def intercept_unary_unary(
        self, continuation: Any, client_call_details: grpc.ClientCallDetails, request: Any
    ) -> Any:
        metadata = (*(client_call_details.metadata or ()), *self._metadata)
        return continuation(_Details(client_call_details, metadata), request)


class _Details(grpc.ClientCallDetails):
    """A call's details with more metadata."""

    def __init__(self, before: grpc.ClientCallDetails, metadata: tuple[tuple[str, str], ...]) -> None:
        self.method, self.timeout, self.metadata = before.method, before.timeout, metadata
        self.credentials, self.wait_for_ready = before.credentials, before.wait_for_ready
        self.compression = before.compression


def own_operator() -> Actor:
    """Whoever runs this, as the audit trail names who does it without a core."""
    name = _own_name()
    return Actor(ActorKind.OPERATOR, f"uid:{os.geteuid()}", name if _is_plain(name) else "")


def _is_plain(name: str) -> bool:
    return name.isascii() and name.isprintable()


def _own_name() -> str:
    """Who runs this: whoever became another user for it is called as before."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        return ""


def _require_core(path: Path, file: Path | None) -> None:
    start = f"{own_command()} serve{config_option(file)}"
    try:
        _connect(path)
    except PermissionError:
        raise Refused(f"{path} is for the user who runs the core; become that user") from None
    except BlockingIOError:
        raise Refused(f"the core at {path} does not answer") from None
    except OSError:
        raise Refused(f"no core is running at {path}; start one with: {start}") from None


def _connect(path: Path) -> None:
    """Raises OSError when nobody listens there, BlockingIOError when so many wait that there is no more room."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        probe.connect(str(path))


def _is_listening(path: Path) -> bool:
    try:
        _connect(path)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return True


def _one_line(error: grpc.RpcError, path: Path, deadline: int) -> str:
    # What a call raises is the call itself.
    call = cast(grpc.Call, error)
    code = call.code()
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"the core at {path} did not answer within {deadline} s"
    if code is grpc.StatusCode.UNAVAILABLE and not call.trailing_metadata():
        return f"the core at {path} " + ("does not answer" if _is_listening(path) else "went away")
    return (call.details() or code.name) + next_command(call)


def as_json_value(message: Message) -> dict[str, Any]:
    """A message as JSON: the contract's own names, times as numbers, absent fields left out."""
    return {
        field.name: _json_of(getattr(message, field.name))
        for field in message.DESCRIPTOR.fields
        if not field.has_presence or message.HasField(field.name)
    }


def print_answer(answer: Message, words: str, *, as_json: bool) -> None:
    """What an act came to: the answer for scripts, or one line for people."""
    if as_json:
        print_json(as_json_value(answer))
    else:
        click.echo(words)


def _json_of(value: Any) -> Any:
    if isinstance(value, Message):
        return as_json_value(value)
    return value if isinstance(value, str | bytes | int | float) else [_json_of(item) for item in value]
