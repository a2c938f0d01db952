"""Who is who at other OpenID providers, as operators say it: nothing else joins a user who is there already."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.administration.users import UserAdministration
from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, record_of
from core.domain.clock import Clock
from core.domain.errors import AlreadyExists, InvalidArgument, NotFound
from core.domain.policy import PolicySource
from core.domain.sayings import say
from core.domain.sessions.session import SessionIntents
from core.domain.upstream.identity import LinkedIdentity, UpstreamFacts, UpstreamIntents
from core.domain.users.user import User, UserFacts, UserIntents
from core.domain.writing import Writes


class IdentityTransaction(
    UserFacts, UpstreamFacts, UpstreamIntents, UserIntents, SessionIntents, AuditIntents, Protocol
):
    """What operators' acts on identities write."""


class IdentityStore(UpstreamFacts, Writes[IdentityTransaction], Protocol):
    """What they need of a store."""


class IdentityAdministration:
    """Links and unlinks. An unknown user raises NotFound."""

    def __init__(self, store: IdentityStore, users: UserAdministration, policy: PolicySource, clock: Clock) -> None:
        self._store = store
        self._users = users
        self._policy = policy
        self._clock = clock

    def list(self, user: User) -> Sequence[LinkedIdentity]:
        """Who the user is elsewhere."""
        return self._store.list_identities(user.subject)

    def link(self, username: str, provider: str, sub: str) -> User:
        """Whoever signs in at the provider with this `sub` is this user from now on.

        Raises:
            InvalidArgument: the settings name no such provider, or the `sub` can be none.
            AlreadyExists: it is somebody's; unlink it there first.
        """
        user, found = self._users.get(username), self._policy.current.upstream.find(provider)
        if found is None:
            names = ", ".join(each.name for each in self._policy.current.upstream.providers) or "none"
            raise InvalidArgument(f"allowed are the providers of [UpstreamProvider]: {names}")
        # OpenID Connect Core §2.
        if not 1 <= len(sub) <= 255 or not sub.isascii() or not sub.isprintable():
            raise InvalidArgument("a sub is 1 to 255 characters of ASCII")
        now = self._clock.now()
        identity = LinkedIdentity(found.issuer, sub, user.subject, now)
        record = record_of(Act.IDENTITY_LINK, at=now, subject=user.subject, target=user.username)

        def intent(tx: IdentityTransaction) -> None:
            if tx.find_user(user.subject) is None:
                raise NotFound(say("no_user", username=username))
            if not tx.link_identity(identity):
                owner = tx.find_user_of_identity(found.issuer, sub)
                raise AlreadyExists(f"it is linked with {owner.username if owner else 'a user'} already")
            tx.record_act(record)

        self._store.write(intent)
        return user

    def unlink(self, username: str, issuer: str, sub: str) -> User:
        """Whoever signs in with it is this user no longer; the user's sessions end.

        Raises:
            NotFound: it is not this user's.
        """
        user, named = self._users.get(username), self._policy.current.upstream.find(issuer)
        now = self._clock.now()
        record = record_of(Act.IDENTITY_UNLINK, at=now, subject=user.subject, target=user.username)

        def intent(tx: IdentityTransaction) -> None:
            if not tx.unlink_identity(issuer if named is None else named.issuer, sub, user.subject):
                raise NotFound(f"{user.username} is not linked with it: see `tokenhouse users show {user.username}`")
            tx.delete_sessions_of_subject(user.subject)
            tx.forget_browsers(user.subject, now=now)
            tx.record_act(record)

        self._store.write(intent)
        return user
