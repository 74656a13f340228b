/** Questions that change nothing: balances at every level, one account or many at one instant, and what became of a payment. */
import type { History, PaymentHistory } from '@mas/auditor';
import type { AccountNumber } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import { OPERATOR } from '../cluster/tokens';
import type { PlannedAccount } from './accounts';
import type { Client } from './client';
import { callTm, type Call } from './tm-call';

function read(client: Client, accounts: readonly PlannedAccount[], level: 'committed' | 'uncommitted' | 'cached'): Promise<void> {
  return readNumbers(
    client,
    accounts.map((account) => account.number),
    level,
    null,
  );
}

async function readNumbers(
  client: Client,
  numbers: readonly AccountNumber[],
  level: 'committed' | 'uncommitted' | 'cached',
  atUs: number | null,
): Promise<void> {
  const { cluster, history } = client;
  const startMs = cluster.world.time.nowMs();
  const called = await callTm(cluster, client.call(OPERATOR, `read ${numbers.join()}`), (_tm, caller, coordinator) =>
    coordinator.getAccounts(caller, numbers, level, atUs),
  );
  if (called.kind !== 'answered') return;
  if (called.value.ok) {
    const endMs = cluster.world.time.nowMs();
    history.reads.push({ level, numbers, startMs, endMs, views: called.value.value, ...(atUs === null ? {} : { atUs }) });
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

/** What somebody has read before, as of that very moment or of shortly before. */
export async function readAgain(client: Client): Promise<void> {
  const { reads } = client.history;
  if (reads.length === 0) return;
  const read = client.pick(reads);
  const momentUs = read.views[0]?.momentUs ?? null;
  if (momentUs === null) return;
  await readNumbers(client, read.numbers, 'committed', client.random.chance(0.7) ? momentUs : momentUs - client.random.below(200_000));
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
