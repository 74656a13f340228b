/**
 * Verifies tokens with exactly one algorithm, issuer and audience; expiry is required. Verified tokens are remembered by
 * their bytes until they expire, because a signature costs up to a hundred times a payment's share of the CPU.
 */
import type { Subject } from '@mas/ledger';
import type { TokenVerifier } from '@mas/resource-manager';
import { err, ok, parseAccountNumber, type Clock, type Result } from '@mas/values';
import { decode, verify, type JwtPayload } from 'jsonwebtoken';
import type { TokenKeys } from './token-keys';

export interface TokenRefusal {
  readonly reason: string;
}

/** Tokens remembered; the oldest go first. */
const MAX_CACHED_TOKENS = 50_000;
/** Nothing that a signer of ours makes is longer; a longer one is not even parsed. */
const MAX_TOKEN_LENGTH = 4_096;
/** Difference between the clocks of signer and verifier that is forgiven. */
const CLOCK_TOLERANCE_SECONDS = 5;

interface CachedSubject {
  readonly subject: Subject;
  readonly expiresAtMs: number;
}

export class JwtTokenVerifier implements TokenVerifier {
  private readonly cache = new Map<string, CachedSubject>();

  constructor(
    private readonly keys: TokenKeys,
    private readonly clock: Clock,
  ) {}

  verify(token: string): Result<Subject, TokenRefusal> {
    const cached = this.cache.get(token);
    if (cached !== undefined) {
      if (this.clock.wallMs() < cached.expiresAtMs) return ok(cached.subject);
      this.cache.delete(token);
      return err({ reason: 'the token has expired: sign or ask for a new one' });
    }
    const fresh = this.verifyFresh(token);
    if (fresh.ok) this.remember(token, fresh.value);
    return fresh.ok ? ok(fresh.value.subject) : fresh;
  }

  private verifyFresh(token: string): Result<CachedSubject, TokenRefusal> {
    if (token.length > MAX_TOKEN_LENGTH) return err({ reason: 'the token is too long to be one of ours' });
    const keyId = decode(token, { complete: true })?.header.kid;
    const key = this.keys.keys.find((one) => one.id === keyId);
    if (key === undefined) return err({ reason: keyId === undefined ? 'the token is malformed or names no key' : `the token's key "${keyId}" is not one of this cluster's` });
    let payload: JwtPayload | string;
    try {
      payload = verify(token, key.verifying, {
        algorithms: [this.keys.algorithm],
        issuer: this.keys.issuer,
        audience: this.keys.audience,
        clockTimestamp: Math.floor(this.clock.wallMs() / 1000),
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
    } catch (error) {
      return err({ reason: reasonOf(error) });
    }
    if (typeof payload === 'string' || typeof payload.exp !== 'number') return err({ reason: 'the token has no expiry' });
    const subject = subjectOf(payload, this.keys.issuer);
    if (subject === null) return err({ reason: 'the token names neither an operator nor an account' });
    return ok({ subject, expiresAtMs: (payload.exp + CLOCK_TOLERANCE_SECONDS) * 1000 });
  }

  private remember(token: string, subject: CachedSubject): void {
    if (this.cache.size >= MAX_CACHED_TOKENS) {
      const oldest = this.cache.keys().next();
      if (oldest.done !== true) this.cache.delete(oldest.value);
    }
    this.cache.set(token, subject);
  }
}

function subjectOf(payload: JwtPayload, issuer: string): Subject | null {
  const claim: unknown = payload['mas'];
  if (typeof claim !== 'object' || claim === null || typeof payload.sub !== 'string' || payload.sub === '' || payload.sub.includes('\0')) return null;
  const { role, account } = claim as { readonly role?: unknown; readonly account?: unknown };
  if (role === 'operator') return { kind: 'operator', name: `${issuer}|${payload.sub}` };
  if (role !== 'account' || typeof account !== 'string') return null;
  const number = parseAccountNumber(account);
  return number.ok ? { kind: 'account', account: number.value } : null;
}

/** The library's messages, in words that say what to do. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message === 'jwt expired') return 'the token has expired: sign or ask for a new one';
  if (message.startsWith('jwt audience invalid')) return 'the token is meant for another audience';
  if (message.startsWith('jwt issuer invalid')) return 'the token comes from another issuer';
  if (message === 'invalid algorithm') return "the token is not signed with this cluster's algorithm";
  if (message === 'invalid signature') return "the token's signature does not match: it was altered, or signed with another key";
  if (message === 'jwt not active') return 'the token is not valid yet';
  return 'the token is malformed';
}
