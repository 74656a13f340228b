/**
 * TokenVerifier on JSON Web Tokens. A verified token is remembered by its bytes until it expires, so that the cost of
 * the signature is paid once per token and not once per payment; new keys forget them all. Refusals are never remembered. Never throws: whatever is
 * odd about a token is a refusal.
 */
import type { Subject } from '@mas/ledger';
import type { TokenVerifier } from '@mas/resource-manager';
import { err, ok, type Clock, type Result } from '@mas/values';
import { decode, verify, type JwtPayload } from 'jsonwebtoken';
import { subjectOfClaims } from './token-claims';
import type { TokenKey, TokenKeys, TokenKeySource } from './token-keys';

export const MAX_TOKEN_BYTES = 4096;
const DEFAULT_CACHED_TOKENS = 20_000;
const NO_TOKEN = 'the token is no JSON Web Token';

/** Of the library, by name. */
const TOKEN_ERRORS: ReadonlySet<string> = new Set(['JsonWebTokenError', 'TokenExpiredError', 'NotBeforeError']);

interface KnownToken {
  readonly verdict: Result<Subject, { readonly reason: string }>;
  readonly expiresAtMs: number;
}

export class JwtTokenVerifier implements TokenVerifier {
  private readonly known = new Map<string, KnownToken>();
  private keys: TokenKeys;

  constructor(
    private readonly source: TokenKeySource,
    private readonly clock: Pick<Clock, 'wallMs'>,
    private readonly cachedTokens: number = DEFAULT_CACHED_TOKENS,
  ) {
    this.keys = source.current;
  }

  verify(token: string): Result<Subject, { readonly reason: string }> {
    if (this.source.current !== this.keys) this.takeKeys();
    const known = this.known.get(token);
    const nowMs = this.clock.wallMs();
    if (known !== undefined) {
      if (known.expiresAtMs > nowMs) return known.verdict;
      this.known.delete(token);
    }
    if (token.length === 0 || token.length > MAX_TOKEN_BYTES) return err({ reason: `a token has 1 to ${MAX_TOKEN_BYTES} characters` });
    try {
      return this.verifyAfresh(token, nowMs);
    } catch {
      // The library throws at some tokens (a payload that says JWT and is no JSON). They are a stranger's, so they are refused and no more.
      return err({ reason: NO_TOKEN });
    }
  }

  /** What a key that is gone has signed opens nothing from now on. */
  private takeKeys(): void {
    this.keys = this.source.current;
    this.known.clear();
  }

  private verifyAfresh(token: string, nowMs: number): Result<Subject, { readonly reason: string }> {
    const decoded = decode(token, { complete: true });
    if (decoded === null) return err({ reason: NO_TOKEN });
    const { header, payload } = decoded;
    // RFC 7515, 4.1.11: whoever does not understand what is critical refuses, and nothing of it is understood here.
    if ('crit' in header) return err({ reason: 'the token demands extensions ("crit"), and none is understood here' });
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return err({ reason: 'the token carries no claims' });
    const candidates = this.keys.keys.filter((key) => header.kid === undefined || key.keyId === header.kid);
    if (candidates.length === 0) return err({ reason: 'the token was signed with a key that is not in use' });
    let refusal = 'the token is not valid';
    for (const key of candidates) {
      const claims = this.claims(token, key, nowMs);
      if (!claims.ok) {
        refusal = claims.error;
        continue;
      }
      if (typeof claims.value.exp !== 'number') return err({ reason: 'the token has no expiry' });
      const subject = subjectOfClaims(claims.value);
      if (subject.ok) this.remember(token, subject, claims.value.exp * 1000);
      return subject;
    }
    return err({ reason: refusal });
  }

  private claims(token: string, key: TokenKey, nowMs: number): Result<JwtPayload, string> {
    try {
      const claims = verify(token, key.verifyKey, {
        algorithms: [this.keys.algorithm],
        issuer: this.keys.issuer,
        audience: this.keys.audience,
        clockTimestamp: Math.floor(nowMs / 1000),
      });
      return typeof claims === 'string' ? err('the token carries no claims') : ok(claims);
    } catch (error) {
      // Of other errors the text is the language's, not one about tokens.
      const known = error instanceof Error && TOKEN_ERRORS.has(error.name);
      return err(known ? `the token was refused: ${error.message}` : NO_TOKEN);
    }
  }

  /** Bounded; the oldest goes first. */
  private remember(token: string, verdict: KnownToken['verdict'], expiresAtMs: number): void {
    if (this.known.size >= this.cachedTokens) {
      const oldest = this.known.keys().next();
      if (oldest.done !== true) this.known.delete(oldest.value);
    }
    this.known.set(token, { verdict, expiresAtMs });
  }
}
