/** Codes that sign in once, for who starts the console and has the operator's token at hand: the token itself is in no address. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@mas/values';

export const CODE_LASTS_MS = 3_600_000;
const MAX_CODES = 16;
const CODE_BYTES = 32;

export class OneTimeCodes {
  private readonly codes = new Map<string, { readonly token: () => string; readonly endsAtMs: number }>();

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  /** @param token read when the code is used */
  issue(token: () => string): string {
    if (this.codes.size >= MAX_CODES) {
      const oldest = this.codes.keys().next();
      if (oldest.done !== true) this.codes.delete(oldest.value);
    }
    const code = randomBytes(CODE_BYTES).toString('base64url');
    this.codes.set(code, { token, endsAtMs: this.clock.monotonicMs() + CODE_LASTS_MS });
    return code;
  }

  /** Null: it never was, has been used, or is too old. */
  redeem(code: string): string | null {
    const found = this.codes.get(code);
    this.codes.delete(code);
    return found === undefined || this.clock.monotonicMs() >= found.endsAtMs ? null : found.token();
  }
}
