/** What callers ask for and should not get: other accounts' money, more than was reserved or paid, money from and to accounts that are frozen or closed. */
import { change, open } from './account-changes';
import { numberIn, USD, type PlannedAccount } from './accounts';
import { leg, type Client } from './client';
import { callTm } from './tm-call';

const FROZEN_ACCOUNTS = 3;
const SHORT_LIVED_MINOR = 500n;

/** With the token of an account that is paid, or of one that has nothing to do with it. */
export async function takeFromOthers(client: Client): Promise<void> {
  const [own, from, to] = client.some(3);
  if (own === undefined || from === undefined || to === undefined) return;
  client.cluster.world.counters.add('payments that a token may not make');
  const receiver = client.random.chance(0.5) ? own : to;
  const amount = client.amount();
  const isPayment = client.random.chance(0.7);
  const legs = [leg(from, 'debit', amount), ...(isPayment ? [leg(receiver, 'credit', amount)] : [])];
  await client.pay(client.request(isPayment ? 'payment' : 'authorization', null, legs, isPayment ? {} : { expiresInSeconds: 2 }), {
    kind: 'account',
    account: own.number,
  });
}

/** With an account's token, of an account of its own or of another one. */
export async function readWithOwnToken(client: Client): Promise<void> {
  const [own, other] = client.some(2);
  if (own === undefined || other === undefined) return;
  const { cluster, history } = client;
  const { number } = client.random.chance(0.5) ? own : other;
  const subject = { kind: 'account', account: own.number } as const;
  const level = client.random.chance(0.5) ? 'committed' : client.random.chance(0.5) ? 'uncommitted' : 'cached';
  const startMs = cluster.world.time.nowMs();
  const called = await callTm(cluster, client.call(subject, `read ${number}`), (_tm, caller, coordinator) =>
    coordinator.getAccounts(caller, [number], level, null),
  );
  if (called.kind !== 'answered') return;
  if (called.value.ok) history.reads.push({ level, numbers: [number], startMs, endMs: cluster.world.time.nowMs(), subject, views: called.value.value });
  else history.refusedReads.push(called.value.error);
}

/** While it is frozen somebody pays it, and it pays somebody; in the end it is open again. */
export async function payTheFrozen(client: Client): Promise<void> {
  const frozen = client.pick(client.accounts.slice(-FROZEN_ACCOUNTS));
  const other = client.pick(client.accounts.filter((account) => account !== frozen));
  const froze = await change(client, client.mint(client.homeNear(frozen.number)), frozen.number, 'freeze');
  await Promise.all([payFromTo(client, frozen, other), payFromTo(client, other, frozen)]);
  if (froze === 'done') await change(client, client.mint(client.homeNear(frozen.number)), frozen.number, 'unfreeze');
}

/** Two accounts of one's own, of which one is emptied, closed, and paid again; now and then while money is on its way to it. */
export async function closeForGood(client: Client): Promise<void> {
  const { cluster } = client;
  const [one, other] = ['k', 'l'].map((which, at): PlannedAccount => {
    const { bucket } = client.pick(cluster.placement.map.buckets.filter(({ slots }) => slots.length > 0));
    const number = numberIn(cluster.placement, bucket, `${client.mint(null)}-${which}`.replaceAll('.', '-'));
    return { number, bucket, currency: USD, openingMinor: at === 0 ? SHORT_LIVED_MINOR : 0n, minimumMinor: 0n };
  });
  if (one === undefined || other === undefined) return;
  for (const account of [one, other]) await open(client, account, true);
  if ([one, other].some(({ number }) => client.history.accounts.get(number)?.createdMs === null)) return;
  await payFromTo(client, one, other, SHORT_LIVED_MINOR);
  const close = async (): Promise<void> => {
    if ((await change(client, client.mint(client.homeNear(one.number)), one.number, 'close')) === 'done') cluster.world.counters.add('accounts closed');
  };
  if (client.random.chance(0.5)) await Promise.all([close(), payFromTo(client, other, one)]);
  else await close();
  await payFromTo(client, other, one);
  // Again, also where money was in the way before.
  await close();
  // Nothing opens it any more.
  await change(client, client.mint(client.homeNear(one.number)), one.number, client.random.chance(0.5) ? 'freeze' : 'unfreeze');
}

async function payFromTo(client: Client, from: PlannedAccount, to: PlannedAccount, amount = client.amount()): Promise<void> {
  const { subject, home } = client.payerOf(from.number);
  await client.pay(client.request('payment', home, [leg(from, 'debit', amount), leg(to, 'credit', amount)]), subject);
}
