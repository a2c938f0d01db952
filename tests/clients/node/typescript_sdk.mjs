// The MCP TypeScript SDK, version 1: most of what is installed.
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { connectAndCall } from "./keychain.mjs";

const finish = (transport, parameters) => transport.finishAuth(parameters.get("code"));

export const connect = (person) =>
  connectAndCall(person, { Client, StreamableHTTPClientTransport, UnauthorizedError, finish });
