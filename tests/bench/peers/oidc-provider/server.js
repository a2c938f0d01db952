// Serves on 127.0.0.1:PEER_PORT and says so on the descriptor TOKENHOUSE_STATUS_FD.

import { closeSync, writeSync } from 'node:fs';

import { createProvider, settingsFromEnvironment } from './provider.js';

const { provider } = createProvider(settingsFromEnvironment());
const server = provider.listen(Number(process.env.PEER_PORT), '127.0.0.1', 1024, () => {
  const status = Number(process.env.TOKENHOUSE_STATUS_FD);
  writeSync(status, '{"event": "ready"}\n');
  closeSync(status);
});
server.keepAliveTimeout = 75000;
process.on('SIGTERM', () => process.exit(0));
