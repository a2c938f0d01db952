"""A reloaded policy is put in force: what concerns others, and the record of it, in one transaction."""

from typing import Protocol

from core.domain.audit.record import AuditIntents, AuditRecord
from core.domain.policy import Policy
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.change import ChangeIntents, ChangeKind
from core.domain.writing import Writes
from core.policy_in_force import PolicyInForce


class ReloadTransaction(ChangeIntents, AuditIntents, Protocol):
    """What a reload writes."""


def change_policy(
    store: Writes[ReloadTransaction], in_force: PolicyInForce, policy: Policy, record: AuditRecord
) -> None:
    """Put the policy in force; one thread at a time.

    Raises:
        StoreUnavailable: it could not be written; the policy before stays in force.
    """
    before = in_force.current
    switched = {
        ChangeKind.CLIENTS_SWITCHED: (before.clients_enabled, policy.clients_enabled),
        ChangeKind.SERVER_WIDE_TOKENS_SWITCHED: (before.server_wide_tokens, policy.server_wide_tokens),
    }
    changed = [(kind, "on" if new else "off") for kind, (old, new) in switched.items() if old != new]

    def intent(tx: ReloadTransaction) -> None:
        for kind, target in changed:
            tx.record_change(kind, target, now=record.at, keep_until=record.at + LONGEST_LIFETIME)
        tx.record_act(record)

    with in_force.changing_to(policy):
        store.write(intent)
