// What is remembered of the core's answers, by the four rules at the head of changes.proto.
import { createHash } from "node:crypto";
import {
  type Change,
  ChangeKind,
  type Policy,
  type WatchChangesResponse,
} from "../../../stubs/ts/tokenhouse/v1/changes";
import type { ValidateTokenResponse } from "../../../stubs/ts/tokenhouse/v1/validation";

/** Rule 3: after so long without a word nothing remembered is used, in milliseconds. */
const SILENCE = 5_000;
const MOST_ANSWERS = 10_000;

export class Memory {
  /** Every change up to this revision has been applied; goes back to the core with `mark` when the stream breaks. */
  revision = 0;
  mark: Uint8Array = new Uint8Array();
  /** By the token's SHA-256: a copy of this memory opens nothing. */
  private answers = new Map<string, ValidateTokenResponse>();
  private policy = "";
  private following = false;
  /** This process's clock less the core's: at most, as the fastest message of the stream tells it. */
  private offset = Infinity;
  /** And at least, as the quickest call tells it. Until there was one the stream is trusted for a while. */
  private least?: number;
  private began = 0;
  private sentAt = 0;
  /** Until when the streams before this one let what is remembered be used. */
  private carried = -Infinity;
  /** The same as last known, also between two streams. */
  private clock = 0;
  private freshUntil = -Infinity;

  /** A stream begins. What it says first decides whether anything is kept. */
  restart(): void {
    this.following = false;
    this.offset = Infinity;
    this.least = undefined;
    this.carried = this.freshUntil;
  }

  /** Rule 3: the core's clock said `coreTime` when it answered what it was asked at `askedAt`; both in milliseconds. */
  reckon(askedAt: number, coreTime: number): void {
    this.least = Math.max(askedAt - coreTime, this.least ?? -Infinity);
    this.refresh();
  }

  /** What is known is not of the history that the core has now. */
  forget(): void {
    this.answers.clear();
    this.following = false;
    this.revision = 0;
    this.mark = new Uint8Array();
  }

  find(token: string): ValidateTokenResponse | undefined {
    const answer = this.answers.get(digest(token));
    if (answer === undefined || performance.now() >= this.freshUntil) return undefined;
    return performance.now() - this.clock < answer.expiresAt * 1000 ? answer : undefined;
  }

  /** Rule 2; false for an answer that is older than what is known by now: ask again. */
  keep(token: string, answer: ValidateTokenResponse): boolean {
    if (answer.revision < this.revision) return false;
    if (!answer.active) this.answers.delete(digest(token));
    else if (this.following) {
      this.answers.set(digest(token), answer);
      const [oldest] = this.answers.keys();
      if (this.answers.size > MOST_ANSWERS && oldest !== undefined) this.answers.delete(oldest);
    }
    return true;
  }

  /** A message of the stream. Throws where something is missing between it and the one before. */
  apply(message: WatchChangesResponse): void {
    if (message.policy) this.applyPolicy(message.policy);
    if (message.content?.$case === "snapshot") {
      if (message.content.snapshot.begins) this.forget();
      this.following = message.content.snapshot.complete;
    } else {
      for (const change of message.content?.changes.changes ?? []) this.applyChange(change);
      if (message.revision !== this.revision) throw new Error(`revision ${message.revision} follows ${this.revision}`);
      this.following = true;
    }
    if (this.following) {
      this.revision = message.revision;
      this.mark = message.mark;
    }
    // One that comes late is as old as it is.
    if (this.offset === Infinity) this.began = performance.now();
    this.offset = Math.min(this.offset, performance.now() - message.sentAtMs);
    this.sentAt = message.sentAtMs;
    this.refresh();
  }

  private refresh(): void {
    this.clock = Math.min(this.offset, this.least ?? Infinity);
    const sentAt = this.sentAt + this.clock;
    const trusted = this.least === undefined ? Math.min(sentAt, this.began) : sentAt;
    if (this.following) this.freshUntil = Math.max(this.carried, trusted + SILENCE);
  }

  private applyPolicy(policy: Policy): void {
    // A new key makes no answer old.
    const text = JSON.stringify({ ...policy, jwks: "" });
    if (text !== this.policy) this.answers.clear();
    this.policy = text;
  }

  private applyChange(change: Change): void {
    if (change.revision !== this.revision + 1) throw new Error(`change ${change.revision} follows ${this.revision}`);
    this.revision = change.revision;
    for (const [key, answer] of this.answers) if (concerns(change, answer)) this.answers.delete(key);
  }
}

function concerns(change: Change, answer: ValidateTokenResponse): boolean {
  switch (change.kind) {
    case ChangeKind.CHANGE_KIND_GRANT_REVOKED:
      return answer.grantId === change.target;
    case ChangeKind.CHANGE_KIND_CLIENT_REVOKED:
      return answer.clientId === change.target;
    case ChangeKind.CHANGE_KIND_SUBJECT_REVOKED:
    case ChangeKind.CHANGE_KIND_SUBJECT_CHANGED:
      return answer.subject === change.target;
    default:
      // Everything, or a kind that this program does not know.
      return true;
  }
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
