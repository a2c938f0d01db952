"""What a page says to somebody who is refused because tries are used up: whose those were, by the core's word for it,
and which ways in are open still. Nothing of it tells whether anybody has an account of that name.
"""

from markupsafe import Markup

from facade.errors import Refusal
from facade.texts.languages import current_texts

#: By `used_up` of session.proto: what is used up, and what is true then. Behind each: what is open to everybody.
_SAID = {
    "network": ("kept_out.network", ("kept_out.browser", "kept_out.known_network", "kept_out.elsewhere")),
    "account_in_network": ("kept_out.account_in_network", ("kept_out.browser", "kept_out.elsewhere")),
    "account": ("kept_out.account", ("kept_out.browser", "kept_out.known_network")),
    "passkeys_in_network": (
        "kept_out.passkeys_in_network",
        ("kept_out.password", "kept_out.browser", "kept_out.elsewhere"),
    ),
}
#: Those that wait for wrong passwords.
_OF_PASSWORDS = ("network", "account_in_network", "account")


def too_many_attempts(refusal: Refusal) -> Markup:
    """What is used up, and how long to wait."""
    texts = current_texts()
    key, _ = _SAID.get(refusal.used_up, ("login.too_many_attempts", ()))
    return texts.text(key, duration=texts.duration(refusal.retry_after or 60))


def ways_in(refusal: Refusal | None, *, passkeys: bool) -> Markup:
    """At the login page: what to do in the place of waiting; empty where there is nothing to say. `passkeys`: the page
    asks for them."""
    if refusal is None or refusal.used_up not in _SAID:
        return Markup("")
    keys = ["kept_out.somebody_else"]
    if passkeys and refusal.used_up in _OF_PASSWORDS:
        keys.append("kept_out.passkey")
    keys += [*_SAID[refusal.used_up][1], "kept_out.operator"]
    texts = current_texts()
    return Markup(" ").join(texts.text(key) for key in keys)


def is_kept_out_of_second_step(refusal: Refusal | None) -> bool:
    """Whether somebody who had the password has used it up."""
    return refusal is not None and refusal.used_up == "second_step"
