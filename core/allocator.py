"""How memory is allocated in this process, and how often it is searched for garbage.

The C library's defaults (mallopt(3)) are made for speed with many threads: an arena a thread, and memory kept that was
once used. Here one thread at a time runs Python, and a password's hash takes 19 MB for a moment.
"""

import ctypes
import gc

# malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

_ARENAS = 2
#: New objects that can be part of a cycle, before they are searched; and the searches before older ones are, too.
_COLLECT_AFTER = (20_000, 10, 50)
#: What is larger is mapped for itself and given back when it is freed, in bytes; and so is a free end of the heap.
_LARGE = 1024 * 1024


def settle_allocator() -> None:
    """Keep memory small; call it before the first thread begins. Other C libraries than glibc are left as they are."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in ((_M_ARENA_MAX, _ARENAS), (_M_MMAP_THRESHOLD, _LARGE), (_M_TRIM_THRESHOLD, _LARGE)):
        mallopt(parameter, value)


def settle_collector() -> None:
    """Let the collector pass over what is there when serving begins, and seldom look: hardly anything makes a cycle."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    gc.enable()
