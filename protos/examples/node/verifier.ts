// Checks access tokens: asks the core in batches, remembers what it says, and follows the changes that make that old.
import { type ChannelCredentials, type ClientReadableStream, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { ChangesServiceClient, type WatchChangesResponse } from "../../../stubs/ts/tokenhouse/v1/changes";
import {
  ValidateTokenResponse,
  type ValidateTokensResponse,
  ValidationServiceClient,
} from "../../../stubs/ts/tokenhouse/v1/validation";
import { Memory } from "./memory";

const MOST_REQUESTS = 128;
/** Below the 1 MiB that a batch may have. */
const MOST_BYTES = 900_000;
/** How often the core is asked for its clock, in milliseconds. */
const CLOCK_PERIOD = 60_000;
/** Between two streams, in milliseconds. */
const PAUSE = 200;

/** RFC 6750 §2.1; what is longer is no token of the core's. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
const LONGEST_TOKEN = 8_192;

interface Waiting {
  token: string;
  /** When nobody waits any more, on the clock of `performance.now`. */
  until: number;
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
  /** The keys that have come, and those that the core was last told of, and when, on the clock of `performance.now`. */
  private keyIds?: string[];
  private told?: string[];
  private toldAt = 0;
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
      // What 128 answers come to where users have many groups.
      "grpc.max_receive_message_length": 32 * 1024 * 1024,
    };
    this.validation = new ValidationServiceClient(target, credentials, options);
    this.changes = new ChangesServiceClient(target, credentials, options);
    this.follow();
  }

  /** What the token says; `active` is false for whatever is no good token for this service. Throws Unavailable. */
  async verify(token: string): Promise<ValidateTokenResponse & { remembered: boolean }> {
    if (token.length > LONGEST_TOKEN || !TOKEN.test(token)) {
      return { ...ValidateTokenResponse.create(), remembered: false };
    }
    const known = this.memory.find(token);
    if (known) return { ...known, remembered: true };
    const until = performance.now() + this.timeout;
    while (performance.now() < until) {
      const answer = await this.ask(token, until);
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

  private ask(token: string, until: number): Promise<ValidateTokenResponse> {
    return new Promise((resolve, reject) => {
      // Whatever the batch before this one waits for, nobody waits longer than their own time.
      const late = setTimeout(() => reject(new Unavailable("no answer in time")), until - performance.now());
      const settle = (answer: ValidateTokenResponse | Error) => {
        clearTimeout(late);
        answer instanceof Error ? reject(answer) : resolve(answer);
      };
      this.waiting.push({ token, until, settle });
      if (!this.asking) void this.send();
    });
  }

  /** Whatever waits goes as one call, and the next one when it is answered: no timer, so nothing waits for company. */
  private async send(): Promise<void> {
    this.asking = true;
    while (this.waiting.length > 0) {
      const batch = this.take();
      if (batch.length === 0) continue;
      try {
        const { results } = await this.call(batch);
        batch.forEach(({ settle }, number) => settle(this.read(results[number])));
      } catch (error) {
        const reason = new Unavailable(`the core cannot be asked: ${(error as ServiceError).details}`);
        for (const { settle } of batch) settle(reason);
      }
    }
    this.asking = false;
  }

  private take(): Waiting[] {
    const present = performance.now();
    while (this.waiting[0] && this.waiting[0].until <= present) this.waiting.shift();
    let count = 0;
    for (let bytes = 0; count < Math.min(this.waiting.length, MOST_REQUESTS); count++) {
      bytes += (this.waiting[count]?.token.length ?? 0) + this.audience.length + 24;
      if (count > 0 && bytes > MOST_BYTES) break;
    }
    return this.waiting.splice(0, count);
  }

  private call(batch: Waiting[]): Promise<ValidateTokensResponse> {
    const minRevision = this.memory.revision;
    const requests = batch.map(({ token }) => ({ token, audience: this.audience, minRevision }));
    const left = Math.max(...batch.map(({ until }) => until)) - performance.now();
    return new Promise((resolve, reject) => {
      // Every call needs a deadline.
      const options = { deadline: Date.now() + left };
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
    this.told = undefined;
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
    const askedAt = performance.now();
    if (!keyIds || (this.keyIds === this.told && askedAt < this.toldAt + CLOCK_PERIOD)) return;
    this.told = keyIds;
    this.toldAt = askedAt;
    const stream = this.stream;
    const options = { deadline: Date.now() + this.timeout };
    // Which grants were used would be told here, too; this example leaves it out.
    const said = { watchId: this.watchId, keyIds, audience: "", usedGrantIds: [] };
    this.changes.acknowledgeKeys(said, new Metadata(), options, (error, answer) => {
      if (this.stream !== stream) return;
      if (!error) this.memory.reckon(askedAt, answer.nowMs);
      // Next time, unless other keys have come; a stream that has ended, or an older core, is left alone.
      else if (![status.NOT_FOUND, status.UNIMPLEMENTED].includes(error.code)) this.told = undefined;
    });
  }
}
