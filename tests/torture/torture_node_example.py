"""protos/examples/node while the core is away for longer than anything remembered may be used."""

import time
from pathlib import Path

from tokenhouse.v1 import grant_admin_pb2

from tests.fakes.clock import RunningClock
from tests.protos.node_example import AUDIENCE, build_example
from tests.rpc.road import Road
from tests.serving import DEADLINE, Serving
from tests.torture.conftest import Figures
from tests.verifier.forms import wait_until
from tests.verifier.proxy import Proxy


def test_a_core_that_says_nothing(tmp_path: Path, figures: Figures) -> None:
    """changes.proto, rule 3: nobody can tell any more, and what was revoked meanwhile is refused when somebody can."""
    example = build_example(tmp_path / "checkout")
    with Serving(tmp_path, clock=RunningClock(int(time.time()))) as core:
        user = Road(core)
        user.begin()
        token, ended = (user.connect(resource=AUDIENCE).access_token for _ in range(2))
        grant = user.validate(ended, AUDIENCE).grant_id
        with Proxy(core.config.grpc.listen.port) as proxy, example.running(proxy.target) as ask:
            for good in (token, ended):
                wait_until(lambda good=good: ask(good)["remembered"], "an answer from memory")  # type: ignore[misc]

            proxy.freeze()
            core.grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=grant), timeout=DEADLINE)
            revoked, answered = time.monotonic(), 0
            while "unavailable" not in ask(ended):
                answered += 1
            away = time.monotonic() - revoked

            proxy.thaw()
            proxy.cut()
            wait_until(lambda: ask(token).get("remembered", False), "the changes to be followed again")
            assert ask(ended) == {"active": False}
    figures(f"{answered} answers from memory, and {away:.1f} s after a revocation that cannot arrive nobody can tell")
    # The bound, and the deadline of the question that got no answer.
    assert away < 5 + 2 + 3
