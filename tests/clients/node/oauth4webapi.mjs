// oauth4webapi, which checks each reply by the letter: also the access token, as a resource server would (RFC 9068).
import * as oauth from "oauth4webapi";

const insecure = { [oauth.allowInsecureRequests]: true };

export async function connect({ issuer, server, redirectUri, open, validate }) {
  const url = new URL(issuer);
  const discovered = await oauth.discoveryRequest(url, { algorithm: "oauth2", ...insecure });
  const as = await oauth.processDiscoveryResponse(url, discovered);
  const metadata = { client_name: "Figures", redirect_uris: [redirectUri], token_endpoint_auth_method: "none" };
  const client = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(as, metadata, insecure),
  );

  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const request = new URL(as.authorization_endpoint);
  request.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "mcp",
    resource: server,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const answer = oauth.validateAuthResponse(as, client, await open(request), state);

  const redeemed = await oauth.authorizationCodeGrantRequest(
    as, client, oauth.None(), answer, redirectUri, verifier, insecure,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, redeemed);
  const call = new Request(server, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  const claims = await oauth.validateJwtAccessToken(as, call, server, insecure);
  const first = await validate(tokens.access_token);

  const refreshing = await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, insecure);
  const refreshed = await oauth.processRefreshTokenResponse(as, client, refreshing);
  const second = await validate(refreshed.access_token);
  const revoking = await oauth.revocationRequest(as, client, oauth.None(), refreshed.refresh_token, insecure);
  await oauth.processRevocationResponse(revoking);
  return {
    first,
    second,
    revoked: await validate(refreshed.access_token),
    seconds: tokens.expires_in,
    scope: tokens.scope,
    refreshed: refreshed.refresh_token !== tokens.refresh_token,
    claims,
    client: client.client_id,
  };
}
