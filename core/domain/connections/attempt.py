"""One client's attempt to connect one user."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.domain.connections.event import Event, Happening, Step, digest_of_client

#: How many events are kept of an attempt. Of more, the first ones and the last ones stay.
MOST_EVENTS = 40
_FIRST_EVENTS = 15
_LASTING = frozenset({Step.CONSENT, Step.CODE, Step.TOKEN, Step.VALIDATION})


@dataclass(frozen=True, slots=True)
class Trace:
    """What a request tells about the attempt that it belongs to; what is not known is empty. None is kept."""

    #: As it was sent: a query, of which no more than a digest is kept, tells one document from another.
    client_id: str = field(default="", repr=False)
    #: SHA-256 of the code_challenge.
    challenge: bytes = b""
    #: 32 hexadecimal digits.
    grant_id: str = ""
    #: RFC 7591 "client_name", where the client was found.
    client_name: str = ""
    network: str = ""
    #: SHA-256 of the browser's binding, where it is a browser that asks.
    browser: bytes = b""
    #: It takes over what waits for it: a registration, a document.
    takes_over: bool = False
    #: The client is none of ours: its attempts share what room there is with those of all others like it.
    stranger: bool = False

    @property
    def client(self) -> bytes:
        """`digest_of_client` of its client_id."""
        return digest_of_client(self.client_id)


@dataclass(slots=True)
class Attempt:
    """What was seen of an attempt."""

    attempt_id: str
    #: For show alone, from `shown_client_id`.
    client_id: str
    #: In milliseconds since the epoch.
    began_ms: int
    #: Whose share of the room it takes.
    share: bytes
    #: Which client's it is, by `digest_of_client`.
    client: bytes = b""
    challenge: bytes = b""
    #: Who sends the authorization request: the browser, once a page was shown to it, and the first one's network.
    browser: bytes = b""
    asked_from: str = ""
    grant_id: str = ""
    username: str = ""
    client_name: str = ""
    #: What its access token is for, once it was presented.
    audience: tuple[str, ...] = ()
    events: list[Event] = field(default_factory=list)
    #: Where its requests came from.
    networks: set[str] = field(default_factory=set)

    def note(self, happening: Happening, now_ms: int) -> None:
        """Keep one more event; one that is like the last one of its step is counted there."""
        if happening.network:
            self.networks.add(happening.network)
        for event in reversed(self.events):
            if event.happening == happening:
                event.last_at_ms, event.count = now_ms, event.count + 1
                return
            if event.happening.step is happening.step:
                break
        if len(self.events) >= MOST_EVENTS:
            # What an attempt came to stays: the rest of its story is told by it.
            later = range(_FIRST_EVENTS, len(self.events))
            del self.events[next((at for at in later if self.events[at].happening.step not in _LASTING), _FIRST_EVENTS)]
        self.events.append(Event(happening, now_ms, now_ms))

    def is_asked_again_by(self, trace: Trace) -> bool:
        """Whether an authorization request with its challenge, which is no secret, is of whom it is of."""
        if trace.challenge != self.challenge:
            return False
        if self.browser and trace.browser:
            return trace.browser == self.browser
        return trace.network == self.asked_from

    def has(self, step: Step, *outcomes: str) -> bool:
        """Whether this was seen, with one of the outcomes where any is named."""
        return any(self.find(step, *outcomes))

    def find(self, step: Step, *outcomes: str) -> Sequence[Event]:
        """The events of a step, in order, with one of the outcomes where any is named."""
        return [
            event
            for event in self.events
            if event.happening.step is step and (not outcomes or event.happening.outcome in outcomes)
        ]

    def with_outcomes(self, *outcomes: str) -> Sequence[Event]:
        """The events that came to one of these, in order, whichever step they are of."""
        return [event for event in self.events if event.happening.outcome in outcomes]

    def copy(self) -> "Attempt":
        """As it is now, whatever is noted later."""
        return replace(self, events=[replace(event) for event in self.events], networks=set(self.networks))
