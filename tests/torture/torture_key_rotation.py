"""A million validations over twenty rotations of the signing key, with the core killed half-way, while a key waits."""

import time
from pathlib import Path

from tests.faults.core_process import CoreProcess
from tests.faults.facade_process import FacadeProcess
from tests.faults.rotating_keys import SIGNS_SOON, RotatingKeys
from tests.torture.conftest import Figures

_ROTATIONS = 20
_VALIDATIONS = 1_000_000


def test_no_answer_is_wrong(tmp_path: Path, figures: Figures) -> None:
    """Not one of a million."""
    started = time.monotonic()
    facade = FacadeProcess(tmp_path, command=("-m", "tests.faults.patient_facade"))
    with CoreProcess(tmp_path, SIGNS_SOON) as core, facade, RotatingKeys(core, facade) as load:
        for rotation in range(_ROTATIONS):
            load.wait_for(validations=_VALIDATIONS // _ROTATIONS, verified=20)
            load.rotate(core.restart_after_a_crash if rotation == _ROTATIONS // 2 else lambda: None)
        load.wait_for(validations=1000, verified=20)

    verdicts = load.verdicts
    figures(f"{verdicts.validations} validations and {verdicts.verified} by the JWK Set, {len(verdicts.wrong)} wrong,")
    figures(f"over {_ROTATIONS} rotations in {time.monotonic() - started:.0f} s")
    assert verdicts.validations >= _VALIDATIONS
    assert verdicts.wrong == []
