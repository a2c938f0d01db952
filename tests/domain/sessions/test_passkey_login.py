"""Logins with a passkey (WebAuthn Level 3 §7.2), by a real authenticator in software."""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from core.domain.audit.act import Act
from core.domain.audit.record import AuditQuery
from core.domain.errors import (
    InvalidRequest,
    LocalUsersOff,
    LoginFailed,
    PasskeyCountedBack,
    PasskeyFailed,
    Refusal,
    TooManyAttempts,
)
from core.domain.limits.rate import Rate
from core.domain.policy import UpstreamPolicy
from core.domain.sessions.login import SecondFactorWanted
from core.domain.sessions.session import SignInMethod
from core.domain.users.user import User
from tests.authenticator import BE, BS, UP, UV, Authenticator, decoded, encoded
from tests.domain.house import ISSUER, House
from tests.domain.passkeys import NETWORK, Owner
from tests.domain.road import BINDING, a_session, a_user, refusal, register
from tests.domain.sessions.form import log_in
from tests.patience import PATIENCE


@pytest.fixture
def owner(house: House, user: User) -> Owner:
    """A user with one passkey."""
    has = Owner(house, user)
    has.make()
    return has


def test_a_passkey_signs_in_by_itself(house: House, owner: Owner) -> None:
    """Neither user name nor password nor a second step: the user was verified (both factors in one). The session is a
    new one, and says how its user signed in; the use is noted, and the audit trail has it."""
    before = a_session(house, owner.user)
    options, sealed = owner.asked()
    session = owner.enter(owner.authenticator.get(options), sealed, previous_token=before)

    assert (session.subject, session.method) == (owner.user.subject, SignInMethod.PASSKEY)
    assert house.store.find_session(session.token_hash, now=house.clock.now()) == session
    assert house.logins.find_user(before) is None
    [passkey] = house.account.passkeys.list(session_token=owner.session)
    assert (passkey.last_used_at, passkey.sign_count) == (house.clock.now(), 1)
    [record] = house.store.list_audit_records(
        AuditQuery(acts=(Act.LOGIN,), users=(owner.user.subject,)), before=None, after=None, limit=10
    )
    assert (record.reason, record.target, record.actor.name) == ("passkey", passkey.passkey_id, owner.user.subject)


def test_what_is_asked_says_nothing_of_anybody(owner: Owner) -> None:
    """§14.6.2: no credential is named, whoever asks; the user has to be verified; each challenge is another one."""
    options, other = (json.loads(owner.asked()[0]) for _ in range(2))
    assert (options["allowCredentials"], options["userVerification"]) == ([], "required")
    assert options["rpId"] == "auth.example.com"
    assert len(decoded(options["challenge"])) == 32
    assert options["challenge"] != other["challenge"]


def _tampered(response: str) -> str:
    parsed = json.loads(response)
    signature = bytearray(decoded(parsed["response"]["signature"]))
    signature[-1] ^= 1
    parsed["response"]["signature"] = encoded(bytes(signature))
    return json.dumps(parsed)


#: §7.2: what is wrong with an answer, each step of the verification once.
_WRONG: dict[str, dict[str, Any]] = {
    "step 11, type": {"client_data": {"type": "webauthn.create"}},
    "step 12, challenge": {"client_data": {"challenge": encoded(b"c" * 32)}},
    "step 13, origin": {"client_data": {"origin": "https://auth.example.com.evil.example"}},
    "step 13, port of the origin": {"client_data": {"origin": f"{ISSUER}:8443"}},
    "step 13, scheme of the origin": {"client_data": {"origin": "http://auth.example.com"}},
    "step 14, in a frame": {"client_data": {"crossOrigin": True}},
    "step 15, RP ID": {"rp_id": "example.com"},
    "step 16, nobody there": {"flags": UV | BE | BS},
    "step 17, nobody verified": {"flags": UP | BE | BS},
    "step 18, backed up and not to be": {"flags": UP | UV | BS},
    "step 18, no longer to be backed up": {"flags": UP | UV},
    "step 21, signed something else": {"signed": b"something else"},
    "step 6, user handle of another one": {"user_handle": b"h" * 32},
    "step 6, no user handle": {"user_handle": b""},
}


@pytest.mark.parametrize("changes", _WRONG.values(), ids=_WRONG)
def test_what_proves_nothing_signs_nobody_in(owner: Owner, changes: dict[str, Any]) -> None:
    """§7.2: one and the same refusal, whatever is wrong. A right answer goes on being good after it."""
    with pytest.raises(PasskeyFailed) as caught:
        owner.sign_in(**changes)
    assert type(caught.value) is PasskeyFailed
    assert owner.sign_in()


def test_what_is_no_answer_at_all(owner: Owner) -> None:
    """Whatever somebody sends in its place is refused the same way, and breaks nothing."""
    options, _ = owner.asked()
    good = json.loads(owner.authenticator.get(options))
    huge = json.dumps(good | {"padding": "x" * 20_000})
    broken = json.dumps(good | {"response": good["response"] | {"authenticatorData": "AAAA"}})
    for response in ("", "{}", "[1]", "null", "x" * 100, "[" * 5000, huge, broken, json.dumps(good | {"id": "AAAA"})):
        _, sealed = owner.asked()
        assert refusal(lambda answer=response, seal=sealed: owner.enter(answer, seal)) is PasskeyFailed  # type: ignore[misc]


def test_a_tampered_signature(owner: Owner) -> None:
    """§7.2 step 21: one bit is enough."""
    options, sealed = owner.asked()
    with pytest.raises(PasskeyFailed):
        owner.enter(_tampered(owner.authenticator.get(options)), sealed)


def test_a_challenge_is_good_once(owner: Owner) -> None:
    """§13.4.3: whoever has seen an answer cannot send it again; and a wrong answer uses its challenge up, too."""
    options, sealed = owner.asked()
    response = owner.authenticator.get(options)
    assert owner.enter(response, sealed)
    with pytest.raises(InvalidRequest):
        owner.enter(response, sealed)
    options, sealed = owner.asked()
    good = owner.authenticator.get(options)
    with pytest.raises(PasskeyFailed):
        owner.enter(_tampered(good), sealed)
    with pytest.raises(InvalidRequest):
        owner.enter(good, sealed)


def test_challenges_outlive_a_restart(house: House, owner: Owner) -> None:
    """Whichever process asked, another one takes the answer, and once: all is in the browser and the database."""
    options, sealed = owner.asked()
    response = owner.authenticator.get(options)
    house.restart()
    assert owner.enter(response, sealed)
    house.restart()
    with pytest.raises(InvalidRequest):
        owner.enter(response, sealed)


def test_racing_with_one_answer(owner: Owner) -> None:
    """Sent eight times at once it begins one session."""
    options, sealed = owner.asked()
    response = owner.authenticator.get(options)
    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(lambda _: refusal(lambda: owner.enter(response, sealed)), range(8)))
    assert (refusals.count(None), refusals.count(InvalidRequest)) == (1, 7)


def test_a_challenge_is_short_lived_and_one_browsers(house: House, owner: Owner) -> None:
    """Ten minutes, this browser, and what it was made for: none of adding is good for a login."""
    options, sealed = owner.asked()
    with pytest.raises(InvalidRequest):
        owner.enter(owner.authenticator.get(options), sealed, binding=b"another browser".ljust(32, b"."))
    house.clock.advance(600)
    with pytest.raises(InvalidRequest):
        owner.enter(owner.authenticator.get(options), sealed)
    _, of_adding = owner.begin()
    with pytest.raises(InvalidRequest):
        owner.enter(owner.authenticator.get(options), of_adding)


def test_a_count_that_does_not_grow_is_refused(house: House, owner: Owner, password_hash: str) -> None:
    """§6.1.1: the sign of a copy is refused, with a word of its own for the audit trail alone, and the count that is
    kept does not go back with it; one that stays 0, as that of synced passkeys, says nothing."""
    owner.sign_in(count=7)
    assert refusal(lambda: owner.sign_in(count=7)) is PasskeyCountedBack
    assert refusal(lambda: owner.sign_in(count=3)) is PasskeyCountedBack
    assert refusal(lambda: owner.sign_in(count=0)) is PasskeyCountedBack
    assert owner.sign_in(count=8)

    synced = Owner(house, _somebody_else(house, password_hash), Authenticator(ISSUER, counts=False))
    synced.make()
    assert synced.sign_in()
    assert synced.sign_in()


def _somebody_else(house: House, password_hash: str) -> User:
    created = a_user(house)
    house.store.write(lambda tx: tx.set_password_hash(created.subject, password_hash))
    return created


def test_an_unknown_passkey_and_a_disabled_user_are_one(house: House, owner: Owner) -> None:
    """Nobody learns whose passkey it was; what was removed is as unknown as what never was."""
    stranger = Authenticator(ISSUER)
    options, sealed = owner.asked()
    fake = {"challenge": "", "rp": {"id": "auth.example.com"}, "user": {"id": "AAAA"}, "excludeCredentials": []}
    stranger.create(json.dumps(fake))
    unknown = _words(lambda: owner.enter(stranger.get(options), sealed))
    house.users.disable(owner.user.username)
    disabled = _words(owner.sign_in)
    house.users.enable(owner.user.username)
    assert owner.sign_in()
    house.users.delete(owner.user.username)
    assert unknown == disabled == _words(owner.sign_in) == (PasskeyFailed, "the passkey is not good")


def _words(act: Callable[[], Any]) -> tuple[type[Refusal], str]:
    with pytest.raises(Refusal) as caught:
        act()
    return type(caught.value), caught.value.description


def test_where_nobody_signs_in_here(house: House, owner: Owner) -> None:
    """Server.LocalUsers off, or an issuer that can have no passkeys: none is asked for and none signs in."""
    options, sealed = owner.asked()
    policy = house.policy.current
    try:
        for other in (
            replace(policy, upstream=UpstreamPolicy(local_users=False)),
            replace(policy, issuer="http://127.0.0.1"),
        ):
            house.policy.current = other
            assert house.account.passkey_logins.offer(BINDING) is None
            assert refusal(lambda: owner.enter(owner.authenticator.get(options), sealed)) is LocalUsersOff
    finally:
        house.policy.current = policy
    assert owner.enter(owner.authenticator.get(options), sealed)


def test_its_network_is_one_from_which_the_user_comes(house: House, user: User, owner: Owner) -> None:
    """As after a password: guesses from everywhere do not use up what this network has for the account."""
    house.clock.advance(31 * 24 * 3600)
    # The password at the user's own page was longer ago than a month.
    owner.sign_in()
    with house.under(login_failures=Rate(2, 900)):
        for n in range(20):
            with pytest.raises(LoginFailed):
                log_in(house, user.username, "guess", network_address=f"198.51.100.{n // 2}")
        with pytest.raises(TooManyAttempts):
            log_in(house, user.username, network_address="203.0.113.1")
        with pytest.raises(SecondFactorWanted):
            log_in(house, user.username, network_address=NETWORK)


def test_it_is_the_second_step_after_a_password(house: House, owner: Owner) -> None:
    """A password alone signs in no more; the passkey need not verify its user again; the session says both."""
    pending = owner.first_step()
    session = owner.second_step(pending, flags=UP | BE | BS)
    assert (session.subject, session.method) == (owner.user.subject, SignInMethod.PASSWORD_AND_PASSKEY)


def test_a_recovery_code_is_good_in_its_place(house: House, user: User) -> None:
    """With the first passkey come the codes, as with codes by the clock."""
    owner = Owner(house, user)
    _, codes = owner.make()
    assert len(codes) == 10
    _, session = house.account.second_factor_logins.prove(
        owner.first_step(), codes[0], network_address=NETWORK, previous_token=""
    )
    assert session.method == SignInMethod.PASSWORD_AND_RECOVERY_CODE


def test_the_passkey_of_somebody_else_is_no_second_step(house: House, owner: Owner, password_hash: str) -> None:
    """§7.2 step 6: neither one that was not asked for, nor an answer to another's question, nor to that of a login."""
    other = Owner(house, _somebody_else(house, password_hash))
    other.make()
    pending = owner.first_step()
    offer = house.account.passkey_logins.offer_second_factor(pending, BINDING)
    assert offer is not None
    asked = json.loads(offer[0])
    assert [decoded(each["id"]) for each in asked["allowCredentials"]] == [
        each.credential_id for each in owner.authenticator.credentials
    ]
    hostile = json.dumps(asked | {"allowCredentials": []})
    assert refusal(lambda: owner.prove(pending, other.authenticator.get(hostile), offer[1])) is PasskeyFailed
    options, sealed = owner.asked()
    assert refusal(lambda: owner.prove(pending, owner.authenticator.get(options), sealed)) is InvalidRequest
    theirs = house.account.passkey_logins.offer_second_factor(other.first_step(), BINDING)
    assert theirs is not None
    assert refusal(lambda: owner.prove(pending, other.authenticator.get(theirs[0]), theirs[1])) is InvalidRequest
    assert owner.second_step(pending)


def test_the_library_is_loaded_with_the_first_passkey() -> None:
    """A server without passkeys pays neither time nor memory for them: nothing of it is there after a start."""
    ask = "import sys, core.wiring; print([name for name in sys.modules if name in ('webauthn', 'cbor2', 'OpenSSL')])"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, check=True, timeout=PATIENCE)
    assert told.stdout == b"[]\n"


def test_the_second_step_counts_too(owner: Owner) -> None:
    """§6.1.1, as without a password; a tampered answer and one for another site prove nothing."""
    assert owner.second_step(owner.first_step(), count=5)
    pending = owner.first_step()
    assert refusal(lambda: owner.second_step(pending, count=5)) is PasskeyCountedBack
    assert refusal(lambda: owner.second_step(pending, signed=b"")) is PasskeyFailed
    assert refusal(lambda: owner.second_step(pending, rp_id="example.com")) is PasskeyFailed
    assert refusal(lambda: owner.second_step(pending, flags=UV | BE | BS)) is PasskeyFailed


def test_who_has_proved_all_that_is_asked_for_makes_their_network_known(house: House, owner: Owner) -> None:
    """Limits.Registrations in all is for strangers: a right password alone, where a second step follows, makes nobody
    one who is known, and the step, or a passkey by itself, does."""
    with house.under(registrations=Rate(1, 3600)):
        for n in range(4):
            register(house, _a_new_client(), network_address=f"198.51.100.{160 + n}")
        for owner.network, by_itself in (("203.0.113.160", False), ("203.0.113.161", True)):
            waiting = owner.first_step()
            assert refusal(lambda: register(house, _a_new_client(), network_address=owner.network)) is TooManyAttempts
            assert owner.sign_in() if by_itself else owner.second_step(waiting)
            assert register(house, _a_new_client(), network_address=owner.network)["client_id"]


def _a_new_client() -> dict[str, Any]:
    return {"client_name": secrets.token_hex(8), "redirect_uris": ["http://localhost/callback"]}
