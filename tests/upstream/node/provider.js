// oidc-provider over TLS, with a sign-in page that takes anybody's word for who they are, and with faults to order.
// Serves on 127.0.0.1:PROVIDER_PORT and says so on the descriptor TOKENHOUSE_STATUS_FD.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:https';
import Provider from 'oidc-provider';

const { PROVIDER_ISSUER: issuer, PROVIDER_PORT: port, PROVIDER_FOLDER: folder } = process.env;
const accounts = {};
const asked = [];
let faults = {};
// What it keeps outlives its keys.
const rows = new Map();
class Memory {
  constructor(name) { this.name = name; }
  key(id) { return `${this.name}:${id}`; }
  async upsert(id, payload) {
    rows.set(this.key(id), payload);
    if (this.name === 'Session') rows.set(`uid:${payload.uid}`, this.key(id));
  }
  async find(id) { return rows.get(this.key(id)); }
  async findByUid(uid) { return rows.get(rows.get(`uid:${uid}`)); }
  async findByUserCode() { return undefined; }
  async consume(id) { rows.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { rows.delete(this.key(id)); }
  async revokeByGrantId(grantId) {
    for (const [key, row] of rows) if (row.grantId === grantId) rows.delete(key);
  }
}

function newKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: randomBytes(8).toString('hex') };
}

function createProvider() {
  const created = new Provider(issuer, {
    adapter: Memory,
    jwks: { keys: [newKey()] },
    cookies: { keys: ['of a test'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: { profile: ['preferred_username'], email: ['email', 'email_verified'], groups: ['groups'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true, initialAccessToken: false, issueRegistrationAccessToken: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx, form) => {
          ctx.body = `<!doctype html><title>Sign out</title>${form}
            <button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out there</button>`;
        },
      },
    },
    pkce: { required: () => true },
    findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ ...accounts[id], sub: id }) }),
    // Who signs in lets every client know; asking for that is not what is tested.
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  });
  created.use(async (ctx, next) => {
    asked.push(ctx.path);
    if (ctx.path === '/auth' && faults.nonce) ctx.query = { ...ctx.query, nonce: faults.nonce };
    if (ctx.path === '/auth' && faults.max_age !== undefined) {
      const { prompt, max_age, ...rest } = ctx.query;
      ctx.query = faults.max_age ? { ...rest, max_age: faults.max_age } : rest;
    }
    await next();
    const location = ctx.response.get('location');
    if (faults.iss !== undefined && location.includes('iss=')) {
      const answer = new URL(location);
      if (faults.iss) answer.searchParams.set('iss', faults.iss); else answer.searchParams.delete('iss');
      ctx.response.set('location', answer.href);
    }
  });
  return created;
}

let provider = createProvider();

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function control(request, response) {
  const body = await bodyOf(request);
  if (request.url === '/control/accounts') Object.assign(accounts, JSON.parse(body));
  if (request.url === '/control/faults') faults = JSON.parse(body);
  if (request.url === '/control/rotate') provider = createProvider();
  response.end(JSON.stringify(asked));
}

async function interact(request, response) {
  if (request.method === 'POST') {
    const accountId = new URLSearchParams(await bodyOf(request)).get('account');
    const result = accountId ? { login: { accountId } } : { error: 'access_denied' };
    await provider.interactionFinished(request, response, result);
    return;
  }
  response.setHeader('content-type', 'text/html');
  response.end(`<!doctype html><title>Company</title><form method="post"><label for="account">Account</label>
    <input id="account" name="account"><button>Sign in there</button></form>`);
}

const tls = { cert: readFileSync(`${folder}/server.pem`), key: readFileSync(`${folder}/server.key`) };
const server = createServer(tls, (request, response) => {
  if (request.url === '/favicon.ico') return response.writeHead(204).end();
  if (request.url.startsWith('/control/')) return control(request, response);
  if (request.url.startsWith('/interaction/')) return interact(request, response);
  return provider.callback()(request, response);
});
server.listen(Number(port), '127.0.0.1', () => {
  const status = Number(process.env.TOKENHOUSE_STATUS_FD);
  writeSync(status, '{"event": "ready"}\n');
  closeSync(status);
});
process.on('SIGTERM', () => process.exit(0));
