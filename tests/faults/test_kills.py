"""Core and facade, killed at each step of a redemption and of a refresh: no session is lost, none is split in two.

A hundred kills at random, and one at each write and fsync, are in `tests/torture/torture_kills.py`.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from tests.faults.core_process import CoreProcess
from tests.faults.facade_process import FacadeProcess
from tests.faults.http_road import HttpRoad, Refused, http_client
from tests.faults.last_step import LastStep, Step
from tests.faults.promises import Promise, broken_promises
from tests.faults.road import Held

CORE_STEPS = [Step.BEFORE_BEGIN, Step.AFTER_UPDATE, Step.AFTER_COMMIT, Step.AFTER_REPLY]
FACADE_STEPS = [Step.BEFORE_ASKING, Step.AFTER_ANSWER]

Request = Callable[[], Held]


class Mortals:
    """A core and a facade that end themselves when they are told to, and a client."""

    def __init__(self, core: CoreProcess, facade: FacadeProcess, last_step: LastStep, http: httpx.Client) -> None:
        self.promises: list[Promise] = []
        self.core = core
        self.road = HttpRoad(core, self.promises.append, http=http)
        self._facade = facade
        self._last_step = last_step

    def kill_core(self, step: Step, request: Request) -> Held:
        """What one request is answered by a facade whose core dies at the step and is started again at once."""
        self._last_step.arm(step)
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(request)
            self.core.wait()
            assert self._last_step.reached
            self.core.start()
            return answer.result()

    def kill_facade(self, step: Step, request: Request) -> None:
        """Let the facade die at the step, which its client takes for a broken connection; then start it again."""
        self._last_step.arm(step)
        with pytest.raises(httpx.TransportError):
            request()
        self._facade.wait()
        assert self._last_step.reached
        self._facade.start()

    def require_live(self, held: Held, generation: int) -> None:
        """The client's session goes on, and there is no other: both its tokens work, and the next is the next."""
        assert held.generation == generation
        assert self.road.is_active(held)
        assert self.road.refresh(held).generation == generation + 1

    def require_ended(self, held: Held) -> None:
        """Neither of its tokens works."""
        assert not self.road.is_active(held)
        with pytest.raises(Refused, match="400 invalid_grant"):
            self.road.refresh(held)


@pytest.fixture(scope="module")
def mortals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortals]:
    """Both processes; in the end everything that was ever acknowledged is there."""
    folder = tmp_path_factory.mktemp("mortals")
    last_step = LastStep(folder)
    with CoreProcess(folder, last_step.environment, ("-m", "tests.faults.mortal_core")) as core:
        facade = FacadeProcess(folder, last_step.environment, ("-m", "tests.faults.mortal_facade"))
        with facade, http_client(facade.url) as http:
            mortals = Mortals(core, facade, last_step, http)
            mortals.road.log_in()
            yield mortals
        core.kill()
        assert broken_promises(core.database, mortals.promises) == []
        assert len(mortals.promises) > 20


@pytest.mark.parametrize("step", CORE_STEPS)
def test_core_redeeming(mortals: Mortals, step: Step) -> None:
    """The facade asks once more with the same attempt_id, so its client gets the tokens for its code (README)."""
    client_id = mortals.road.register()
    code = mortals.road.consent(client_id)

    mortals.require_live(mortals.kill_core(step, partial(mortals.road.redeem, client_id, code)), 1)


@pytest.mark.parametrize("step", CORE_STEPS)
def test_core_refreshing(mortals: Mortals, step: Step) -> None:
    """The client gets the one successor, whether or not the core had rotated before it died (RFC 9700 §4.14.2)."""
    held = mortals.road.connect()
    successor = mortals.kill_core(step, partial(mortals.road.refresh, held))

    assert mortals.road.refresh(held).refresh_token == successor.refresh_token
    mortals.require_live(successor, 2)


@pytest.mark.parametrize("step", FACADE_STEPS)
def test_facade_refreshing(mortals: Mortals, step: Step) -> None:
    """A client that sends its refresh once more, as a new request, gets the one successor."""
    held = mortals.road.connect()
    mortals.kill_facade(step, partial(mortals.road.refresh, held))
    successor = mortals.road.refresh(held)

    assert mortals.road.refresh(held).refresh_token == successor.refresh_token
    mortals.require_live(successor, 2)


def test_facade_before_redeeming(mortals: Mortals) -> None:
    """A code that never reached the core is as good as before."""
    client_id = mortals.road.register()
    code = mortals.road.consent(client_id)
    mortals.kill_facade(Step.BEFORE_ASKING, lambda: mortals.road.redeem(client_id, code))

    mortals.require_live(mortals.road.redeem(client_id, code), 1)


def test_facade_after_redeeming(mortals: Mortals) -> None:
    """A code that was redeemed and comes in a second request is presented again: the session is over (RFC 9700 §4.5).

    The client cannot know, and neither can the server: whoever comes second may have stolen the code.
    """
    client_id = mortals.road.register()
    code = mortals.road.consent(client_id)
    mortals.kill_facade(Step.AFTER_ANSWER, lambda: mortals.road.redeem(client_id, code))

    for _ in range(2):
        with pytest.raises(Refused, match="400 invalid_grant"):
            mortals.road.redeem(client_id, code)


def test_code_in_two_requests(mortals: Mortals) -> None:
    """The same without any fault: the second request is refused, and what the first was given ends (RFC 9700 §4.5)."""
    client_id = mortals.road.register()
    code = mortals.road.consent(client_id)
    held = mortals.road.redeem(client_id, code)
    with pytest.raises(Refused, match="400 invalid_grant"):
        mortals.road.redeem(client_id, code)

    mortals.require_ended(held)
