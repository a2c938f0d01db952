"""Users apart from their tokens: who shows a new token of a known user need not be asked for."""

from dataclasses import dataclass

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.changed import Changed
from tokenhouse_verifier.claims import Claims


@dataclass(frozen=True, slots=True)
class _User:
    username: str
    groups: tuple[str, ...]
    #: When the core said so.
    revision: int


class KnownUsers:
    """Names and groups as the core told them with a token; bounded."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._users: dict[str, _User] = {}

    def put(self, token: AccessToken, revision: int) -> None:
        """Learn the user of a token that the core has verified."""
        if len(self._users) >= self._most:
            self._users.clear()
        self._users[token.subject] = _User(token.username, token.groups, revision)

    def find_token(self, claims: Claims, changed: Changed) -> AccessToken | None:
        """The token of these claims, if its user is known and has not changed since."""
        user = self._users.get(claims.subject)
        if user is None or changed.subject_since(user.revision, claims.subject):
            return None
        return AccessToken(
            subject=claims.subject,
            username=user.username,
            client_id=claims.client_id,
            scopes=claims.scopes,
            audience=claims.audience,
            groups=user.groups,
            expires_at=claims.expires_at,
            grant_id=claims.grant_id,
        )

    def clear(self) -> None:
        """Forget them all."""
        self._users.clear()
