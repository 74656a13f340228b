/** What happens to accounts besides payments: they are opened, locked and frozen. */
import { otherRequest } from '@mas/auditor';
import { paymentKey, present, type AccountNumber } from '@mas/values';
import { OPERATOR, OPERATOR_SCOPE } from '../cluster/tokens';
import type { PlannedAccount } from './accounts';
import { leg, type Client } from './client';
import { callTm } from './tm-call';

const LOCKED_ACCOUNTS = 3;
const FROZEN_ACCOUNTS = 3;

/** @param isApart it pays, and is paid by, others that are apart only */
export async function open(client: Client, account: PlannedAccount, isApart = false): Promise<void> {
  const { cluster, history } = client;
  const { number, currency, openingMinor, minimumMinor } = account;
  const record = { number, currency, openingMinor, minimumMinor, startMs: cluster.world.time.nowMs(), createdMs: null as number | null, isApart };
  history.accounts.set(number, record);
  const id = client.mint(number);
  const opening = otherRequest(history, paymentKey(OPERATOR_SCOPE, id), `the creation of account ${number}`);
  for (let attempt = 0; attempt < 20 && record.createdMs === null; attempt += 1) {
    const request = { id, number, currency, openingBalanceMinor: openingMinor, minimumMinor, owner: 'sim' };
    const called = await callTm(cluster, client.call(OPERATOR, `open ${number}`), (_tm, caller, coordinator) => coordinator.createAccount(caller, request));
    if (called.kind === 'answered' && called.value.ok) [record.createdMs, opening.heard] = [cluster.world.time.nowMs(), 'done'];
    else await cluster.world.time.after(100);
  }
}

/** Takes an exclusive lock on one or two accounts, pays under it, and gives it back; or dies with it. */
export async function payUnderLock(client: Client): Promise<void> {
  const { cluster, history } = client;
  const { world } = cluster;
  // Few accounts, so that holders meet.
  const accounts = client.accounts.slice(0, LOCKED_ACCOUNTS).filter(() => client.random.chance(0.6));
  if (accounts.length === 0) return;
  const lockIds = accounts.map((account) => account.number);
  const askedMs = world.time.nowMs();
  const timeoutMs = 1_000 + client.random.below(3_000);
  const properties = { lockAttempts: 3, lockAttemptDelayMs: 400, lockTimeoutMs: timeoutMs };
  const call = client.call(OPERATOR, `lock ${lockIds.join()}`);
  const called = await callTm(cluster, call, (tm, caller) =>
    tm.locks.acquire({ lockIds, mode: 'exclusive', handle: null, properties, subject: caller.subject, token: caller.token, deadlineMs: caller.deadlineMs }),
  );
  if (called.kind !== 'answered' || called.value.kind !== 'acquired') return;
  const { handle, locks } = called.value;
  const lock = {
    lockIds,
    handle,
    tokens: new Map(locks.map((one) => [one.lockId, one.token ?? -1])),
    askedMs,
    acquiredMs: world.time.nowMs(),
    timeoutMs,
    releasedMs: null as number | null,
  };
  history.locks.push(lock);
  world.trace.detail(`${client.name} holds ${lockIds.join()} with tokens ${[...lock.tokens.values()].join()}`);
  const from = present(accounts[0], 'account');
  const to = client.pick(client.accounts.filter((account) => account !== from));
  const amount = client.amount();
  // Some have lost it by then.
  if (client.random.chance(0.2)) await world.time.after(Math.max(0, askedMs + timeoutMs - world.time.nowMs() - 300 + client.random.below(600)));
  await client.pay(client.request('payment', from.number, [leg(from, 'debit', amount), leg(to, 'credit', amount)], { lockHandle: handle }), OPERATOR);
  if (client.random.chance(0.3)) {
    await callTm(cluster, client.call(OPERATOR, 'refresh'), (tm) => tm.locks.refresh({ lockIds, handle, timeoutMs }));
  }
  if (client.random.chance(0.2)) return;
  lock.releasedMs = world.time.nowMs();
  await callTm(cluster, client.call(OPERATOR, 'unlock'), (tm) => tm.locks.release({ lockIds, handle }));
}

/** Shares the lock of one of the accounts that others lock, looks at it for a while, and gives it back; or dies with it. */
export async function shareALock(client: Client): Promise<void> {
  const { cluster } = client;
  const [account] = client.accounts.slice(0, LOCKED_ACCOUNTS).filter(() => client.random.chance(0.6));
  if (account === undefined) return;
  const lockIds = [account.number];
  const timeoutMs = 1_000 + client.random.below(3_000);
  const properties = { lockAttempts: 3, lockAttemptDelayMs: 400, lockTimeoutMs: timeoutMs };
  const called = await callTm(cluster, client.call(OPERATOR, `share ${account.number}`), (tm, caller) =>
    tm.locks.acquire({ lockIds, mode: 'shared', handle: null, properties, subject: caller.subject, token: caller.token, deadlineMs: caller.deadlineMs }),
  );
  if (called.kind !== 'answered' || called.value.kind !== 'acquired' || client.random.chance(0.2)) return;
  const { handle } = called.value;
  await cluster.world.time.after(client.random.below(timeoutMs));
  await callTm(cluster, client.call(OPERATOR, 'stop sharing'), (tm) => tm.locks.release({ lockIds, handle }));
}

/** An operator ends whoever holds one of the accounts that others lock. */
export async function breakALock(client: Client): Promise<void> {
  const { cluster, history } = client;
  const { number: lockId } = client.pick(client.accounts.slice(0, LOCKED_ACCOUNTS));
  const broke = { lockId, startMs: cluster.world.time.nowMs(), endMs: null as number | null };
  history.lockBreaks.push(broke);
  const called = await callTm(cluster, client.call(OPERATOR, `break ${lockId}`), (tm, { token, deadlineMs }) => tm.locks.break({ lockId, token, deadlineMs }));
  if (called.kind !== 'answered' || called.value.kind === 'unavailable') return;
  broke.endMs = cluster.world.time.nowMs();
  if (called.value.kind === 'broken') cluster.world.counters.add('locks broken');
}

export async function freezeForAWhile(client: Client): Promise<void> {
  const { cluster } = client;
  // Few accounts, so that one finds what another has frozen.
  const { number } = client.pick(client.accounts.slice(-FROZEN_ACCOUNTS));
  cluster.world.trace.detail(`${client.name} freezes ${number}`);
  const id = client.mint(client.homeNear(number));
  const frozen = await change(client, id, number, 'freeze');
  await cluster.world.time.after(client.random.below(800));
  if (frozen === 'done') await change(client, client.mint(client.homeNear(number)), number, 'unfreeze');
  // A retry that comes when the account has long been open again, also of what was refused while it was not.
  if (client.random.chance(0.5)) await change(client, id, number, 'freeze');
}

/** One id for all that comes to mind, one after the other or at once: only one of them may be done. */
export async function oneIdForMany(client: Client): Promise<void> {
  const [a, b] = client.some(2);
  if (a === undefined || b === undefined) return;
  client.cluster.world.counters.add('ids used for many requests');
  const id = client.mint(client.homeNear(a.number));
  const amount = client.amount();
  const frozen: AccountNumber[] = [];
  const freeze = async (number: AccountNumber): Promise<void> => {
    if ((await change(client, id, number, 'freeze')) === 'done') frozen.push(number);
  };
  const requests = client.shuffled([
    () => freeze(a.number),
    () => freeze(b.number),
    () => change(client, id, a.number, 'unfreeze'),
    () => client.pay(client.request('payment', null, [leg(a, 'debit', amount), leg(b, 'credit', amount)], { id }), OPERATOR),
  ]);
  if (client.random.chance(0.6)) await Promise.all(requests.map((request) => request()));
  else for (const request of requests) await request();
  for (const number of frozen) await change(client, client.mint(number), number, 'unfreeze');
}

/** Asked until there is a final answer. */
export async function change(
  client: Client,
  id: string,
  number: AccountNumber,
  kind: 'freeze' | 'unfreeze' | 'close',
): Promise<'done' | 'refused' | 'conflict' | 'unknown'> {
  const { cluster, history } = client;
  const asked = otherRequest(history, paymentKey(OPERATOR_SCOPE, id), `${kind} of account ${number}`);
  for (let attempt = 0; attempt < 12 && !client.isOver(); attempt += 1) {
    const called = await callTm(cluster, client.call(OPERATOR, `${kind} ${number}`), (_tm, caller, coordinator) =>
      coordinator.changeAccount(caller, { id, number, change: kind }),
    );
    if (called.kind === 'answered') {
      if (called.value.ok) return (asked.heard = 'done');
      if (called.value.error.kind === 'failed-precondition') return (asked.heard = 'refused');
      if (called.value.error.reason === 'ID_CONFLICT') return 'conflict';
    }
    await cluster.world.time.after(300);
  }
  return 'unknown';
}
