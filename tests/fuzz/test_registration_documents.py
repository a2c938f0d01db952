"""Registration bodies of any content (RFC 7591 §3.1): refused, or answered with what registers the same once more."""

import json
from typing import Any

from hypothesis import strategies as st

from core.domain.clients.client_metadata import parse_client_metadata
from core.domain.errors import InvalidClientMetadata, InvalidRedirectUri
from tests.domain.clients.lookalikes import ALLOWED, GOOD, LOOKALIKES
from tests.fuzz.held import Property
from tests.fuzz.pair_target import PairTarget

_MEMBERS = [
    *("redirect_uris", "client_name", "client_name#de", "client_name#", "client_uri", "logo_uri", "tos_uri#x-\ud800"),
    *("grant_types", "response_types", "scope", "contacts", "jwks", "jwks_uri", "software_id", "software_version"),
    *(
        "token_endpoint_auth_method",
        "application_type",
        "client_id",
        "client_secret",
        "policy_uri",
        "software_statement",
    ),
]
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["authorization_code", "refresh_token", "implicit", "code", "none", "client_secret_basic", "\ud800"]
    )
    | st.sampled_from([*GOOD, *LOOKALIKES])
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_GOOD_URIS = st.lists(st.sampled_from(GOOD), min_size=1, max_size=3)
_DOCUMENTS = st.dictionaries(st.sampled_from(_MEMBERS) | st.text(max_size=8), _VALUES, max_size=6)
_TAKEN = st.builds(lambda document, uris: {**document, "redirect_uris": uris}, _DOCUMENTS, _GOOD_URIS)
_BODIES = (
    (_DOCUMENTS | _TAKEN | _VALUES).map(lambda value: json.dumps(value).encode())
    | _TAKEN.map(lambda document: json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    | _TAKEN.map(lambda document: json.dumps(document).encode("utf-16"))
    | st.integers(1, 3000).map(lambda depth: b'{"redirect_uris":' + b"[" * depth)
    | st.binary(max_size=60)
)


def _registers_the_same_again(body: bytes) -> None:
    try:
        metadata = parse_client_metadata(body, ALLOWED)
    except (InvalidClientMetadata, InvalidRedirectUri):
        return
    answered = {**metadata.members, "redirect_uris": [uri.text for uri in metadata.redirect_uris]}
    again = parse_client_metadata(json.dumps(answered).encode(), ALLOWED)
    assert (again.client_id, again.canonical, again.left_out) == (metadata.client_id, metadata.canonical, ())


PROPERTIES = [Property("a body is refused, or what is answered registers the same", _BODIES, _registers_the_same_again)]


def target_properties(target: PairTarget) -> list[Property]:
    """What the endpoint keeps, whatever it is sent."""

    def holds(body: bytes) -> None:
        reply = target.post("/oauth/v1/register", body, **{"Content-Type": "application/json"})
        answer: dict[str, Any] = json.loads(reply.text)
        assert None not in answer.values()
        assert reply.status_code == 201 or set(answer) == {"error", "error_description"}

    return [Property("a body is answered 201 or with a registered code", _BODIES, holds)]


def test_any_document() -> None:
    """Any bytes are metadata or a refusal with a registered code; registering the answer changes nothing."""
    PROPERTIES[0].check(100)
