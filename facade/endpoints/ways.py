"""What a login page may offer: what the settings say, and a passkey where somebody has one."""

from dataclasses import replace

from tokenhouse.v1.passkey_login_pb2 import OfferPasskeyLoginRequest

from facade.cookies import Browser
from facade.discovery import SignIn
from facade.facade import Facade


async def find_ways(facade: Facade, browser: Browser) -> SignIn:
    """For this browser."""
    sign_in = (await facade.discovery.current()).sign_in
    if not sign_in.local_users:
        return sign_in
    question = OfferPasskeyLoginRequest(browser_binding=browser.binding)
    answer = await facade.core.account.passkeys.offer_login(question)
    return replace(sign_in, passkey=answer.offer) if answer.HasField("offer") else sign_in
