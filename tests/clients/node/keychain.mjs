// What an app with the MCP SDK keeps on its user's machine, in the shape that both versions of the SDK ask for.
export class Keychain {
  #verifier = "";
  #state = "";

  constructor(redirectUri) {
    this.redirectUrl = redirectUri;
    this.clientMetadata = { client_name: "Notes in TypeScript", redirect_uris: [redirectUri] };
    this.opened = [];
  }

  state() {
    return (this.#state = crypto.randomUUID());
  }

  clientInformation() {
    return this.client;
  }

  saveClientInformation(client) {
    this.client = client;
  }

  tokens() {
    return this.kept;
  }

  saveTokens(tokens) {
    this.kept = tokens;
  }

  redirectToAuthorization(url) {
    this.opened.push(url);
  }

  saveCodeVerifier(verifier) {
    this.#verifier = verifier;
  }

  codeVerifier() {
    return this.#verifier;
  }

  // Version 2 holds the server that the code came from against the one that it is about to be sent to.
  saveDiscoveryState(state) {
    this.discovered = state;
  }

  discoveryState() {
    return this.discovered;
  }

  // Neither SDK compares it.
  requireState(parameters) {
    if (parameters.get("state") !== this.#state) throw new Error("another state came back");
  }
}

// Connect, which opens the browser once; then with an access token that has ended, which opens none.
export async function connectAndCall({ server, redirectUri, open }, sdk) {
  const keychain = new Keychain(redirectUri);
  const transport = () => new sdk.StreamableHTTPClientTransport(new URL(server), { authProvider: keychain });
  const whoami = async () => {
    const client = new sdk.Client({ name: "notes", version: "1" });
    await client.connect(transport());
    const result = await client.callTool({ name: "whoami", arguments: {} });
    await client.close();
    return result.structuredContent;
  };

  const first = transport();
  const refused = await new sdk.Client({ name: "notes", version: "1" }).connect(first).catch((error) => error);
  if (!(refused instanceof sdk.UnauthorizedError)) throw refused;
  const { searchParams } = await open(keychain.opened[0]);
  keychain.requireState(searchParams);
  await sdk.finish(first, searchParams);
  await first.close();

  const before = await whoami();
  const { refresh_token } = keychain.kept;
  keychain.kept = { ...keychain.kept, access_token: "ended" };
  const after = await whoami();
  return {
    before,
    after,
    opened: keychain.opened.length,
    refreshed: keychain.kept.refresh_token !== refresh_token,
    asked: Object.fromEntries(keychain.opened[0].searchParams),
  };
}
