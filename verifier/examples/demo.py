"""A small protected MCP server beside a Tokenhouse that runs: `make demo`.

It finds the server by its configuration, as the command `tokenhouse` does, says how to connect a client, and shows each
call with the name of the user it comes from. The MCP server itself is `notes_server.py`.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

import grpc

#: The scope that is asked for where the server has it.
_SCOPE = "mcp"
#: How long the server may take to answer, in seconds.
_PATIENCE = 5


class Tokenhouse(NamedTuple):
    """The server, as its configuration tells it."""

    issuer: str
    #: Where services ask, as gRPC spells it.
    core: str
    scopes: list[str]
    #: The resources it gives tokens for; none listed: any.
    resources: list[str]


def find_tokenhouse(config: str | None) -> Tokenhouse:
    """The server of this configuration, else of the one that `tokenhouse` finds by itself.

    Raises:
        SystemExit: the configuration cannot be used; the command has said why.
    """
    command = [str(Path(sys.executable).parent / "tokenhouse"), "config", "show", "--json"]
    shown = subprocess.run(command + (["--config", config] if config else []), stdout=subprocess.PIPE, check=False)
    if shown.returncode:
        raise SystemExit(shown.returncode)
    settings: dict[str, Any] = {
        each["setting"]: each.get("value", each.get("values")) for each in json.loads(shown.stdout)
    }
    scopes = [text.partition(":")[0].strip() for text in settings["OAuth.Scope"]]
    return Tokenhouse(settings["Server.Address"], settings["Grpc.Listen"], scopes, settings["OAuth.Resource"])


def require_running(tokenhouse: Tokenhouse, resource: str) -> None:
    """The server answers, and gives tokens for this resource.

    Raises:
        SystemExit: it does not; one line says what to do.
    """
    start = "start it with `make run` in another terminal, then `make demo` again"
    # Not through a proxy that is meant for the world outside.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{tokenhouse.issuer}/.well-known/oauth-authorization-server", timeout=_PATIENCE) as answer:
            issuer = json.load(answer).get("issuer")
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{tokenhouse.issuer} answers {error.code}: is OAuthClientsEnabled false?") from None
    except (OSError, ValueError):
        raise SystemExit(f"no Tokenhouse answers at {tokenhouse.issuer}: {start}") from None
    if issuer != tokenhouse.issuer:
        raise SystemExit(f"at {tokenhouse.issuer} runs another server, which calls itself {issuer}")
    with grpc.insecure_channel(tokenhouse.core, [("grpc.enable_http_proxy", 0)]) as channel:
        try:
            grpc.channel_ready_future(channel).result(_PATIENCE)
        except grpc.FutureTimeoutError:
            raise SystemExit(f"no core answers at {tokenhouse.core} ([Grpc] Listen): {start}") from None
    if tokenhouse.resources and resource not in tokenhouse.resources:
        raise SystemExit(f"the server gives no tokens for {resource}: add `Resource = {resource}` under [OAuth]")


def say(line: str) -> None:
    """Print it, and at once: somebody watches."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve(listener: socket.socket, tokenhouse: Tokenhouse, resource: str) -> None:
    """Serve until Ctrl-C."""
    # Loaded once there is something to serve beside: whoever has to start the server first waits for nothing.
    import uvicorn
    from notes_server import make_app

    scopes = [_SCOPE] if _SCOPE in tokenhouse.scopes else []
    app = make_app(tokenhouse.core, resource, scopes, tokenhouse.issuer, say)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    say(f"ready {resource}, protected by {tokenhouse.issuer}. Connect a client to it:")
    say(f"  claude mcp add --transport http tokenhouse-demo {resource}")
    say("Sign in there, and calls appear here with their user's name. Ctrl-C ends it.")
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn has stopped, and passes on what stopped it.
        say("")


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A protected MCP server beside a running Tokenhouse.")
    parser.add_argument("--port", type=int, default=8090, help="where it listens, on this machine alone")
    parser.add_argument("--config", help="the server's configuration, as for `tokenhouse`")
    options = parser.parse_args()
    resource = f"http://localhost:{options.port}/mcp"
    tokenhouse = find_tokenhouse(options.config)
    require_running(tokenhouse, resource)
    try:
        listener = socket.create_server(("127.0.0.1", options.port))
    except OSError as error:
        said = os.strerror(error.errno or 0)
        raise SystemExit(f"127.0.0.1:{options.port}: {said}; another port: make demo DEMO_ARGS='--port 8091'") from None
    with listener:
        serve(listener, tokenhouse, resource)


if __name__ == "__main__":
    main()
