"""Traces: which spans there are, how they hang together, and what is not in them (W3C Trace Context)."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest
from tokenhouse.v1 import validation_pb2, validation_pb2_grpc

from core.metrics.otlp import OtlpTracing
from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.repository.checkout import ROOT
from tests.rpc.batches import conversing
from tests.tracing.collector import Collector, Received

_PROXY = "127.0.0.2"
_METADATA = "/.well-known/oauth-authorization-server"
_STREAM = "tokenhouse.v1.ValidationService/StreamValidateTokens"
_VALIDATE = "tokenhouse.v1.ValidationService/ValidateToken"


@dataclass
class Story:
    """A client connected, with what it and others said of traces of their own."""

    collector: Collector
    spans: list[Received]
    #: What nobody else may read.
    secrets: list[str]
    of_proxy: str
    of_stranger: str
    of_service: str

    def find(self, service: str, name: str, **attributes: str | int) -> Received:
        """The only span with this name and these attributes."""
        wanted = attributes.items()
        found = [each for each in self.spans if (each.service, each.name) == (f"tokenhouse-{service}", name)]
        (span,) = (each for each in found if wanted <= each.attributes.items())
        return span

    def above(self, span: Received) -> Received:
        """The span that this one is in."""
        (parent,) = (each for each in self.spans if (each.trace, each.id) == (span.trace, span.parent))
        return parent


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Both processes have served, and ended."""
    of_proxy, of_stranger, of_service = (secrets.token_hex(16) for _ in range(3))
    with Collector() as collector:
        folder = tmp_path_factory.mktemp("traced")
        with Pair(folder, trusted_proxies=(_PROXY,), tracing=f"{collector.address}/v1/traces") as pair:
            visit = Visit(pair, register(pair))
            code = visit.code()
            tokens = visit.redeem(code).json()
            assert visit.redeem(code).status_code == 400
            with httpx.Client(
                base_url=pair.base, transport=httpx.HTTPTransport(local_address=_PROXY), trust_env=False
            ) as proxy:
                proxy.post("/oauth/v1/revoke", headers=_in(of_proxy), data={"token": "x", "client_id": visit.client_id})
            pair.client.get(_METADATA).raise_for_status()
            pair.client.post("/oauth/v1/introspect", headers=_in(of_stranger), data={"token": "x"})
            with grpc.insecure_channel(f"127.0.0.1:{pair.grpc_port}") as channel:
                validate = validation_pb2_grpc.ValidationServiceStub(channel).ValidateToken
                request = validation_pb2.ValidateTokenRequest(token="unknown", audience="https://a.example")
                validate(request, timeout=PATIENCE)
                validate(request, timeout=PATIENCE, metadata=tuple(_in(of_service).items()))
                with pytest.raises(grpc.RpcError):
                    validate(request, metadata=tuple(_in(of_service).items()))
                with conversing(channel, tuple(_in(of_service).items())) as stream:
                    assert stream.ask("unknown").results
                    assert stream.ask("unknown").results
                    stream.put()
                    stream.refusal()
            cookies = [value for value in visit.browser.cookies.values() if value]
            for process in (pair.facade, pair.core):
                process.terminate()
                assert process.wait(PATIENCE) == 0
        secret = [code, visit.verifier, visit.state, pair.password, *cookies]
        secret += [tokens["access_token"], tokens["refresh_token"], visit.client_id]
        yield Story(collector, collector.spans, secret, of_proxy, of_stranger, of_service)


def _in(trace: str) -> dict[str, str]:
    return {"traceparent": f"00-{trace}-{'1' * 16}-01"}


def test_a_token_request_is_one_trace(story: Story) -> None:
    """The facade's request, its call, and the core's work on it are within one another, batch or not."""
    core = story.find("core", "tokenhouse.v1.TokenService/IssueToken", **{"tokenhouse.verdict": "redeemed"})
    call = story.above(core)
    request = story.above(call)

    assert (call.service, call.name, call.kind) == ("tokenhouse-facade", core.name, "CLIENT")
    assert (request.name, request.kind, request.parent) == ("POST /oauth/v1/token", "SERVER", "")
    assert request.attributes["http.response.status_code"] == 200
    assert call.attributes["rpc.response.status_code"] == "OK"
    assert request.start <= call.start <= core.start <= core.end <= call.end <= request.end


def test_a_refusal_says_why(story: Story) -> None:
    """Its verdict, its reason and its status; an error of the client's is none of the server's."""
    core = story.find("core", "tokenhouse.v1.TokenService/IssueToken", **{"tokenhouse.verdict": "reused"})
    call = story.above(core)
    request = story.above(call)

    assert request.attributes["http.response.status_code"] == 400
    assert call.attributes["tokenhouse.reason"] == request.attributes["tokenhouse.reason"] == "INVALID_GRANT"
    assert not any(span.failed for span in (core, call, request))


def test_a_page_and_a_registration_are_traces(story: Story) -> None:
    """A call of its own is in its request's trace as one in a batch is; the correlation id leads to the log."""
    for method, route in (
        ("tokenhouse.v1.AuthorizationService/DecideConsent", "POST /consent"),
        ("tokenhouse.v1.RegistrationService/RegisterClient", "POST /oauth/v1/register"),
    ):
        request = story.above(story.above(story.find("core", method)))
        assert request.name == route
        assert len(str(request.attributes["tokenhouse.correlation_id"])) == 12


def test_a_document_takes_one_span(story: Story) -> None:
    """What the facade answers by itself has a span too, and begins a trace."""
    read = story.find("facade", f"GET {_METADATA}")

    assert (read.parent, read.attributes["http.route"]) == ("", _METADATA)


def test_whose_trace_goes_on(story: Story) -> None:
    """A trusted proxy's and a service's do, anybody else's does not; the core begins none."""
    traces = {span.trace for span in story.spans}

    assert {story.of_proxy, story.of_service} <= traces
    assert story.of_stranger not in traces
    revoked = story.find("core", "tokenhouse.v1.RevocationService/RevokeToken")
    assert revoked.trace == story.of_proxy
    validated = [span for span in story.spans if span.name == _VALIDATE]
    assert [(span.trace, span.attributes["rpc.response.status_code"], span.failed) for span in validated] == [
        (story.of_service, "OK", False),
        (story.of_service, "INVALID_ARGUMENT", True),
    ]
    assert all(span.parent for span in story.spans if span.service == "tokenhouse-core")


def test_each_message_of_a_stream_is_in_its_trace(story: Story) -> None:
    """README, Traces: the stream's metadata name it once, and every batch is a span as a call would be."""
    batches = sorted((span for span in story.spans if span.name == _STREAM), key=lambda span: span.start)
    assert [(span.trace, span.attributes["rpc.response.status_code"], span.failed) for span in batches] == [
        (story.of_service, "OK", False),
        (story.of_service, "OK", False),
        (story.of_service, "INVALID_ARGUMENT", True),
    ]


def test_nothing_secret_is_sent(story: Story) -> None:
    """No code, token, verifier, state, password or cookie, and no identifier that a client chose."""
    sent = b"".join(story.collector.bodies)

    assert b"tokenhouse.correlation_id" in sent
    assert not [secret for secret in story.secrets if secret.encode() in sent]
    assert story.collector.paths == {"/v1/traces"}


def test_where_nobody_traces_nothing_is_loaded() -> None:
    """Without Tracing.Endpoint neither process loads OpenTelemetry."""
    ask = "import sys, core.wiring, facade.serving; print([name for name in sys.modules if 'opentelemetry' in name])"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=ROOT)

    assert told.stdout == "[]\n"


def test_a_collector_that_is_away_holds_nobody_up(tmp_path: Path) -> None:
    """Spans that nobody takes are dropped, and a stop does not wait for them."""
    tracing = OtlpTracing(f"http://127.0.0.1:{free_port()}/v1/traces")
    with tracing.call(_VALIDATE, f"00-{'a' * 32}-{'1' * 16}-01"):
        pass

    tracing.stop()
