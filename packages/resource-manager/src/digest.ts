/** Port: SHA-256, for the identity of payments, snapshots and replica checksums. */
import { createHash } from 'node:crypto';

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

/** The platform's own; deterministic, so a simulator uses it as well. */
export const platformDigest: Digest = {
  sha256Hex: (data) => createHash('sha256').update(data).digest('hex'),
  startSha256: () => {
    const hash = createHash('sha256');
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
  },
};
