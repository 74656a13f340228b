/**
 * Who may call what, complete: every method of every service that a process listens with, by everybody who could try, on a
 * running cluster. A method that is added without a row here fails the first test.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { status as Code } from '@grpc/grpc-js';
import { encodePayment, MasCallFailed, type MasClient, type PaymentInput } from '@mas/client';
import { run } from './harness/command';
import { Cluster } from './harness/cluster';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { numberIn } from './harness/names';
import { Bank } from './testing/bank';
import { rawCall } from './testing/raw-call';

type Answer = 'OK' | 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'NOT_FOUND';
/** The call as it would be right for `number`. */
type Call = (client: MasClient, number: string) => Promise<unknown>;

let cluster: Cluster;
let bank: Bank;
let alice: string;
let bob: string;
/** A committed payment from alice to bob, under alice's own id and an operator's. */
let paid: { readonly own: string; readonly txn: string };
let minted = 0;

beforeAll(async () => {
  cluster = await Cluster.start();
  bank = new Bank(cluster);
  alice = numberIn(cluster.placement, 1, 'alice');
  bob = numberIn(cluster.placement, 2, 'bob');
  await bank.open([alice, bob]);
  const id = bank.mint(alice);
  const result = await cluster.client({ token: cluster.accountToken(alice) }).createPayment({ id, from: alice, to: bob, amount: { minor: 1n } });
  paid = { own: id, txn: result.txn };
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
});

const payment = (from: string): PaymentInput => ({ id: bank.mint(from), from, to: from === alice ? bob : alice, amount: { minor: 1n } });
const fresh = (): string => `made-${(minted += 1)}`;

/** An exclusive lock on the account, taken by an operator, given back afterwards. */
async function locked(number: string, then: (handle: string) => Promise<unknown>): Promise<void> {
  const { handle } = await bank.client.acquireLock({ lockIds: [number] });
  await then(handle).finally(() => bank.client.releaseLock([number], handle).catch(() => undefined));
}

async function acquired(client: MasClient, number: string): Promise<void> {
  const { handle } = await client.acquireLock({ lockIds: [number] });
  await bank.client.releaseLock([number], handle);
}

async function frozen(client: MasClient, number: string): Promise<void> {
  await client.changeAccount({ id: fresh(), number, change: 'freeze' });
  await bank.client.changeAccount({ id: fresh(), number, change: 'unfreeze' });
}

async function batch(replies: Promise<Awaited<ReturnType<MasClient['createPayments']>>>): Promise<void> {
  for (const reply of await replies) if (!reply.ok) throw reply.error;
}

async function streamed(client: MasClient, number: string): Promise<void> {
  const stream = client.payments.openStream();
  await batch(stream.send([encodePayment(payment(number))], 15_000)).finally(() => stream.end());
}

/** What alice's token hears about her own account, what it hears about bob's, and what an operator's token hears. */
const METHODS: readonly (readonly [path: string, own: Answer, foreign: Answer, operator: Answer, call: Call])[] = [
  ['mas.v1.AccountService/CreateAccount', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.createAccount({ id: fresh(), number: fresh() })],
  ['mas.v1.AccountService/GetAccount', 'OK', 'PERMISSION_DENIED', 'OK', (client, number) => client.getAccount(number)],
  ['mas.v1.AccountService/GetAccounts', 'OK', 'PERMISSION_DENIED', 'OK', (client, number) => client.getAccounts([number])],
  ['mas.v1.AccountService/ListAccounts', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.listAccounts()],
  ['mas.v1.AccountService/ChangeAccount', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', frozen],
  ['mas.v1.AccountService/CreatePayment', 'OK', 'PERMISSION_DENIED', 'OK', (client, number) => client.createPayment(payment(number))],
  ['mas.v1.AccountService/CreatePayments', 'OK', 'PERMISSION_DENIED', 'OK', (client, number) => batch(client.createPayments([payment(number)]))],
  ['mas.v1.AccountService/StreamPayments', 'OK', 'PERMISSION_DENIED', 'OK', streamed],
  // By the leg of one of its accounts; by the id below.
  ['mas.v1.AccountService/GetPayment', 'OK', 'PERMISSION_DENIED', 'OK', (client, number) => client.getPayment({ txn: paid.txn, account: number })],
  ['mas.v1.AccountService/ListPayments', 'OK', 'PERMISSION_DENIED', 'OK', (client, number) => client.listPayments({ account: number })],
  ['mas.v1.LockService/AcquireLock', 'OK', 'PERMISSION_DENIED', 'OK', acquired],
  ['mas.v1.LockService/ReleaseLock', 'OK', 'PERMISSION_DENIED', 'OK', (client, number) => locked(number, (handle) => client.releaseLock([number], handle))],
  ['mas.v1.LockService/RefreshLock', 'OK', 'PERMISSION_DENIED', 'OK', (client, number) => locked(number, (handle) => client.refreshLock([number], handle))],
  ['mas.v1.LockService/GetLock', 'OK', 'PERMISSION_DENIED', 'OK', (client, number) => client.getLock(number)],
  ['mas.v1.LockService/ListLocks', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.listLocks()],
  ['mas.v1.LockService/BreakLock', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client, number) => locked(number, () => client.breakLock(number))],
  ['mas.v1.NodeService/GetClusterStatus', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.clusterStatus()],
  ['mas.v1.NodeService/AddNode', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.addNode(9, 'localhost:1')],
  ['mas.v1.NodeService/DrainNode', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'NOT_FOUND', (client) => client.drainNode(8, false)],
  ['mas.v1.NodeService/RemoveNode', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'NOT_FOUND', (client) => client.removeNode(8, false)],
  ['mas.v1.NodeService/MoveReplica', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'NOT_FOUND', (client) => client.moveReplica(77, 1, 8)],
  [
    'mas.v1.NodeService/Rebalance',
    'PERMISSION_DENIED',
    'PERMISSION_DENIED',
    'OK',
    (client) => client.rebalance({ replicas: undefined, dryRun: true, stop: false }),
  ],
  ['mas.v1.NodeService/AddBucket', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.addBucket(4, [], true)],
  ['mas.v1.NodeService/MoveSlots', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'NOT_FOUND', (client) => client.moveSlots({ from: 0, to: 1 }, 77, 78)],
  ['mas.v1.NodeService/RetireBucket', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'NOT_FOUND', (client) => client.retireBucket(77)],
  ['mas.v1.NodeService/PauseMoves', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.pauseMoves()],
  ['mas.v1.NodeService/ResumeMoves', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.resumeMoves()],
  ['mas.v1.NodeService/CancelMoves', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.cancelMoves()],
  ['mas.v1.NodeService/ReplaceNode', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'NOT_FOUND', (client) => client.replaceNode(9)],
  ['mas.v1.NodeService/Audit', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.audit()],
  ['mas.v1.NodeService/Backup', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.backup(() => Promise.resolve())],
  ['mas.v1.NodeService/ListUndecided', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client) => client.undecided()],
  ['mas.v1.NodeService/ResolveTransaction', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'OK', (client, number) => client.resolve(paid.txn, number)],
];
/** What anybody may ask: whether the process is well, and what it offers. */
const OPEN = ['grpc.health.v1.Health/Check', 'grpc.health.v1.Health/Watch', 'grpc.reflection.v1.ServerReflection/ServerReflectionInfo'];
/** Which roles of node certificates the Resource Managers' methods take. */
const INTERNAL: readonly (readonly [path: string, tm: boolean, rm: boolean])[] = [
  ['mas.v1.TransactionService/ProcessPhase1', true, true],
  ['mas.v1.TransactionService/ProcessPhase2Commit', true, true],
  ['mas.v1.TransactionService/ProcessPhase2Rollback', true, true],
  ['mas.v1.TransactionService/Exchange', true, true],
  ['mas.v1.TransactionService/Session', true, true],
  ['mas.v1.MembershipService/Found', false, true],
  ['mas.v1.MembershipService/Introduce', false, true],
  ['mas.v1.MembershipService/Join', false, true],
  ['mas.v1.MembershipService/Rejoin', false, true],
  ['mas.v1.RaftService/Replicate', false, true],
  ['mas.v1.RaftService/InstallSnapshot', false, true],
];

test('every method of every service has its row', () => {
  expect([...METHODS.map(([path]) => path), ...OPEN, ...INTERNAL.map(([path]) => path)].sort()).toEqual([...methodsIn(join(REPOSITORY_ROOT, 'proto'))].sort());
});

describe('clients at the Transaction Manager', () => {
  const tm = (): string => cluster.addresses()[0] ?? '';
  test.each(METHODS)('%s', async (path, own, foreign, operator, call) => {
    const account = cluster.client({ token: cluster.accountToken(alice) });
    const before = await bank.balances([alice, bob]);
    expect({
      nobody: Code[(await rawCall(cluster.certs(), tm(), `/${path}`, {})).code],
      node: Code[(await rawCall(cluster.certs(), tm(), `/${path}`, { certificate: join(cluster.certs(), 'rm-1') })).code],
      foreign: await heard(call(account, bob)),
    }).toEqual({ nobody: 'UNAUTHENTICATED', node: 'UNAUTHENTICATED', foreign });
    // What was refused has moved nothing.
    expect(await bank.balances([alice, bob])).toEqual(before);
    expect({ own: await heard(call(account, alice)), operator: await heard(call(bank.client, bob)) }).toEqual({ own, operator });
  });

  test('GetPayment by id: each caller has ids of his own', async () => {
    const asked = (token: string): Promise<Answer> => heard(cluster.client({ token }).getPayment({ id: paid.own }));
    expect([await asked(cluster.accountToken(alice)), await asked(cluster.accountToken(bob)), await asked(cluster.operatorToken())]).toEqual([
      'OK',
      'NOT_FOUND',
      'NOT_FOUND',
    ]);
  });

  test.each(OPEN.filter((path) => !path.endsWith('Watch')))('%s: everybody', async (path) => {
    // An empty stream of questions has no answer, which is no refusal.
    expect(['OK', 'UNIMPLEMENTED']).toContain(Code[(await rawCall(cluster.certs(), tm(), `/${path}`, {})).code]);
  });

  test.each(INTERNAL)('%s is not there, whoever asks', async (path) => {
    for (const options of [{ token: cluster.operatorToken() }, { certificate: join(cluster.certs(), 'tm') }, { certificate: join(cluster.certs(), 'rm-1') }]) {
      expect(Code[(await rawCall(cluster.certs(), tm(), `/${path}`, options)).code]).toBe('UNIMPLEMENTED');
    }
  });
});

describe('at a Resource Manager', () => {
  const rm = (): string => cluster.rmAddresses()[0] ?? '';
  let foreignAuthority: string;
  beforeAll(async () => {
    foreignAuthority = join(cluster.certs(), 'other');
    await run('bash', ['certs/make-certs.sh', '--dir', foreignAuthority, '--rms', '2']);
  });

  test.each(INTERNAL)('%s: certificates decide (tm %s, rm %s), tokens do not count', async (path, byTm, byRm) => {
    const allowed = async (options: Parameters<typeof rawCall>[3]): Promise<boolean> =>
      !['UNAVAILABLE', 'UNAUTHENTICATED', 'PERMISSION_DENIED'].includes(Code[(await rawCall(cluster.certs(), rm(), `/${path}`, options)).code] ?? '');
    expect({
      nobody: await allowed({}),
      operator: await allowed({ token: cluster.operatorToken() }),
      foreignRm: await allowed({ certificate: join(foreignAuthority, 'rm-2'), rm: 2 }),
      tm: await allowed({ certificate: join(cluster.certs(), 'tm'), rm: 2 }),
      rm: await allowed({ certificate: join(cluster.certs(), 'rm-2'), rm: 2 }),
    }).toEqual({ nobody: false, operator: false, foreignRm: false, tm: byTm, rm: byRm });
  });

  test.each(METHODS)('%s is not there', async (path) => {
    expect(Code[(await rawCall(cluster.certs(), rm(), `/${path}`, { certificate: join(cluster.certs(), 'tm'), token: cluster.operatorToken() })).code]).toBe(
      'UNIMPLEMENTED',
    );
  });
});

async function heard(call: Promise<unknown>): Promise<Answer> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof MasCallFailed) return Code[error.code] as Answer;
    if (typeof error === 'object' && error !== null && 'kind' in error && error.kind === 'permission-denied') return 'PERMISSION_DENIED';
    throw error;
  }
}

/** `package.Service/Method` of all services in the proto files. */
function methodsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.proto'))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const name = /^package ([\w.]+);/m.exec(text)?.[1] ?? '';
      return [...text.matchAll(/^service (\w+) \{([^]*?)^\}/gm)].flatMap(([, service = '', methods = '']) =>
        [...methods.matchAll(/^ {2}rpc (\w+)\(/gm)].map(([, method = '']) => `${name}.${service}/${method}`),
      );
    });
}
