"""Faults of the core and of the way to it, one after the other, while threads verify through both forms."""

import time
from pathlib import Path
from random import Random

import pytest

from tests.faults.core_process import CoreProcess
from tests.faults.road import Road
from tests.serving import ISSUER
from tests.torture.conftest import Figures
from tests.verifier.forms import FORMS, follow, verifying
from tests.verifier.load import Load, freeze, kill, restart
from tests.verifier.proxy import Proxy

_FAULTS = 12
#: The verifier's own; see `tokenhouse_verifier.memory`.
_SILENCE = 5.0


@pytest.mark.parametrize("form", FORMS)
def test_verifying_through_faults(tmp_path: Path, figures: Figures, form: str) -> None:
    """No revoked token is accepted past its bound, no good one is refused, and each fault is got over."""
    began, random = time.monotonic(), Random(form)
    with (
        CoreProcess(tmp_path) as core,
        Proxy(core.port) as proxy,
        verifying(form, proxy.target, audience=ISSUER) as verifier,
    ):
        app = Road(core)
        app.log_in()
        kept, ending = [app.connect() for _ in range(3)], [app.connect() for _ in range(_FAULTS)]
        load = Load(core, app, verifier, _SILENCE, [held.access_token for held in (*kept, *ending)])
        for token in load.tokens:
            follow(verifier, token)
        with load.running():
            for held in ending:
                fault = random.choice((kill, freeze, restart, None))
                if fault is None:
                    load.meet_partition(proxy, held)
                else:
                    load.meet(fault, held)
    figures(f"{_FAULTS} faults, {len(load.calls)} calls, {dict(load.count())}, in {time.monotonic() - began:.0f} s")
    assert load.false_answers() == []
