// oidc-provider, set up to do what Tokenhouse does: public clients that register themselves, PKCE, ES256 access tokens
// for one resource, refresh tokens that rotate at every use. What it can leave out is left out: no ID token, no
// registration access token, no access token in the database.

import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import Provider from 'oidc-provider';

import { adapterOf, openStore } from './store.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

function loadKey(file) {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'bench' };
    writeFileSync(file, JSON.stringify(jwk), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

export function createProvider({ issuer, folder, resource, scope }) {
  const database = openStore(`${folder}/database`);
  const provider = new Provider(issuer, {
    adapter: adapterOf(database),
    jwks: { keys: [loadKey(`${folder}/key.json`)] },
    cookies: { keys: ['not looked at: no browser takes part'] },
    scopes: ['openid', 'offline_access', scope],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true, initialAccessToken: false, issueRegistrationAccessToken: false },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope, accessTokenFormat: 'jwt', accessTokenTTL: HOUR, jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => false,
    findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: HOUR, AuthorizationCode: 10 * 60, Grant: 180 * DAY, RefreshToken: 30 * DAY },
  });
  return { provider, database };
}

export function settingsFromEnvironment() {
  const { PEER_ISSUER: issuer, PEER_FOLDER: folder, PEER_RESOURCE: resource, PEER_SCOPE: scope } = process.env;
  return { issuer, folder, resource, scope };
}
