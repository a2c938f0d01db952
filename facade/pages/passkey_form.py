"""The hidden form that a browser's passkey is sent with, on whichever page: the one script of this server fills it in.

Without the script the form stays hidden, and everything else of the page works."""

from tokenhouse.v1.passkey_login_pb2 import PasskeyOffer

from facade.cookies import Browser
from facade.csrf import csrf_token


def passkey_form(
    browser: Browser, form_name: str, url: str, offer: PasskeyOffer, carried: dict[str, str], *, kind: str
) -> dict[str, object]:
    """What the template needs: `carried` comes back with the answer, and the token covers it and the challenge.

    `kind` is for the script: at a `login` the browser may also propose a passkey where the user name is typed.
    """
    whole = carried | {"sealed_challenge": offer.sealed_challenge}
    return {
        "url": url,
        "kind": kind,
        "options": offer.request_options,
        "csrf_token": csrf_token(browser, form_name, "", *whole.values()),
        "carried": {name: value for name, value in whole.items() if value},
    }
