// openid-client again, as programs with a secret: a token of their own, and what it says (RFC 6749 §4.4, RFC 7662).
import * as client from "openid-client";

async function use(issuer, server, { client_id, client_secret }, authentication) {
  const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
  const config = await client.discovery(new URL(issuer), client_id, undefined, authentication(client_secret), options);
  const tokens = await client.clientCredentialsGrant(config, { scope: "mcp", resource: server });
  const told = await client.tokenIntrospection(config, tokens.access_token);
  await client.tokenRevocation(config, tokens.access_token);
  return {
    tokens: { scope: tokens.scope, refresh_token: tokens.refresh_token ?? "none" },
    told,
    revoked: await client.tokenIntrospection(config, tokens.access_token),
  };
}

export const connect = async ({ issuer, server, confidential }) => ({
  basic: await use(issuer, server, confidential.client_secret_basic, client.ClientSecretBasic),
  post: await use(issuer, server, confidential.client_secret_post, client.ClientSecretPost),
});
