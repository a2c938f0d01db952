"""The core beside which an echo is served, by the same listener and in the same way as what it is held against.

BENCH_TOKENHOUSE_SYNCHRONOUS=OFF commits without waiting for the disk.
"""

import os

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from tokenhouse.v1 import validation_pb2

from core import __main__ as process
from core.rpc import callers
from core.store.sqlite import database
from core.wiring import Core

SERVICE = "tokenhouse.bench.EchoService"


class EchoServicer:
    """Answers with the request."""

    def Echo(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Nothing but the call itself: the same message as ValidateToken takes, back again."""
        return request


class CoreWithEcho(Core):
    """The core, with one more service for services."""

    def _service_servicers(self) -> dict[ServiceDescriptor, object]:
        return {**super()._service_servicers(), _describe(): EchoServicer()}


def _describe() -> ServiceDescriptor:
    """The echo's descriptor, made here: it is in no .proto that a client could see."""
    message = f".{validation_pb2.ValidateTokenRequest.DESCRIPTOR.full_name}"
    package, _, name = SERVICE.rpartition(".")
    service = descriptor_pb2.ServiceDescriptorProto(
        name=name,
        method=[descriptor_pb2.MethodDescriptorProto(name="Echo", input_type=message, output_type=message)],
    )
    file = descriptor_pb2.FileDescriptorProto(
        name="echo.proto", package=package, syntax="proto3", service=[service], dependency=[_file_of_validation()]
    )
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindServiceByName(SERVICE)


def _file_of_validation() -> str:
    return str(validation_pb2.DESCRIPTOR.name)


def _commit_without_disk() -> None:
    _, *others = database._WRITER
    database._WRITER = ("PRAGMA synchronous = OFF", *others)  # type: ignore[assignment]


if __name__ == "__main__":
    callers.MAY_CALL[f"/{SERVICE}/Echo"] = frozenset({callers.Caller.SERVICE})
    process.Core = CoreWithEcho  # type: ignore[attr-defined]
    if os.environ.get("BENCH_TOKENHOUSE_SYNCHRONOUS") == "OFF":
        _commit_without_disk()
    process.main()
