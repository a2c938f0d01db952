"""What this server asks of OpenID providers, and what it takes of them (attacks: SSRF)."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import UpstreamUnavailable
from core.domain.upstream.provider import AskedLogin
from core.outbound.guarded_http import GuardedHttp
from core.outbound.openid_providers import FetchedProviders
from tests.certificates import Authority, dns
from tests.document_host import DocumentHost
from tests.domain.upstream import test_claims
from tests.fakes.clock import ManualClock
from tests.fakes.network import LaidOutNetwork

HOST, OTHER = "id.example.com", "keys.example.net"
#: A company's provider stands in the company's own network.
PRIVATE, PUBLIC = "10.1.2.3", "93.184.215.14"
DISCOVERY = "/.well-known/openid-configuration"
PROVIDER = replace(test_claims.PROVIDER, issuer=f"https://{HOST}")
ASKED = AskedLogin("https://auth.example.com/login/callback/company", "the nonce", "the verifier")


class Place:
    """A provider's host, and what looks at it."""

    def __init__(self, host: DocumentHost, authority: Authority) -> None:
        self.host = host
        self.clock = ManualClock()
        self.network = LaidOutNetwork({HOST: [[PRIVATE]], OTHER: [[PUBLIC]]}, {PRIVATE: host.port, PUBLIC: host.port})
        trust = ssl.create_default_context(cadata=authority.pem.decode())
        self.providers = FetchedProviders(GuardedHttp(self.network, lambda: trust), self.clock)
        self.publish()

    def publish(self, **members: Any) -> None:
        """Serve metadata; None leaves a member out."""
        good = {
            "issuer": PROVIDER.issuer,
            "authorization_endpoint": f"https://{HOST}/authorize",
            "token_endpoint": f"https://{HOST}/token",
            "jwks_uri": f"https://{HOST}/keys",
        }
        told = {name: value for name, value in (good | members).items() if value is not None}
        self.host.serve(DISCOVERY, json.dumps(told).encode(), "Content-Type: application/json")

    def leave(self) -> str:
        """The way there."""
        return self.providers.authorization_url(PROVIDER, ASKED, state="s")

    def why(self) -> str:
        """Why there is none."""
        with pytest.raises(UpstreamUnavailable) as caught:
            self.leave()
        return caught.value.description


@pytest.fixture
def place(authority: Authority) -> Iterator[Place]:
    """A provider in a private network."""
    with DocumentHost(authority, dns(HOST), dns(OTHER)) as host:
        yield Place(host, authority)


def test_the_issuers_own_host_may_be_private_and_no_other(place: Place) -> None:
    """The operator has named the issuer's host; what its metadata name beside it is somebody else's choice, and is
    reached where it is public alone."""
    assert place.leave().startswith(f"https://{HOST}/authorize?")

    place.publish(jwks_uri=f"https://{OTHER}/keys", token_endpoint=f"https://{OTHER}/token")
    place.clock.advance(3600)
    place.network.names[OTHER] = [["10.1.2.3"]]
    with pytest.raises(UpstreamUnavailable, match="not public"):
        place.providers.redeem(PROVIDER, ASKED, "a code")
    with pytest.raises(UpstreamUnavailable, match="not public"):
        place.providers.examine(PROVIDER)
    place.network.names[OTHER] = [[PUBLIC]]
    with pytest.raises(UpstreamUnavailable, match="status 404"):
        place.providers.examine(PROVIDER)


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"issuer": f"https://{HOST}/"}, "another issuer"),
        ({"issuer": None}, "another issuer"),
        ({"authorization_endpoint": None}, "cannot be used"),
        ({"authorization_endpoint": f"http://{HOST}/authorize"}, "cannot be used"),
        ({"token_endpoint": f"http://{HOST}/token"}, "cannot be used"),
        ({"jwks_uri": "file:///etc/passwd"}, "cannot be used"),
    ],
)
def test_metadata_that_cannot_be_used(place: Place, members: dict[str, Any], why: str) -> None:
    """OpenID Connect Discovery §3, §4.3: of the very issuer, and with https endpoints."""
    place.publish(**members)

    assert why in place.why()


def test_answers_that_are_no_metadata(place: Place) -> None:
    """Neither a redirect nor another status nor another form is taken."""
    for status, body, why in (
        ("302 Found", b"", "status 302"),
        ("500 Internal Server Error", b"{}", "status 500"),
        ("200 OK", b"[]", "no JSON object"),
        ("200 OK", b"<html>", "no JSON object"),
        ("200 OK", b" " * (256 * 1024 + 1), "larger than 256 KB"),
    ):
        place.host.serve(DISCOVERY, body, "Location: /elsewhere", status=status)
        assert why in place.why()
        place.clock.advance(5)


def test_a_provider_that_is_down_is_left_alone_for_a_moment(place: Place) -> None:
    """Everybody who comes meanwhile is told so at once; then it is asked again."""
    place.network.routes.clear()
    assert "cannot be reached" in place.why()
    asked = len(place.network.connected)
    assert "cannot be reached" in place.why()
    assert len(place.network.connected) == asked

    place.network.routes[PRIVATE] = place.host.port
    place.clock.advance(5)
    assert place.leave()


def test_metadata_are_kept_for_an_hour(place: Place) -> None:
    """A login asks for them no more often, and a change counts after that."""
    place.leave()
    place.publish(authorization_endpoint=f"https://{HOST}/elsewhere")
    assert place.leave().startswith(f"https://{HOST}/authorize?")
    assert place.host.fetched(DISCOVERY) == 1

    place.clock.advance(3600)
    assert place.leave().startswith(f"https://{HOST}/elsewhere?")


def test_where_users_sign_out(place: Place) -> None:
    """RP-Initiated Logout §2.1: an https URL, or there is no such place."""
    for told, used in ((f"https://{HOST}/out", f"https://{HOST}/out"), ("javascript:x", ""), (7, ""), (None, "")):
        place.publish(end_session_endpoint=told)
        place.clock.advance(3600)
        assert place.providers.find_end_session_endpoint(PROVIDER) == used


def test_a_secret_that_is_not_there(place: Place, tmp_path: Path) -> None:
    """The provider is named, and neither the path's content nor the path."""
    lost = replace(PROVIDER, client_secret_file=tmp_path / "secret")
    with pytest.raises(UpstreamUnavailable, match="ClientSecretFile of company cannot be read"):
        place.providers.redeem(lost, ASKED, "a code")
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(UpstreamUnavailable, match="ClientSecretFile of company holds no secret"):
        place.providers.redeem(lost, ASKED, "a code")
