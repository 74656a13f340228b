/** A secret as a key file holds it: text, so that no byte of it can be taken for the file's last newline. */
import { randomBytes } from 'node:crypto';

export function freshSecret(): Buffer {
  return Buffer.from(randomBytes(32).toString('hex'));
}
