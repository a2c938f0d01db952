"""Every method of the contract, found in the descriptors."""

import importlib
import pkgutil
from typing import Any

import tokenhouse.v1
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from tokenhouse.envoy import authorization_pb2

from core.rpc.callers import Caller

#: The channel of `Serving.channels` on which each caller comes.
LISTENERS = {"facade": Caller.FACADE, "operator": Caller.OPERATOR, "service": Caller.SERVICE}


def _files() -> list[Any]:
    names = [module.name for module in pkgutil.iter_modules(tokenhouse.v1.__path__) if module.name.endswith("_pb2")]
    return [authorization_pb2, *(importlib.import_module(f"tokenhouse.v1.{name}") for name in names)]


def _methods(modules: list[Any]) -> dict[str, MethodDescriptor]:
    return {
        f"/{service.full_name}/{method.name}": method
        for module in modules
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }


#: Those of tokenhouse.v1 and what we serve of Envoy's, and then those that gRPC itself brings along.
OURS = _methods(_files())
EVERY = {**OURS, **_methods([health_pb2, reflection_pb2])}
#: Those of ours that answer once, and need a deadline.
UNARY = [name for name, method in OURS.items() if not method.server_streaming]


def call_raw(channel: Any, method: str, raw: bytes, **options: Any) -> bytes:
    """Call any method with any bytes; of a stream, the first answer."""
    options.setdefault("timeout", 10)
    answer: bytes
    if method in OURS and OURS[method].server_streaming:
        stream = (
            channel.stream_stream(method)(iter([raw]), **options)
            if OURS[method].client_streaming
            else channel.unary_stream(method)(raw, **options)
        )
        answer = next(stream)
        stream.cancel()
        return answer
    answer = channel.unary_unary(method)(raw, **options)
    return answer


def empty_request(method: str) -> bytes:
    """The smallest message that the method takes."""
    return bytes(GetMessageClass(EVERY[method].input_type)().SerializeToString())
