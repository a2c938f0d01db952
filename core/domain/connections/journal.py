"""The last attempts to connect, in memory: found again by what each request tells about itself.

An attempt is a client_id and the digest of a code_challenge, in one browser, until the user has decided; from then on
it is its grant. A browser is known once a page was shown to it; until then the network has to do.
What comes before an authorization request (a registration) is taken over by the next one of the same client within ten
minutes, first by one from the same network: users of the same tool share its client_id.
"""

import secrets
from collections.abc import Callable, Sequence
from threading import Lock

from core.domain.clock import Clock
from core.domain.connections.attempt import Attempt, Trace
from core.domain.connections.event import Happening, Step, shown_client_id, shown_uri
from core.domain.tokens.access_token import AccessToken
from core.domain.tokens.change import Change, ChangeKind
from core.domain.tokens.validation import Inactive, ValidToken

#: Attempts that are kept, and of them those of one client; all clients that are unknown count as one. When there are
#: more, the oldest goes of those that no user has decided, else the oldest.
MOST_ATTEMPTS = 500
MOST_OF_ONE_CLIENT = 100
#: How long a registration waits for the request that it was for, in milliseconds.
TOGETHER_MS = 600_000
_STRANGERS = b"\0"
_Fits = Callable[[Attempt], bool]
_Index = dict[bytes, dict[str, Attempt]]


class Journal:
    """Notes what happens; for any thread. Noting costs some microseconds, and no request is ever refused for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        #: The oldest first.
        self._attempts: dict[str, Attempt] = {}
        self._of_client: _Index = {}
        self._of_share: _Index = {}
        #: Those that no user has decided, the oldest first; and by share. To look for one among all the others takes
        #: longer than it should.
        self._undecided: dict[str, Attempt] = {}
        self._undecided_of_share: _Index = {}
        self._of_grant: dict[str, Attempt] = {}
        #: Those with a token of which no service has asked, or none that it is for; by the claim "gid".
        self.expected: dict[str, Attempt] = {}
        self.since = clock.now()

    def note(self, trace: Trace, *happenings: Happening, username: str = "") -> None:
        """Note what happened to an attempt that is known, or that begins with it."""
        now_ms = self._clock.now_ms()
        with self._lock:
            attempt = self._find(trace, now_ms) or self._begin(trace, now_ms)
            self._learn(attempt, trace, username, shown=not any(happening.refused for happening in happenings))
            for happening in happenings:
                attempt.note(happening, now_ms)
                if happening.step is Step.TOKEN and not happening.refused:
                    self.expected[attempt.grant_id] = attempt

    def presented(self, token: AccessToken, audience: str, found: ValidToken | Inactive) -> None:
        """Note that a service, `audience`, has asked about a token of an attempt in `expected`."""
        with self._lock:
            attempt = self.expected.get(token.grant_id) or self._of_grant.get(token.grant_id)
            if attempt is None:
                return
            attempt.audience = tuple(map(shown_uri, token.audience))
            good = isinstance(found, ValidToken)
            outcome = "active" if isinstance(found, ValidToken) else found.value
            happening = Happening(Step.VALIDATION, outcome, refused=not good, about=shown_uri(audience))
            attempt.note(happening, self._clock.now_ms())
            if good:
                self.expected.pop(token.grant_id, None)

    def revoked(self, changes: Sequence[Change]) -> None:
        """Note the end of grants, whoever has ended them."""
        for change in changes:
            if change.kind is ChangeKind.GRANT_REVOKED:
                with self._lock:
                    if (attempt := self._of_grant.get(change.target)) is not None:
                        attempt.note(Happening(Step.TOKEN, "revoked", refused=True), self._clock.now_ms())

    def knows(self, grant_id: str) -> bool:
        """Whether there is an attempt that has become this grant."""
        return grant_id in self._of_grant

    def list_attempts(self) -> list[Attempt]:
        """Copies of all, the one that began last first."""
        with self._lock:
            return [attempt.copy() for attempt in reversed(self._attempts.values())]

    def _find(self, trace: Trace, now_ms: int) -> Attempt | None:
        if trace.grant_id and (known := self._of_grant.get(trace.grant_id)) is not None:
            return known
        if trace.challenge:
            # Decided, it is over: a request with the same challenge is another attempt.
            asked = self._find_last(lambda each: not each.grant_id and each.is_asked_again_by(trace), trace.client)
            return asked or self._find_beginning(trace, now_ms)
        return None if trace.grant_id and not trace.takes_over else self._find_beginning(trace, now_ms)

    def _find_beginning(self, trace: Trace, now_ms: int) -> Attempt | None:
        def waits(attempt: Attempt) -> bool:
            if attempt.challenge or attempt.grant_id:
                return False
            return now_ms - attempt.began_ms < TOGETHER_MS

        def is_near(attempt: Attempt) -> bool:
            return trace.network in attempt.networks if trace.network else not attempt.networks

        near = self._find_last(lambda each: waits(each) and is_near(each), trace.client)
        # What asks for nothing has only its network to tell users of one tool apart.
        takes_any = trace.challenge or trace.takes_over
        return near or (self._find_last(waits, trace.client) if takes_any else None)

    def _find_last(self, fits: _Fits, client: bytes) -> Attempt | None:
        attempts = reversed(self._of_client.get(client, {}).values())
        return next((each for each in attempts if fits(each)), None)

    def _begin(self, trace: Trace, now_ms: int) -> Attempt:
        client = trace.client
        share = _STRANGERS if trace.stranger else client
        self._make_room(share)
        attempt = Attempt(secrets.token_hex(8), shown_client_id(trace.client_id), now_ms, share, client)
        for index, key in (
            (self._of_client, attempt.client),
            (self._of_share, share),
            (self._undecided_of_share, share),
        ):
            index.setdefault(key, {})[attempt.attempt_id] = attempt
        self._attempts[attempt.attempt_id] = self._undecided[attempt.attempt_id] = attempt
        return attempt

    def _make_room(self, share: bytes) -> None:
        # Anybody can open an authorization page; what a user has decided is not pushed out by that.
        of_share = self._of_share.get(share, {})
        if len(of_share) >= MOST_OF_ONE_CLIENT:
            self._forget_first(self._undecided_of_share.get(share) or of_share)
        elif len(self._attempts) >= MOST_ATTEMPTS:
            self._forget_first(self._undecided or self._attempts)

    def _forget_first(self, attempts: dict[str, Attempt]) -> None:
        attempt = next(iter(attempts.values()))
        for index, key in ((self._of_client, attempt.client), (self._of_share, attempt.share)):
            _drop(index, key, attempt)
        del self._attempts[attempt.attempt_id]
        self._settle(attempt)
        self._of_grant.pop(attempt.grant_id, None)
        self.expected.pop(attempt.grant_id, None)

    def _settle(self, attempt: Attempt) -> None:
        """It is undecided no more, whether it was before or not."""
        if self._undecided.pop(attempt.attempt_id, None) is not None:
            _drop(self._undecided_of_share, attempt.share, attempt)

    def _learn(self, attempt: Attempt, trace: Trace, username: str, *, shown: bool) -> None:
        if trace.challenge and not attempt.challenge:
            attempt.challenge, attempt.asked_from = trace.challenge, trace.network
        if shown:
            # On a refusal no browser is given the cookie that it is known by.
            attempt.browser = trace.browser or attempt.browser
        attempt.username = username or attempt.username
        attempt.client_name = trace.client_name or attempt.client_name
        if trace.grant_id and not attempt.grant_id:
            attempt.grant_id = trace.grant_id
            self._of_grant[trace.grant_id] = attempt
            self._settle(attempt)


def _drop(index: _Index, key: bytes, attempt: Attempt) -> None:
    del index[key][attempt.attempt_id]
    if not index[key]:
        del index[key]
