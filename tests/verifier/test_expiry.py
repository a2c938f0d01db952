"""Tokens expire while they are remembered."""

import time
from pathlib import Path

import pytest
from tokenhouse_verifier.errors import InvalidToken

from tests.faults.core_process import CoreProcess
from tests.faults.road import Road
from tests.serving import ISSUER
from tests.verifier.forms import FORMS, follow, refusal_of, verifying, wait_until_refused

#: How far the clocks of two processes on one machine, and a message under way, may be apart; in seconds.
_APART = 0.5


@pytest.mark.parametrize("form", FORMS)
def test_a_remembered_token_is_good_until_it_expires(tmp_path: Path, form: str) -> None:
    """RFC 7519 §4.1.4: no call that begins after exp accepts it, and nobody has to ask the core for that."""
    with CoreProcess(tmp_path, {"TOKENHOUSE_OAUTH_ACCESSTOKENLIFETIME": "3s"}) as core:
        app = Road(core)
        app.log_in()
        with verifying(form, core.target, audience=ISSUER) as verifier:
            token = app.connect().access_token
            expires_at = follow(verifier, token).expires_at
            while True:
                began = time.time()
                refusal = refusal_of(verifier, token, timeout=30)
                if refusal is not None:
                    break
                assert began < expires_at + _APART
                time.sleep(0.01)
            assert isinstance(refusal, InvalidToken)
            assert isinstance(wait_until_refused(verifier, token), InvalidToken)
