/** The payments that the model's adversary begins: drawn from one number each, over a few accounts, so that they meet. */
import { present } from '@mas/values';
import { acc, body, leg, payment, slotOf, type Payment } from './builders';

export const LETTERS = ['a', 'b', 'c'] as const;
export const ACCOUNTS_PER_BUCKET = 3;
const ACCOUNTS = LETTERS.length * ACCOUNTS_PER_BUCKET;

/** The account that a number stands for; neighbours lie in different buckets. */
export function numberOf(n: number): string {
  const letter = LETTERS[n % LETTERS.length] ?? 'a';
  return `${letter}${Math.floor(n / LETTERS.length) % ACCOUNTS_PER_BUCKET}`;
}

/** A payment of two or three legs, or an authorization; now and then under the id of `earlier`, or with a home that holds no leg. */
export function newPayment(n: number, arg: number, nowMs: number, earlier: Payment | undefined): Payment {
  const [from, to, fee] = threeAccounts(arg);
  const amount = BigInt(1 + (arg % 60));
  const bodies = [
    body('payment', [leg(from, 'debit', amount), leg(to, 'credit', amount)]),
    body('payment', [leg(from, 'debit', amount + 1n), leg(to, 'credit', amount), leg(fee, 'credit', 1n)]),
    body('authorization', [leg(from, 'authorize', amount)], { expiresAtMs: nowMs + 50 + (arg % 300) }),
  ];
  const chosen = present(bodies[Math.floor(arg / 5) % bodies.length], 'body');
  if (earlier !== undefined && arg % 11 === 0) return payment(n, chosen, { key: earlier.key, homeSlot: earlier.homeSlot });
  return payment(n, chosen, arg % 5 === 0 ? { homeSlot: slotOf(acc(fee)) } : {});
}

/** A capture, void or refund of `original`, of up to a quarter more than there is; null where the draw makes no sense. */
export function paymentOn(original: Payment, n: number, arg: number): Payment | null {
  const taker = original.body.legs.find((each) => each.effect === 'authorize' || each.effect === 'credit');
  const other = numberOf(Math.floor(arg / 3));
  if (taker === undefined || other === taker.account) return null;
  const reference = { key: original.key, txn: original.txn };
  const amount = 1n + (taker.amountMinor * BigInt(arg % 50)) / 40n;
  const home = arg % 2 === 0 ? { homeSlot: slotOf(acc(other)) } : {};
  if (taker.effect === 'credit')
    return payment(n, body('refund', [leg(taker.account, 'refund-debit', amount), leg(other, 'credit', amount)], { reference }), home);
  if (arg % 5 === 0) return payment(n, body('void', [leg(taker.account, 'void', 0n)], { reference }), home);
  return payment(n, body('capture', [leg(taker.account, 'capture', amount), leg(other, 'credit', amount)], { reference }), home);
}

function threeAccounts(arg: number): readonly [string, string, string] {
  const first = arg % ACCOUNTS;
  const second = (first + 1 + (Math.floor(arg / ACCOUNTS) % (ACCOUNTS - 1))) % ACCOUNTS;
  const third = Array.from({ length: ACCOUNTS }, (_, i) => (first + i) % ACCOUNTS).find((each) => each !== first && each !== second);
  return [numberOf(first), numberOf(second), numberOf(present(third, 'third account'))];
}
