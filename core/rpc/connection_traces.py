"""What requests tell about the attempt that they belong to, and what their refusals are noted as."""

import hashlib
from dataclasses import replace

from tokenhouse.v1 import token_pb2

from core.domain.authorization.parameters import Parameters
from core.domain.connections.attempt import Trace
from core.domain.connections.event import Happening, Step, shown_uri
from core.domain.errors import ClientDocumentRefused, ClientDocumentWanted, ClientKeysWanted, InvalidGrant, Refusal
from core.domain.limits.network import network_of
from core.domain.tokens.grant_token import TokenKind, find_grant_token
from core.rpc.errors import reason_of

#: Nothing was decided, and the same request comes once more.
COMES_AGAIN = (ClientDocumentWanted, ClientKeysWanted)
#: Why a client is none of ours.
STRANGERS = frozenset({"client_unknown", "client_document_refused", "client_document_unwanted", "too_many_attempts"})
_POLLS = frozenset({"authorization_pending", "slow_down"})


def token_refusal(kind: TokenKind | None, error: Exception, network: str) -> Happening:
    """What the refusal of a token request is noted as; a device that asks too early is not refused (RFC 8628 §3.5)."""
    step = Step.REFRESH if kind is TokenKind.REFRESH_TOKEN else Step.TOKEN
    happening = refusal_of(step, error, network)
    if happening.outcome in _POLLS:
        return replace(happening, step=Step.DEVICE, refused=False)
    return happening


def refusal_of(step: Step, error: Exception, network: str) -> Happening:
    """What a refusal is noted as: its reason, never its words."""
    why = about = ""
    if isinstance(error, ClientDocumentRefused):
        about = error.reason
    elif isinstance(error, InvalidGrant):
        why = error.verdict
    elif isinstance(error, Refusal):
        why, about = error.why, shown_uri(error.about)
    return Happening(step, why or reason_of(error).lower(), refused=True, about=about, network=network)


def trace_of(
    parameters: Parameters, browser_binding: bytes, network: str, *, grant_id: str = "", stranger: bool = False
) -> Trace:
    """What an authorization request tells about its attempt."""
    sent = dict(parameters)
    challenge = sent.get("code_challenge", "")
    return Trace(
        client_id=sent.get("client_id", ""),
        challenge=hashlib.sha256(challenge.encode("utf-8", "surrogatepass")).digest() if challenge else b"",
        grant_id=grant_id,
        network=network,
        browser=hashlib.sha256(browser_binding).digest() if browser_binding else b"",
        stranger=stranger,
    )


def presented_by(request: token_pb2.IssueTokenRequest) -> tuple[TokenKind | None, str]:
    """What a token request brings along that stands for a grant."""
    match request.WhichOneof("grant"):
        case "authorization_code":
            return TokenKind.CODE, request.authorization_code.code
        case "refresh_token":
            return TokenKind.REFRESH_TOKEN, request.refresh_token.refresh_token
        case "device_code":
            return TokenKind.DEVICE_CODE, request.device_code.device_code
        case _:
            return None, ""


def grant_id_of(kind: TokenKind | None, text: str) -> str:
    """The grant that a code or token says that it is of, genuine or not; empty where it says none."""
    token = find_grant_token(text, kind) if kind else None
    return token.grant_id.hex() if token else ""


def seen_network(address: str) -> str:
    """The network of an address; empty where nobody told one."""
    return network_of(address) if address else ""
