/** Questions that change nothing: balances at every level, one account or many at one instant, and what became of a payment. */
import type { History, PaymentHistory } from '@mas/auditor';
import type { Cluster } from '../cluster/cluster';
import { OPERATOR } from '../cluster/tokens';
import type { PlannedAccount } from './accounts';
import type { Client } from './client';
import { callTm, type Call } from './tm-call';

async function read(client: Client, accounts: readonly PlannedAccount[], level: 'committed' | 'uncommitted' | 'cached'): Promise<void> {
  const { cluster, history } = client;
  const startMs = cluster.world.time.nowMs();
  const numbers = accounts.map((account) => account.number);
  const called = await callTm(cluster, client.call(OPERATOR, `read ${numbers.join()}`), (_tm, caller, coordinator) => coordinator.getAccounts(caller, numbers, level));
  if (called.kind !== 'answered') return;
  if (called.value.ok) {
    const endMs = cluster.world.time.nowMs();
    history.reads.push({ level, numbers, startMs, endMs, views: called.value.value });
    cluster.world.trace.detail(`${client.name} reads ${level} ${called.value.value.map((view) => `${view.number}=${view.balanceMinor}`).join(' ')}`);
  } else {
    history.refusedReads.push(called.value.error);
  }
}

export function readOne(client: Client): Promise<void> {
  return read(client, client.some(1), 'committed');
}

export function readAll(client: Client): Promise<void> {
  return read(client, [...client.accounts, ...client.deep], 'committed');
}

export function readSome(client: Client): Promise<void> {
  return read(client, client.some(2 + client.random.below(3)), 'committed');
}

export function readOtherLevels(client: Client): Promise<void> {
  return read(client, client.some(1 + client.random.below(2)), client.random.chance(0.5) ? 'uncommitted' : 'cached');
}

/** Asks what became of a payment of any client, by its id. */
export async function lookUp(client: Client): Promise<void> {
  const { cluster, history } = client;
  const asked = [...history.payments.values()].filter((payment) => payment.attempts.length > 0);
  if (asked.length === 0) return;
  const { key, id, subject } = client.pick(asked);
  await lookUpOne(cluster, history, { key, id }, client.call(subject, `look up ${id}`));
}

export async function lookUpOne(cluster: Cluster, history: History, { key, id }: Pick<PaymentHistory, 'key' | 'id'>, call: Call): Promise<void> {
  const startMs = cluster.world.time.nowMs();
  const called = await callTm(cluster, call, (_tm, caller, coordinator) => coordinator.getPayment(caller, { kind: 'id', id }));
  if (called.kind !== 'answered') return;
  const endMs = cluster.world.time.nowMs();
  if (called.value.ok) history.lookUps.push({ key, state: called.value.value.state, startMs, endMs });
  else if (called.value.error.kind === 'not-found') history.lookUps.push({ key, state: null, startMs, endMs });
}
