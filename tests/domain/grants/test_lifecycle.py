"""Any sequence of refreshes, replays, waits, restarts and revocations: the grant does what the verdict table says."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.domain.errors import Refusal
from core.domain.grants.token_request import TokenRequest, TokenResponse
from tests.domain.house import DAY, House
from tests.domain.road import a_client, a_code, a_user, redeeming, refreshing, validate

WINDOW, IDLE, WHOLE = 120, 30 * DAY, 180 * DAY
PAUSES = st.sampled_from([0, 1, 59, 60, 61, 119, 120, 121, 3599, 3600, 29 * DAY, 30 * DAY])


class Lifecycle(RuleBasedStateMachine):
    """A grant and the simplest model of it: its generations' tokens, when it was last rotated, whether it has ended."""

    house: House

    @initialize()
    def connect(self) -> None:
        """Redeem a code."""
        self.client, self.user = a_client(self.house), a_user(self.house)
        self.code = a_code(self.house, self.client, self.user)
        self.began = self.rotated_at = self.house.clock.now()
        self.ended = False
        tokens = self.house.tokens.issue(redeeming(self.client.client_id, self.code))
        self.refresh_tokens = [tokens.refresh_token or ""]
        self.access_token, self.access_token_ends = tokens.access_token, self.house.clock.now() + 3600

    @property
    def has_run_out(self) -> bool:
        """Whether one of the two limits has passed."""
        now = self.house.clock.now()
        return now >= self.rotated_at + IDLE or now >= self.began + WHOLE

    def _try(self, request: TokenRequest) -> TokenResponse | None:
        try:
            answer = self.house.tokens.issue(request)
        except Refusal:
            return None
        self.access_token, self.access_token_ends = answer.access_token, self.house.clock.now() + answer.expires_in
        return answer

    def _refresh(self, token: str) -> TokenResponse | None:
        return self._try(refreshing(self.client.client_id, token))

    @rule(pause=PAUSES)
    def wait(self, pause: int) -> None:
        """Let time pass."""
        self.house.clock.advance(pause)

    @rule()
    def refresh(self) -> None:
        """Present the newest token: rotated."""
        answer = self._refresh(self.refresh_tokens[-1])
        assert (answer is not None) is not (self.ended or self.has_run_out)
        if answer is not None:
            assert answer.refresh_token not in self.refresh_tokens
            self.refresh_tokens.append(answer.refresh_token or "")
            self.rotated_at = self.house.clock.now()

    @precondition(lambda self: len(self.refresh_tokens) > 1)
    @rule()
    def replay(self) -> None:
        """Present the predecessor: the same successor within the window, the end of the grant after it."""
        alive = not (self.ended or self.has_run_out)
        answer = self._refresh(self.refresh_tokens[-2])
        within = self.house.clock.now() - self.rotated_at <= WINDOW
        assert (answer is not None) is (alive and within)
        if answer is not None:
            assert answer.refresh_token == self.refresh_tokens[-1]
        elif alive:
            self.ended = True

    @precondition(lambda self: len(self.refresh_tokens) > 2)
    @rule(data=st.data())
    def reuse(self, data: st.DataObject) -> None:
        """Present an older one: the end of the grant."""
        old = data.draw(st.sampled_from(self.refresh_tokens[:-2]))
        alive = not (self.ended or self.has_run_out)
        assert self._refresh(old) is None
        self.ended = self.ended or alive

    @rule()
    def present_the_code_again(self) -> None:
        """The end of the grant, whenever it comes."""
        assert self._try(redeeming(self.client.client_id, self.code)) is None
        self.ended = True

    @rule()
    def forge(self) -> None:
        """A changed token: nothing changes."""
        newest = self.refresh_tokens[-1]
        assert self._refresh(newest[:-1] + ("A" if newest[-1] != "A" else "B")) is None

    @rule()
    def revoke(self) -> None:
        """By an operator."""
        subject = self.user.subject
        found = self.house.store.list_grants(subject=subject, client_id=None, live_at=None, limit=5, before=None)
        for grant in found:
            self.house.grants.revoke(grant.id.hex())
        self.ended = True

    @rule()
    def restart(self) -> None:
        """Forget everything that is only in memory; remove what nobody needs."""
        self.house.store.purge(now=self.house.clock.now(), limit=500)
        self.house.restart()

    @invariant()
    def the_newest_access_token_lives_while_the_grant_does(self) -> None:
        """Revoked with the grant, else good until its own end."""
        if hasattr(self, "access_token"):
            good = not self.ended and self.house.clock.now() < self.access_token_ends
            assert (validate(self.house, self.access_token) is not None) is good


@pytest.fixture
def machine(house: House) -> Iterator[type[Lifecycle]]:
    """The machine, at work on this file's house."""
    Lifecycle.house = house
    yield Lifecycle
    del Lifecycle.house


def test_the_grant_follows_its_model(machine: type[Lifecycle]) -> None:
    """README, Grants: whatever happens in whatever order, verdicts and validation agree with the model."""
    run_state_machine_as_test(machine, settings=settings(max_examples=25, stateful_step_count=30, deadline=None))
