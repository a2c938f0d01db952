"""The revocations in force, in memory: by grant, client, subject, or everything."""

from core.domain.tokens.access_token import AccessToken
from core.domain.tokens.change import Change, ChangeKind


class Revocations:
    """Which tokens are covered. A token is, when a revocation that names it has a higher number than its `rev`."""

    def __init__(self) -> None:
        self._grants: dict[str, int] = {}
        self._clients: dict[str, int] = {}
        self._subjects: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._everything = 0
        self._kept: list[tuple[int, dict[str, int], str, int]] = []

    def cover(self, token: AccessToken) -> bool:
        """Whether the token has been revoked."""
        revision = token.revision
        return (
            self._grants.get(token.grant_id, 0) > revision
            or self._subjects.get(token.subject, 0) > revision
            or self._clients.get(token.client_id, 0) > revision
            or self._everything > revision
            or token.key_id in self._keys
        )

    def add(self, change: Change) -> None:
        """Count one change; kinds that revoke nothing are passed over."""
        if change.kind is ChangeKind.ALL_REVOKED:
            self._everything = max(self._everything, change.revision)
            return
        place = self._place_of(change.kind)
        if place is not None:
            place[change.target] = max(place.get(change.target, 0), change.revision)
            self._kept.append((change.keep_until, place, change.target, change.revision))

    def numbers(self) -> dict[str, int]:
        """How many are kept, by what they end."""
        return {
            "grant": len(self._grants),
            "client": len(self._clients),
            "user": len(self._subjects),
            "signing_key": len(self._keys),
        }

    def forget(self, *, now: int) -> None:
        """Drop what can concern no living token any more, so that memory does not grow with use."""
        ended = [entry for entry in self._kept if entry[0] <= now]
        self._kept = [entry for entry in self._kept if entry[0] > now]
        for _, place, target, revision in ended:
            if place.get(target) == revision:
                del place[target]

    def _place_of(self, kind: ChangeKind) -> dict[str, int] | None:
        return {
            ChangeKind.GRANT_REVOKED: self._grants,
            ChangeKind.CLIENT_REVOKED: self._clients,
            ChangeKind.SUBJECT_REVOKED: self._subjects,
            ChangeKind.KEY_WITHDRAWN: self._keys,
        }.get(kind)
