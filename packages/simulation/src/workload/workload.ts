/** What clients do: the mix of operations, each a few lines. Closed loops with pauses, until they are told to stop. */
import { History, verdictOf } from '@mas/auditor';
import { paymentKey, present, type SeededRandom } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import { OPERATOR, OPERATOR_SCOPE } from '../cluster/tokens';
import type { World } from '../world/world';
import { plannedAccounts, type PlannedAccount } from './accounts';
import { Client, leg } from './client';
import { callTm } from './tm-call';

export interface WorkloadShape {
  readonly clients: number;
  readonly accountsPerBucket: number;
  readonly meanPauseMs: number;
}

type Operation = (client: Client) => Promise<void>;

const LOCKED_ACCOUNTS = 3;
/** More than a poor account has of its own. */
const LEAST_PASSED_ON = 1_600;
const MOST_MORE_PASSED_ON = 6_000;
const SETUP_LIMIT_MS = 60_000;

export class Workload {
  readonly history = new History();
  readonly accounts: readonly PlannedAccount[];
  private isOver = false;
  private running = 0;
  private readonly random: SeededRandom;

  constructor(
    private readonly world: World,
    private readonly cluster: Cluster,
    private readonly shape: WorkloadShape,
  ) {
    this.random = world.chance();
    this.accounts = plannedAccounts(cluster.placement, cluster.buckets, shape.accountsPerBucket);
  }

  /** Opens the accounts, while nothing disturbs. */
  async setUp(): Promise<void> {
    const client = this.client('setup');
    await this.world.time.until(Promise.all(this.accounts.map((account) => open(client, account))), SETUP_LIMIT_MS, 'opening the accounts');
    const missing = this.accounts.filter((account) => this.history.accounts.get(account.number)?.createdMs === null);
    if (missing.length > 0) throw new Error(`accounts could not be opened: ${missing.map((account) => account.number).join(', ')}`);
  }

  start(): void {
    for (let i = 1; i <= this.shape.clients; i += 1) void this.loop(this.client(`c${i}`));
  }

  /** No new operations; those under way come to their end. */
  stop(): void {
    this.isOver = true;
  }

  get isIdle(): boolean {
    return this.running === 0;
  }

  private client(name: string): Client {
    return new Client(name, this.cluster, this.accounts, this.history, this.random.fork(), () => this.isOver);
  }

  private async loop(client: Client): Promise<void> {
    this.running += 1;
    while (!this.isOver) {
      await this.world.time.after(-Math.log(1 - client.random.unit()) * this.shape.meanPauseMs);
      if (this.isOver) break;
      await draw(client)(client);
    }
    this.running -= 1;
  }
}

/** Weights of one hundred. */
const MIX: readonly (readonly [number, Operation])[] = [
  [36, pay],
  [8, payManyLegs],
  [9, twoStep],
  [6, payAndRefund],
  [6, passOn],
  [3, spendToTheLimit],
  [10, readOne],
  [8, readAll],
  [5, readSome],
  [3, readOtherLevels],
  [4, lookUp],
  [4, payUnderLock],
  [2, freezeForAWhile],
];

function draw(client: Client): Operation {
  let at = client.random.below(MIX.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, operation] of MIX) {
    if (at < weight) return operation;
    at -= weight;
  }
  return pay;
}

async function open(client: Client, account: PlannedAccount): Promise<void> {
  const { cluster, history } = client;
  const { number, currency, openingMinor, minimumMinor } = account;
  const record = { number, currency, openingMinor, minimumMinor, startMs: cluster.world.time.nowMs(), createdMs: null as number | null };
  history.accounts.set(number, record);
  const id = client.mint(number);
  history.otherKeys.add(paymentKey(OPERATOR_SCOPE, id));
  for (let attempt = 0; attempt < 20 && record.createdMs === null; attempt += 1) {
    const request = { id, number, currency, openingBalanceMinor: openingMinor, minimumMinor, owner: 'sim' };
    const called = await callTm(cluster, client.call(OPERATOR, `open ${number}`), (_tm, caller, coordinator) => coordinator.createAccount(caller, request));
    if (called.kind === 'answered' && called.value.ok) record.createdMs = cluster.world.time.nowMs();
    else await cluster.world.time.after(100);
  }
}

async function pay(client: Client): Promise<void> {
  const [from, to] = client.some(2);
  if (from === undefined || to === undefined) return;
  const amount = client.amount();
  const { subject, home } = client.payerOf(from.number);
  await client.pay(client.request('payment', home, [leg(from, 'debit', amount), leg(to, 'credit', amount)]), subject);
}

async function payManyLegs(client: Client): Promise<void> {
  const [from, ...others] = client.some(3 + client.random.below(3));
  if (from === undefined) return;
  const credits = others.map((account) => leg(account, 'credit', client.amount()));
  const total = credits.reduce((sum, one) => sum + one.amountMinor, 0n);
  const { subject, home } = client.payerOf(from.number);
  await client.pay(client.request('payment', home, [leg(from, 'debit', total), ...credits]), subject);
}

/** Authorization, then capture, void, or nothing, in which case it expires or stays. */
async function twoStep(client: Client): Promise<void> {
  const [from, to] = client.some(2);
  if (from === undefined || to === undefined) return;
  const amount = client.amount();
  const expiresInSeconds = client.random.chance(0.3) ? 1 + client.random.below(4) : 600;
  const authorization = await client.pay(client.request('authorization', from.number, [leg(from, 'debit', amount)], { expiresInSeconds }), OPERATOR);
  await client.cluster.world.time.after(client.random.below(1_500));
  const reference = { kind: 'id', id: authorization.id } as const;
  const capture = (): Promise<unknown> => client.pay(client.request('capture', client.homeNear(from.number), [leg(to, 'credit', amount - BigInt(client.random.below(Number(amount))))], { reference }), OPERATOR);
  const cancel = (): Promise<unknown> => client.pay(client.request('void', client.homeNear(from.number), [], { reference }), OPERATOR);
  const fate = client.random.unit();
  if (fate < 0.45) await capture();
  else if (fate < 0.6) await Promise.all([capture(), client.random.chance(0.7) ? capture() : cancel()]);
  else if (fate < 0.8) await cancel();
}

async function payAndRefund(client: Client): Promise<void> {
  const [from, to] = client.some(2);
  if (from === undefined || to === undefined) return;
  const amount = client.amount();
  const payment = await client.pay(client.request('payment', from.number, [leg(from, 'debit', amount), leg(to, 'credit', amount)]), OPERATOR);
  if (verdictOf(payment) !== 'committed') return;
  const refunds = 1 + client.random.below(2);
  const part = client.random.chance(0.5) ? null : amount > 2n ? amount / 2n + 1n : null;
  await Promise.all(Array.from({ length: refunds }, () => client.pay(client.request('refund', client.homeNear(to.number), [], { reference: { kind: 'id', id: payment.id }, amountMinor: part }), OPERATOR)));
}

/** Money goes through the hands of the poor: whoever was told that it has come spends it at that very moment. */
async function passOn(client: Client): Promise<void> {
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

/** Asks how much a poor account has and pays all of it that may go, or one more. */
async function spendToTheLimit(client: Client): Promise<void> {
  const { cluster } = client;
  const from = client.pick(client.accounts.filter((account) => account.minimumMinor > 0n));
  const to = client.pick(client.accounts.filter((account) => account !== from));
  const called = await callTm(cluster, client.call(OPERATOR, `ask ${from.number}`), (_tm, caller, coordinator) => coordinator.getAccounts(caller, [from.number], 'committed'));
  const view = called.kind === 'answered' && called.value.ok ? called.value.value[0] : undefined;
  if (view === undefined) return;
  const amount = view.balanceMinor - view.minimumMinor + (client.random.chance(0.5) ? 1n : 0n);
  if (amount <= 0n) return;
  const { subject, home } = client.payerOf(from.number);
  await client.pay(client.request('payment', home, [leg(from, 'debit', amount), leg(to, 'credit', amount)]), subject);
}

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

function readOne(client: Client): Promise<void> {
  return read(client, client.some(1), 'committed');
}

function readAll(client: Client): Promise<void> {
  return read(client, client.accounts, 'committed');
}

function readSome(client: Client): Promise<void> {
  return read(client, client.some(2 + client.random.below(3)), 'committed');
}

function readOtherLevels(client: Client): Promise<void> {
  return read(client, client.some(1 + client.random.below(2)), client.random.chance(0.5) ? 'uncommitted' : 'cached');
}

/** Asks what became of a payment of any client, by its id. */
async function lookUp(client: Client): Promise<void> {
  const { cluster, history } = client;
  const asked = [...history.payments.values()].filter((payment) => payment.attempts.length > 0);
  if (asked.length === 0) return;
  const { key, id, subject } = client.pick(asked);
  const startMs = cluster.world.time.nowMs();
  const called = await callTm(cluster, client.call(subject, `look up ${id}`), (_tm, caller, coordinator) => coordinator.getPayment(caller, { kind: 'id', id }));
  if (called.kind === 'answered' && called.value.ok) history.lookUps.push({ key, state: called.value.value.state, startMs, endMs: cluster.world.time.nowMs() });
}

/** Takes an exclusive lock on one or two accounts, pays under it, and gives it back; or dies with it. */
async function payUnderLock(client: Client): Promise<void> {
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
  const called = await callTm(cluster, call, (tm, caller) => tm.locks.acquire({ lockIds, mode: 'exclusive', handle: null, properties, subject: caller.subject, token: caller.token, deadlineMs: caller.deadlineMs }));
  if (called.kind !== 'answered' || called.value.kind !== 'acquired') return;
  const { handle, locks } = called.value;
  const lock = { lockIds, handle, tokens: new Map(locks.map((one) => [one.lockId, one.token ?? -1])), askedMs, acquiredMs: world.time.nowMs(), timeoutMs, releasedMs: null as number | null };
  history.locks.push(lock);
  world.trace.detail(`${client.name} holds ${lockIds.join()} with tokens ${[...lock.tokens.values()].join()}`);
  const from = present(accounts[0], 'account');
  const to = client.pick(client.accounts.filter((account) => account !== from));
  const amount = client.amount();
  await client.pay(client.request('payment', from.number, [leg(from, 'debit', amount), leg(to, 'credit', amount)], { lockHandle: handle }), OPERATOR);
  if (client.random.chance(0.3)) {
    await callTm(cluster, client.call(OPERATOR, 'refresh'), (tm) => tm.locks.refresh({ lockIds, handle, timeoutMs }));
  }
  if (client.random.chance(0.2)) return;
  lock.releasedMs = world.time.nowMs();
  await callTm(cluster, client.call(OPERATOR, 'unlock'), (tm) => tm.locks.release({ lockIds, handle }));
}

async function freezeForAWhile(client: Client): Promise<void> {
  const { cluster } = client;
  const [account] = client.some(1);
  if (account === undefined) return;
  const change = async (kind: 'freeze' | 'unfreeze'): Promise<boolean> => {
    const id = client.mint(account.number);
    client.history.otherKeys.add(paymentKey(OPERATOR_SCOPE, id));
    for (let attempt = 0; attempt < 12 && !client.isOver(); attempt += 1) {
      const called = await callTm(cluster, client.call(OPERATOR, `${kind} ${account.number}`), (_tm, caller, coordinator) => coordinator.changeAccount(caller, { id, number: account.number, change: kind }));
      if (called.kind === 'answered' && (called.value.ok || called.value.error.kind === 'failed-precondition')) return called.value.ok;
      await cluster.world.time.after(300);
    }
    return false;
  };
  cluster.world.trace.detail(`${client.name} freezes ${account.number}`);
  if (!(await change('freeze'))) return;
  await cluster.world.time.after(client.random.below(800));
  await change('unfreeze');
}
