"""The page on which a user lets a device in (RFC 8628 §3.3, §5.1, §5.4)."""

from collections.abc import Iterator

import pytest

from core.domain.errors import InvalidRequest, LoginRequired, Refusal, TooManyAttempts, UnknownUserCode
from core.domain.grants.device_consent import DeviceForm, DeviceLogin
from core.domain.limits.rate import Rate
from tests.domain.device_road import Device, a_device, enter
from tests.domain.house import MCP, OFF, House
from tests.domain.road import BINDING, a_session, a_user

_WRONG = "HKLMQ-RTWXY"


def _refusal(house: House, user_code: str, session: str, network_address: str = "192.0.2.1") -> str:
    try:
        enter(house, user_code, session, network_address)
    except Refusal as refusal:
        return f"{type(refusal).__name__}: {refusal.description}"
    return ""


def _decide(device: Device, session: str, sealed_page: str, **changes: object) -> None:
    options = {"session_token": session, "browser_binding": BINDING, "approved": True, **changes}
    device.house.device_consent.decide(sealed_page, **options)  # type: ignore[arg-type]


def test_a_link_fills_in_the_code_and_decides_nothing(house: House) -> None:
    """RFC 8628 §3.3.1: whoever comes by link is asked to confirm; nothing is looked for, so nothing is told."""
    session = a_session(house, a_user(house))
    codes = a_device(house).codes
    shown = [
        house.device_consent.open(code, session_token=session, browser_binding=BINDING)
        for code in (codes.user_code, _WRONG, "<script>", "")
    ]

    assert [form.user_code for form in shown if isinstance(form, DeviceForm)] == [codes.user_code, _WRONG, "", ""]


def test_who_is_not_signed_in_comes_back_to_the_page(house: House) -> None:
    """The code survives the login, in this browser alone."""
    device = a_device(house)
    for step in (
        house.device_consent.open(device.codes.user_code, session_token="", browser_binding=BINDING),
        house.device_consent.enter(
            device.codes.user_code, session_token="", browser_binding=BINDING, network_address="192.0.2.1"
        ),
    ):
        assert isinstance(step, DeviceLogin)
        back = house.device_consent.parameters_after_login(step.sealed_page, BINDING)
        assert back == (("user_code", device.codes.user_code.replace("-", "")),)
        with pytest.raises(InvalidRequest):
            house.device_consent.parameters_after_login(step.sealed_page, b"x" * 32)


def test_the_question_says_who_asks_for_what_and_shows_the_code(house: House) -> None:
    """RFC 8628 §3.3, §5.4: as in the browser flow, and the code to compare."""
    device, user = a_device(house, MCP, scope="files"), a_user(house)
    prompt = enter(house, device.codes.user_code.lower().replace("-", " "), a_session(house, user))

    assert (prompt.client, prompt.user.username) == (device.client, user.username)
    assert [scope.description for scope in prompt.scopes] == ["Read your files"]
    assert (prompt.resources, prompt.user_code) == ((MCP,), device.codes.user_code)


def test_unknown_expired_and_used_codes_look_the_same(house: House) -> None:
    """RFC 8628 §5.1: nobody learns which."""
    session = a_session(house, a_user(house))
    expired = a_device(house)
    house.clock.advance(600)
    used, denied, blocked = a_device(house), a_device(house), a_device(house)
    used.decide()
    denied.decide(approved=False)
    house.clients.block(blocked.client.client_id)
    codes = [_WRONG, "nonsense", *(each.codes.user_code for each in (expired, used, denied, blocked))]

    assert {_refusal(house, code, session) for code in codes} == {
        "UnknownUserCode: the code is unknown, expired or used"
    }


def test_a_request_is_decided_once(house: House) -> None:
    """A second click within 10 s is answered alike; another answer, another user, and a late click are refused."""
    device, user = a_device(house), a_user(house)
    session = a_session(house, user)
    prompt, others = device.prompt(session), a_session(house, a_user(house))
    theirs = device.prompt(others)
    device.answer(prompt, session)
    device.answer(prompt, session)
    with pytest.raises(InvalidRequest, match="decided before"):
        device.answer(prompt, session, approved=False)
    with pytest.raises(InvalidRequest, match="decided before"):
        device.answer(theirs, others)
    house.clock.advance(11)
    with pytest.raises(InvalidRequest, match="decided before"):
        device.answer(prompt, session)

    assert device.refusal() == ""


def test_a_decision_needs_the_session_and_the_browser_that_saw_the_page(house: House) -> None:
    """RFC 9700 §4.7: whoever lacks one of them decides nothing, nor does a page of another kind."""
    device, user = a_device(house), a_user(house)
    session = a_session(house, user)
    prompt = device.prompt(session)
    with pytest.raises(InvalidRequest):
        device.answer(prompt, session, binding=b"another browser".ljust(32, b"."))
    with pytest.raises(LoginRequired):
        _decide(device, "", prompt.sealed_page)
    form = house.device_consent.open(device.codes.user_code, session_token=session, browser_binding=BINDING)
    assert isinstance(form, DeviceForm)
    with pytest.raises(InvalidRequest):
        _decide(device, session, form.sealed_page)
    with pytest.raises(InvalidRequest):
        _decide(device, session, house.seal.seal([("device", "00" * 16)], BINDING))

    assert device.refusal() == "AuthorizationPending"


def test_a_page_that_is_too_old_decides_nothing(house: House) -> None:
    """The request has expired: a yes makes no grant."""
    device, user = a_device(house), a_user(house)
    house.clock.advance(300)
    prompt = device.prompt(session := a_session(house, user))
    house.clock.advance(300)
    with pytest.raises(InvalidRequest):
        device.answer(prompt, session)

    assert device.refusal() == "ExpiredToken"


def test_what_is_no_longer_listed_is_not_granted(house: House) -> None:
    """The policy of the decision counts; the request stays undecided, so that nothing is half done."""
    device, user = a_device(house, scope="mail"), a_user(house)
    session = a_session(house, user)
    prompt = device.prompt(session)
    with house.under(scopes=house.policy.current.scopes[:1]), pytest.raises(Refusal, match="mail"):
        device.answer(prompt, session)

    assert device.refusal() == "AuthorizationPending"


@pytest.fixture
def limited(house: House) -> Iterator[House]:
    """Three wrong codes an hour for a user; other files' and tests' networks and users are not touched."""
    flow = house.policy.current.device_flow
    with house.under(device_flow=type(flow)(True, flow.code_lifetime, OFF, Rate(3, 3600))):
        yield house
    # Everybody's bucket is everybody's: the next test finds it full again.
    house.clock.advance(4 * 3600)


def test_wrong_codes_are_counted_for_the_user_whatever_the_session(limited: House) -> None:
    """RFC 8628 §5.1: a new session and another network bring no new tries, and the right code waits, too."""
    user = a_user(limited)
    told = [_refusal(limited, _WRONG, a_session(limited, user), f"203.0.113.{number}") for number in range(4)]
    right = a_device(limited)

    assert [each.partition(":")[0] for each in told] == ["UnknownUserCode"] * 3 + ["TooManyAttempts"]
    with pytest.raises(TooManyAttempts) as refused:
        enter(limited, right.codes.user_code, a_session(limited, user))
    assert 1190 <= refused.value.retry_after <= 1200
    assert _refusal(limited, right.codes.user_code, a_session(limited, a_user(limited))) == ""


def test_wrong_codes_are_counted_for_the_network(limited: House) -> None:
    """RFC 8628 §5.1: ten times as many as for a user, whoever they are."""
    users = [a_session(limited, a_user(limited)) for _ in range(11)]
    told = [_refusal(limited, _WRONG, session, "203.0.113.200") for session in users for _ in range(3)]

    assert [each.partition(":")[0] for each in told] == ["UnknownUserCode"] * 30 + ["TooManyAttempts"] * 3
    assert _refusal(limited, _WRONG, users[10], "203.0.113.201").startswith("UnknownUserCode")


def test_wrong_codes_are_counted_for_everybody(limited: House) -> None:
    """RFC 8628 §5.1: a hundred times as many in all."""
    users = [a_session(limited, a_user(limited)) for _ in range(101)]
    told = [
        _refusal(limited, _WRONG, session, f"203.0.113.{number}")
        for number, session in enumerate(users)
        for _ in range(3)
    ]

    assert [each.partition(":")[0] for each in told] == ["UnknownUserCode"] * 300 + ["TooManyAttempts"] * 3


def test_right_codes_cost_nothing(limited: House) -> None:
    """Who lets many devices in is not guessing; neither is who mistypes a letter that no code has."""
    session = a_session(limited, a_user(limited))

    assert {_refusal(limited, a_device(limited).codes.user_code, session) for _ in range(10)} == {""}
    with pytest.raises(UnknownUserCode):
        enter(limited, "ABCDE-FGHIJ", session)
    assert _refusal(limited, a_device(limited).codes.user_code, session) == ""
