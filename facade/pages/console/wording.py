"""How the console words what the core answers."""

from dataclasses import dataclass
from datetime import UTC, datetime

from tokenhouse.v1 import client_admin_pb2 as clients_pb

from facade.pages.untrusted import shown

#: Longer than any name is shown, and short enough to be read.
NAME = 80
ID = 600

_SOURCES = {
    clients_pb.CLIENT_SOURCE_OPERATOR: "An operator",
    clients_pb.CLIENT_SOURCE_DOCUMENT: "Its document",
    clients_pb.CLIENT_SOURCE_REGISTRATION: "Itself",
}
_TRUST = {
    "none": "Its own word",
    "client_secret_basic": "A secret",
    "client_secret_post": "A secret",
    "private_key_jwt": "Its key",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, for eyes and for machines."""

    words: str
    iso: str


def moment(seconds: int) -> Moment:
    """Seconds since the epoch as people read them, in UTC."""
    time = datetime.fromtimestamp(seconds, UTC)
    return Moment(time.strftime("%Y-%m-%d %H:%M UTC"), time.isoformat())


def source_of(client: clients_pb.Client) -> str:
    """Who told this server of the client."""
    return _SOURCES.get(client.source, "Unknown")


def trust_in(client: clients_pb.Client) -> str:
    """What shows that it is the client it says it is."""
    if client.source == clients_pb.CLIENT_SOURCE_DOCUMENT and client.token_endpoint_auth_method == "none":
        return "The host of its document"
    return _TRUST.get(client.token_endpoint_auth_method, shown(client.token_endpoint_auth_method, NAME))


def count(number: int, noun: str) -> str:
    """`1 grant`, `2 grants`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
