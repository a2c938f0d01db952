// openid-client again, as programs with a secret or a key (RFC 7523 §2.2): a token of their own, and what it says (RFC 6749 §4.4, RFC 7662).
import * as client from "openid-client";

async function use(issuer, server, { client_id }, authentication) {
  const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
  const config = await client.discovery(new URL(issuer), client_id, undefined, authentication, options);
  const tokens = await client.clientCredentialsGrant(config, { scope: "mcp", resource: server });
  const told = await client.tokenIntrospection(config, tokens.access_token);
  await client.tokenRevocation(config, tokens.access_token);
  return {
    tokens: { scope: tokens.scope, refresh_token: tokens.refresh_token ?? "none" },
    told,
    revoked: await client.tokenIntrospection(config, tokens.access_token),
  };
}

export async function connect({ issuer, server, confidential }) {
  const { client_secret_basic: basic, client_secret_post: post, private_key_jwt: holder } = confidential;
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const key = await crypto.subtle.importKey("jwk", holder.private_key, algorithm, false, ["sign"]);
  return {
    basic: await use(issuer, server, basic, client.ClientSecretBasic(basic.client_secret)),
    post: await use(issuer, server, post, client.ClientSecretPost(post.client_secret)),
    key: await use(issuer, server, holder, client.PrivateKeyJwt({ key, kid: holder.private_key.kid })),
  };
}
