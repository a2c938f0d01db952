"""Many verifiers at one core: each hears of everything, and calls are answered meanwhile."""

import time
from contextlib import ExitStack
from pathlib import Path

from tokenhouse_verifier.errors import InvalidToken, NotVerified
from tokenhouse_verifier.verifier import TokenVerifier

from tests.faults.core_process import CoreProcess
from tests.faults.road import Road
from tests.serving import ISSUER
from tests.verifier.forms import PATIENCE, wait_until


def test_a_hundred_verifiers(tmp_path: Path) -> None:
    """house.md: a hundred streams hold no thread; what is revoked is refused by all, what is not by none."""
    with CoreProcess(tmp_path) as core, ExitStack() as stack:
        app = Road(core)
        app.log_in()
        kept, ended = app.connect(), app.connect()
        verifiers = [stack.enter_context(TokenVerifier(core.target, audience=ISSUER)) for _ in range(100)]
        for verifier in verifiers:
            verifier.verify(kept.access_token, timeout=PATIENCE)
        wait_until(lambda: all(verifier.is_following for verifier in verifiers), "all to follow")
        for verifier in verifiers:
            verifier.verify(kept.access_token, timeout=PATIENCE)
            verifier.verify(ended.access_token, timeout=PATIENCE)
        app.revoke(ended)
        revoked_at = time.monotonic()
        for _ in range(20):
            assert app.is_active(kept)
        waiting = set(verifiers)
        while waiting:
            assert time.monotonic() < revoked_at + PATIENCE
            waiting = {verifier for verifier in waiting if not _refuses(verifier, ended.access_token)}
        for verifier in verifiers:
            assert verifier.verify(kept.access_token, timeout=PATIENCE).username == "admin"


def _refuses(verifier: TokenVerifier, token: str) -> bool:
    try:
        verifier.verify(token, timeout=PATIENCE)
    except InvalidToken:
        return True
    except NotVerified as refusal:
        raise AssertionError(refusal) from refusal
    return False
