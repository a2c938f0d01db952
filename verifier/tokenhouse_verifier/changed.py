"""What has changed, and when: enough to tell whether something known at a revision still holds."""

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.contract.changes_pb2 import Change, ChangeKind

#: How many targets are kept. Beyond it all are dropped, and nothing known before can be told to hold.
MOST_TARGETS = 20_000

_SWITCHES = (ChangeKind.CHANGE_KIND_CLIENTS_SWITCHED, ChangeKind.CHANGE_KIND_SERVER_WIDE_TOKENS_SWITCHED)


class Changed:
    """The newest change of each grant, client and user. What is older than `floor` cannot be judged."""

    def __init__(self) -> None:
        self.floor = 0
        #: What is known at this revision or later holds, whatever it is.
        self.newest = 0
        self._grants: dict[str, int] = {}
        self._clients: dict[str, int] = {}
        self._subjects: dict[str, int] = {}
        #: Users who are others now, though none of their tokens ended.
        self._altered: dict[str, int] = {}
        self._targets = {
            ChangeKind.CHANGE_KIND_GRANT_REVOKED: self._grants,
            ChangeKind.CHANGE_KIND_CLIENT_REVOKED: self._clients,
            ChangeKind.CHANGE_KIND_SUBJECT_REVOKED: self._subjects,
            ChangeKind.CHANGE_KIND_SUBJECT_CHANGED: self._altered,
        }

    def note(self, change: Change) -> bool:
        """Take note of the next change; False: it may concern anything, so every answer must be forgotten."""
        self.newest = change.revision
        targets = self._targets.get(change.kind)
        if targets is not None:
            targets[change.target] = change.revision
            if sum(map(len, self._targets.values())) > MOST_TARGETS:
                self._end_everything(change.revision)
            return True
        # After a switch tokens are as good as their answers say under the new policy, but none is ended.
        if change.kind not in _SWITCHES:
            # Everything revoked, a key withdrawn, or a kind that is newer than this program.
            self._end_everything(change.revision)
        return False

    def since(self, revision: int, token: AccessToken) -> bool:
        """Whether an answer about this token that was given at this revision may hold no more."""
        return (
            revision < self.floor or self.ended_since(revision, token) or self._altered.get(token.subject, 0) > revision
        )

    def ended_since(self, revision: int, token: AccessToken) -> bool:
        """Whether a token that was good at this revision is known to have ended, which is for good."""
        return (
            self._grants.get(token.grant_id, 0) > revision
            or self._subjects.get(token.subject, 0) > revision
            or self._clients.get(token.client_id, 0) > revision
        )

    def subject_since(self, revision: int, subject: str) -> bool:
        """Whether what was known of a user at this revision may hold no more."""
        newest = max(self._subjects.get(subject, 0), self._altered.get(subject, 0))
        return revision < self.floor or newest > revision

    def _end_everything(self, revision: int) -> None:
        self.floor = revision
        for targets in self._targets.values():
            targets.clear()
