"""Which operator calls: the user whose socket it is (mode 0600: nobody else opens it but root), and the name that the
command says it runs under. The first is proven, the second is only what somebody says who could say anything."""

import os
import re
from collections.abc import Callable
from typing import Any

import grpc

from core.domain.audit.act import ActorKind
from core.domain.audit.origin import Actor, ComingFrom, Origin

#: The metadata entry of the name.
METADATA_KEY = "tokenhouse-operator"
_NAME = re.compile(r"[0-9A-Za-z._@\\-]{1,64}")


def operated(call: Callable[[bytes, grpc.ServicerContext], bytes]) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    """The call, with whose it is in every record of the audit trail that is made on the way."""
    socket_of = f"uid:{os.geteuid()}"

    def operated_call(raw: bytes, context: grpc.ServicerContext) -> bytes:
        actor = Actor(ActorKind.OPERATOR, socket_of, _find_name(context.invocation_metadata()))
        with ComingFrom(Origin(actor)):
            return call(raw, context)

    return operated_call


def _find_name(metadata: Any) -> str:
    for key, value in metadata or ():
        if key == METADATA_KEY and isinstance(value, str):
            return value if _NAME.fullmatch(value) else ""
    return ""
