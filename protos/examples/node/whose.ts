// Whose tokens are these? One token a line on stdin, one answer a line on stdout:
//   npm start -- 127.0.0.1:50051 https://mcp.example.com/mcp
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { Unavailable, Verifier } from "./verifier";

async function main(target: string, audience: string): Promise<void> {
  // Plaintext is for a core on this machine.
  const verifier = new Verifier(target, credentials.createInsecure(), audience);
  for await (const token of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await tell(verifier, token)));
  }
  verifier.close();
}

async function tell(verifier: Verifier, token: string): Promise<object> {
  try {
    const { active, username, groups, scope, remembered } = await verifier.verify(token);
    return active ? { active, username, groups, scope, remembered } : { active };
  } catch (error) {
    if (error instanceof Unavailable) return { unavailable: error.message };
    throw error;
  }
}

const [target, audience] = process.argv.slice(2);
if (target === undefined || audience === undefined) {
  console.error("usage: npm start -- CORE AUDIENCE");
  process.exitCode = 2;
} else {
  void main(target, audience);
}
