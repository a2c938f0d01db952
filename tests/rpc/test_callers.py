"""Who may call what: every method of every descriptor, on every listener."""

from itertools import product
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from core.rpc.callers import MAY_CALL, may_call
from tests.patience import PATIENCE
from tests.rpc.contract import EVERY, LISTENERS, OURS, call_raw, empty_request
from tests.rpc.road import read_refusal, refused
from tests.serving import Serving

#: Metadata that pretends to be somebody: no identity is ever read from it.
PRETENCES = [
    (),
    (("x-caller", "operator"), ("authorization", "Bearer admin"), ("x-forwarded-client-cert", "By=operator")),
    (("caller", "FACADE"), ("x-forwarded-for", "127.0.0.1"), ("x-user", "admin"), ("grpc-trace-bin", b"operator")),
]


def test_the_contract_has_been_found() -> None:
    """All thirty services, none of them empty."""
    assert len({name.split("/")[1] for name in OURS}) == 30
    assert len(OURS) == 93


def test_every_method_has_an_entry_and_every_entry_a_method() -> None:
    """Deny by default; a new method without an entry fails here, and so does a forgotten entry."""
    assert set(MAY_CALL) == set(EVERY)


def test_no_entry_is_wider_than_one_kind_of_caller() -> None:
    """Health apart, a method belongs to one listener: a taken-over facade reaches no operator's call."""
    for method in OURS:
        assert len(MAY_CALL[method]) == 1, method


@pytest.mark.parametrize("listener", LISTENERS)
def test_each_method_on_each_listener(serving: Serving, listener: str) -> None:
    """Allowed: answered or refused by the rules. Everybody else: PERMISSION_DENIED, whatever they say they are."""
    for method, metadata in product(OURS, PRETENCES):
        try:
            call_raw(serving.channels[listener], method, empty_request(method), metadata=metadata)
        except grpc.RpcError as error:
            refusal = read_refusal(error)
            denied = refusal.code is grpc.StatusCode.PERMISSION_DENIED and refusal.reason == "CALLER_NOT_ALLOWED"
            assert denied is not may_call(LISTENERS[listener], method), method
            assert refusal.reason not in ("", "SERVER_ERROR"), method
        else:
            assert may_call(LISTENERS[listener], method), method


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize(
    "method",
    [
        "/tokenhouse.v1.TokenService/Unknown",
        "/tokenhouse.v1.Unknown/IssueToken",
        "/tokenhouse.v2.TokenService/IssueToken",
        "/tokenhouse.v1.tokenservice/issuetoken",
        "/tokenhouse.v1.TokenService/IssueToken/",
        "//tokenhouse.v1.TokenService/IssueToken",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.channelz.v1.Channelz/GetServers",
        "/x/y",
    ],
)
def test_what_nobody_offers_is_unimplemented(serving: Serving, method: str, listener: str) -> None:
    """gRPC: clients that feel for a newer method fall back on UNIMPLEMENTED alone."""
    refusal = refused(lambda raw, **options: call_raw(serving.channels[listener], method, raw, **options), b"")
    assert refusal.code is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("listener", LISTENERS)
def test_health_is_everybodys(serving: Serving, listener: str) -> None:
    """Grpc.health.v1 on all three listeners."""
    stub: Any = health_pb2_grpc.HealthStub(serving.channels[listener])
    assert (
        stub.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE).status == health_pb2.HealthCheckResponse.SERVING
    )
    watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


def _reflected(serving: Serving, listener: str) -> set[str]:
    make: Any = reflection_pb2_grpc.ServerReflectionStub
    stub = make(serving.channels[listener])
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    answers = stub.ServerReflectionInfo(iter([request]), timeout=PATIENCE)
    return {service.name for service in next(answers).list_services_response.service}


@pytest.mark.parametrize("listener", LISTENERS)
def test_reflection_is_off_by_default(serving: Serving, listener: str) -> None:
    """What is served is not told unless the operator switches it on."""
    with pytest.raises(grpc.RpcError) as caught:
        _reflected(serving, listener)
    expected = grpc.StatusCode.UNIMPLEMENTED if listener == "service" else grpc.StatusCode.PERMISSION_DENIED
    assert caught.value.code() is expected


def test_reflection_tells_services_alone_about_their_own_service(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Grpc.Reflection = true: on TCP only, and it names what a service may call, nothing more."""
    with Serving(tmp_path_factory.mktemp("core"), "Reflection = true") as serving:
        assert _reflected(serving, "service") == {
            "tokenhouse.v1.ValidationService",
            "tokenhouse.v1.ChangesService",
            "envoy.service.auth.v3.Authorization",
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        }
        for listener in ("facade", "operator"):
            with pytest.raises(grpc.RpcError):
                _reflected(serving, listener)


def test_sockets_are_their_owners_alone(serving: Serving) -> None:
    """0600, since a socket's mode is what says who the caller is."""
    for path in (serving.config.grpc.socket, serving.config.grpc.admin_socket):
        assert path.is_socket()
        assert path.stat().st_mode & 0o777 == 0o600
    assert serving.config.server.data_dir.stat().st_mode & 0o077 == 0
