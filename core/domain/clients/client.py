"""The OAuth client as the server keeps it (RFC 7591 §2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from core.domain.clients.document_url import names_document
from core.domain.clients.redirect_policy import RedirectUri
from core.domain.clients.terms import PUBLIC, Terms
from core.domain.errors import InvalidClient

#: How exactly it is known when a client was last used, in seconds: a write at every refresh would be one too many.
USE_NOTED_EVERY = 60 * 60
#: To whoever wants to be signed in to it.
BLOCKED = "the operator of this server has blocked the app that sent you here"


class ClientSource(Enum):
    """How a client came to be known."""

    #: An operator registered it.
    OPERATOR = auto()
    #: Its id is a document's address, which says what it is.
    DOCUMENT = auto()
    #: It registered by itself (RFC 7591).
    REGISTRATION = auto()


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. Times are seconds since the epoch."""

    client_id: str
    #: RFC 7591 metadata as kept: canonical JSON text.
    metadata: str
    client_name: str
    #: As kept: loopback URIs without their ports (RFC 8252 §7.3), but those of confidential clients as they are.
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    created_at: int
    last_used_at: int | None = None
    blocked_at: int | None = None
    terms: Terms = PUBLIC

    def is_use_noted(self, now: int) -> bool:
        """Whether `last_used_at` is recent enough to stay as it is."""
        return self.last_used_at is not None and self.last_used_at > now - USE_NOTED_EVERY

    @property
    def blocked(self) -> bool:
        """May not register, authorize or refresh."""
        return self.blocked_at is not None

    @property
    def source(self) -> ClientSource:
        """How it came to be known."""
        if self.terms.preregistered:
            return ClientSource.OPERATOR
        return ClientSource.DOCUMENT if names_document(self.client_id) else ClientSource.REGISTRATION

    def has_redirect_uri(self, uri: RedirectUri) -> bool:
        """Whether it is registered. On the user's machine ports may vary (RFC 8252 §7.3), but where a client with a
        secret has registered one."""
        exact = self.terms.preregistered and self.terms.confidential
        return uri.kept in self.redirect_uris or (exact and uri.text in self.redirect_uris)


def require_known(client: Client | None) -> Client:
    """Pass a client that was found and may act.

    Raises:
        InvalidClient: there is none, or it is blocked.
    """
    if client is None or client.blocked:
        why = "client_unknown" if client is None else "client_blocked"
        raise InvalidClient("unknown client: register again").because(why)
    return client


@dataclass(frozen=True, slots=True)
class ForgottenAt:
    """Who is not wanted any more, in seconds since the epoch; None: nobody is forgotten for that."""

    #: No token was ever issued to it, and it registered at that time or before.
    registered: int | None
    #: And where one was: the last one at that time or before, as was the registration.
    used: int | None


@dataclass(frozen=True, slots=True)
class ClientPage:
    """Some clients in the order of their ids: those after `after`, up to `last`."""

    after: str
    last: str


class ClientFacts(Protocol):
    """What can be read of clients. Deleted clients are not found."""

    def find_client(self, client_id: str) -> Client | None:
        """The client with this id, blocked or not; None when there is none or it was deleted."""
        ...

    def was_preregistered(self, client_id: str) -> bool:
        """Whether an operator had added a client with this id, and has deleted it."""
        ...

    def find_client_page(self, *, limit: int, after: str) -> ClientPage | None:
        """The next `limit` clients of every kind, deleted ones too; None after the last."""
        ...

    def list_clients(self, *, limit: int, after: str) -> Sequence[Client]:
        """Clients by client_id, those that come after `after`."""
        ...

    def search_clients(self, text: str, *, limit: int, after: str) -> Sequence[Client]:
        """The same, those alone whose name or id holds `text`, letters of ASCII in either case."""
        ...


class ClientIntents(Protocol):
    """What can be done to a client inside a transaction."""

    def preregister_client(self, client: Client) -> bool:
        """Store a client of an operator's; False, and nothing happens, where the id is or ever was in use."""
        ...

    def register_client(self, client: Client) -> Client:
        """Store the client, or bring a deleted one back, or leave an existing one as it is; the row as it then stands.

        That an existing one registered again is noted, to the hour: it is wanted. A blocked client (deleted or not)
        stays as it is and is returned with `blocked_at` set.
        """
        ...

    def keep_document_client(self, client: Client) -> Client:
        """Store a client as its document describes it now, new or not, deleted or not; the row as it then stands.

        When it was registered and last used stays as it is, unless it had been deleted. A blocked client stays as it is
        and is returned with `blocked_at` set.
        """
        ...

    def forget_clients(self, page: ClientPage, *, now: int, limits: ForgottenAt) -> int:
        """Delete those of the page that registered by themselves, or came by a document, and are not wanted any more:
        by `limits` and without a live grant at `now`. No tombstone stays. How many that were.

        A blocked client stays, and so does a deleted one: a block outlives everything.
        """
        ...

    def touch_client(self, client_id: str, *, now: int) -> None:
        """Note that a token was issued to it, or that it asked about one; writes at most once an hour."""
        ...

    def delete_client(self, client_id: str, *, now: int) -> bool:
        """Leave a tombstone, and no secret; False when there is no such client. A block outlives the deletion."""
        ...

    def block_client(self, client_id: str, *, now: int) -> bool:
        """False when there is no such client; blocking twice is no error."""
        ...

    def unblock_client(self, client_id: str) -> bool:
        """False when there is no such client (deleted ones included: they can be unblocked too)."""
        ...


def note_use(tx: ClientIntents, client: Client, now: int) -> None:
    """Note that a token is issued to it, or that it asks about one, where that is not known exactly enough."""
    if not client.is_use_noted(now):
        tx.touch_client(client.client_id, now=now)
