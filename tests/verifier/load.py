"""Threads that verify while a core is killed, frozen, restarted or cut off, and what may be said of each call."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from tokenhouse_verifier.errors import InvalidToken, Unavailable

from tests.faults.core_process import CoreProcess
from tests.faults.road import Held, Road
from tests.verifier.forms import PATIENCE, Form, refusal_of, wait_until, wait_until_refused
from tests.verifier.proxy import Proxy

#: What two clocks on one machine may be apart, and a message under way, in seconds.
APART = 0.5
#: Between two calls of one thread, in seconds.
_PAUSE = 0.002

Fault = Callable[[CoreProcess, float], None]


def kill(core: CoreProcess, silence: float) -> None:
    """Crash, be away for longer than silence is believed, and come back."""
    core.kill()
    time.sleep(silence)
    core.start()


def restart(core: CoreProcess, silence: float) -> None:
    """End and begin as an operator does."""
    core.stop()
    core.start()


def freeze(core: CoreProcess, silence: float) -> None:
    """Stand still for longer than silence is believed."""
    core.freeze()
    time.sleep(silence + 1)
    core.thaw()


@dataclass(frozen=True, slots=True)
class Call:
    """One verification; times are on the monotonic clock."""

    token: str
    began: float
    ended: float
    refusal: str


@dataclass
class Load:
    """Threads that verify some tokens again and again; tokens end, and the core meets faults."""

    core: CoreProcess
    app: Road
    form: Form
    #: How long silence is believed, in seconds.
    silence: float
    tokens: list[str]
    calls: list[Call] = field(default_factory=list)
    #: When the revocation of a token was asked for, and when it was acknowledged.
    revoked: dict[str, tuple[float, float]] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator[None]:
        """For the time of a `with`."""
        stop = threading.Event()
        with ThreadPoolExecutor(len(self.tokens)) as threads:
            working = [threads.submit(self._verify, token, stop) for token in self.tokens]
            try:
                yield
            finally:
                stop.set()
            for each in working:
                each.result(PATIENCE)

    def meet(self, fault: Fault, ending: Held) -> None:
        """Revoke a token, let the fault happen, and see that all is well again."""
        self._revoke(ending)
        fault(self.core, self.silence)
        self._require_recovery()

    def meet_partition(self, proxy: Proxy, ending: Held) -> None:
        """Revoke a token while nothing gets through, for longer than silence is believed; then all is well again."""
        proxy.freeze()
        self._revoke(ending)
        wait_until(lambda: not self.form.verifier.is_following, "silence")
        time.sleep(1)
        proxy.thaw()
        self._require_recovery()

    def _revoke(self, ending: Held) -> None:
        asked_at = time.monotonic()
        self.app.revoke(ending)
        self.revoked[ending.access_token] = (asked_at, time.monotonic())

    def _require_recovery(self) -> None:
        wait_until(lambda: self.form.verifier.is_following, "the changes to be followed again")
        for token in self.tokens:
            if token in self.revoked:
                # The silence of a short fault is not noticed. `_is_true` holds every yes against its bound.
                assert isinstance(wait_until_refused(self.form, token), InvalidToken)
            else:
                assert refusal_of(self.form, token, timeout=PATIENCE) is None

    def false_answers(self) -> list[Call]:
        """Calls that accepted a revoked token past its bound, or refused one that was good."""
        return [call for call in self.calls if not self._is_true(call)]

    def count(self) -> Counter[str]:
        """How often each answer was given; "" is a yes."""
        return Counter(call.refusal for call in self.calls)

    def _is_true(self, call: Call) -> bool:
        if call.refusal == Unavailable.__name__:
            return True
        if call.token not in self.revoked:
            return not call.refusal
        asked_at, acknowledged_at = self.revoked[call.token]
        # Acknowledged between two messages: the first one that is sent after it tells of it.
        return call.ended >= asked_at if call.refusal else call.began < acknowledged_at + self.silence + APART

    def _verify(self, token: str, stop: threading.Event) -> None:
        while not stop.is_set():
            began = time.monotonic()
            refusal = refusal_of(self.form, token, timeout=0.3)
            name = type(refusal).__name__ if refusal else ""
            self.calls.append(Call(token, began, time.monotonic(), name))
            time.sleep(_PAUSE)
