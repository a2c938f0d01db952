// Refreshes over gRPC, each grant's successor next: h2load sends one message again and again, and a refresh token is
// good once.
//
// node refresh.mjs SOCKET CLIENT_ID COUNT IN_FLIGHT BATCH TOKENS
//   IN_FLIGHT  refreshes under way at a time
//   BATCH      refreshes in one call: 1 is IssueToken, more is IssueTokens
//   TOKENS     a file of refresh tokens, a line each, with at least IN_FLIGHT of them; replaced by their successors
// Prints a JSON object: seconds between the first request and the last answer, and each call's p50 and p99.

import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';

const [socket, clientId, ...numbersAndFile] = process.argv.slice(2);
const file = numbersAndFile.pop();
const [count, inFlight, batch] = numbersAndFile.map(Number);
const tokens = readFileSync(file, 'utf8').trim().split('\n');

// Protobuf, as far as these messages need it: fields of wire type 2 (bytes, strings, messages) and 0 (numbers).

function varint(number) {
  const bytes = [];
  for (; number > 127; number >>>= 7) bytes.push((number & 127) | 128);
  return Buffer.from([...bytes, number]);
}

function field(number, content) {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function readVarint(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

// The contents of a message's fields of wire type 2, by number.
function* fields(bytes) {
  for (let at = 0; at < bytes.length;) {
    let tag;
    let length;
    [tag, at] = readVarint(bytes, at);
    [length, at] = readVarint(bytes, at);
    if ((tag & 7) === 0) continue;
    yield [tag >>> 3, bytes.subarray(at, at + length)];
    at += length;
  }
}

const only = (bytes, wanted) => [...fields(bytes)].filter(([number]) => number === wanted).map(([, content]) => content);

const client = field(3, Buffer.concat([field(1, clientId), field(3, 'none')]));

// token.proto: IssueTokenRequest, IssueTokensRequest and what answers them.
function requestOf(token) {
  return Buffer.concat([field(2, field(1, token)), client, field(5, randomBytes(16))]);
}

function successorOf(response) {
  const [token] = only(response, 4);
  if (!token) throw new Error('an answer without a refresh token');
  return token.toString();
}

function successorsOf(answer) {
  if (batch === 1) return [successorOf(answer)];
  return only(answer, 1).map((result) => {
    const [response] = only(result, 1);
    if (!response) throw new Error(`refused: ${only(result, 2)}`);
    return successorOf(response);
  });
}

const session = http2.connect('http://localhost', { createConnection: () => net.connect(socket) });
const headers = {
  ':method': 'POST',
  ':path': `/tokenhouse.v1.TokenService/${batch === 1 ? 'IssueToken' : 'IssueTokens'}`,
  'content-type': 'application/grpc',
  te: 'trailers',
  'grpc-timeout': '10S',
};

function call(message) {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    const parts = [];
    let status = 'none';
    stream.on('response', (received) => { status = received['grpc-status'] ?? status; });
    stream.on('trailers', (received) => { status = received['grpc-status'] ?? status; });
    stream.on('data', (part) => parts.push(part));
    stream.on('error', reject);
    stream.on('end', () => (status === '0' ? resolve(Buffer.concat(parts).subarray(5)) : reject(new Error(`grpc-status ${status}`))));
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}

const times = [];
let begun = 0;

async function refreshAgainAndAgain() {
  while (begun < count) {
    begun += batch;
    const requests = tokens.splice(0, batch).map(requestOf);
    const sent = process.hrtime.bigint();
    const answer = await call(batch === 1 ? requests[0] : Buffer.concat(requests.map((request) => field(1, request))));
    times.push(Number(process.hrtime.bigint() - sent) / 1e9);
    tokens.push(...successorsOf(answer));
  }
}

const start = process.hrtime.bigint();
await Promise.all(Array.from({ length: inFlight / batch }, refreshAgainAndAgain));
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
session.close();
writeFileSync(file, `${tokens.join('\n')}\n`);
times.sort((one, other) => one - other);
const percentile = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
console.log(JSON.stringify({ seconds, answered: times.length * batch, p50: percentile(0.5), p99: percentile(0.99) }));
