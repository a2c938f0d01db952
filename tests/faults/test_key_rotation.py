"""The signing key is rotated under load, and nobody notices.

A million validations are in `tests/torture/torture_key_rotation.py`.
"""

from pathlib import Path

from tests.faults.core_process import CoreProcess
from tests.faults.facade_process import FacadeProcess
from tests.faults.rotating_keys import SIGNS_SOON, RotatingKeys


def test_no_answer_is_wrong(tmp_path: Path) -> None:
    """Good tokens of every key are good and bad ones bad, also to a core that remembers none and to whoever fetches the
    JWK Set (RFC 7517 §5)."""
    facade = FacadeProcess(tmp_path, command=("-m", "tests.faults.patient_facade"))
    with CoreProcess(tmp_path, SIGNS_SOON) as core, facade, RotatingKeys(core, facade) as load:
        for rotation in range(3):
            load.wait_for(validations=200, verified=2)
            load.rotate(core.restart_after_a_crash if rotation == 1 else lambda: None)
        load.wait_for(validations=200, verified=2)

    assert load.verdicts.wrong == []
