"""The audit trail, as operators read it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from core.domain.audit.record import AuditCount, AuditFacts, AuditQuery, AuditRecord
from core.domain.audit.upkeep import AuditUpkeep
from core.domain.clients.document_url import names_document, parse_document_url
from core.domain.clients.redirect_policy import parse_redirect_uri
from core.domain.clock import Clock
from core.domain.errors import InvalidArgument, InvalidRedirectUri
from core.domain.limits.network import network_of
from core.domain.sayings import say
from core.domain.users.user import UserFacts, username_key

_LONGEST_SPAN = 400 * 24 * 60 * 60
#: The largest number that a store can compare with.
_LARGEST = 2**63 - 1


class AuditReadingStore(AuditFacts, UserFacts, Protocol):
    """What reading needs of a store."""


class AuditAdministration:
    """Reads the audit trail, and what is only in memory yet with it."""

    def __init__(self, store: AuditReadingStore, upkeep: AuditUpkeep, clock: Clock) -> None:
        self._store = store
        self._upkeep = upkeep
        self._clock = clock

    def list(
        self, query: AuditQuery, *, user: str, limit: int, after: int | None, before: int
    ) -> tuple[Sequence[AuditRecord], bool]:
        """Records as `AuditFacts.list_audit_records` orders them, and whether there are more; `user` is a name or a
        subject, `before` 0 is the newest.

        Raises:
            InvalidArgument: a number is out of bounds.
        """
        for number in (after or 0, before, query.since or 0, query.until or 0):
            if not 0 <= number <= _LARGEST:
                raise InvalidArgument(say("numbers_below_zero"))
        self._upkeep.write_refusals()
        wanted = replace(query, users=self._names_of(user), network=_network_named(query.network))
        found = self._store.list_audit_records(wanted, limit=limit + 1, after=after, before=before or None)
        return found[:limit], len(found) > limit

    def name(self, records: Sequence[AuditRecord]) -> tuple[Mapping[str, str], Mapping[str, tuple[str, str]]]:
        """What people call whom they name by id: user names by subject; names and hosts by client_id.

        In two queries for all of them: nothing more is kept for it, and who is gone has an id alone.
        """
        subjects = {record.subject for record in records if record.subject}
        client_ids = {record.client_id for record in records if record.client_id}
        names = self._store.list_audit_names(sorted(subjects), sorted(client_ids))
        hosts = {client_id: (name, _host_of(client_id, uri)) for client_id, (name, uri) in names.clients.items()}
        return names.users, hosts

    def count(self, *, since: int, until: int) -> Sequence[AuditCount]:
        """Counts of the hours from `since` to `until`; 0 is now.

        Raises:
            InvalidArgument: a number is out of bounds, or the time is longer than 400 days.
        """
        now = self._clock.now()
        end = until or now + 1
        if not 0 <= since <= _LARGEST or not 0 <= end <= _LARGEST or end - since > _LONGEST_SPAN:
            raise InvalidArgument(say("times_apart"))
        self._upkeep.write_counts(now)
        return self._store.list_audit_counts(since=since, until=end)

    def _names_of(self, user: str) -> tuple[str, ...]:
        if not user:
            return ()
        found = self._store.find_user_by_name(username_key(user)) or self._store.find_user(user)
        return (user,) if found is None else (user, found.subject, found.username)


def _host_of(client_id: str, redirect_uri: str) -> str:
    """Where a client is: the host of its document, or of where its answers go; empty where it has neither."""
    if names_document(client_id):
        return parse_document_url(client_id).authority
    try:
        return parse_redirect_uri(redirect_uri).shown_host
    except InvalidRedirectUri:
        return ""


def _network_named(text: str) -> str:
    """The network of an address; a network's own name is taken as it is."""
    return text if not text or "/" in text else network_of(text)
