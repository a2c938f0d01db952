"""Attempts to connect, as operators see them: what was seen, what belongs together, what is the matter."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import chain, islice
from typing import Protocol, Self

from core.domain.administration.clock import ClockState
from core.domain.clients.client import Client, ClientFacts
from core.domain.clock import Clock
from core.domain.connections.attempt import Attempt
from core.domain.connections.diagnosis import diagnose, state_of
from core.domain.connections.event import CUT_QUERY, Event, Happening, Step, digest_of_client
from core.domain.connections.finding import Fault, Finding, find_out
from core.domain.connections.issuer import find_other_issuers
from core.domain.connections.journal import MOST_ATTEMPTS, TOGETHER_MS, Journal
from core.domain.connections.reads import MetadataReads, Reads, choose_fairly
from core.domain.errors import InvalidArgument
from core.domain.policy import PolicySource

_USUAL_PAGE = 50
#: Reads of the metadata that are shown: with one attempt or of one network, and of those that belong to none.
_MOST_READS = 10
_MOST_OTHER_READS = 50
_MOST_OTHER_FINDINGS = 50
#: Clients that are looked at for the one whose id is shown like that of others.
_MOST_ALIKE = 100


class ClockLook(Protocol):
    """`core.domain.administration.clock.ClockAdministration`."""

    def look(self) -> ClockState:
        """The clock as it is now."""
        ...


@dataclass(frozen=True, slots=True)
class ExaminedAttempt:
    """An attempt, and what is to be said of it."""

    attempt: Attempt
    client_name: str
    #: The client can be looked up by the id that is shown.
    client_listed: bool
    state: str
    #: Those of the attempt, and the reads of the metadata that belong to it, in the order of time.
    events: Sequence[Event]
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Examination:
    """What is known of attempts to connect."""

    #: The one that began last first.
    attempts: Sequence[ExaminedAttempt]
    #: Reads of the metadata that belong to none, the last one first.
    other_reads: Sequence[Event]
    #: Of the server itself.
    findings: Sequence[Finding]
    #: Since when attempts have been noted, in seconds since the epoch.
    since: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where and when the reads of the metadata were that belong to an attempt: from its networks, up to ten minutes
    before it began, and not after it had its token."""

    networks: Set[str]
    begin_ms: int
    end_ms: int

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        tokens = attempt.find(Step.TOKEN)
        end_ms = tokens[0].at_ms if tokens else attempt.events[-1].last_at_ms + TOGETHER_MS
        return cls(attempt.networks, attempt.began_ms - TOGETHER_MS, end_ms)

    def has(self, reads: Reads) -> bool:
        return reads.of.network in self.networks and self.begin_ms <= reads.last_at_ms and reads.at_ms <= self.end_ms


class ConnectionAdministration:
    """Shows the journal."""

    def __init__(
        self,
        journal: Journal,
        reads: MetadataReads,
        clients: ClientFacts,
        policy: PolicySource,
        clock: Clock,
        clock_look: ClockLook,
    ) -> None:
        self._journal = journal
        self._reads = reads
        self._clients = clients
        self._policy = policy
        self._clock = clock
        self._clock_look = clock_look

    def examine(self, client_id: str, page_size: int) -> Examination:
        """The attempts that began last, at most `page_size` of them, or the usual number where it is 0.

        Raises:
            InvalidArgument: more than there can be, or fewer than none.
            StoreUnavailable
        """
        if not 0 <= page_size <= MOST_ATTEMPTS:
            raise InvalidArgument(f"page_size is 1 to {MOST_ATTEMPTS}")
        wanted, policy, now_ms = digest_of_client(client_id), self._policy.current, self._clock.now_ms()
        attempts, reads = self._journal.list_attempts(), self._reads.list_reads()
        # A client_id that is copied from here may lack its query: then it stands for all that are shown like that.
        cut = client_id if client_id.endswith(CUT_QUERY) else None
        shown = [each for each in attempts if not wanted or each.client == wanted or each.client_id == cut]
        clients: dict[bytes, Client | None] = {}
        examined = []
        for attempt in shown[: page_size or _USUAL_PAGE]:
            if attempt.client not in clients:
                clients[attempt.client] = self._find_client(attempt)
            place = _Place.of(attempt)
            own = [each for each in reads if place.has(each)]
            events = sorted([*map(_event, own[:_MOST_READS]), *attempt.events], key=lambda event: event.at_ms)
            findings = diagnose(attempt, own, policy, now_ms)
            client = clients[attempt.client]
            name = client.client_name if client else attempt.client_name
            listed = client is not None and client.client_id == attempt.client_id
            examined.append(ExaminedAttempt(attempt, name, listed, state_of(attempt), events, findings))
        places = [_Place.of(attempt) for attempt in attempts]
        others = [] if wanted else [each for each in reads if not any(place.has(each) for place in places)]
        findings = [*self._examine_clock(), *_examine_others(others, policy.issuer)]
        shown_reads = list(map(_event, choose_fairly(others, _MOST_OTHER_READS, of_one=_MOST_READS)))
        return Examination(examined, shown_reads, findings, self._journal.since)

    def _find_client(self, attempt: Attempt) -> Client | None:
        shown = attempt.client_id
        if not shown.endswith(CUT_QUERY):
            client = self._clients.find_client(shown)
            return client if client is not None and digest_of_client(shown) == attempt.client else None
        # Of an id with a query no more is kept than what stands before that, and the digest of the whole.
        alike = self._clients.list_clients(limit=_MOST_ALIKE, after=f"{shown.removesuffix(CUT_QUERY)}?")
        return next((each for each in alike if digest_of_client(each.client_id) == attempt.client), None)

    def _examine_clock(self) -> Iterator[Finding]:
        state = self._clock_look.look()
        if state.drifting or state.unconfirmed:
            sentence = "clock_ahead" if state.drift > 0 else "clock_behind"
            yield find_out(Fault.CLOCK_SKEW, sentence, seconds=str(abs(state.drift)))


def _event(reads: Reads) -> Event:
    of = reads.of
    outcome = "read" if of.found else "not_found"
    happening = Happening(Step.METADATA, outcome, about=f"{of.host}{of.path}", network=of.network)
    return Event(happening, reads.at_ms, reads.last_at_ms, reads.count)


def _examine_others(reads: Sequence[Reads], issuer: str) -> Iterator[Finding]:
    """Clients that went no further than the metadata: of each network, whether it ever looked in the right place.
    What differs in the same way for several is said once."""
    of_network: dict[str, list[Reads]] = {}
    for each in reads:
        of_network.setdefault(each.of.network, []).append(each)
    found = dict.fromkeys(chain.from_iterable(find_other_issuers(own, issuer) for own in of_network.values()))
    return islice(found, _MOST_OTHER_FINDINGS)
