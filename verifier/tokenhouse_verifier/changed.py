"""What has changed, and when: enough to tell whether something known at a revision still holds."""

#: How many targets are kept. Beyond it all are dropped, and nothing known before can be told to hold.
MOST_TARGETS = 20_000


class Changed:
    """The newest change of each grant, client and user. What is older than `floor` cannot be judged."""

    def __init__(self) -> None:
        self.floor = 0
        self._grants: dict[str, int] = {}
        self._clients: dict[str, int] = {}
        self._subjects: dict[str, int] = {}

    def since(self, revision: int, *, grant_id: str, client_id: str, subject: str) -> bool:
        """Whether something that was known at this revision may hold no more."""
        return (
            revision < self.floor
            or self._grants.get(grant_id, 0) > revision
            or self._subjects.get(subject, 0) > revision
            or self._clients.get(client_id, 0) > revision
        )

    def subject_since(self, revision: int, subject: str) -> bool:
        """The same of what was known of a user."""
        return revision < self.floor or self._subjects.get(subject, 0) > revision

    def note_grant(self, grant_id: str, revision: int) -> None:
        """The grant changed."""
        self._note(self._grants, grant_id, revision)

    def note_client(self, client_id: str, revision: int) -> None:
        """The client changed."""
        self._note(self._clients, client_id, revision)

    def note_subject(self, subject: str, revision: int) -> None:
        """The user changed."""
        self._note(self._subjects, subject, revision)

    def note_everything(self, revision: int) -> None:
        """Nothing known before this revision holds."""
        self.floor = revision
        for targets in (self._grants, self._clients, self._subjects):
            targets.clear()

    def _note(self, targets: dict[str, int], target: str, revision: int) -> None:
        targets[target] = revision
        if len(self._grants) + len(self._clients) + len(self._subjects) > MOST_TARGETS:
            self.note_everything(revision)
