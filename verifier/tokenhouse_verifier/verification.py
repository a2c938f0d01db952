"""What both forms of the verifier do: everything but waiting for the core."""

import os
import threading
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import grpc

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.arguments import require_arguments
from tokenhouse_verifier.batches import Batches
from tokenhouse_verifier.bearer import is_token, require_bearer
from tokenhouse_verifier.channel import NOT_IN_TIME, Options
from tokenhouse_verifier.errors import (
    Challenge,
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    Unavailable,
)
from tokenhouse_verifier.forking import FORKED, FORKED_UNTOLD, keep_for_parent, watch_forks
from tokenhouse_verifier.freshness import now
from tokenhouse_verifier.link import Link
from tokenhouse_verifier.memory import Memory
from tokenhouse_verifier.uses import Uses

if TYPE_CHECKING:
    from tokenhouse_verifier.signatures import Signatures

#: No deadline is longer: to the core a call that may take more than an hour has none, and is refused. In seconds.
_LONGEST = 3000.0


class Verification:
    """The steps of a verification. Nothing of gRPC begins before the first one that memory cannot answer."""

    def __init__(
        self,
        target: str,
        *,
        audience: str,
        required_scopes: Sequence[str] = (),
        resource_metadata: str = "",
        timeout: float = 2.0,
        accept_stale_for: float = 0.0,
        verify_locally: bool = False,
        max_entries: int = 20_000,
        max_bytes: int = 32 * 1024 * 1024,
        credentials: grpc.ChannelCredentials | None = None,
        channel_options: Options = (),
    ) -> None:
        """Connects to nobody yet. verifier/README.md tells every argument.

        Raises:
            ValueError: an argument that cannot be used, in one sentence.
            ImportError: `verify_locally` without the extra `jwt`.
        """
        bounds = (max_entries, max_bytes)
        require_arguments(target, audience, required_scopes, resource_metadata, timeout, accept_stale_for, most=bounds)
        self.audience = audience
        self.timeout = timeout
        self._target = target
        self._credentials = credentials
        self._options = channel_options
        self._accept_stale_for = accept_stale_for
        self._required = tuple(required_scopes)
        self._challenge = Challenge(self._required, resource_metadata)
        self._signatures = _load_signatures(audience) if verify_locally else None
        self._bounds = bounds
        #: Whose process what has begun belongs to.
        self._process = os.getpid()
        self._begin_anew()

    @property
    def is_following(self) -> bool:
        """Whether the core's changes have come lately, so that what is remembered is used."""
        return now() < self._memory.fresh_until

    @property
    def required_scopes(self) -> tuple[str, ...]:
        """The scopes that every token has to have."""
        return self._required

    @property
    def resource_metadata(self) -> str:
        """The URL that challenges name (RFC 9728 §5.1); "" where there is none."""
        return self._challenge.resource_metadata

    def require_scopes(self, token: AccessToken, *scopes: str) -> None:
        """For a part of the service that needs more than `required_scopes`.

        Raises:
            InsufficientScope: the token lacks one of them; the challenge names all that are needed (RFC 6750 §3.1).
        """
        if not all(scope in token.scopes for scope in scopes):
            needed = tuple(dict.fromkeys((*self._required, *scopes)))
            raise InsufficientScope.needed(Challenge(needed, self.resource_metadata))

    def start(self) -> None:
        """Follow the changes before the first token comes, as for a readiness probe; nobody waits for the core.

        In a server that forks, only after that. A verifier that has begun goes on as it is.

        Raises:
            Unavailable: the process was forked after the verifier had begun, or it is closed.
        """
        self._start()

    def after_fork(self) -> None:
        """Begin anew in a process that was forked after the verifier had begun; elsewhere there is nothing to do."""
        if self._is_in_child() and not self._untold:
            self._begin_anew()

    def begin_to_hold(self) -> None:
        """`forking.Begun`: called before a fork."""
        if self._link is not None:
            self._link.begin_to_hold()

    def hold(self, deadline: float) -> None:
        """`forking.Begun`: called before a fork, after `begin_to_hold` of every verifier."""
        if self._link is not None:
            self._link.hold(deadline)

    def go_on(self) -> None:
        """`forking.Begun`: called in the parent after a fork."""
        if self._link is not None:
            self._link.go_on()

    def leave_to_parent(self) -> object:
        """`forking.Begun`: called in the child of a fork."""
        inherited = (self._link, self._memory, self.__dict__.copy())
        if self._ending is not None:
            self._ending.detach()
        self._begin_anew()
        self._forked = True
        return inherited

    def _is_in_child(self) -> bool:
        """Whether the process was forked after the verifier had begun."""
        process = os.getpid()
        if self._process != process and not self._forked:
            if self._link is None:
                self._process = process
            else:
                # Python was not told of the fork. Its locks may be held by threads that are not here.
                keep_for_parent(self.leave_to_parent())
                self._untold = True
        return self._forked

    def _begin_anew(self) -> None:
        self._process = os.getpid()
        entries, size = self._bounds
        self._memory: Memory = Memory(max_entries=entries, max_bytes=size, know_users=self._signatures is not None)
        self._memory.uses = Uses(self.audience)
        if self._signatures is not None:
            self._memory.on_policy = self._signatures.use
        self._batches = Batches(self._memory, self.audience, self._required, self._challenge)
        self._starting = threading.Lock()
        self._link: Link | None = None
        self._ending: weakref.finalize[..., Any] | None = None
        self._closed = False
        self._forked = False
        self._untold = False

    def _start(self) -> Link:
        """The link, opened by whoever needs it first."""
        if self._is_in_child():
            raise Unavailable(FORKED_UNTOLD if self._untold else FORKED)
        with self._starting:
            if self._closed:
                raise Unavailable("the verifier is closed")
            if self._link is None:
                self._link = Link(self._target, self._credentials, self._options, self._memory)
                self._ending = weakref.finalize(self, self._link.close)
                watch_forks(self)
            return self._link

    def _end(self) -> None:
        self._is_in_child()
        with self._starting:
            self._closed, self._link = True, None
            ending = self._ending
        if ending is not None:
            ending()
        self._memory.close()

    def _time_for(self, timeout: float | None) -> float:
        """How long one verification may take, in seconds."""
        chosen = self.timeout if timeout is None else timeout
        return chosen if chosen < _LONGEST else _LONGEST

    def _require_bearer(self, authorization: str | None) -> str:
        return require_bearer(authorization, self._challenge)

    def _begin(self, token: str) -> Link:
        """The link, for a token that may be one of ours.

        Raises:
            InvalidRequest, InvalidToken: it is none.
            Unavailable: the process was forked, or the verifier is closed.
        """
        if not token:
            raise InvalidRequest("the token is empty", self._challenge)
        if not is_token(token):
            raise self._malformed()
        link, memory = self._link, self._memory
        # In a child the link is the parent's. There `fresh` is 0.0 again; where it is not, a system call tells.
        if link is None or (not (memory.is_cleared_in_children and memory.fresh[0]) and self._process != os.getpid()):
            return self._start()
        return link

    def _recall(self, token: str, digest: bytes, link: Link) -> AccessToken | None:
        """What can be told without the core."""
        memory = self._memory
        if digest in memory.entries:
            found = memory.renew(digest)
            if found is not None:
                return found
        if now() >= memory.fresh[0]:
            link.changes.revive()
            return None
        if not memory.clients_enabled:
            raise InvalidToken("the authorization server serves no clients at the moment", self._challenge)
        if digest in memory.refused and memory.is_refused(digest):
            raise InvalidToken.inactive(self._challenge)
        return None if self._signatures is None else self._read_here(token, digest, self._signatures)

    def _read_here(self, token: str, digest: bytes, signatures: "Signatures") -> AccessToken | None:
        claims = signatures.find_claims(token)
        if claims is None or self._batches.lacks(claims.scopes):
            return None
        return self._memory.adopt(digest, claims)

    def _without_core(self, digest: bytes, refusal: Unavailable | TimeoutError) -> AccessToken:
        """What may be told where the core cannot be asked: by default nothing."""
        found = self._memory.find_stale(digest, self._accept_stale_for) if self._accept_stale_for else None
        if found is not None:
            return found
        if isinstance(refusal, TimeoutError):
            raise Unavailable(NOT_IN_TIME) from None
        raise refusal

    def _malformed(self) -> InvalidToken:
        return InvalidToken("the token is malformed", self._challenge)


def _load_signatures(audience: str) -> "Signatures":
    try:
        # Loaded where it is wanted: it needs what others do not install.
        from tokenhouse_verifier.signatures import Signatures
    except ImportError as error:
        raise ImportError("verify_locally needs more: pip install 'tokenhouse-verifier[jwt]'") from error
    return Signatures(audience)
