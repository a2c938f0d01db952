// node prepare.js CLIENT_ID REDIRECT_URI CODE_CHALLENGE CODES REFRESH_TOKENS
// Prints that many codes and refresh tokens, a line each, every one of a grant of its own.

import { createProvider, settingsFromEnvironment } from './provider.js';

const [clientId, redirectUri, codeChallenge, codes, refreshTokens] = process.argv.slice(2);
const settings = settingsFromEnvironment();
const { provider, database } = createProvider(settings);
const client = await provider.Client.find(clientId);

async function granted() {
  const grant = new provider.Grant({ accountId: 'user', clientId });
  grant.addResourceScope(settings.resource, settings.scope);
  return {
    client, accountId: 'user', grantId: await grant.save(180 * 24 * 3600), gty: 'authorization_code',
    scope: settings.scope, resource: settings.resource, authTime: Math.floor(Date.now() / 1000),
  };
}

async function issue(Model, count, members) {
  const issued = [];
  for (let number = 0; number < count; number += 1) {
    issued.push(await new Model({ ...await granted(), ...members }).save());
  }
  return issued;
}

database.exec('BEGIN');
const challenged = { redirectUri, codeChallenge, codeChallengeMethod: 'S256' };
const lines = [
  ...await issue(provider.AuthorizationCode, Number(codes), challenged),
  ...await issue(provider.RefreshToken, Number(refreshTokens), {}),
];
database.exec('COMMIT');
process.stdout.write(`${lines.join('\n')}\n`);
