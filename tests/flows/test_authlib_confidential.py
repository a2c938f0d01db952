"""A web application with a secret, and a program with a key, both written with Authlib, at one server."""

import json
from typing import Any

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.assertions import KeyPair, a_key_pair
from tests.certificates import Authority
from tests.document_host import DocumentHost
from tests.flows.browser import Person
from tests.flows.callback import Callback
from tests.plain_http import NOBODY
from tests.running import Running

_REPORTS = "https://reports.example.com/"


def _program(running: Running, metadata: dict[str, str], keys: KeyPair) -> Any:
    """An operator registers the public key; the private one stays with the program."""
    (running.folder / "key.pem").write_text(keys.pem)
    added = running.tokenhouse(
        "clients", "add", "--grant-type", "client_credentials", "--scope", "mcp", "--resource", _REPORTS, "--key-file",
        str(running.folder / "key.pem"), "--json",
    )  # fmt: skip
    client = OAuth2Client(
        client_id=json.loads(added)["client"]["client_id"],
        client_secret=keys.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        token_endpoint_auth_method="private_key_jwt",
        revocation_endpoint_auth_method="private_key_jwt",
        trust_env=False,
    )
    client.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"]))
    return client


async def test_a_portal_with_a_secret_and_a_program_with_a_key(running: Running, person: Person) -> None:
    """client_secret_basic for a user's code, refresh and revocation; private_key_jwt for a token of the program's own,
    for asking what the portal's token says, and for ending its own (RFC 6749 §2.3.1, §4.4, RFC 7523, 7662, 7009)."""
    async with Callback() as callback:
        added = json.loads(
            running.tokenhouse("clients", "add", "--redirect-uri", callback.redirect_uri, "--name", "Portal", "--json")
        )
        portal: Any = OAuth2Client(
            client_id=added["client"]["client_id"],
            client_secret=added["client_secret"],
            token_endpoint_auth_method="client_secret_basic",
            revocation_endpoint_auth_method="client_secret_basic",
            redirect_uri=callback.redirect_uri,
            scope="mcp",
            code_challenge_method="S256",
            trust_env=False,
        )
        metadata = httpx.get(
            f"{running.issuer}/.well-known/oauth-authorization-server", trust_env=False, verify=NOBODY
        ).json()
        verifier = "v" * 64
        url, state = portal.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, resource=_REPORTS
        )
        await person.connect(url)
        answer = await callback.answer()
        token = portal.fetch_token(metadata["token_endpoint"], code=answer["code"], state=state, code_verifier=verifier)
        refreshed = portal.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])

    with _program(running, metadata, a_key_pair("RS256")) as program:
        own = program.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", resource=_REPORTS)
        told = program.introspect_token(metadata["introspection_endpoint"], token=refreshed["access_token"]).json()
        assert "refresh_token" not in own
        assert running.validate(own["access_token"], _REPORTS).subject == program.client_id
        assert (told["active"], told["username"], told["aud"]) == (True, person.username, _REPORTS)

        assert program.revoke_token(metadata["revocation_endpoint"], token=own["access_token"]).status_code == 200
        assert not running.validate(own["access_token"], _REPORTS).active
        assert portal.revoke_token(metadata["revocation_endpoint"], token=refreshed["refresh_token"]).status_code == 200
        told = program.introspect_token(metadata["introspection_endpoint"], token=refreshed["access_token"])
        assert told.content == b'{"active":false}'


async def test_a_program_whose_keys_stand_at_a_uri(running: Running, authority: Authority) -> None:
    """The first request waits while its keys are fetched (RFC 7591 §2 "jwks_uri"); the next one finds them."""
    keys = a_key_pair("RS256")
    with DocumentHost(authority) as host:
        host.serve("/jwks.json", keys.jwks.encode(), "Content-Type: application/json")
        added = running.tokenhouse(
            "clients", "add", "--grant-type", "client_credentials", "--scope", "mcp", "--jwks-uri",
            host.url("/jwks.json"), "--json",
        )  # fmt: skip
        endpoint = f"{running.issuer}/oauth/v1/token"
        client: Any = OAuth2Client(
            client_id=json.loads(added)["client"]["client_id"],
            client_secret=keys.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            token_endpoint_auth_method="private_key_jwt",
            trust_env=False,
        )
        with client:
            for _ in range(2):
                client.register_client_auth_method(PrivateKeyJWT(endpoint, headers={"kid": keys.key_id}))
                token = client.fetch_token(endpoint, grant_type="client_credentials")
                assert running.validate(token["access_token"]).client_id == client.client_id
        assert host.fetched("/jwks.json") == 1
