/** Payments of every kind, as clients make them. */
import { verdictOf } from '@mas/auditor';
import { accountNumber, MAX_AMOUNT_MINOR, present } from '@mas/values';
import { OPERATOR } from '../cluster/tokens';
import type { PlannedAccount } from './accounts';
import { leg, type Client } from './client';
import { callTm } from './tm-call';

/** More than a poor account has of its own. */
const LEAST_PASSED_ON = 1_600;
const MOST_MORE_PASSED_ON = 6_000;

export async function pay(client: Client): Promise<void> {
  const [from, other] = client.some(2);
  if (from === undefined || other === undefined) return;
  const to = client.random.chance(0.2) ? orNobody(client, other) : other;
  const amount = client.amount();
  const { subject, home } = client.payerOf(from.number);
  await client.pay(client.request('payment', home, [leg(from, 'debit', amount), leg(to, 'credit', amount)]), subject);
}

export async function payManyLegs(client: Client): Promise<void> {
  const [from, ...others] = client.some(3 + client.random.below(3));
  if (from === undefined) return;
  const credits = others.map((account) => leg(account, 'credit', client.amount()));
  const total = credits.reduce((sum, one) => sum + one.amountMinor, 0n);
  const { subject, home } = client.payerOf(from.number);
  await client.pay(client.request('payment', home, [leg(from, 'debit', total), ...credits]), subject);
}

/** Authorization, then capture (now and then of more than was reserved, or at the moment at which it expires), void, or nothing, in which case it expires or stays. */
export async function twoStep(client: Client): Promise<void> {
  const [from, payee] = client.some(2);
  if (from === undefined || payee === undefined) return;
  const { time } = client.cluster.world;
  const amount = client.amount();
  const expiresInSeconds = client.random.chance(0.5) ? 1 + client.random.below(3) : 600;
  const askedMs = time.nowMs();
  const authorization = await client.pay(client.request('authorization', from.number, [leg(from, 'debit', amount)], { expiresInSeconds }), OPERATOR);
  const isAtTheEnd = expiresInSeconds < 600 && client.random.chance(0.6);
  const captureMs = isAtTheEnd ? askedMs + expiresInSeconds * 1_000 - 60 + client.random.below(90) : time.nowMs() + client.random.below(1_500);
  await time.after(Math.max(0, captureMs - time.nowMs()));
  const reference = { kind: 'id', id: authorization.id } as const;
  const captured = (): bigint => (client.random.chance(0.15) ? amount + client.amount() : amount - BigInt(client.random.below(Number(amount))));
  const capture = (): Promise<unknown> =>
    client.pay(client.request('capture', client.homeNear(from.number), [leg(orNobody(client, payee), 'credit', captured())], { reference }), OPERATOR);
  const cancel = (): Promise<unknown> => client.pay(client.request('void', client.homeNear(from.number), [], { reference }), OPERATOR);
  const fate = client.random.unit();
  if (fate < 0.45) await capture();
  else if (fate < 0.6) await Promise.all([capture(), client.random.chance(0.7) ? capture() : cancel()]);
  else if (fate < 0.8) await cancel();
}

export async function payAndRefund(client: Client): Promise<void> {
  const [from, to] = client.some(2);
  if (from === undefined || to === undefined) return;
  const amount = client.amount();
  const payment = await client.pay(client.request('payment', from.number, [leg(from, 'debit', amount), leg(to, 'credit', amount)]), OPERATOR);
  if (verdictOf(payment) !== 'committed') return;
  const refunds = 1 + client.random.below(2);
  const part = client.random.chance(0.4) ? null : client.random.chance(0.2) ? amount + 1n : amount > 2n ? amount / 2n + 1n : null;
  const reference = { kind: 'id', id: payment.id } as const;
  const refund = (): Promise<unknown> => {
    const legs = client.random.chance(0.15) ? [leg(to, 'debit', amount), leg(orNobody(client, from), 'credit', amount)] : [];
    const amountMinor = legs.length > 0 ? null : part;
    return client.pay(client.request('refund', client.homeNear(to.number), legs, { reference, amountMinor }), OPERATOR);
  };
  await Promise.all(Array.from({ length: refunds }, refund));
}

/** Or somebody whom no bucket knows: what others have promised by then is given back. */
function orNobody({ random }: Client, account: PlannedAccount): PlannedAccount {
  return random.chance(0.12) ? { ...account, number: accountNumber(`nobody-${account.number}`) } : account;
}

/** Amounts up to the largest there is, paid and reserved beside each other: what is held and what is there would pass 64 bits now and then, and is refused. */
export async function payAtTheEnds(client: Client): Promise<void> {
  const [from, to] = client.shuffled(client.deep);
  if (from === undefined || to === undefined) return;
  client.cluster.world.counters.add('payments at the ends of ranges');
  const amount = client.random.chance(0.3) ? client.amount() : MAX_AMOUNT_MINOR / BigInt(1 + client.random.below(4));
  const { subject, home } = client.payerOf(from.number);
  if (client.random.chance(0.5)) await client.pay(client.request('payment', home, [leg(from, 'debit', amount), leg(to, 'credit', amount)]), subject);
  else await client.pay(client.request('authorization', from.number, [leg(from, 'debit', amount)], { expiresInSeconds: 1 + client.random.below(6) }), OPERATOR);
}

/** Money goes through the hands of the poor: whoever was told that it has come spends it at that very moment. */
export async function passOn(client: Client): Promise<void> {
  const poor = client.accounts.filter((account) => account.openingMinor < LEAST_PASSED_ON);
  const [first, last] = client.shuffled(client.accounts.filter((account) => !poor.includes(account)));
  const hands = [first, ...client.shuffled(poor), last].filter((account) => account !== undefined);
  const amount = BigInt(LEAST_PASSED_ON + client.random.below(MOST_MORE_PASSED_ON));
  for (const [at, to] of hands.slice(1).entries()) {
    const from = present(hands[at], 'payer');
    const { subject, home } = client.payerOf(from.number);
    const payment = await client.pay(client.request('payment', home, [leg(from, 'debit', amount), leg(to, 'credit', amount)]), subject);
    if (verdictOf(payment) !== 'committed' || client.isOver()) return;
  }
}

/** Spent before anybody has heard that it has come: whether it has is known at another bucket. */
export async function spendWhatComes(client: Client): Promise<void> {
  const between = client.pick(client.accounts.filter((account) => account.openingMinor < LEAST_PASSED_ON));
  const [from, to] = client.shuffled(client.accounts.filter((account) => account.bucket !== between.bucket));
  if (from === undefined || to === undefined) return;
  const amount = BigInt(LEAST_PASSED_ON + client.random.below(MOST_MORE_PASSED_ON));
  const spend = async (): Promise<void> => {
    await client.cluster.world.time.after(client.random.below(30));
    const { subject, home } = client.payerOf(between.number);
    await client.pay(client.request('payment', home, [leg(between, 'debit', amount), leg(to, 'credit', amount)]), subject);
  };
  const { subject, home } = client.payerOf(from.number);
  await Promise.all([client.pay(client.request('payment', home, [leg(from, 'debit', amount), leg(between, 'credit', amount)]), subject), spend()]);
}

/** Asks how much a poor account has and pays all of it that may go, or one more. */
export async function spendToTheLimit(client: Client): Promise<void> {
  const { cluster } = client;
  const from = client.pick(client.accounts.filter((account) => account.minimumMinor > 0n));
  const to = client.pick(client.accounts.filter((account) => account !== from));
  const called = await callTm(cluster, client.call(OPERATOR, `ask ${from.number}`), (_tm, caller, coordinator) =>
    coordinator.getAccounts(caller, [from.number], 'committed', null),
  );
  const view = called.kind === 'answered' && called.value.ok ? called.value.value[0] : undefined;
  if (view === undefined) return;
  const amount = view.balanceMinor - view.minimumMinor + (client.random.chance(0.5) ? 1n : 0n);
  if (amount <= 0n) return;
  const { subject, home } = client.payerOf(from.number);
  await client.pay(client.request('payment', home, [leg(from, 'debit', amount), leg(to, 'credit', amount)]), subject);
}
