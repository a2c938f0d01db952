"""Adding, naming and removing passkeys (WebAuthn Level 3 §7.1)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from core.domain.audit.act import Act
from core.domain.audit.record import AuditQuery
from core.domain.errors import (
    FailedPrecondition,
    InvalidArgument,
    InvalidRequest,
    LoginFailed,
    LoginRequired,
    NotFound,
    PasskeyFailed,
    TooManyAttempts,
)
from core.domain.factors.passkey import MOST_PASSKEYS
from core.domain.limits.rate import Rate
from core.domain.users.user import User
from tests.authenticator import BE, BS, UP, UV, Authenticator, Excluded, decoded, encoded
from tests.domain.house import ISSUER, House
from tests.domain.passkeys import NETWORK, Owner
from tests.domain.road import a_session, a_user, refusal
from tests.domain.sessions.form import PASSWORD, log_in


@pytest.fixture
def owner(house: House, user: User) -> Owner:
    """A user without a passkey yet."""
    return Owner(house, user)


def _names(owner: Owner) -> list[str]:
    return [passkey.name for passkey in owner.house.account.passkeys.list(session_token=owner.session)]


def test_one_is_added(house: House, owner: Owner) -> None:
    """Discoverable, with user verification, without attestation (§5.4); named after its authenticator; the audit trail
    has it by its id."""
    options, sealed = owner.begin()
    asked = json.loads(options)
    passkey_id, _ = owner.add(owner.authenticator.create(options), sealed)

    assert asked["rp"] == {"id": "auth.example.com", "name": "auth.example.com"}
    assert asked["user"]["name"] == owner.user.username
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["attestation"] == "none"
    assert {each["alg"] for each in asked["pubKeyCredParams"]} == {-7, -8, -257}
    [passkey] = house.account.passkeys.list(session_token=owner.session)
    assert (passkey.passkey_id, passkey.name, passkey.created_at) == (passkey_id, "Bitwarden", house.clock.now())
    assert (passkey.backup_eligible, passkey.backed_up, passkey.last_used_at) == (True, True, None)
    [record] = house.store.list_audit_records(AuditQuery(target=passkey_id), before=None, after=None, limit=10)
    assert (record.act, record.subject) == (Act.PASSKEY_ADD, owner.user.subject)


def test_the_user_handle_is_opaque_and_one_for_each_user(house: House, owner: Owner) -> None:
    """§14.6.1: random, no name and no subject; the same for all of a user's, another one for another user."""
    handles = []
    for _ in range(2):
        options, sealed = owner.begin()
        handles.append(decoded(json.loads(options)["user"]["id"]))
        owner.add(Authenticator(ISSUER).create(options), sealed)
    other = Owner(house, a_user(house))
    house.store.write(lambda tx: tx.set_password_hash(other.user.subject, owner.user.password_hash))
    elsewhere = decoded(json.loads(other.begin()[0])["user"]["id"])

    assert len(handles[0]) == 32
    assert handles[0] == handles[1] != elsewhere
    assert bytes.fromhex(owner.user.subject) not in handles[0]


def test_an_authenticator_makes_no_second_one(owner: Owner) -> None:
    """§5.4 excludeCredentials: it is told what the user has, and how that can be reached."""
    owner.make()
    options, _ = owner.begin()
    [excluded] = json.loads(options)["excludeCredentials"]
    assert excluded["transports"] == ["internal", "hybrid"]
    with pytest.raises(Excluded):
        owner.authenticator.create(options)


#: §7.1: what is wrong with what was made.
_WRONG: dict[str, dict[str, Any]] = {
    "step 7, type": {"client_data": {"type": "webauthn.get"}},
    "step 8, challenge": {"client_data": {"challenge": encoded(b"c" * 32)}},
    "step 9, origin": {"client_data": {"origin": "https://evil.example"}},
    "step 10, in a frame": {"client_data": {"crossOrigin": True}},
    "step 10, in a frame of somebody": {"client_data": {"topOrigin": "https://evil.example"}},
    "step 14, RP ID": {"rp_id": "evil.example"},
    "step 15, nobody there": {"flags": UV | BE | BS},
    "step 16, nobody verified": {"flags": UP | BE | BS},
    "step 17, backed up and not to be": {"flags": UP | UV | BS},
    "step 25, a credential ID beyond 1023 bytes": {"credential_id": b"i" * 1024},
}


@pytest.mark.parametrize("changes", _WRONG.values(), ids=_WRONG)
def test_what_proves_nothing_is_not_added(owner: Owner, changes: dict[str, Any]) -> None:
    """§7.1: one and the same refusal, and a password alone goes on signing in."""
    options, sealed = owner.begin()
    with pytest.raises(PasskeyFailed):
        owner.add(owner.authenticator.create(options, **changes), sealed)
    assert _names(owner) == []
    assert log_in(owner.house, owner.user.username)


def test_what_is_no_credential_at_all(owner: Owner) -> None:
    """Whatever somebody sends in its place."""
    options, sealed = owner.begin()
    good = json.loads(owner.authenticator.create(options))
    broken = json.dumps(good | {"response": good["response"] | {"attestationObject": "oWF4"}})
    for response in ("", "{}", "[1]", "x" * 100, "[" * 5000, "x" * 20_000, broken):
        assert refusal(lambda answer=response: owner.add(answer, sealed)) is PasskeyFailed  # type: ignore[misc]


def test_the_password_is_asked_for_first(house: House, owner: Owner) -> None:
    """Guessing it here is guessing it at the login: it counts, and a right one gives the tries back."""
    policy = house.policy.current
    house.policy.current = replace(policy, login_failures=Rate(3, 900))
    try:
        refusals = [refusal(lambda: owner.begin("wrong")) for _ in range(2)]
        assert owner.begin()
        refusals += [refusal(lambda: owner.begin("wrong")) for _ in range(4)]
    finally:
        house.policy.current = policy
    assert refusals == [LoginFailed] * 5 + [TooManyAttempts]


def test_a_challenge_is_one_sessions_and_good_once(house: House, owner: Owner) -> None:
    """Ten minutes, this browser, this session, once."""
    options, sealed = owner.begin()
    response = owner.authenticator.create(options)
    other = a_session(house, owner.user)
    assert refusal(lambda: owner.add(response, sealed, session=other)) is InvalidRequest
    with pytest.raises(InvalidRequest):
        house.account.passkeys.add(
            response, sealed, "", "x", session_token=owner.session, browser_binding=b"another".ljust(32, b".")
        )
    owner.add(response, sealed)
    assert refusal(lambda: owner.add(response, sealed)) is InvalidRequest
    options, sealed = owner.begin()
    late = Authenticator(ISSUER).create(options)
    house.clock.advance(600)
    assert refusal(lambda: owner.add(late, sealed)) is InvalidRequest
    assert refusal(lambda: owner.begin(binding=b"short")) is InvalidArgument


def test_a_credential_is_one_users(house: House, owner: Owner) -> None:
    """§7.1 step 26: whoever claims somebody else's is refused."""
    owner.make(credential_id=b"known to somebody")
    thief = Owner(house, a_user(house))
    house.store.write(lambda tx: tx.set_password_hash(thief.user.subject, owner.user.password_hash))
    with pytest.raises(PasskeyFailed):
        thief.make(credential_id=b"known to somebody")
    assert (_names(owner), _names(thief)) == (["Bitwarden"], [])


def test_there_are_so_many_at_most(house: House, owner: Owner) -> None:
    """Told before the browser makes one; and decided where it is written."""
    for _ in range(MOST_PASSKEYS - 1):
        owner.authenticator = Authenticator(ISSUER)
        owner.make()
    beforehand = owner.begin()
    made = Authenticator(ISSUER).create(beforehand[0])
    owner.authenticator = Authenticator(ISSUER)
    owner.make()
    assert refusal(owner.begin) is FailedPrecondition
    assert refusal(lambda: owner.add(made, beforehand[1])) is PasskeyFailed
    assert len(_names(owner)) == MOST_PASSKEYS


@pytest.mark.parametrize("bad", ["x" * 65, "a\x00b", "\U0001f469\u200d\U0001f4bb"])
def test_a_name_that_cannot_be_used_costs_no_passkey(owner: Owner, bad: str) -> None:
    """The authenticator keeps it already: it is added under its authenticator's name, and can be renamed."""
    options, sealed = owner.begin()
    owner.add(owner.authenticator.create(options), sealed, bad)
    assert _names(owner) == ["Bitwarden"]
    assert owner.sign_in()


def test_a_new_password_leaves_passkeys_and_their_removal_ends_sessions(house: House, owner: Owner) -> None:
    """An operator who shuts somebody out takes both: whoever signs in with a passkey in between is signed out again."""
    owner.make()
    house.users.set_password(owner.user.username, "another good password", keep_grants=True)
    assert house.logins.find_user(owner.session) is None
    assert owner.sign_in()
    session = a_session(house, owner.user)
    assert house.users.remove_passkeys(owner.user.username) == 1
    assert house.users.sign_out(owner.user.username) == 0
    assert house.logins.find_user(session) is None


def test_names(house: House, owner: Owner) -> None:
    """As typed, or the authenticator's, or the browser's; changed at will, by its user alone."""
    options, sealed = owner.begin()
    passkey_id, _ = owner.add(owner.authenticator.create(options), sealed, "  my   key ")
    options, sealed = owner.begin()
    owner.add(Authenticator(ISSUER, aaguid="00000000-0000-0000-0000-000000000000").create(options), sealed)
    assert sorted(_names(owner)) == ["a browser", "my key"]

    rename = house.account.passkeys.rename
    rename(passkey_id, "the key of the office", session_token=owner.session)
    assert "the key of the office" in _names(owner)
    for bad in ("", "  ", "x" * 65, "a\x00b"):
        assert refusal(lambda name=bad: rename(passkey_id, name, session_token=owner.session)) is InvalidArgument  # type: ignore[misc]
    stranger = a_session(house, a_user(house))
    assert refusal(lambda: rename(passkey_id, "mine", session_token=stranger)) is NotFound
    assert refusal(lambda: rename(passkey_id, "mine", session_token="gone")) is LoginRequired
    acts = house.store.list_audit_records(AuditQuery(target=passkey_id), before=None, after=None, limit=10)
    assert [record.act for record in acts] == [Act.PASSKEY_RENAME, Act.PASSKEY_ADD]


def test_removing_wants_the_password(house: House, owner: Owner) -> None:
    """Then it signs in no more, and every other session has ended; with the last second factor the recovery codes go,
    and a password alone is enough."""
    first, codes = owner.make()
    second_owner = Owner(house, owner.user)
    second, none = second_owner.make()
    assert (len(codes), none) == (10, [])

    def remove(passkey_id: str, password: str = PASSWORD, session: str = owner.session) -> None:
        house.account.passkeys.remove(passkey_id, password, session_token=session, network_address=NETWORK)

    stranger = Owner(house, a_user(house))
    house.store.write(lambda tx: tx.set_password_hash(stranger.user.subject, owner.user.password_hash))
    assert refusal(lambda: remove(first, "wrong")) is LoginFailed
    assert refusal(lambda: remove(first, session=stranger.session)) is NotFound
    remove(first)
    assert (house.logins.find_user(owner.session), house.logins.find_user(second_owner.session)) == (owner.user, None)
    assert refusal(owner.sign_in) is PasskeyFailed
    assert second_owner.sign_in()
    assert house.store.count_recovery_codes(owner.user.subject) == 10
    remove(second)
    assert house.store.count_recovery_codes(owner.user.subject) == 0
    assert log_in(house, owner.user.username)
    assert refusal(lambda: remove(second)) is NotFound


def test_codes_and_passkeys_side_by_side(house: House, owner: Owner) -> None:
    """Switching codes off leaves the passkey and its recovery codes; an operator's reset takes all of it."""
    owner.make()
    house.account.second_factor.switch_off(PASSWORD, session_token=owner.session, network_address=NETWORK)
    assert house.store.count_recovery_codes(owner.user.subject) == 10
    renewed = house.account.second_factor.renew_recovery_codes(
        PASSWORD, session_token=owner.session, network_address=NETWORK
    )
    assert len(renewed) == 10
    assert house.users.reset_second_factor(owner.user.username)
    assert house.store.list_passkeys(owner.user.subject) == []
    assert house.logins.find_user(owner.session) is None
    assert log_in(house, owner.user.username)


@pytest.mark.parametrize(
    ("issuer", "origin"),
    [
        ("https://auth.example.com", "https://auth.example.com"),
        ("https://auth.example.com:8443/path", "https://auth.example.com:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080", None),
        ("http://[::1]:8080", None),
        ("https://192.0.2.7", None),
        ("http://auth.example.com", None),
    ],
)
def test_the_rp_id_is_the_issuers_domain(house: House, owner: Owner, issuer: str, origin: str | None) -> None:
    """§5.1.2: a domain, without port; and the origin is compared whole. An address can be none, and where there is
    neither TLS nor localhost browsers offer no WebAuthn."""
    policy = house.policy.current
    house.policy.current = replace(policy, issuer=issuer)
    try:
        assert house.account.passkeys.available is (origin is not None)
        if origin is None:
            assert refusal(owner.begin) is FailedPrecondition
            return
        options, sealed = owner.begin()
        owner.add(Authenticator(origin).create(options), sealed)
        assert json.loads(options)["rp"]["id"] == issuer.partition("//")[2].partition(":")[0].partition("/")[0]
    finally:
        house.policy.current = policy
