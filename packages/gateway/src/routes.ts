/**
 * Which request of HTTP is which method of mas.v1. In a path, `{name}` fills the field of that name, as JSON names it, `{txn.account}` one inside another. What is left
 * of a GET's fields comes from the query, of a POST's from the body. The OpenAPI document is made from this table too.
 */
export interface Route {
  readonly verb: 'GET' | 'POST';
  readonly path: string;
  /** Service/Method */
  readonly method: string;
  /** The field that the header Idempotency-Key fills, so that a repetition is known as one. */
  readonly idempotencyField: string | null;
  /** It makes a payment: one that was aborted, or whose outcome is not known, is a problem. */
  readonly isPayment: boolean;
}

const get = (path: string, method: string): Route => ({ verb: 'GET', path, method, idempotencyField: null, isPayment: false });
const post = (path: string, method: string): Route => ({ ...get(path, method), verb: 'POST' });
const once = (path: string, method: string): Route => ({ ...post(path, method), idempotencyField: 'id' });

export const ROUTES: readonly Route[] = [
  once('/v1/accounts', 'AccountService/CreateAccount'),
  get('/v1/accounts', 'AccountService/ListAccounts'),
  get('/v1/accounts:batchGet', 'AccountService/GetAccounts'),
  get('/v1/accounts/{number}', 'AccountService/GetAccount'),
  once('/v1/accounts/{number}/changes', 'AccountService/ChangeAccount'),
  get('/v1/accounts/{account}/payments', 'AccountService/ListPayments'),
  get('/v1/accounts/{txn.account}/payments/{txn.txn}', 'AccountService/GetPayment'),
  { ...once('/v1/payments', 'AccountService/CreatePayment'), isPayment: true },
  post('/v1/payments:batchCreate', 'AccountService/CreatePayments'),
  get('/v1/payments/{id}', 'AccountService/GetPayment'),
  post('/v1/locks:acquire', 'LockService/AcquireLock'),
  post('/v1/locks:release', 'LockService/ReleaseLock'),
  post('/v1/locks:refresh', 'LockService/RefreshLock'),
  get('/v1/locks', 'LockService/ListLocks'),
  get('/v1/locks/{lockId}', 'LockService/GetLock'),
  post('/v1/locks/{lockId}/break', 'LockService/BreakLock'),
  get('/v1/cluster', 'NodeService/GetClusterStatus'),
  post('/v1/cluster/nodes', 'NodeService/AddNode'),
  post('/v1/cluster/nodes/{rm}/drain', 'NodeService/DrainNode'),
  post('/v1/cluster/nodes/{rm}/remove', 'NodeService/RemoveNode'),
  post('/v1/cluster/buckets/{bucket}/moveReplica', 'NodeService/MoveReplica'),
  post('/v1/cluster/rebalance', 'NodeService/Rebalance'),
  post('/v1/cluster/buckets', 'NodeService/AddBucket'),
  post('/v1/cluster/buckets/{from}/moveSlots', 'NodeService/MoveSlots'),
  post('/v1/cluster/buckets/{bucket}/retire', 'NodeService/RetireBucket'),
  post('/v1/cluster/moves:pause', 'NodeService/PauseMoves'),
  post('/v1/cluster/moves:resume', 'NodeService/ResumeMoves'),
  post('/v1/cluster/moves:cancel', 'NodeService/CancelMoves'),
  post('/v1/cluster/nodes/{rm}/replace', 'NodeService/ReplaceNode'),
  get('/v1/undecided', 'NodeService/ListUndecided'),
  post('/v1/undecided/{transaction.account}/{transaction.txn}/resolve', 'NodeService/ResolveTransaction'),
];

/** Methods without a route, and why. */
export const WITHOUT_ROUTE: Readonly<Record<string, string>> = {
  'AccountService/StreamPayments': 'a stream in both directions: batches go by /v1/payments:batchCreate',
  'NodeService/Audit': 'it takes as long as the ledger is large: mas-client audit',
  'NodeService/Backup': 'a stream of files\u2019 bytes: mas-client backup create',
};

/** Of what is no method of mas.v1: it is made of several (statement.ts). */
export const STATEMENT_PATH = '/v1/accounts/{number}/statement';

const PARAMETER = /\{([A-Za-z.]+)\}/g;

/** Fields that the path names, in its order. */
export function pathFields(path: string): readonly string[] {
  return [...path.matchAll(PARAMETER)].map(([, name = '']) => name);
}

/** As the router writes it: parameters by their place, a literal colon doubled. */
export function routerPath(path: string): string {
  let at = 0;
  return path.replaceAll(':', '::').replace(PARAMETER, () => `:p${at++}`);
}
