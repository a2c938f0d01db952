// openid-client: discovery, registration, code, refresh and revocation, each by its own call.
import * as client from "openid-client";

export async function connect({ issuer, server, redirectUri, open, validate }) {
  const config = await client.dynamicClientRegistration(
    new URL(issuer),
    { client_name: "Reports", redirect_uris: [redirectUri], token_endpoint_auth_method: "none" },
    client.None(),
    { algorithm: "oauth2", execute: [client.allowInsecureRequests] },
  );
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const answer = await open(
    client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: "mcp offline_access",
      resource: server,
      state,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
    }),
  );
  const tokens = await client.authorizationCodeGrant(config, answer, { pkceCodeVerifier, expectedState: state });
  const first = await validate(tokens.access_token);
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, { resource: server });
  const second = await validate(refreshed.access_token);
  await client.tokenRevocation(config, refreshed.refresh_token);
  return {
    first,
    second,
    revoked: await validate(refreshed.access_token),
    seconds: tokens.expires_in,
    scope: tokens.scope,
    refreshed: refreshed.refresh_token !== tokens.refresh_token,
  };
}
