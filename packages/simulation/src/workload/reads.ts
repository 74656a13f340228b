/** Questions that change nothing: balances at every level, one account or many at one instant, and what became of a payment. */
import type { History, PaymentHistory } from '@mas/auditor';
import type { AccountNumber, RmId } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import { OPERATOR } from '../cluster/tokens';
import type { PlannedAccount } from './accounts';
import { leg, type Client } from './client';
import { callTm, type Call } from './tm-call';

const CACHED_LOOKS = 5;
const LOOK_PAUSE_MS = 250;
const REPLICA_MS = 3_000;

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
  through: string | null = null,
): Promise<void> {
  const { cluster, history } = client;
  const call = client.call(OPERATOR, `read ${numbers.join()}`);
  const startMs = cluster.world.time.nowMs();
  let life = '';
  const called = await callTm(cluster, { ...call, tm: through ?? call.tm }, (tm, caller, coordinator) => {
    life = tm.life;
    return coordinator.getAccounts(caller, numbers, level, atUs);
  });
  if (called.kind !== 'answered') return;
  if (called.value.ok) {
    const endMs = cluster.world.time.nowMs();
    history.reads.push({ level, numbers, startMs, endMs, through: life, views: called.value.value, ...(atUs === null ? {} : { atUs }) });
    cluster.world.trace.detail(`${client.name} reads ${level} ${called.value.value.map((view) => `${view.number}=${view.balanceMinor}`).join(' ')}`);
  } else {
    history.refusedReads.push(called.value.error);
  }
}

/** Whoever was paid asks at once, everywhere, whether the money is there: each question is about one account, and within one bucket nothing but its leader's word is behind the answer. */
export async function payAndLook(client: Client): Promise<void> {
  const from = client.pick(client.accounts);
  const isFar = client.random.chance(0.5);
  const to = client.pick(client.accounts.filter((account) => account !== from && (isFar || account.bucket === from.bucket)));
  const amount = BigInt(1 + client.random.below(9));
  const { subject, home } = client.payerOf(from.number);
  await client.pay(client.request('payment', home, [leg(from, 'debit', amount), leg(to, 'credit', amount)]), subject);
  const asked = client.random.chance(0.5) ? to.number : from.number;
  await Promise.all([
    ...client.cluster.tmNames.map((tm) => readNumbers(client, [asked], 'committed', null, tm)),
    ...client.cluster.rmIds.map((rm) => askReplica(client, asked, rm, client.random.chance(0.7) ? 'committed' : 'uncommitted')),
  ]);
}

/** As a coordinator does that has heard of no other leader than this one: it may have been one, and may not know yet that it is none any more. */
async function askReplica(client: Client, number: AccountNumber, rm: RmId, level: 'committed' | 'uncommitted'): Promise<void> {
  const { cluster, history } = client;
  const bucket = cluster.bucketOfAccount(number);
  const startMs = cluster.world.time.nowMs();
  const called = await callTm(cluster, client.call(OPERATOR, `ask rm-${rm} for ${number}`), ({ participants }, { token }) =>
    participants.send(rm, { kind: 'read-accounts', bucket, level, numbers: [number], token, at: 'now' }, REPLICA_MS),
  );
  if (called.kind !== 'answered' || called.value.kind !== 'accounts') return;
  const { readings, momentUs } = called.value;
  const [reading] = readings;
  if (reading === undefined || reading === null) return;
  const { preparedTxns: _, ...row } = reading;
  const view = { ...row, level, ageMs: null, momentUs, bucket, leader: rm };
  history.reads.push({ level, numbers: [number], startMs, endMs: cluster.world.time.nowMs(), views: [view] });
  cluster.world.counters.add('reads answered by a replica that was asked itself');
}

/** The same account again and again through one coordinator, from what it has in its cache. */
export async function followCached(client: Client): Promise<void> {
  const account = client.pick(client.accounts);
  const tm = client.pick(client.cluster.tmNames);
  for (let look = 0; look < CACHED_LOOKS && !client.isOver(); look += 1) {
    await readNumbers(client, [account.number], 'cached', null, tm);
    await client.cluster.world.time.after(client.random.below(LOOK_PAUSE_MS));
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
