// Connects the clients one after the other: node connect.mjs ISSUER MCP_SERVER
//
// The first line on stdin has the clients that have secrets, by how they say them. Whatever a person or a service would do is asked for on stdout and answered on stdin, a line of JSON each:
// {"open": URL} is answered with the address that the browser was sent to, {"validate": TOKEN} with what the server says
// of that token. For each client a line {"client": NAME, "outcome": …} or {"client": NAME, "error": …} tells how it went.
import { createInterface } from "node:readline";
import process, { argv, stdin, stdout } from "node:process";

import * as confidential from "./confidential.mjs";
import * as oauth4webapi from "./oauth4webapi.mjs";
import * as openidClient from "./openid_client.mjs";
import * as typescriptClient from "./typescript_client.mjs";
import * as typescriptSdk from "./typescript_sdk.mjs";

const [issuer, server] = argv.slice(2);
const answers = createInterface({ input: stdin })[Symbol.asyncIterator]();

function say(what) {
  stdout.write(JSON.stringify(what) + "\n");
}

async function ask(question) {
  say(question);
  return JSON.parse((await answers.next()).value);
}

const person = {
  issuer,
  server,
  redirectUri: "http://127.0.0.1:3000/callback",
  open: (url) => ask({ open: String(url) }).then((location) => new URL(location)),
  validate: (token) => ask({ validate: token }),
  confidential: JSON.parse((await answers.next()).value),
};
const clients = { typescriptSdk, typescriptClient, openidClient, oauth4webapi, confidential };

for (const [client, { connect }] of Object.entries(clients)) {
  try {
    say({ client, outcome: await connect(person) });
  } catch (error) {
    say({ client, error: String(error.stack), cause: String(error.cause) });
  }
}
process.exit();
