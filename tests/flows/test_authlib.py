"""A user connects an app that is written with Authlib's OAuth 2 client."""

from typing import Any

from authlib.integrations.httpx_client import OAuth2Client

from tests.flows.app import register_app
from tests.flows.browser import Person
from tests.running import Running


async def test_connect_refresh_and_disconnect(running: Running, person: Person) -> None:
    """Authorization URL with PKCE, code, refresh and revocation, each with the library's own call and from the
    endpoints that the metadata names (RFC 8414, 6749, 7636, 7009)."""
    async with register_app(running.issuer, "Reports") as app:
        metadata = (await app.http.get(f"{running.issuer}/.well-known/oauth-authorization-server")).json()
        client: Any = OAuth2Client(
            client_id=app.client_id,
            token_endpoint_auth_method="none",
            revocation_endpoint_auth_method="none",
            redirect_uri=app.callback.redirect_uri,
            scope="mcp",
            code_challenge_method="S256",
            trust_env=False,
        )
        url, state = client.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=app.verifier, resource="https://reports.example.com/"
        )
        await person.connect(url)
        answer = await app.callback.answer()
        assert (answer["state"], answer["iss"]) == (state, metadata["issuer"])

        token = client.fetch_token(
            metadata["token_endpoint"], code=answer["code"], state=state, code_verifier=app.verifier
        )
        assert (token["token_type"], token["scope"]) == ("Bearer", "mcp")
        validated = running.validate(token["access_token"], "https://reports.example.com")
        assert (validated.active, validated.username) == (True, person.username)

        refreshed = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        assert refreshed["refresh_token"] != token["refresh_token"]
        assert running.validate(refreshed["access_token"], "https://reports.example.com").active

        revoked = client.revoke_token(
            metadata["revocation_endpoint"],
            token=refreshed["refresh_token"],
            token_type_hint="refresh_token",
        )
        assert revoked.status_code == 200, revoked.text
        assert not running.validate(refreshed["access_token"], "https://reports.example.com").active
