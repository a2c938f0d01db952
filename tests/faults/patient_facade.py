"""The facade, which waits longer for a core that is starting: a busy machine may take more than its 3 s for that."""

from facade import core_client
from facade.__main__ import main as main

#: Less than the 10 s in which an attempt may be repeated.
_DEADLINE = 9.0

core_client.DEADLINE = _DEADLINE
core_client._ORDINARY = core_client._Options(timeout=_DEADLINE)
core_client._LOGIN = core_client._Options(timeout=2 * _DEADLINE)

if __name__ == "__main__":
    main()
