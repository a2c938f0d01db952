"""grant_type=authorization_code (RFC 6749 §4.1.3, RFC 7636 §4.6)."""

from core.domain.authorization.pkce import verify_code_verifier
from core.domain.clients.client import Client
from core.domain.clock import Clock, lies_ahead
from core.domain.errors import InvalidGrant
from core.domain.grants.grant import Grant
from core.domain.grants.redemption import CodeVerdict, Redemption, distrust_code
from core.domain.grants.token_request import CodeParameters, TokenIntent, TokenRequest, TokenStore
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import Policy
from core.domain.tokens.grant_token import TokenKind, find_grant_token, verify_grant_token

_REFUSED = "the code is unknown, expired, used, or not for this client, redirect_uri and code_verifier"


class AuthorizationCode:
    """Redeems codes."""

    name = "authorization_code"

    def __init__(self, store: TokenStore, master_keys: MasterKeys, clock: Clock) -> None:
        self._store = store
        self._master_keys = master_keys
        self._clock = clock

    def authorize(
        self, parameters: CodeParameters, request: TokenRequest, client: Client, policy: Policy
    ) -> TokenIntent:
        """Redeem the code. Of parallel redemptions one gets the tokens; the next one ends the grant.

        Raises:
            InvalidGrant: not a code of this server.
        """
        grant = self._require_genuine(parameters.code)
        fits = _is_bound_to(grant, parameters, client)
        redemption = Redemption(grant, client, request, policy, fits=fits, refused=_REFUSED)
        return lambda tx: redemption.redeem(tx, self._clock.now())

    def distrust(self, parameters: CodeParameters, request: TokenRequest, client_id: str) -> None:
        """Spend the code if it is another client's; end its grant if it was redeemed (RFC 9700 §4.5: by anyone)."""
        try:
            grant = self._require_genuine(parameters.code)
        except InvalidGrant:
            return
        now = self._clock.now()
        self._store.write(lambda tx: distrust_code(tx, grant, client_id, request, now))

    def _require_genuine(self, code: str) -> Grant:
        token = find_grant_token(code, TokenKind.CODE)
        grant = self._store.find_grant(token.grant_id) if token else None
        if token is None or grant is None or not verify_grant_token(token, self._master_keys, grant.secret):
            raise InvalidGrant(_REFUSED, CodeVerdict.FORGED)
        if lies_ahead(grant.created_at, self._clock.now()):
            raise InvalidGrant(_REFUSED, CodeVerdict.ENDED)
        return grant


def _is_bound_to(grant: Grant, parameters: CodeParameters, client: Client) -> bool:
    """Every binding is looked at, whichever fails first."""
    verified = verify_code_verifier(parameters.code_verifier, grant.code_challenge)
    same_client = grant.client_id == client.client_id
    same_redirect = parameters.redirect_uri is None or parameters.redirect_uri == grant.redirect_uri
    return verified and same_client and same_redirect
