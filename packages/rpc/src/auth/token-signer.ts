/**
 * Signs the two kinds of tokens: an operator's (role operator, any account) and an account's own (debits and reads that
 * account only). Claims: iss, aud, sub, iat, exp, jti, and `mas` with the role and the account.
 */
import { randomUUID } from 'node:crypto';
import type { AccountNumber, Clock } from '@mas/values';
import { sign } from 'jsonwebtoken';
import type { TokenKeys } from './token-keys';

export interface MasClaim {
  readonly role: 'operator' | 'account';
  readonly account?: string;
}

export const MAX_TOKEN_LIFETIME_SECONDS = 10 * 365 * 24 * 3600;

export class TokenSigner {
  constructor(
    private readonly keys: TokenKeys,
    private readonly clock: Clock,
  ) {}

  /** False where only a public key was given. */
  canSign(): boolean {
    return (this.keys.keys[0]?.signing ?? null) !== null;
  }

  /** @throws RangeError for a lifetime outside 1 s … MAX_TOKEN_LIFETIME_SECONDS, Error where canSign() is false. */
  operator(subject: string, lifetimeSeconds: number): string {
    return this.sign(subject, { role: 'operator' }, lifetimeSeconds);
  }

  account(number: AccountNumber, lifetimeSeconds: number): string {
    return this.sign(number, { role: 'account', account: number }, lifetimeSeconds);
  }

  private sign(subject: string, claim: MasClaim, lifetimeSeconds: number): string {
    const key = this.keys.keys[0];
    if (key === undefined || key.signing === null) throw new Error('this process has no key to sign tokens with: give the private key');
    if (!Number.isSafeInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > MAX_TOKEN_LIFETIME_SECONDS) throw new RangeError(`a token lives 1 to ${MAX_TOKEN_LIFETIME_SECONDS} seconds`);
    const issuedAt = Math.floor(this.clock.wallMs() / 1000);
    return sign({ mas: claim, iat: issuedAt, exp: issuedAt + lifetimeSeconds }, key.signing, {
      algorithm: this.keys.algorithm,
      keyid: key.id,
      issuer: this.keys.issuer,
      audience: this.keys.audience,
      subject,
      jwtid: randomUUID(),
    });
  }
}
