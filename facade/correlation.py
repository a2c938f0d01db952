"""The number of the HTTP request in progress, made here and told to the core, and where that request came from; what a
client calls it is never used."""

import secrets
from contextvars import ContextVar

#: The entry of a call's metadata; in a batch each item has a field of its own.
METADATA_KEY = "tokenhouse-correlation-id"

#: Empty where no request is in progress.
correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")

#: The entry for where it came from; batches have a field for that, too.
NETWORK_ADDRESS_KEY = "tokenhouse-network-address"
#: Empty where nobody has looked: for token requests, which say it themselves.
asked_from: ContextVar[str] = ContextVar("asked_from", default="")


def new_correlation_id() -> str:
    """12 hexadecimal digits: enough to find one request in a log, short enough to be read out on the telephone."""
    return secrets.token_hex(6)
