"""A service of the contract, by its name."""

from typing import Any

from google.protobuf.descriptor import ServiceDescriptor


def service(module: Any, name: str) -> ServiceDescriptor:
    """The descriptor in a generated module."""
    descriptor: ServiceDescriptor = module.DESCRIPTOR.services_by_name[name]
    return descriptor
