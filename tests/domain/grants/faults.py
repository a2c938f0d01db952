"""A code that waits to be redeemed, and every single thing that can be wrong with redeeming it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.domain.clients.client import Client
from core.domain.grants.grant import Grant
from core.domain.users.user import User
from tests.domain.house import House
from tests.domain.road import PKCE, REDIRECT_URI, a_client, a_code, a_user, grant_id_of, redeeming, refusal_of


@dataclass
class Issued:
    """A code that waits to be redeemed, and how it is presented."""

    house: House
    client: Client
    user: User
    code: str
    presented_by: str = ""
    changes: dict[str, Any] = field(default_factory=dict)

    def present(self, **changes: Any) -> str:
        """The name of the refusal it meets, "" where it is redeemed."""
        request = redeeming(self.presented_by or self.client.client_id, self.code, **{**self.changes, **changes})
        return refusal_of(self.house, request)

    def grant(self) -> Grant:
        """The row."""
        found = self.house.store.find_grant(grant_id_of(self.code))
        assert found is not None
        return found


def issue(house: House, *resources: str) -> Issued:
    """A fresh code."""
    client, user = a_client(house), a_user(house)
    return Issued(house, client, user, a_code(house, client, user, *resources))


def _other_client(issued: Issued) -> None:
    issued.presented_by = a_client(issued.house).client_id


def _unknown_client(issued: Issued) -> None:
    issued.presented_by = "client_that_never_was"


def _expire(issued: Issued) -> None:
    issued.house.clock.advance(60)


def _disable(issued: Issued) -> None:
    issued.house.users.disable(issued.user.username)


def _delete_user(issued: Issued) -> None:
    issued.house.users.delete(issued.user.username)


def _delete_client(issued: Issued) -> None:
    issued.house.clients.delete(issued.client.client_id)


def _block_client(issued: Issued) -> None:
    issued.house.clients.block(issued.client.client_id)


def _present(**changes: Any) -> Callable[[Issued], None]:
    return lambda issued: issued.changes.update(changes)


OTHER_VERIFIER = "x" * 43
#: Every single thing that can be wrong, what it is answered with, and whether it burns the code.
FAULTS: dict[str, tuple[Callable[[Issued], None], str, bool]] = {
    "verifier wrong": (_present(verifier=OTHER_VERIFIER), "InvalidGrant", True),
    "verifier missing": (_present(verifier=None), "InvalidGrant", True),
    "verifier empty": (_present(verifier=""), "InvalidGrant", True),
    "verifier is the challenge": (_present(verifier=PKCE.challenge), "InvalidGrant", True),
    "verifier cut": (_present(verifier=PKCE.verifier[:-1]), "InvalidGrant", True),
    "verifier too short": (_present(verifier="a" * 42), "InvalidGrant", True),
    "verifier too long": (_present(verifier="a" * 129), "InvalidGrant", True),
    "verifier with a space": (_present(verifier=PKCE.verifier + " "), "InvalidGrant", True),
    "verifier beyond ASCII": (_present(verifier="é" * 43), "InvalidGrant", True),
    "other client": (_other_client, "InvalidGrant", True),
    "redirect_uri with another port": (_present(redirect_uri="http://127.0.0.1:1/callback"), "InvalidGrant", True),
    "redirect_uri with another path": (_present(redirect_uri=REDIRECT_URI + "/"), "InvalidGrant", True),
    "redirect_uri elsewhere": (_present(redirect_uri="https://evil.example.com/"), "InvalidGrant", True),
    "expired": (_expire, "InvalidGrant", False),
    "user disabled": (_disable, "InvalidGrant", False),
    "user deleted": (_delete_user, "InvalidGrant", False),
    "unknown client": (_unknown_client, "InvalidClient", True),
    "client deleted": (_delete_client, "InvalidClient", False),
    "client blocked": (_block_client, "InvalidClient", False),
    "a secret from a public client": (_present(secret="made up"), "InvalidClient", False),
    "attempt_id missing": (_present(attempt_id=b"short"), "InvalidRequest", False),
}
