/** Port: SHA-256, for the identity of payments, snapshots and replica checksums. */
import * as crypto from 'node:crypto';

export interface Digest {
  /** 64 lower-case hexadecimal digits; a text is taken as UTF-8. */
  sha256Hex(data: Uint8Array | string): string;
  startSha256(): RunningDigest;
}

export interface RunningDigest {
  update(bytes: Uint8Array): void;
  /** Ends the run. */
  hex(): string;
}

/** One call without an object in between takes half the time; Node has it from 20.12 on. */
const { hash: hashOnce } = crypto as Partial<Pick<typeof crypto, 'hash'>>;

/** The platform's own; deterministic, so a simulator uses it as well. */
export const platformDigest: Digest = {
  sha256Hex: (data) => (hashOnce === undefined ? crypto.createHash('sha256').update(data).digest('hex') : hashOnce('sha256', data, 'hex')),
  startSha256: () => {
    const hash = crypto.createHash('sha256');
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
  },
};
