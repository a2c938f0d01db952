"""One line of the route table: which requests reach an endpoint, and how they are treated on the way."""

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sanic import HTTPResponse, Request

if TYPE_CHECKING:
    from facade.discovery import ServerMetadata
    from facade.facade import Facade

Endpoint = Callable[[Request, "Facade"], Awaitable[HTTPResponse]]


class Kind(enum.Enum):
    """Who calls an endpoint, and so what its replies look like."""

    #: Clients and scripts: JSON, with CORS.
    API = "api"
    #: People: pages, never CORS.
    PAGE = "page"
    #: Load balancers and files: plain text, never turned away.
    PLAIN = "plain"


class Urgency(float, enum.Enum):
    """The share of the room that may be taken when a request comes: the rest is for what is more urgent."""

    #: Ends something, or asks whether something is still good.
    ENDING = 1.0
    #: People who sign in, and apps that fetch tokens.
    ISSUANCE = 0.9
    REGISTRATION = 0.5


class BodyReasons(NamedTuple):
    """Why a body is refused that nobody has read, as the table of refusals has it."""

    too_large: str = "BODY_TOO_LARGE"
    encoded: str = "BODY_ENCODED"


ANY_BODY = BodyReasons()


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the route table; `path` is below the path of the public address."""

    path: str
    methods: tuple[str, ...]
    endpoint: Endpoint
    kind: Kind
    #: Who is turned away first when there is too much to do.
    urgency: Urgency = Urgency.ISSUANCE
    #: Its own ones, where it has some.
    body: BodyReasons = ANY_BODY
    #: Whether it is served, too, while the operator has switched OAuth clients off.
    without_clients: bool = False
    #: The reply to GET and HEAD, where the server's metadata are all it takes.
    document: Callable[[Request, "ServerMetadata"], HTTPResponse] | None = None
    #: Whoever asks looks for the server's metadata, which operators are told.
    is_metadata: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether its requests are counted, and turned away when there are too many.

        Probes are not: a busy process is alive. Nor are documents: to turn one away costs as much as to give it, and
        clients that have no keys refuse good tokens.
        """
        return self.kind is not Kind.PLAIN and self.document is None

    @property
    def can_be_turned_away_unread(self) -> bool:
        """Whether all of its requests with POST are refused in the same words."""
        return self.is_counted and self.kind is Kind.API and "POST" in self.methods
