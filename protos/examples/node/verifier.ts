// Checks access tokens: asks the core in batches, remembers what it says, and follows the changes that make that old.
import { type ChannelCredentials, type ClientReadableStream, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { ChangesServiceClient, type WatchChangesResponse } from "../../../stubs/ts/tokenhouse/v1/changes";
import {
  type ValidateTokenResponse,
  type ValidateTokensResponse,
  ValidationServiceClient,
} from "../../../stubs/ts/tokenhouse/v1/validation";
import { Memory } from "./memory";

const MOST_REQUESTS = 128;
/** Below the 1 MiB that a batch may have. */
const MOST_BYTES = 900_000;
/** Between two streams, in milliseconds. */
const PAUSE = 200;

interface Waiting {
  token: string;
  settle(answer: ValidateTokenResponse | Error): void;
}

/** Nobody can tell: answer 503, never yes. */
export class Unavailable extends Error {}

export class Verifier {
  private readonly memory = new Memory();
  private readonly validation: ValidationServiceClient;
  private readonly changes: ChangesServiceClient;
  private readonly waiting: Waiting[] = [];
  private stream?: ClientReadableStream<WatchChangesResponse>;
  private watchId: Uint8Array = new Uint8Array();
  /** The keys that the core has not been told of. */
  private keyIds?: string[];
  private asking = false;
  private closed = false;

  /** `target` is the core's [Grpc] Listen, `audience` the resource that this service is; `timeout` in milliseconds. */
  constructor(target: string, credentials: ChannelCredentials, readonly audience: string, readonly timeout = 2_000) {
    const options = {
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1_000,
      // A connection that has died without a word is noticed.
      "grpc.keepalive_time_ms": 5_000,
      "grpc.keepalive_timeout_ms": 3_000,
    };
    this.validation = new ValidationServiceClient(target, credentials, options);
    this.changes = new ChangesServiceClient(target, credentials, options);
    this.follow();
  }

  /** What the token says; `active` is false for whatever is no good token for this service. Throws Unavailable. */
  async verify(token: string): Promise<ValidateTokenResponse & { remembered: boolean }> {
    const known = this.memory.find(token);
    if (known) return { ...known, remembered: true };
    const until = performance.now() + this.timeout;
    while (performance.now() < until) {
      const answer = await this.ask(token);
      if (this.memory.keep(token, answer)) return { ...answer, remembered: false };
    }
    throw new Unavailable("changes came faster than answers");
  }

  close(): void {
    this.closed = true;
    // It would end neither by itself nor with its channel.
    this.stream?.cancel();
    this.validation.close();
    this.changes.close();
  }

  private ask(token: string): Promise<ValidateTokenResponse> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ token, settle: (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)) });
      if (!this.asking) void this.send();
    });
  }

  /** Whatever waits goes as one call, and the next one when it is answered: no timer, so nothing waits for company. */
  private async send(): Promise<void> {
    this.asking = true;
    while (this.waiting.length > 0) {
      const batch = this.take();
      try {
        const { results } = await this.call(batch.map(({ token }) => token));
        batch.forEach(({ settle }, number) => settle(this.read(results[number])));
      } catch (error) {
        const reason = new Unavailable(`the core cannot be asked: ${(error as ServiceError).details}`);
        for (const { settle } of batch) settle(reason);
      }
    }
    this.asking = false;
  }

  private take(): Waiting[] {
    let count = 0;
    for (let bytes = 0; count < Math.min(this.waiting.length, MOST_REQUESTS); count++) {
      bytes += (this.waiting[count]?.token.length ?? 0) + this.audience.length + 24;
      if (count > 0 && bytes > MOST_BYTES) break;
    }
    return this.waiting.splice(0, count);
  }

  private call(tokens: string[]): Promise<ValidateTokensResponse> {
    const minRevision = this.memory.revision;
    const requests = tokens.map((token) => ({ token, audience: this.audience, minRevision }));
    return new Promise((resolve, reject) => {
      // Every call needs a deadline.
      const options = { deadline: Date.now() + this.timeout };
      const metadata = new Metadata({ waitForReady: true });
      this.validation.validateTokens({ requests }, metadata, options, (error, found) =>
        error ? reject(error) : resolve(found),
      );
    });
  }

  private read(found: ValidateTokensResponse["results"][number] | undefined): ValidateTokenResponse | Error {
    if (found?.result?.$case === "response") return found.result.response;
    const reason = found?.result?.error.reason ?? "no answer";
    // The core knows less than it once told: its database was restored from a backup.
    if (reason === "REVISION_NOT_REACHED") this.memory.forget();
    return new Unavailable(`the core cannot answer: ${reason}`);
  }

  /** Rule 4: goes on where the last stream ended, until it is closed. This call alone needs no deadline. */
  private follow(): void {
    if (this.closed) return;
    this.memory.restart();
    const known = { since: this.memory.revision, mark: this.memory.mark };
    const stream = (this.stream = this.changes.watchChanges(known, new Metadata({ waitForReady: true })));
    stream.on("data", (message) => {
      try {
        this.memory.apply(message);
        this.acknowledge(message);
      } catch {
        this.memory.forget();
        stream.cancel();
      }
    });
    stream.on("error", () => undefined);
    // However it ended, with an error or without.
    stream.on("status", () => setTimeout(() => this.follow(), PAUSE));
  }

  /** Rule 5: says which signing keys have come. This verifier needs none, but the core would wait for it. */
  private acknowledge({ watchId, policy }: WatchChangesResponse): void {
    if (watchId.length > 0) this.watchId = watchId;
    if (policy) this.keyIds = (JSON.parse(policy.jwks).keys as { kid: string }[]).map(({ kid }) => kid);
    const keyIds = this.keyIds;
    if (!keyIds) return;
    this.keyIds = undefined;
    const options = { deadline: Date.now() + this.timeout };
    this.changes.acknowledgeKeys({ watchId: this.watchId, keyIds }, new Metadata(), options, (error) => {
      // Next time, unless other keys have come; a stream that has ended, or an older core, is left alone.
      if (error && ![status.NOT_FOUND, status.UNIMPLEMENTED].includes(error.code)) this.keyIds ??= keyIds;
    });
  }
}
