"""A login at another OpenID provider: out with a sealed state, back with an answer that counts once.

The state carries the nonce, the PKCE verifier and the way back, sealed for one browser, so nothing is stored before
somebody comes back; then its number is taken in a transaction, and whoever comes with it again is refused before the
provider is asked anything. Nobody is ever taken for a user here by name or e-mail address: the identity is linked, or a
new user is made, or the login is refused.
"""

import logging
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, TypeAlias

from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, AuditRecord, record_of, shortened
from core.domain.clock import Clock
from core.domain.errors import InvalidArgument, InvalidRequest, NotFound, UpstreamLoginFailed, UpstreamUserRefused
from core.domain.limits.rate import LimitIntents
from core.domain.policy import PolicySource, UpstreamProvider
from core.domain.randomness import Randomness
from core.domain.sayings import say
from core.domain.sessions.login import Logins, actor_of, begin_session
from core.domain.sessions.login_attempts import Try
from core.domain.sessions.session import Session, SessionIntents, SignInMethod
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.change import ChangeIntents, ChangeKind
from core.domain.upstream.claims import find_groups, propose_username, require_allowed_domain
from core.domain.upstream.id_token import IdTokens
from core.domain.upstream.identity import LinkedIdentity, UpstreamFacts, UpstreamIntents, UpstreamSession
from core.domain.upstream.provider import AskedLogin, Identity, OpenIdProviders
from core.domain.users.groups import change_of_groups
from core.domain.users.user import User, UserIntents, username_key
from core.domain.writing import Writes

_log = logging.getLogger(__name__)

#: What the state of a login is sealed for.
UPSTREAM_LOGIN = b"upstream login"
#: Below the public address; a place of its own for each provider (RFC 9700 §4.4.2.2).
CALLBACK_PATH = "/login/callback/"
#: Of a state, in characters: providers and what stands before them take no URL of any length.
_LONGEST_STATE = 6000
#: In seconds: longer than a state can be good.
_STATE_KEPT_FOR = 3600
_CARRIED = "back."
_NOT_OURS = say("login_not_ours")

Parameters: TypeAlias = Sequence[tuple[str, str]]


class BackTo(StrEnum):
    """Where a login leads back to."""

    AUTHORIZE = "authorize"
    DEVICE = "device"
    ACCOUNT = "account"
    CONSOLE = "console"


class OpenedState(Protocol):
    """A sealed value, opened; its nonce is in no other one."""

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """What was sealed."""
        ...

    @property
    def nonce(self) -> bytes:
        """Random."""
        ...


class StateSeal(Protocol):
    """Seals for one browser and ten minutes. Opening raises InvalidRequest."""

    def seal(self, parameters: Parameters, browser_binding: bytes) -> str: ...

    def require_open(self, sealed: str, browser_binding: bytes) -> OpenedState: ...


class UpstreamTransaction(
    UserIntents, SessionIntents, UpstreamFacts, UpstreamIntents, ChangeIntents, LimitIntents, AuditIntents, Protocol
):
    """What a login writes."""


class UpstreamStore(UpstreamFacts, Writes[UpstreamTransaction], Protocol):
    """What logins need of a store."""


@dataclass(frozen=True, slots=True)
class FinishedLogin:
    """A session that has begun, and where the browser goes on."""

    session_token: str
    session: Session
    back_to: BackTo
    parameters: tuple[tuple[str, str], ...]


class UpstreamLogins:
    """Logins at the providers of the settings."""

    def __init__(
        self,
        store: UpstreamStore,
        providers: OpenIdProviders,
        logins: Logins,
        seal: StateSeal,
        id_tokens: IdTokens,
        policy: PolicySource,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """`seal` is one for UPSTREAM_LOGIN."""
        self._store = store
        self._providers = providers
        self._logins = logins
        self._seal = seal
        self._id_tokens = id_tokens
        self._policy = policy
        self._clock = clock
        self._randomness = randomness

    def start(self, name: str, back_to: BackTo, parameters: Parameters, *, browser_binding: bytes, fresh: bool) -> str:
        """The address of the provider's sign-in page; `parameters` come back with the login. May wait on the network.

        `fresh`: whoever is signed in there signs in anew, and the ID token has to prove it.

        Raises:
            NotFound: there is no such provider.
            UpstreamUnavailable: the provider does not answer.
            InvalidRequest: there is too much to come back with.
        """
        provider = self._require(name)
        since = self._clock.now() if fresh else None
        asked = AskedLogin(self._redirect_uri(provider), self._secret(), self._secret(), since)
        carried = [(_CARRIED + key, value) for key, value in parameters]
        carried += [] if since is None else [("since", str(since))]
        state = self._seal.seal(
            [("provider", name), ("nonce", asked.nonce), ("verifier", asked.code_verifier), ("to", back_to), *carried],
            browser_binding,
        )
        if len(state) > _LONGEST_STATE:
            raise InvalidRequest(say("request_too_long_elsewhere"))
        return self._providers.authorization_url(provider, asked, state=state)

    def finish(
        self,
        name: str,
        answer: Parameters,
        *,
        browser_binding: bytes,
        previous_token: str,
        network_address: str,
        remembered: str = "",
    ) -> FinishedLogin:
        """Start a session for whoever the provider says has signed in. May wait on the network. `remembered` is as in
        `Logins.log_in`, whosever browser it is.

        Raises:
            NotFound: there is no such provider.
            UpstreamLoginFailed: the answer proves nothing, or was used before.
            TooManyAttempts: too many logins from this network came to nothing, and of a remembered browser.
            UpstreamUserRefused: disabled, not linked, of another domain, or a new user whose name is taken.
            UpstreamUnavailable: the provider does not answer.
        """
        provider, told = self._require(name), _require_once(answer)
        state = self._require_state(told.get("state", ""), provider, browser_binding)
        sealed = dict(state.parameters)
        tried = self._claim(state, network_address, remembered)
        self._require_issuer(told.get("iss"), provider)
        if "error" in told or not told.get("code"):
            said = told.get("error", "nothing")[:64]
            raise UpstreamLoginFailed(say("login_nobody", provider=provider.label, error=said))
        since = int(sealed["since"]) if "since" in sealed else None
        asked = AskedLogin(self._redirect_uri(provider), sealed["nonce"], sealed["verifier"], since)
        identity = self._providers.redeem(provider, asked, told["code"])
        token, session = self._start_session(identity, provider, previous_token, tried)
        return FinishedLogin(token, session, *_way_back(state))

    def find_way_back(
        self, answer: Parameters, *, browser_binding: bytes
    ) -> tuple[BackTo, tuple[tuple[str, str], ...]] | None:
        """What a login was begun for, whatever becomes of it; None where the answer does not tell."""
        try:
            return _way_back(self._seal.require_open(dict(answer).get("state", ""), browser_binding))
        except (InvalidRequest, InvalidArgument):
            return None

    def _claim(self, state: OpenedState, network_address: str, remembered: str) -> Try:
        forgotten_at = self._clock.now() + _STATE_KEPT_FOR
        owned = self._logins.browsers.find_owned(remembered)

        def intent(tx: UpstreamTransaction) -> Try | None:
            # What is made up costs its network a try, as a wrong password does, and the provider nothing beyond that.
            tried = self._logins.attempts.count_elsewhere(tx, network_address, owned)
            return tried if tx.claim_login_state(state.nonce, forgotten_at=forgotten_at) else None

        tried = self._store.write(intent)
        if tried is None:
            raise UpstreamLoginFailed(_NOT_OURS)
        return tried

    def _require(self, name: str) -> UpstreamProvider:
        provider = self._policy.current.upstream.find(name)
        if provider is None:
            raise NotFound("there is no such sign-in")
        return provider

    def _require_state(self, sealed: str, provider: UpstreamProvider, browser_binding: bytes) -> OpenedState:
        try:
            state = self._seal.require_open(sealed, browser_binding)
        except InvalidRequest:
            raise UpstreamLoginFailed(_NOT_OURS) from None
        # Each provider has a place of its own to answer at: an answer that comes to another one's is mixed up.
        if dict(state.parameters)["provider"] != provider.name:
            raise UpstreamLoginFailed(_NOT_OURS)
        return state

    def _require_issuer(self, issuer: str | None, provider: UpstreamProvider) -> None:
        """RFC 9207 §2.4: a simple comparison of strings, and none is missing where one is promised."""
        if issuer is None and not self._providers.names_itself(provider):
            return
        if issuer != provider.issuer:
            _log.warning("upstream answer of another issuer", extra={"provider": provider.name})
            raise UpstreamLoginFailed(say("login_not_its", provider=provider.label))

    def _start_session(
        self, identity: Identity, provider: UpstreamProvider, previous_token: str, tried: Try
    ) -> tuple[str, Session]:
        require_allowed_domain(identity, provider)
        groups = find_groups(identity, provider)
        end_session_endpoint = self._providers.find_end_session_endpoint(provider)
        newcomer, network_address = self._newcomer(identity, provider), tried.network_address
        token, session = self._logins.new_session(newcomer.subject, network_address, SignInMethod.UPSTREAM)
        now = session.created_at
        sealed_id_token = self._id_tokens.seal(identity.id_token, session.token_hash)
        # Made before the transaction, for it names the call in progress; whose it is is known only in there.
        record = record_of(Act.LOGIN, at=now, network_address=network_address)

        def intent(tx: UpstreamTransaction) -> Session:
            user = tx.find_user_of_identity(identity.issuer, identity.sub)
            user = user or self._create_user(tx, newcomer, identity, provider, record)
            if not tx.record_login(user.subject, now=now):
                raise _refusal_of(user)
            login = _of(record, user)
            tx.record_act(replace(login, reason=SignInMethod.UPSTREAM, target=provider.name))
            if groups is not None and groups != user.groups:
                tx.set_groups(user.subject, groups)
                change = change_of_groups(user.groups, groups)
                tx.record_act(replace(login, act=Act.GROUPS_SET, reason=change))
                tx.record_change(ChangeKind.SUBJECT_CHANGED, user.subject, now=now, keep_until=now + LONGEST_LIFETIME)
            begun = replace(session, subject=user.subject)
            begin_session(tx, begun, previous_token)
            tx.note_upstream_session(
                UpstreamSession(
                    begun.token_hash, provider.name, end_session_endpoint, begun.expires_at, sealed_id_token
                )
            )
            self._logins.attempts.give_back(tx, tried)
            return begun

        return token, self._store.write(intent)

    def _newcomer(self, identity: Identity, provider: UpstreamProvider) -> User:
        """Whom the identity becomes where nobody is linked with it."""
        username = propose_username(identity, provider)
        return User(
            subject=self._randomness.token_bytes(16).hex(),
            username=username,
            username_key=username_key(username),
            password_hash="",
            groups=(),
            created_at=self._clock.now(),
        )

    def _create_user(
        self,
        tx: UpstreamTransaction,
        newcomer: User,
        identity: Identity,
        provider: UpstreamProvider,
        record: AuditRecord,
    ) -> User:
        if not provider.creates_users:
            self._tell_operator("nobody is linked", identity, provider)
            raise UpstreamUserRefused(say("user_not_linked", provider=provider.label))
        # A name proves nothing: whoever has it here may be somebody else.
        if not tx.create_user(newcomer):
            self._tell_operator("the name is taken", identity, provider)
            raise UpstreamUserRefused(say("user_name_taken", username=newcomer.username, provider=provider.label))
        tx.record_act(replace(_of(record, newcomer), act=Act.USER_CREATE))
        tx.link_identity(LinkedIdentity(identity.issuer, identity.sub, newcomer.subject, newcomer.created_at))
        return newcomer

    def _tell_operator(self, why: str, identity: Identity, provider: UpstreamProvider) -> None:
        _log.warning(
            "upstream login refused", extra={"why": why, "provider": provider.name, "sub": ascii(identity.sub)[1:-1]}
        )

    def _redirect_uri(self, provider: UpstreamProvider) -> str:
        return f"{self._policy.current.issuer}{CALLBACK_PATH}{provider.name}"

    def _secret(self) -> str:
        return urlsafe_b64encode(self._randomness.token_bytes(32)).rstrip(b"=").decode()


def _of(record: AuditRecord, user: User) -> AuditRecord:
    """The record of what the user does to themselves."""
    return replace(record, actor=actor_of(user), subject=user.subject, target=shortened(user.username))


def _refusal_of(user: User) -> UpstreamUserRefused:
    refusal = UpstreamUserRefused(say("user_disabled", username=user.username))
    # For the audit trail.
    refusal.subject = user.subject
    return refusal


def _way_back(state: OpenedState) -> tuple[BackTo, tuple[tuple[str, str], ...]]:
    carried = tuple((key.removeprefix(_CARRIED), value) for key, value in state.parameters if key.startswith(_CARRIED))
    return BackTo(dict(state.parameters)["to"]), carried


def _require_once(answer: Parameters) -> dict[str, str]:
    told: dict[str, str] = {}
    for key, value in answer:
        # RFC 6749 §3.1: response parameters are not repeated.
        if key in told:
            raise UpstreamLoginFailed(say("login_repeated", name=key[:64]))
        told[key] = value
    return told
