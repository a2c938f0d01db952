"""How the console words what the core answers."""

from dataclasses import dataclass
from datetime import UTC, datetime

from tokenhouse.v1 import client_admin_pb2 as clients_pb

from facade.pages.untrusted import shown
from facade.texts.languages import current_texts

#: In characters: as much of a name, a word or an id as is shown.
NAME = 80
WORD = 128
ID = 600

_SOURCES = {
    clients_pb.CLIENT_SOURCE_OPERATOR: "operator",
    clients_pb.CLIENT_SOURCE_DOCUMENT: "document",
    clients_pb.CLIENT_SOURCE_REGISTRATION: "registration",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, for eyes and for machines."""

    words: str
    iso: str


def moment(seconds: int) -> Moment:
    """Seconds since the epoch as people of every language read them, in UTC."""
    time = datetime.fromtimestamp(seconds, UTC)
    return Moment(time.strftime("%Y-%m-%d %H:%M\u00a0UTC"), time.isoformat())


def in_words(family: str, name: str, *, or_of: str = "") -> str:
    """What the catalogue says of one of a family, or else of one of `or_of`; what it lacks is shown as it is."""
    texts = current_texts()
    words = texts.find(f"console.{family}.{name}") or (texts.find(f"console.{or_of}.{name}") if or_of else None)
    return words or shown(name.replace("_", " "), WORD)


def source_of(client: clients_pb.Client) -> str:
    """Who told this server of the client."""
    return in_words("source", _SOURCES.get(client.source, "registration"))


def trust_in(client: clients_pb.Client) -> str:
    """What shows that it is the client it says it is."""
    if client.source == clients_pb.CLIENT_SOURCE_DOCUMENT and client.token_endpoint_auth_method == "none":
        return in_words("trust", "document")
    return in_words("trust", client.token_endpoint_auth_method)


def act_words(name: str, part: str) -> str:
    """What the catalogue says of an act: its verb, what comes of it, and what is said when it is done."""
    return current_texts().text(f"console.act.{name}.{part}")
