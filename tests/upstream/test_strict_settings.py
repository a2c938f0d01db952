"""A provider under stricter settings: people of one domain alone, whom an operator has linked, and no passwords."""

from collections.abc import Iterator

import pytest
from tokenhouse.v1 import discovery_pb2, user_admin_pb2

from core.doctor.upstream import examine_upstream
from core.outbound.guarded_http import GuardedHttp
from tests.fakes.network import LaidOutNetwork
from tests.openid_provider import OpenIdProvider
from tests.rpc.road import PASSWORD, refused
from tests.serving import DEADLINE, Serving
from tests.upstream.conftest import serving_with
from tests.upstream.road import Away


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory, provider: OpenIdProvider) -> Iterator[Serving]:
    """The core."""
    lines = ("AllowedDomain = example.com", "CreateUsers = false")
    folder = tmp_path_factory.mktemp("strict")
    with serving_with(folder, provider, *lines, more="[Server]\nLocalUsers = false") as core:
        yield core


def test_nobody_becomes_a_user_unasked(away: Away) -> None:
    """Who is not linked is refused, and told so; who is linked gets in."""
    finish, users = away.serving.upstream.FinishUpstreamLogin, away.serving.users
    refusal = refused(finish, away.finishing(away.answer()))
    assert (refusal.reason, "no account on this server" in refusal.description) == ("UPSTREAM_USER_REFUSED", True)

    name = f"local-{away.account}"
    users.CreateUser(user_admin_pb2.CreateUserRequest(username=name, password=PASSWORD), timeout=DEADLINE)
    users.LinkIdentity(
        user_admin_pb2.LinkIdentityRequest(username=name, provider="company", sub=away.account), timeout=DEADLINE
    )
    away.sign_in()
    assert away.road.validate(away.road.connect().access_token).username == name
    away.know(email=f"{away.account}@example.org")
    assert refused(finish, away.finishing(away.answer())).reason == "UPSTREAM_USER_REFUSED"


def test_passwords_are_off(away: Away) -> None:
    """Server.LocalUsers: a right password opens nothing, and the login page is told what is left."""
    users, name = away.serving.users, f"local-{away.account}"
    users.CreateUser(user_admin_pb2.CreateUserRequest(username=name, password=PASSWORD), timeout=DEADLINE)
    away.road.username = name

    refusal = refused(away.serving.sessions.LogIn, away.road.login_request())
    assert refusal.reason == "LOCAL_USERS_OFF"
    facts = away.serving.discovery.GetServerMetadata(discovery_pb2.GetServerMetadataRequest(), timeout=DEADLINE)
    assert facts.local_users_off
    assert [(each.name, each.label) for each in facts.sign_in_providers] == [("company", "Example Company")]


def test_only_known_providers_are_linked(away: Away) -> None:
    """An operator's mistake is named: the provider, or what can be no sub."""
    users, name = away.serving.users, f"local-{away.account}"
    users.CreateUser(user_admin_pb2.CreateUserRequest(username=name, password=PASSWORD), timeout=DEADLINE)
    for provider, sub, why in (("elsewhere", "1", "company"), ("company", "", "255"), ("company", "ü", "ASCII")):
        link = user_admin_pb2.LinkIdentityRequest(username=name, provider=provider, sub=sub)
        refusal = refused(users.LinkIdentity, link)
        assert (refusal.reason, why in refusal.description) == ("INVALID_ARGUMENT", True)


def test_the_doctor_asks_as_a_login_would(serving: Serving, provider: OpenIdProvider) -> None:
    """Each provider is named with its issuer; one that does not answer is a problem that says so."""
    up = GuardedHttp(LaidOutNetwork(routes={"127.0.0.1": provider.port}), lambda: provider.trust)

    (good,) = examine_upstream(serving.config, up)
    assert (good.verdict.value, good.words) == (
        "good",
        f"UpstreamProvider.Issuer company: {provider.issuer} answers",
    )
    (problem,) = examine_upstream(serving.config, GuardedHttp(LaidOutNetwork()))
    assert problem.verdict.value == "problem"
    assert "its host cannot be reached" in problem.words
