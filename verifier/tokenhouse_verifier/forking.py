"""Forks: what a process inherits of a verifier that has begun, and must not use.

The connection is the parent's, and the threads are gone. So the child's verifier says that it is unavailable until it
is told to begin anew. Where nothing was verified before the fork there is nothing to inherit, and nothing to do.

gRPC can be used in the child only if no thread was inside it when the process was forked: so a fork waits for a moment
until nobody of ours is.

A fork by a program that embeds Python and tells it nothing (uWSGI, unless it is told to) is noticed as well: at the
first look at what is remembered, by memory that the system clears in a child, and whenever the core is to be asked, by
the number of the process.
"""

import array
import mmap
import os
import sys
import time
import weakref
from collections.abc import MutableSequence
from typing import Protocol, cast

#: What is said in a child.
FORKED = (
    "this process was forked after its verifier had begun: call the verifier's after_fork() in the child, "
    "as from gunicorn's post_fork or uWSGI's postfork"
)
#: And where Python was not told of the fork.
FORKED_UNTOLD = (
    "this process was forked after its verifier had begun, and Python was not told, so gRPC may hang in it: "
    "uWSGI needs py-call-uwsgi-fork-hooks = true, and after_fork() from its postfork"
)
#: How long a fork waits for calls under way, in seconds.
_PATIENCE = 5.0
#: How long gRPC takes a closed connection down, at the most, in seconds: it tells nobody when it has.
_CLOSING = 0.25
#: linux/mman.h, since 4.14; Python has no name for it.
_MADV_WIPEONFORK = 18


class Begun(Protocol):
    """A verifier that has begun to use gRPC."""

    def begin_to_hold(self) -> None:
        """Leave gRPC, and stay out of it; `hold` follows."""
        ...

    def hold(self, deadline: float) -> None:
        """Wait until it is left, to this moment of the monotonic clock at the most."""
        ...

    def go_on(self) -> None:
        """Use it again."""
        ...

    def leave_to_parent(self) -> object:
        """Give up what the parent goes on using, and return it."""
        ...


_begun: "weakref.WeakSet[Begun]" = weakref.WeakSet()
#: Until when a closed connection may be taken down, on the monotonic clock.
_closing_until = 0.0
#: Kept, so that nothing ends it here: it would say goodbye on the parent's connections.
_parents: list[object] = []


def keep_for_parent(inherited: object) -> None:
    """What a fork left in this process, and must not be ended by it."""
    _parents.append(inherited)


def note_closing() -> None:
    """A connection has just been closed: gRPC works on it for a moment, in threads that a fork must not meet."""
    global _closing_until
    _closing_until = time.monotonic() + _CLOSING


def number_of_this_process() -> MutableSequence[float]:
    """One number, 0.0 at first; it is 0.0 again in a child, in so far as the system can do that (Linux)."""
    if sys.platform == "linux":
        page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        try:
            page.madvise(_MADV_WIPEONFORK)
        except OSError:
            page.close()
        else:
            # In all that is done with it here the two are alike, and neither type says so.
            return cast("MutableSequence[float]", memoryview(page).cast("d"))
    return array.array("d", [0.0])


def is_cleared_in_children(number: MutableSequence[float]) -> bool:
    """Whether the system can do that for this `number_of_this_process`."""
    return not isinstance(number, array.array)


def watch_forks(verifier: Begun) -> None:
    """A fork from here on concerns this verifier."""
    _begun.add(verifier)


def _hold() -> None:
    # One patience for all of them: whoever forks waits for none the longer.
    verifiers, deadline = list(_begun), time.monotonic() + _PATIENCE
    for verifier in verifiers:
        verifier.begin_to_hold()
    for verifier in verifiers:
        verifier.hold(deadline)
    while (left := _closing_until - time.monotonic()) > 0:
        time.sleep(left)


def _go_on() -> None:
    for verifier in list(_begun):
        verifier.go_on()


def _leave_to_parent() -> None:
    verifiers = list(_begun)
    _begun.clear()
    _parents.extend(verifier.leave_to_parent() for verifier in verifiers)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_go_on, after_in_child=_leave_to_parent)
