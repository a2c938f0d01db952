"""Tokens expire while they are remembered."""

import time
from pathlib import Path

from tokenhouse_verifier.errors import InvalidToken

from tests.faults.core_process import CoreProcess
from tests.faults.road import Road
from tests.serving import ISSUER
from tests.verifier.forms import follow, refusal_of, verifying_in_each_form, wait_until_refused

#: How far the clocks of two processes on one machine, and a message under way, may be apart; in seconds.
_APART = 0.5
#: Longer than it takes to remember a token on a machine that has other work.
_LIFETIME = "10s"


def test_a_remembered_token_is_good_until_it_expires(tmp_path: Path) -> None:
    """RFC 7519 §4.1.4: no call that begins after exp accepts it, and nobody has to ask the core for that."""
    with (
        CoreProcess(tmp_path, {"TOKENHOUSE_OAUTH_ACCESSTOKENLIFETIME": _LIFETIME}) as core,
        verifying_in_each_form(core.target, audience=ISSUER) as verifiers,
    ):
        app = Road(core)
        app.log_in()
        token = app.connect().access_token
        accepting = {verifier: follow(verifier, token).expires_at for verifier in verifiers}
        while accepting:
            for verifier, expires_at in list(accepting.items()):
                began = time.time()
                refusal = refusal_of(verifier, token, timeout=30)
                if refusal is None:
                    assert began < expires_at + _APART, verifier
                else:
                    assert isinstance(refusal, InvalidToken)
                    del accepting[verifier]
            time.sleep(0.01)
        for verifier in verifiers:
            assert isinstance(wait_until_refused(verifier, token), InvalidToken)
