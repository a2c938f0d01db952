"""The master key: can it be read, by nobody else, and is it this database's?"""

from collections.abc import Iterator, Sequence

from core.config.config import Config
from core.doctor.finding import Finding, good, note, problem
from core.domain.keys.key_ring import find_private_key
from core.domain.keys.master_key import MasterKeys
from core.domain.keys.signing_key import KeyState, SigningKey
from core.domain.randomness import SystemRandomness
from core.loading import load_master_keys
from core.store.master_key_file import MasterKeyMissing, MasterKeyRefused

_SUBJECT = "Master key"


def examine_master_key(
    config: Config, signing_keys: Sequence[SigningKey] | None, *, has_database: bool
) -> Iterator[Finding]:
    """`signing_keys` are those of the database; None where it cannot be read, or there is none."""
    randomness, place = SystemRandomness(), _place_of(config)
    try:
        _, keys = load_master_keys(config, randomness, may_create=False)
    except MasterKeyMissing as refusal:
        if not has_database:
            yield note(_SUBJECT, f"{place} is not there yet; the first start makes it")
        else:
            yield problem(_SUBJECT, str(refusal))
        return
    except MasterKeyRefused as refusal:
        yield problem(_SUBJECT, str(refusal))
        return
    master_keys = MasterKeys(keys, randomness)
    signing = [key for key in signing_keys or () if key.state is KeyState.SIGNING]
    if any(find_private_key(key, master_keys) is None for key in signing):
        yield problem(_SUBJECT, f"{place} is not the key of this database: put a copy of the right one in its place")
        return
    fits = " and fits the database" if signing else ""
    yield good(_SUBJECT, f"{place} can be read{fits}; keep a copy of it apart from the database's backups")
    if config.keys.master_key is None and config.keys.master_key_file.is_relative_to(config.database_folder):
        yield note(_SUBJECT, f"{place} lies in the database's own folder: whoever copies that has both")


def _place_of(config: Config) -> str:
    return "Keys.MasterKey" if config.keys.master_key is not None else str(config.keys.master_key_file)
