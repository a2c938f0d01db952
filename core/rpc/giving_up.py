"""Until when the facade waits for an answer, told in the call's metadata.

A deadline of gRPC's is counted from when a call arrives. What waited in the socket of a core that stood still would be
begun when it goes on, after the facade has told its client that nothing was done: a code would be spent that the client
was told to present again. Both processes are on one machine, and its clock since boot is the same for them.
"""

import time
from typing import Any

#: The metadata entry: CLOCK_BOOTTIME in milliseconds.
METADATA_KEY = "tokenhouse-until"


def has_given_up(metadata: Any) -> bool:
    """Whether nobody waits for the answer any longer; False where the caller does not say."""
    for key, value in metadata or ():
        if key == METADATA_KEY and isinstance(value, str) and value.isdecimal():
            return int(value) <= time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    return False
