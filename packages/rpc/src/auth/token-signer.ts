/** Signs operators' and accounts' tokens with the first configured key. */
import { invariant, type AccountNumber, type Clock } from '@mas/values';
import { sign } from 'jsonwebtoken';
import { ROLE_ACCOUNT, ROLE_OPERATOR } from './token-claims';
import type { TokenKeySource } from './token-keys';

export interface SignedToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

export class TokenSigner {
  constructor(
    private readonly keys: TokenKeySource,
    private readonly clock: Pick<Clock, 'wallMs'>,
  ) {}

  /** False where only public keys are configured: such a process verifies and signs nothing. */
  canSign(): boolean {
    return this.keys.current.keys[0].signKey !== null;
  }

  operator(name: string, lifetimeSeconds: number): SignedToken {
    invariant(/^[\x21-\x7e]{1,128}$/.test(name), "an operator's name is 1 to 128 visible ASCII characters", { name });
    return this.sign(ROLE_OPERATOR, name, lifetimeSeconds);
  }

  account(number: AccountNumber, lifetimeSeconds: number): SignedToken {
    return this.sign(ROLE_ACCOUNT, number, lifetimeSeconds);
  }

  private sign(role: string, subject: string, lifetimeSeconds: number): SignedToken {
    const { keys, issuer, audience, algorithm } = this.keys.current;
    const [{ keyId, signKey }] = keys;
    invariant(signKey !== null, 'the first token key is a public one and cannot sign', { keyId });
    invariant(Number.isSafeInteger(lifetimeSeconds) && lifetimeSeconds > 0, "a token's lifetime is a positive number of seconds", { lifetimeSeconds });
    const issuedAt = Math.floor(this.clock.wallMs() / 1000);
    const expires = issuedAt + lifetimeSeconds;
    const claims = { iss: issuer, aud: audience, sub: subject, role, iat: issuedAt, exp: expires };
    return { token: sign(claims, signKey, { algorithm, keyid: keyId }), expiresAtMs: expires * 1000 };
  }
}
