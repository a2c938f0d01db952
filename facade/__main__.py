"""Prepares the process, then runs the command."""

import gc
import os
import signal


def main() -> None:
    """Serves as the command line says."""
    # Ctrl-C before there is anything to finish ends the process without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # There is nothing to reload here, at no moment; until it serves it says nothing about it, either.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # gRPC's library writes lines of its own to the terminal, past our log; it reads this once, when it is imported.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Sanic's advice to its developers, on every start at a terminal.
    os.environ["SANIC_IGNORE_PRODUCTION_WARNING"] = "true"
    # Nothing of what is loaded is garbage, and to search it again and again is a tenth of a start.
    gc.disable()
    from facade.command import main as command

    gc.enable()
    command()


if __name__ == "__main__":
    main()
