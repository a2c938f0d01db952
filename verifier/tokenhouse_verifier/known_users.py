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


#: What a user takes beside name and groups, and a text beside its letters, in bytes.
_OVERHEAD = 480
_TEXT = 88


class KnownUsers:
    """Names and groups as the core told them with a token; bounded in number and in bytes."""

    def __init__(self, most: int, max_bytes: int) -> None:
        self._most = most
        self._max_bytes = max_bytes
        self._users: dict[str, _User] = {}
        #: About how many bytes they take.
        self.bytes = 0

    def put(self, token: AccessToken, revision: int) -> None:
        """Learn the user of a token that the core has verified."""
        known = self._users.get(token.subject)
        if known is not None and known.groups == token.groups and known.username == token.username:
            self._users[token.subject] = _User(known.username, known.groups, revision)
            return
        size = _size_of(token.username, token.groups)
        before = 0 if known is None else _size_of(known.username, known.groups)
        if len(self._users) >= self._most or self.bytes - before + size > self._max_bytes:
            self.clear()
            before = 0
        if size <= self._max_bytes:
            self._users[token.subject] = _User(token.username, token.groups, revision)
            self.bytes += size - before

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
        self.bytes = 0


def _size_of(username: str, groups: tuple[str, ...]) -> int:
    letters = "".join((username, *groups))
    # A text with one letter beyond Latin-1 takes up to four bytes a letter.
    return _OVERHEAD + _TEXT * len(groups) + len(letters) * (1 if letters.isascii() else 4)
