"""The door for servers made with FastMCP. Needs the extra `fastmcp`."""

from typing import Any

from fastmcp.server.auth import AccessToken, RemoteAuthProvider, TokenVerifier
from pydantic import AnyHttpUrl, ConfigDict, Field, TypeAdapter
from starlette.middleware import Middleware

from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.mcp import RefusalMiddleware, fields_of, require_metadata, verify_or_keep

#: Keeps an issuer as it is written: they are compared as strings (RFC 8414 §3.3).
_URL: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl, config=ConfigDict(url_preserve_empty_path=True))


class VerifiedToken(AccessToken):
    """FastMCP's access token, but that the token does not show."""

    token: str = Field(repr=False)


class FastMcpTokenVerifier(TokenVerifier):
    """FastMCP's `TokenVerifier`; TokenhouseProvider makes one."""

    def __init__(self, verifier: AsyncTokenVerifier, *, issuer: str) -> None:
        super().__init__(required_scopes=list(verifier.required_scopes))
        self.verifier = verifier
        self.issuer = issuer

    async def verify_token(self, token: str) -> AccessToken | None:
        """FastMCP's protocol; as `McpTokenVerifier.verify_token`."""
        verified = await verify_or_keep(self.verifier, token)
        return None if verified is None else VerifiedToken(**fields_of(verified, token, self.verifier, self.issuer))


class TokenhouseProvider(RemoteAuthProvider):
    """The server's `auth`: verifies tokens, and serves the protected-resource metadata (RFC 9728)."""

    def __init__(self, verifier: AsyncTokenVerifier, *, issuer: str, **options: Any) -> None:
        """`issuer` is the authorization server's, spelled as in its metadata; options are RemoteAuthProvider's.

        Raises:
            ValueError: the verifier does not name the metadata that FastMCP serves.
        """
        require_metadata(verifier)
        self._audience = verifier.audience
        super().__init__(
            token_verifier=FastMcpTokenVerifier(verifier, issuer=issuer),
            authorization_servers=[_URL.validate_python(issuer)],
            base_url=_URL.validate_python(verifier.audience),
            **options,
        )
        self._refusals = Middleware(RefusalMiddleware, verifier=verifier)

    def set_mcp_path(self, mcp_path: str | None) -> None:
        """FastMCP says where it serves: the audience has to be there.

        Raises:
            ValueError: it is not.
        """
        path = mcp_path or ""
        if not self._audience.endswith(path):
            raise ValueError(f"FastMCP serves at {path}, but the verifier's audience is {self._audience}")
        self.base_url = _URL.validate_python(self._audience.removesuffix(path))
        super().set_mcp_path(mcp_path)

    def get_middleware(self) -> list[Middleware]:
        """FastMCP's own, and refusals in Tokenhouse's words around them."""
        return [self._refusals, *super().get_middleware()]
