"""An app, or a thief beside it, presents the same thing several times at once."""

import asyncio
from collections import Counter

from tests.flows.app import refusal, register_app
from tests.flows.browser import Person
from tests.running import Running

_AT_ONCE = 8


async def test_one_code_is_redeemed_several_times_at_once(running: Running, person: Person) -> None:
    """One redemption gets 200 and the others invalid_grant, and then the grant is dead (RFC 6749 §4.1.2, RFC 9700
    §4.5)."""
    async with register_app(running.issuer) as app:
        code = await app.get_code(person)
        replies = await asyncio.gather(*(app.redeem(code) for _ in range(_AT_ONCE)))

        assert Counter(reply.status_code for reply in replies) == {200: 1, 400: _AT_ONCE - 1}
        assert {refusal(reply) for reply in replies if reply.status_code == 400} == {(400, "invalid_grant")}
        winner = next(reply for reply in replies if reply.status_code == 200).json()
        assert not running.validate(winner["access_token"]).active
        assert refusal(await app.refresh(winner["refresh_token"])) == (400, "invalid_grant")


async def test_one_refresh_token_is_used_several_times_at_once(running: Running, person: Person) -> None:
    """Every parallel refresh gets the same successor, so an app of several processes goes on (README, Grants)."""
    async with register_app(running.issuer) as app:
        tokens = await app.get_tokens(person)
        replies = await asyncio.gather(*(app.refresh(tokens["refresh_token"]) for _ in range(_AT_ONCE)))

        assert {reply.status_code for reply in replies} == {200}
        (successor,) = {reply.json()["refresh_token"] for reply in replies}
        assert successor != tokens["refresh_token"]
        assert all(running.validate(reply.json()["access_token"]).active for reply in replies)
        assert (await app.refresh(successor)).status_code == 200
