"""The core killed, frozen and cut off while threads verify: every call is looked at afterwards."""

from pathlib import Path

import pytest
from tokenhouse_verifier import memory

from tests.faults.core_process import CoreProcess
from tests.faults.road import Road
from tests.serving import ISSUER
from tests.verifier.forms import FORMS, follow, verifying
from tests.verifier.load import Load, freeze, kill
from tests.verifier.proxy import Proxy

_SILENCE = 1.5


@pytest.mark.parametrize("form", FORMS)
def test_no_call_is_answered_falsely(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No revoked token past its bound, none refused that is good, all of it well again after each fault."""
    monkeypatch.setattr(memory, "SILENCE", _SILENCE)
    with (
        CoreProcess(tmp_path) as core,
        Proxy(core.port) as proxy,
        verifying(form, proxy.target, audience=ISSUER) as verifier,
    ):
        app = Road(core)
        app.log_in()
        kept, ending = app.connect(), [app.connect() for _ in range(3)]
        load = Load(core, app, verifier, _SILENCE, [kept.access_token, *(held.access_token for held in ending)])
        for token in load.tokens:
            follow(verifier, token)
        with load.running():
            load.meet(freeze, ending[0])
            load.meet(kill, ending[1])
            load.meet_partition(proxy, ending[2])
    assert load.false_answers() == []
    assert set(load.count()) == {"", "InvalidToken", "Unavailable"}
