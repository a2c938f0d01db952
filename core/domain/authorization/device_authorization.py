"""A device's request for authorization and its states (RFC 8628 §3.1): one row until the user has decided.

A yes makes the grant, which has the row's id and secret: from then on the device code is the grant's code.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class DeviceState(StrEnum):
    """pending: nobody has decided. approved: there is a grant. denied: the user said no. dead: spent, or ended."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """One request of one device. Times are seconds since the epoch; `secret` keys the tag of its device code."""

    id: bytes
    secret: bytes = field(repr=False)
    #: The user code under the master key: a copy of the database tells no code.
    user_code_tag: bytes = field(repr=False)
    client_id: str
    scope: tuple[str, ...]
    #: In their owners' spelling; empty: server-wide.
    resources: tuple[str, ...]
    state: DeviceState
    created_at: int
    expires_at: int
    #: Who decided, and when.
    subject: str | None = None
    decided_at: int | None = None


class DeviceAuthorizationFacts(Protocol):
    """What can be read of devices' requests."""

    def find_device_authorization(self, device_id: bytes) -> DeviceAuthorization | None:
        """The request with this id, in whatever state."""
        ...

    def find_undecided(self, user_code_tags: tuple[bytes, bytes], *, now: int) -> DeviceAuthorization | None:
        """The request whose user code has one of these tags, if it is pending and has not expired at `now`."""
        ...


class DeviceAuthorizationIntents(Protocol):
    """What can be done to a request inside a transaction, each by one conditional statement."""

    def create_device_authorization(self, wanted: DeviceAuthorization) -> bool:
        """Store a new request; False when its id or user code is taken, or its client is gone or blocked."""
        ...

    def decide_device_authorization(
        self, device_id: bytes, *, state: DeviceState, subject: str, now: int
    ) -> DeviceAuthorization | None:
        """pending → `state`; None unless it is pending and `expires_at` after `now`."""
        ...

    def kill_device_authorization(self, device_id: bytes) -> bool:
        """pending → dead; False when it was not pending."""
        ...

    def kill_device_authorizations_of_client(self, client_id: str) -> int:
        """pending → dead for every request of a client; how many that were."""
        ...

    def kill_all_device_authorizations(self) -> int:
        """pending → dead for every request there is; how many that were."""
        ...
