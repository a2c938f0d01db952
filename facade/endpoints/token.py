"""The token endpoint (RFC 6749 §3.2)."""

import json
import secrets

from sanic import HTTPResponse, Request
from tokenhouse.v1.token_pb2 import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    DeviceCodeGrant,
    IssueTokenRequest,
    IssueTokenResponse,
    RefreshTokenGrant,
)

from facade.client_credentials import parse_client_credentials
from facade.client_keys import with_client_keys
from facade.errors import Refusal
from facade.facade import Facade
from facade.forms import Form, parse_form
from facade.replies import json_reply

#: A string as JSON writes it (RFC 8259 §7).
_quote = json.JSONEncoder().encode


async def issue_token(request: Request, facade: Facade) -> HTTPResponse:
    """RFC 6749 §4.1.3, §4.4.2 and §6, RFC 8628 §3.4; `resource` alone may repeat (RFC 8707 §2)."""
    content_type = request.headers.get("content-type")
    form = parse_form(content_type, request.query_string, request.body, repeatable=("resource",))
    question = IssueTokenRequest(
        client=parse_client_credentials(request.headers.get("authorization"), form),
        resource=form.find_all("resource"),
        attempt_id=secrets.token_bytes(16),
        network_address=facade.network_address(request),
    )
    _put_grant(question, form)
    tokens = await with_client_keys(facade.core, question.client, lambda: facade.core.issue_token(question))
    await facade.discovery.publish_key_of(tokens.access_token)
    return json_reply(_encode(tokens))


def _put_grant(question: IssueTokenRequest, form: Form) -> None:
    match form.require("grant_type"):
        case "authorization_code":
            question.authorization_code.CopyFrom(
                AuthorizationCodeGrant(
                    code=form.require("code"),
                    code_verifier=form.find("code_verifier"),
                    redirect_uri=form.find("redirect_uri"),
                )
            )
        case "refresh_token":
            question.refresh_token.CopyFrom(
                RefreshTokenGrant(refresh_token=form.require("refresh_token"), scope=form.find("scope"))
            )
        case "urn:ietf:params:oauth:grant-type:device_code":
            question.device_code.CopyFrom(DeviceCodeGrant(device_code=form.require("device_code")))
        case "client_credentials":
            question.client_credentials.CopyFrom(ClientCredentialsGrant(scope=form.find("scope")))
        case _:
            raise Refusal("UNSUPPORTED_GRANT_TYPE", "The grant type is not one this server supports.")


def _encode(tokens: IssueTokenResponse) -> bytes:
    """RFC 6749 §5.1; what is absent is left out, never null."""
    # Member by member: an encoder for a whole document is made anew for each, which takes as long as all of this.
    refresh_token = f', "refresh_token": {_quote(tokens.refresh_token)}' if tokens.HasField("refresh_token") else ""
    return (
        f'{{"access_token": {_quote(tokens.access_token)}, "token_type": {_quote(tokens.token_type)}, '
        f'"expires_in": {tokens.expires_in}, "scope": {_quote(tokens.scope)}{refresh_token}}}'
    ).encode()
