// The MCP TypeScript SDK, version 2, which holds the issuer of each answer against the metadata (RFC 9207).
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";

import { connectAndCall } from "./keychain.mjs";

const finish = (transport, parameters) => transport.finishAuth(parameters);

export const connect = (person) =>
  connectAndCall(person, { Client, StreamableHTTPClientTransport, UnauthorizedError, finish });
