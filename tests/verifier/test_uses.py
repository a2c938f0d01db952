"""Which grants are used where: told by the verifier, shown by the core, though it is asked nothing any more."""

import pytest
from tokenhouse.v1 import grant_admin_pb2
from tokenhouse_verifier.uses import MOST, Uses

from core.domain.tokens.resource import normalise_resource
from tests.rpc.road import Road
from tests.running import wait_until
from tests.serving import DEADLINE, ISSUER, Serving
from tests.verifier.conftest import Open
from tests.verifier.forms import Form


def _uses(serving: Serving, grant_id: str) -> dict[str, int]:
    """By service, as an operator sees them."""
    serving.core._uses.write_down()
    request = grant_admin_pb2.GetGrantRequest(grant_id=grant_id)
    return {use.service: use.last_used_at for use in serving.grants.GetGrant(request, timeout=DEADLINE).grant.uses}


def _tell(form: Form) -> None:
    """Let it be a minute later."""
    form.verifier._link.changes._acknowledging._due_at = 0.0  # type: ignore[union-attr]


@pytest.mark.parametrize("verify_locally", [False, True])
def test_a_use_is_told_with_the_next_acknowledgement(
    serving: Serving, road: Road, opened: Open, verify_locally: bool
) -> None:
    """changes.proto, AcknowledgeKeysRequest: by the service and with the time, whoever checked the signature."""
    form = opened(verify_locally=verify_locally)
    first, second = (road.connect() for _ in range(2))
    grant_id = form.verify(first.access_token).grant_id
    other = form.verify(second.access_token).grant_id
    wait_until(lambda: form.verifier.is_following, "the changes")
    _tell(form)
    wait_until(lambda: bool(_uses(serving, grant_id)) and bool(_uses(serving, other)), "the uses")

    [(service, at)] = _uses(serving, grant_id).items()
    assert service == normalise_resource(ISSUER)
    assert abs(at - serving.clock.now()) <= 60


def test_what_was_told_is_told_once_and_what_was_lost_again() -> None:
    """Taken together; given back where the call failed."""
    uses = Uses(ISSUER)
    uses.note(["b", "a"])
    uses.note(["b", ""])
    taken = uses.take()
    again = uses.take()
    uses.give_back(taken)

    assert (taken, again, uses.take()) == (["a", "b"], [], ["a", "b"])


def test_a_flood_of_grants_takes_no_memory_without_end() -> None:
    """As many as one call may tell."""
    uses = Uses(ISSUER)
    for number in range(0, MOST + 10, 7):
        uses.note([str(number + each) for each in range(7)])

    assert len(uses.take()) == MOST
