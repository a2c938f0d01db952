"""The core with a delay put into each call, in microseconds in the file that SLOW_CORE_CONTROL names, at any time."""

import mmap
import os
import time
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from core.__main__ import main
from core.metrics.calls import MethodCalls
from core.rpc import methods
from core.rpc.messages import Guard

with open(os.environ["SLOW_CORE_CONTROL"], "rb") as _file:
    _delay = memoryview(mmap.mmap(_file.fileno(), 8, prot=mmap.PROT_READ)).cast("q")

_checked = methods._checked
_Behaviour = Callable[[Any, grpc.ServicerContext], Message | bytes]
_Call = Callable[[bytes, grpc.ServicerContext], bytes]


def _checked_slowly(
    method: MethodDescriptor, behaviour: _Behaviour, calls: MethodCalls, guard: Guard, *, tells_until: bool
) -> _Call:
    def wait_first(request: Any, context: grpc.ServicerContext) -> Message | bytes:
        time.sleep(_delay[0] / 1_000_000)
        return behaviour(request, context)

    return _checked(method, wait_first, calls, guard, tells_until=tells_until)


methods._checked = _checked_slowly

if __name__ == "__main__":
    main()
