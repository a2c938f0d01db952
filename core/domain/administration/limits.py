"""Tries that are used up, as operators see them and give them back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, record_of
from core.domain.authorization import device_endpoint
from core.domain.clients import documents, registration
from core.domain.clock import Clock
from core.domain.errors import InvalidArgument, NotFound
from core.domain.grants import token_limits, user_code_attempts
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitCount, LimitFacts, LimitIntents, Rate
from core.domain.policy import Policy, PolicySource
from core.domain.sayings import say
from core.domain.sessions import login_attempts
from core.domain.sessions.factor_attempts import WRONG_ANSWERS, Factor
from core.domain.users.user import UserFacts, username_key
from core.domain.writing import Writes

_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a kind of tries is limited by."""

    setting: str
    rate: Callable[[Policy], Rate]
    #: How many times as many there are for an account in all networks, or for everybody.
    in_all: int = 1


#: By the kinds of `LimitKey`.
KINDS: Mapping[str, _Kind] = {
    "login account": _Kind("Limits.LoginFailures", login_attempts.rate_of_account, login_attempts.NETWORKS_AT_ONCE),
    "login browser": _Kind("Limits.LoginFailures", login_attempts.rate_of_account),
    "login session": _Kind("Limits.LoginFailures", login_attempts.rate_of_account),
    "login network": _Kind("Limits.LoginFailuresPerNetwork", lambda policy: policy.login_failures_per_network),
    "login elsewhere": _Kind("Limits.LoginFailuresPerNetwork", lambda policy: policy.login_failures_per_network),
    "login elsewhere browser": _Kind("Limits.LoginFailures", login_attempts.rate_of_account),
    # No setting: a weaker limit would let the six digits be guessed.
    **{kind: _Kind("", lambda _: WRONG_ANSWERS) for factor in Factor for kind in (factor.value, f"{factor} browser")},
    "registration": _Kind("Limits.Registrations", lambda policy: policy.registrations),
    "registrations": _Kind("Limits.Registrations", lambda policy: policy.registrations, registration.IN_ALL_TIMES),
    "token": _Kind("Limits.TokenRequests", lambda policy: policy.token_requests, token_limits.NETWORKS_AT_ONCE),
    "token network": _Kind("Limits.TokenRequestsPerNetwork", lambda policy: policy.token_requests_per_network),
    "device": _Kind(
        "Limits.DeviceAuthorizations",
        lambda policy: policy.device_flow.authorizations,
        device_endpoint.NETWORKS_AT_ONCE,
    ),
    "client document": _Kind(
        "Limits.ClientDocuments", lambda policy: policy.client_documents.fetches, documents.NETWORKS_AT_ONCE
    ),
    "client keys": _Kind(
        "Limits.ClientDocuments", lambda policy: policy.client_documents.fetches, documents.NETWORKS_AT_ONCE
    ),
    "user code": _Kind("Limits.UserCodes", lambda policy: policy.device_flow.user_codes),
    "user code network": _Kind(
        "Limits.UserCodes", lambda policy: policy.device_flow.user_codes, user_code_attempts.USERS_OF_A_NETWORK
    ),
    "user codes": _Kind(
        "Limits.UserCodes", lambda policy: policy.device_flow.user_codes, user_code_attempts.USERS_AT_ONCE
    ),
}
#: Those that belong to one user each; the others' are of everybody, or of clients.
_OF_NETWORKS = frozenset({"login account", "token", "device", "client document"})


class LimitTransaction(LimitIntents, AuditIntents, Protocol):
    """What clearing writes."""


class LimitStore(LimitFacts, UserFacts, Writes[LimitTransaction], Protocol):
    """What looking at tries needs of a store."""


@dataclass(frozen=True, slots=True)
class ListedLimit:
    """A count of tries that are not all back."""

    bucket: LimitCount
    #: A user name or a client_id; empty where there is none.
    account: str
    #: How many tries there are at once, and how many of them are left; 0 where the limit is off.
    count: int
    left: int
    #: When the next try is allowed, in seconds since the epoch; None while one is left.
    next_at: int | None
    setting: str


@dataclass(frozen=True, slots=True)
class WantedLimits:
    """Which counts; what is empty does not matter."""

    username: str = ""
    client_id: str = ""
    network: str = ""


class LimitAdministration:
    """Shows tries and gives them back."""

    def __init__(self, store: LimitStore, policy: PolicySource, clock: Clock) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock

    def list(
        self, wanted: WantedLimits, *, used_up: bool, limit: int, after: str
    ) -> tuple[Sequence[ListedLimit], str, bool]:
        """Counts by their keys, those after `after`; the last key that was looked at, and whether there are more.

        Raises:
            NotFound: there is no such user.
            InvalidArgument: `after` is no key, or a user and a client are named.
        """
        account, network = self._account(wanted), _network(wanted)
        key = _parse_key(after) if after else b""
        found: list[ListedLimit] = []
        while len(found) <= limit:
            page = self._store.list_limit_counts(
                now_ms=self._clock.now_ms(), after=key, limit=limit + 1, account=account, network=network
            )
            looked_at = map(self._look_at, page)
            found += [each for each in looked_at if not used_up or each.next_at is not None]
            if len(page) <= limit:
                break
            key = page[-1].key
        last = found[:limit][-1].bucket.key.hex() if found else after
        return found[:limit], last, len(found) > limit

    def clear(self, limit_id: str) -> int:
        """Give all tries of one count back.

        Raises:
            InvalidArgument, NotFound: there is no such count.
        """
        key, record = _parse_key(limit_id), record_of(Act.LIMIT_CLEAR, at=self._clock.now(), target=limit_id)

        def intent(tx: LimitTransaction) -> int:
            if not tx.clear_limit_count(key):
                raise NotFound(say("no_count", limit_id=limit_id))
            tx.record_act(record)
            return 1

        return self._store.write(intent)

    def clear_matching(self, wanted: WantedLimits, *, everything: bool) -> int:
        """Give all tries back of what matches; of how many counts.

        Raises:
            NotFound: there is no such user.
            InvalidArgument: nothing is named, or a user and a client are.
        """
        account, network = self._account(wanted), _network(wanted)
        if everything != (account is None and network is None):
            raise InvalidArgument("name a user, a client or a network, or say that all are meant")
        record = record_of(
            Act.LIMIT_CLEAR,
            at=self._clock.now(),
            subject=account or "" if wanted.username else "",
            client_id=wanted.client_id,
            target=network or ("" if account else "all"),
        )

        def intent(tx: LimitTransaction) -> int:
            cleared = tx.clear_limit_counts(account=account, network=network)
            tx.record_act(record)
            return cleared

        return self._store.write(intent)

    def _look_at(self, bucket: LimitCount) -> ListedLimit:
        now_ms, kind = self._clock.now_ms(), KINDS.get(bucket.kind)
        if kind is None:
            return ListedLimit(bucket, bucket.account, 0, 0, None, "")
        rate = kind.rate(self._policy.current)
        in_all = bucket.kind not in _OF_NETWORKS or not bucket.network
        count = rate.count * kind.in_all if in_all else rate.count
        if count == 0:
            return ListedLimit(bucket, self._name_of(bucket), 0, 0, None, kind.setting)
        interval_ms = Rate(count, rate.period).interval_ms
        left = max(0, count - -(-(bucket.full_at_ms - now_ms) // interval_ms))
        # As `take_slot` reckons: the next one is allowed once all but one of the others are back.
        next_ms = bucket.full_at_ms - (count - 1) * interval_ms
        next_at = None if left else -(-next_ms // 1000)
        return ListedLimit(bucket, self._name_of(bucket), count, left, next_at, kind.setting)

    def _name_of(self, bucket: LimitCount) -> str:
        if not bucket.account or bucket.kind == "token":
            return bucket.account
        user = self._store.find_user(bucket.account)
        return "" if user is None else user.username

    def _account(self, wanted: WantedLimits) -> str | None:
        if wanted.username and wanted.client_id:
            raise InvalidArgument("name a user or a client")
        if not wanted.username:
            return wanted.client_id or None
        user = self._store.find_user_by_name(username_key(wanted.username))
        if user is None:
            raise NotFound(say("no_user", username=wanted.username))
        return user.subject


def _network(wanted: WantedLimits) -> str | None:
    if not wanted.network:
        return None
    return wanted.network if "/" in wanted.network else network_of(wanted.network)


def _parse_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise InvalidArgument(say("no_limit_id"))
    return key
