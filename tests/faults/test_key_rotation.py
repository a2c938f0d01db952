"""The signing key is rotated under load, and nobody notices.

A million validations are in `tests/torture/torture_key_rotation.py`.
"""

from pathlib import Path

from tests.faults.core_process import CoreProcess
from tests.faults.facade_process import FacadeProcess
from tests.faults.rotating_keys import RotatingKeys


def test_no_answer_is_wrong(tmp_path: Path) -> None:
    """Good tokens of every key are good and bad ones bad, also to a core that remembers none and to whoever fetches the
    JWK Set (RFC 7517 §5)."""
    facade = FacadeProcess(tmp_path, command=("-m", "tests.faults.patient_facade"))
    with CoreProcess(tmp_path) as core, facade, RotatingKeys(core, facade) as load:
        for rotation in range(4):
            load.wait_for(validations=2_000, verified=2)
            load.rotate()
            if rotation == 2:
                core.kill()
                core.start()
        load.wait_for(validations=2_000, verified=2)

    assert load.verdicts.wrong == []
