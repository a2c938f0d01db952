"""Signing keys, and the verifiers that have to know them."""

from sanic import HTTPResponse
from tokenhouse.v1.console_pb2 import LookResponse

from facade import paths
from facade.console_acts import ROTATE_AT_ONCE, ROTATE_SIGNING_KEY, WITHDRAW_SIGNING_KEY
from facade.pages.console.frame import Frame
from facade.pages.console.rows import act_link, key_row, verifier_name
from facade.pages.console.wording import moment


def keys_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
    """Every key with its state and whom it waits for; who is connected; and what can be done."""
    seen = answers[0].list_keys
    published = any(key.state == "published" for key in seen.keys)
    values = {
        "keys": [
            {
                **key_row(frame, key),
                "withdraw": act_link(frame, WITHDRAW_SIGNING_KEY, key.key_id) if key.state != "withdrawn" else None,
            }
            for key in seen.keys
        ],
        "next_rotation": moment(seen.next_rotation_at) if seen.HasField("next_rotation_at") and not published else None,
        "verifiers": [verifier_name(each) for each in seen.verifiers],
        "acts": [act_link(frame, act, "next") for act in (ROTATE_SIGNING_KEY, ROTATE_AT_ONCE)],
    }
    return frame.render("keys.html", values, here=paths.CONSOLE_KEYS)
