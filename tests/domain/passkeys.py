"""A user with an authenticator, in the domain: each step in one line of a test."""

from dataclasses import dataclass, field

from core.domain.sessions.login import SecondFactorWanted
from core.domain.sessions.second_factor_login import PendingLogin
from core.domain.sessions.session import Session
from core.domain.users.user import User
from tests.authenticator import Authenticator
from tests.domain.house import ISSUER, House
from tests.domain.road import BINDING, a_session
from tests.domain.sessions.form import PASSWORD, log_in

NETWORK = "192.0.2.1"


@dataclass
class Owner:
    """A user at the own page, signed in."""

    house: House
    user: User
    authenticator: Authenticator = field(default_factory=lambda: Authenticator(ISSUER))
    #: Where they are, and what their browser keeps from a login before.
    network: str = NETWORK
    remembered: str = ""

    def __post_init__(self) -> None:
        self.session = a_session(self.house, self.user)

    def begin(self, password: str = PASSWORD, binding: bytes = BINDING) -> tuple[str, str]:
        """The options and the sealed challenge."""
        return self.house.account.passkeys.begin(
            password, session_token=self.session, browser_binding=binding, network_address=NETWORK
        )

    def add(self, response: str, sealed: str, name: str = "", session: str = "") -> tuple[str, list[str]]:
        """The new passkey's id, and the recovery codes."""
        passkey, codes = self.house.account.passkeys.add(
            response, sealed, name, "a browser", session_token=session or self.session, browser_binding=BINDING
        )
        return passkey.passkey_id, list(codes)

    def make(self, **changes: object) -> tuple[str, list[str]]:
        """A passkey, from the password to the end."""
        options, sealed = self.begin()
        return self.add(self.authenticator.create(options, **changes), sealed)

    def asked(self) -> tuple[str, str]:
        """What the login page asks browsers with."""
        offer = self.house.account.passkey_logins.offer(BINDING)
        assert offer is not None
        return offer

    def enter(self, response: str, sealed: str, *, previous_token: str = "", binding: bytes = BINDING) -> Session:
        """The session that begins without a password."""
        _, session = self.house.account.passkey_logins.log_in(
            response,
            sealed,
            browser_binding=binding,
            network_address=self.network,
            previous_token=previous_token,
            remembered=self.remembered,
        )
        return session

    def sign_in(self, **changes: object) -> Session:
        """The same, with an answer to a new question; `changes` is what is wrong with it."""
        options, sealed = self.asked()
        return self.enter(self.authenticator.get(options, **changes), sealed)

    def first_step(self) -> PendingLogin:
        """After the right password."""
        logins = self.house.account.second_factor_logins
        try:
            log_in(self.house, self.user.username, network_address=self.network, remembered=self.remembered)
        except SecondFactorWanted as wanted:
            return logins.require_open(logins.seal(wanted.user, "the page", BINDING), BINDING)
        raise AssertionError("a password alone was enough")

    def second_step(self, pending: PendingLogin, **changes: object) -> Session:
        """With the passkey."""
        offer = self.house.account.passkey_logins.offer_second_factor(pending, BINDING)
        assert offer is not None
        return self.prove(pending, self.authenticator.get(offer[0], **changes), offer[1])

    def prove(self, pending: PendingLogin, response: str, sealed: str) -> Session:
        """With this answer."""
        _, session = self.house.account.passkey_logins.prove(
            pending,
            response,
            sealed,
            browser_binding=BINDING,
            network_address=self.network,
            previous_token="",
            remembered=self.remembered,
        )
        return session
