"""One valid value of each noun, with no field at a value that a lost column would also give."""

from dataclasses import replace
from typing import Any

from core.domain.clients.client import Client
from core.domain.clients.client_secret import ClientSecret
from core.domain.clients.terms import Terms
from core.domain.grants.grant import Grant, GrantState
from core.domain.keys.signing_key import SigningKey
from core.domain.sessions.session import Session
from core.domain.users.user import User

NOW = 1_800_000_000
MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR

_GRANT = Grant(
    id=b"grant-0123456789",
    secret=b"secret-0123456789-secret-0123456",
    client_id="client-1",
    subject="subject-1",
    scope=("mcp", "files:read"),
    resources=("https://mcp.example.com/mcp", "https://other.example.com/a%20b?c=d"),
    redirect_uri="http://127.0.0.1:49152/callback",
    code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    state=GrantState.PENDING,
    generation=0,
    attempt_id=None,
    created_at=NOW,
    code_expires_at=NOW + MINUTE,
    rotated_at=None,
    idle_expires_at=NOW + 30 * DAY,
    expires_at=NOW + 180 * DAY,
)
_ACTIVE_GRANT = replace(_GRANT, state=GrantState.ACTIVE, generation=3, attempt_id=b"attempt", rotated_at=NOW + 5)
_USER = User(
    subject="subject-1",
    username="Zoë",
    username_key="zoë",
    password_hash="$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
    groups=("staff", "with space", 'with "quote"'),
    created_at=NOW,
)
_CLIENT = Client(
    client_id="client-1",
    metadata='{"client_name":"Workbench ✓"}',
    client_name="Workbench ✓",
    redirect_uris=("http://127.0.0.1/callback", "https://workbench.example.com/a,b"),
    grant_types=("authorization_code", "refresh_token"),
    created_at=NOW,
)
_SESSION = Session(
    token_hash=b"hash-of-the-browser's-token-32by", subject="subject-1", created_at=NOW, expires_at=NOW + DAY
)
_KEY = SigningKey(
    key_id="key-1",
    public_jwk='{"kty":"EC"}',
    wrapped_private_key=b"\x00wrapped\xff",
    master_key_id=7,
    created_at=NOW,
)


def a_grant(**fields: Any) -> Grant:
    """Pending, given by `a_user` to `a_client`."""
    return replace(_GRANT, **fields)


def an_active_grant(**fields: Any) -> Grant:
    """Redeemed and refreshed twice."""
    return replace(_ACTIVE_GRANT, **fields)


def a_user(**fields: Any) -> User:
    """May log in."""
    return replace(_USER, **fields)


def a_client(**fields: Any) -> Client:
    """Neither blocked nor deleted."""
    return replace(_CLIENT, **fields)


def a_confidential_client(**fields: Any) -> Client:
    """Of an operator's."""
    terms = Terms("client_secret_post", preregistered=True, scope=("mcp", "files:read"))
    return replace(_CLIENT, **{"client_id": "app-1", "terms": terms, **fields})


def a_client_secret(**fields: Any) -> ClientSecret:
    """Of `a_confidential_client`."""
    return replace(ClientSecret("app-1", "secret-1", b"digest-of-32-bytes-0123456789-ab", NOW), **fields)


def a_session(**fields: Any) -> Session:
    """Of `a_user`, for a day."""
    return replace(_SESSION, **fields)


def a_key(**fields: Any) -> SigningKey:
    """A key that is published and has never signed."""
    return replace(_KEY, **fields)
