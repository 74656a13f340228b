/**
 * Transaction entries, placement maps and cached balances as JSON text, amounts as decimal strings: a number of more than 53
 * bits survives neither JSON nor Lua. What cannot be decoded (another version wrote it) is as good as absent, because
 * all of this is an index only.
 */
import type { PaymentBody } from '@mas/ledger';
import type { PlacementMap } from '@mas/placement';
import type { CachedBalance, TransactionEntry } from '@mas/transaction-coordinator';
import { accountNumber, bucketId, currency, rmId, slot, txnId, type PaymentKey } from '@mas/values';

const VERSION = 1;

export function encodeEntry(entry: TransactionEntry): string {
  return JSON.stringify({ v: VERSION, ...entry, body: { ...entry.body, legs: entry.body.legs.map((leg) => ({ ...leg, amountMinor: leg.amountMinor.toString() })) } });
}

export function decodeEntry(text: string | null | undefined): TransactionEntry | null {
  return decode(text, (value: Wire<TransactionEntry>) => ({
    key: value.key as PaymentKey,
    txn: txnId(value.txn),
    body: decodeBody(value.body),
    coordinator: value.coordinator,
    state: value.state,
    reason: value.reason,
    createdAtMs: value.createdAtMs,
    endedAtMs: value.endedAtMs,
    subTransactions: value.subTransactions.map((sub) => ({ account: accountNumber(sub.account), bucket: bucketId(sub.bucket), state: sub.state })),
    timeline: value.timeline.map((step) => ({ ...step, bucket: step.bucket === null ? null : bucketId(step.bucket) })),
  }));
}

export function encodePlacement(map: PlacementMap): string {
  return JSON.stringify({ v: VERSION, ...map });
}

export function decodePlacement(text: string | null | undefined): PlacementMap | null {
  return decode(text, (value: Wire<PlacementMap>) => ({
    version: value.version,
    resourceManagers: value.resourceManagers.map(({ rm, address }) => ({ rm: rmId(rm), address })),
    buckets: value.buckets.map((placement) => ({
      bucket: bucketId(placement.bucket),
      slots: placement.slots.map(({ from, to }) => ({ from: slot(from), to: slot(to) })),
      replicas: placement.replicas.map(rmId),
    })),
  }));
}

export function encodeBalance(balance: CachedBalance): string {
  return JSON.stringify({ v: VERSION, ...balance, balanceMinor: balance.balanceMinor.toString() });
}

export function decodeBalance(text: string | null | undefined): CachedBalance | null {
  return decode(text, (value: Wire<CachedBalance>) => ({
    number: accountNumber(value.number),
    currency: currency(value.currency),
    balanceMinor: BigInt(value.balanceMinor),
    rev: value.rev,
    readAtMs: value.readAtMs,
  }));
}

/** The peers table of the seed: bucket id → `host:port,host:port`. */
export function peersOf(map: PlacementMap): readonly (readonly [string, string])[] {
  const addresses = new Map(map.resourceManagers.map(({ rm, address }) => [rm, address]));
  return map.buckets.map(({ bucket, replicas }) => [String(bucket), replicas.flatMap((rm) => addresses.get(rm) ?? []).join(',')]);
}

/** A value as JSON carries it: no brands, amounts as text. */
type Wire<Value> = Value extends bigint ? string
  : Value extends number ? number
    : Value extends string ? (string extends Value ? string : Value extends { readonly length: number } & string ? Value : string)
      : Value extends readonly (infer Item)[] ? readonly Wire<Item>[]
        : Value extends object ? { readonly [Key in keyof Value]: Wire<Value[Key]> } : Value;

function decodeBody(value: Wire<PaymentBody>): PaymentBody {
  return {
    kind: value.kind,
    legs: value.legs.map((leg) => ({ account: accountNumber(leg.account), effect: leg.effect, amountMinor: BigInt(leg.amountMinor), currency: currency(leg.currency) })),
    reference: value.reference === null ? null : { key: value.reference.key as PaymentKey, txn: txnId(value.reference.txn) },
    expiresAtMs: value.expiresAtMs,
    memo: value.memo,
  };
}

function decode<WireValue, Value>(text: string | null | undefined, from: (value: WireValue) => Value): Value | null {
  if (text === null || text === undefined) return null;
  try {
    const value = JSON.parse(text) as WireValue & { readonly v: unknown };
    return value.v === VERSION ? from(value) : null;
  } catch {
    return null;
  }
}
