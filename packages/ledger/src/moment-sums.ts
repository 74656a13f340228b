/**
 * Sums over legs, so that many can be compared without being sent: each leg counts as 128 bits that follow from all that is the same
 * wherever it is told of, and sums of them are equal, but for an accident of one in 2^100, exactly where the same legs were added, in any order. Kept per part of the
 * payments, by their txn, so that a difference can be narrowed down. Against damage, not against somebody who computes rows that add up.
 */
import { present, type AccountNumber, type AmountMinor, type TxnId } from '@mas/values';
import type { LegEffect } from './payment-body';

/** A power of two. */
export const MOMENT_PARTS = 1_024;
const LANES = 4;
const EFFECTS: readonly LegEffect[] = ['debit', 'credit', 'authorize', 'capture', 'void', 'refund-debit'];

/** A leg of a committed payment, as its bucket has it or as its home's record says it is. */
export interface MomentLeg {
  readonly txn: TxnId;
  readonly account: AccountNumber;
  readonly effect: LegEffect;
  readonly amountMinor: AmountMinor;
  /** Null: of before there were moments. */
  readonly commitUs: number | null;
}

export function partOfTxn(txn: TxnId): number {
  return Number.parseInt(txn.slice(-4), 16) % MOMENT_PARTS;
}

export class LegSums {
  private readonly lanes = new Uint32Array(MOMENT_PARTS * LANES);
  private lastAccount: AccountNumber | null = null;
  private accountHash = 0;

  add({ txn, account, effect, amountMinor, commitUs }: MomentLeg): void {
    if (account !== this.lastAccount) {
      this.lastAccount = account;
      this.accountHash = hashOfText(account);
    }
    const amount = Number(amountMinor);
    const us = commitUs ?? 0;
    const first = partOfTxn(txn) * LANES;
    for (let lane = 0; lane < LANES; lane += 1) {
      let hash = mixed(lane + 1, Number.parseInt(txn.slice(lane * 8, lane * 8 + 8), 16));
      hash = mixed(hash, this.accountHash);
      hash = mixed(hash, amount >>> 0);
      hash = mixed(hash, (amount / 2 ** 32) >>> 0);
      hash = mixed(hash, us >>> 0);
      hash = mixed(hash, (us / 2 ** 32) >>> 0);
      // A typed array adds modulo 2^32.
      this.lanes[first + lane] = present(this.lanes[first + lane], 'lane') + mixed(hash, EFFECTS.indexOf(effect));
    }
  }

  /** Little-endian, the same on every machine. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.lanes.length * 4);
    const view = new DataView(bytes.buffer);
    this.lanes.forEach((sum, at) => view.setUint32(at * 4, sum, true));
    return bytes;
  }
}

/** Of sums as bytes(), added up over buckets. */
export function addedSums(all: readonly Uint8Array[]): Uint8Array {
  const sum = new Uint8Array(MOMENT_PARTS * LANES * 4);
  const view = new DataView(sum.buffer);
  for (const one of all) {
    const other = new DataView(one.buffer, one.byteOffset, one.byteLength);
    for (let at = 0; at < sum.length; at += 4) view.setUint32(at, view.getUint32(at, true) + other.getUint32(at, true), true);
  }
  return sum;
}

export function isLegSums(bytes: Uint8Array): boolean {
  return bytes.length === MOMENT_PARTS * LANES * 4;
}

export function differingParts(left: Uint8Array, right: Uint8Array): readonly number[] {
  const bytesPerPart = LANES * 4;
  const parts: number[] = [];
  for (let part = 0; part < MOMENT_PARTS; part += 1) {
    const [from, to] = [part * bytesPerPart, (part + 1) * bytesPerPart];
    if (left.subarray(from, to).some((byte, at) => byte !== right[from + at])) parts.push(part);
  }
  return parts;
}

/** One sum over whole texts. */
export class TextSums {
  private readonly lanes = new Uint32Array(LANES);

  add(text: string): void {
    const hash = hashOfText(text);
    for (let lane = 0; lane < LANES; lane += 1) this.lanes[lane] = present(this.lanes[lane], 'lane') + mixed(lane + 1, mixed(hash, hashOfText(text, lane + 1)));
  }

  hex(): string {
    return [...this.lanes].map((lane) => lane.toString(16).padStart(8, '0')).join('');
  }
}

/** Of hex(). */
export function addedTextSums(one: string, other: string): string {
  const lanes = Uint32Array.from({ length: LANES }, (_, lane) => {
    const [from, to] = [lane * 8, lane * 8 + 8];
    return Number.parseInt(one.slice(from, to), 16) + Number.parseInt(other.slice(from, to), 16);
  });
  return [...lanes].map((lane) => lane.toString(16).padStart(8, '0')).join('');
}

/** As MurmurHash3 ends: every bit of either changes half of the bits. */
function mixed(hash: number, word: number): number {
  let bits = Math.imul(hash ^ word, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function hashOfText(text: string, seed = 0): number {
  let hash = mixed(0x811c9dc5, seed);
  for (let at = 0; at < text.length; at += 1) hash = mixed(hash, text.charCodeAt(at));
  return hash;
}
