/** A payment's body for a person: from its bytes, as a database client or redis-cli prints them, to JSON. */
import { MalformedBody, PaymentBody } from '@mas/ledger';
import { toJson } from '../client/output';
import { UsageError } from '../usage-error';

/** The first byte of every body: its kind comes first. In base64 it is the C of another beginning. */
const HEX_OF_FIRST = '08';

/** @param text hexadecimal, with or without 0x, or base64. @throws UsageError */
export function shownBody(text: string): string {
  const digits = text.replace(/^0x/i, '');
  const isHex = digits.startsWith(HEX_OF_FIRST) && digits.length % 2 === 0 && /^[0-9a-f]+$/i.test(digits);
  if (!isHex && !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new UsageError(`"${text.slice(0, 40)}" is neither hexadecimal nor base64`);
  try {
    return toJson(PaymentBody.fromBytes(new Uint8Array(Buffer.from(isHex ? digits : text, isHex ? 'hex' : 'base64'))));
  } catch (error) {
    if (error instanceof MalformedBody) throw new UsageError(`"${text.slice(0, 40)}" is not the body of a payment: ${error.message}`);
    throw error;
  }
}
