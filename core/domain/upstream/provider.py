"""What logins need of OpenID providers. The questions go over the network; whoever asks them waits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from core.domain.policy import UpstreamProvider


@dataclass(frozen=True, slots=True)
class AskedLogin:
    """One login as the provider is asked for it; what comes back is held against the same values."""

    redirect_uri: str
    nonce: str = field(repr=False)
    #: RFC 7636 §4.1.
    code_verifier: str = field(repr=False)
    #: Whoever is signed in there signs in anew, no earlier than this, in seconds since the epoch; None: as they are.
    signs_in_since: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as a provider knows them: issuer and sub together name a person (OpenID Connect Core §5.7)."""

    issuer: str
    sub: str
    #: Of the ID token, and of the UserInfo endpoint where the ID token lacks what the settings look for.
    claims: Mapping[str, object] = field(repr=False)
    #: As the provider has signed it, for the way out (RP-Initiated Logout §2).
    id_token: str = field(default="", repr=False)


class OpenIdProviders(Protocol):
    """Every provider there is. Each method may wait on the network, and raises UpstreamUnavailable."""

    def authorization_url(self, provider: UpstreamProvider, asked: AskedLogin, *, state: str) -> str:
        """Where the browser goes (OpenID Connect Core §3.1.2.1)."""
        ...

    def names_itself(self, provider: UpstreamProvider) -> bool:
        """Whether it has promised an `iss` with every answer (RFC 9207 §3)."""
        ...

    def redeem(self, provider: UpstreamProvider, asked: AskedLogin, code: str) -> Identity:
        """Who has signed in: the code for an ID token (§3.1.3), verified as §3.1.3.7 asks for.

        Raises:
            UpstreamLoginFailed: the provider refuses the code, or the ID token is not good for this login.
        """
        ...

    def find_end_session_endpoint(self, provider: UpstreamProvider) -> str:
        """Where the user signs out there (RP-Initiated Logout §2.1); empty where the provider has no such place."""
        ...
