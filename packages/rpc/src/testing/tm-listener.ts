/** A Transaction Manager's listener over real TLS before a coordinator and locks that answer what a test tells them to. Test support only. */
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { GlobalLockService, LockReport } from '@mas/global-lock';
import { systemClock } from '@mas/testkit/clock';
import { accountNumber, bucketId, silentLogger } from '@mas/values';
import { JwtTokenVerifier } from '../auth/jwt-token-verifier';
import { loadTokenKeys } from '../auth/token-keys';
import { TokenSigner } from '../auth/token-signer';
import { identity } from '../client/node-channel';
import { fromServiceError } from '../errors/status-details';
import { edgeLimits } from '../server/edge-limits';
import type { RunningServer } from '../server/running-server';
import { startTmServer } from '../server/start-tm-server';
import { fakeCoordinator } from './fake-coordinator';
import { freshSecret } from './fresh-secret';
import { makeTestCerts } from './test-certs';

export const PAYMENT = '/mas.v1.AccountService/CreatePayment';
export const CALL_TIMEOUT_MS = 60_000;

export interface Outcome {
  readonly error: ServiceError | null;
  readonly answer: Buffer | undefined;
}

export const report = (lockId: string): LockReport => ({
  lockId,
  mode: 'exclusive',
  holders: [{ heldBy: 'operator mas|ops', token: 3, remainingMs: 12.5 }],
  waiting: 2,
  lastBreak: { by: 'operator mas|ops', atMs: 5, upToToken: 2 },
});

const locks: GlobalLockService = {
  acquire: ({ lockIds, handle }) =>
    Promise.resolve(
      lockIds.includes('busy')
        ? { kind: 'held', by: { lockId: 'busy', mode: 'exclusive', owners: ['secret-handle'], remainingMs: 12.5, token: 3 }, attempts: 10 }
        : { kind: 'acquired', handle: handle ?? 'h', locks: lockIds.map((lockId) => ({ lockId, token: 7 })), timeoutMs: 5000 },
    ),
  release: ({ lockIds }) => Promise.resolve({ kind: 'lost', lockIds }),
  refresh: () => Promise.resolve({ kind: 'unavailable', reason: 'redis is silent' }),
  status: (lockId) => Promise.resolve({ lockId, mode: 'exclusive', owners: ['secret-handle'], remainingMs: 12.5, token: 3 }),
  inspect: (lockId) => Promise.resolve(report(lockId)),
  list: () => Promise.resolve({ locks: [{ ...report('busy'), waiting: null }], silent: [bucketId(3)], more: 2 }),
  break: ({ lockId }) =>
    Promise.resolve(
      lockId === 'busy'
        ? { kind: 'broken', was: report(lockId) }
        : lockId === 'old'
          ? { kind: 'refused', name: 'SEMANTICS_TOO_OLD', lockId }
          : { kind: 'not-held' },
    ),
};

export class TmListener {
  readonly certs = makeTestCerts();
  readonly coordinator = fakeCoordinator();
  readonly verifier: JwtTokenVerifier;
  readonly signer: TokenSigner;
  readonly operator: string;
  /** Of account abc. */
  readonly own: string;

  constructor() {
    const keys = loadTokenKeys({ algorithm: 'HS256', issuer: 'mas', audience: 'mas', keys: [{ keyId: '1', material: freshSecret() }] });
    if (!keys.ok) throw new Error(keys.error.message);
    this.verifier = new JwtTokenVerifier({ current: keys.value }, systemClock);
    this.signer = new TokenSigner({ current: keys.value }, systemClock);
    this.operator = this.signer.operator('ops', 3600).token;
    this.own = this.signer.account(accountNumber('abc'), 3600).token;
  }

  async start(): Promise<{ readonly server: RunningServer; readonly raw: Client; readonly address: string }> {
    const limits = edgeLimits({ maxMessageBytes: 64 * 1024, rateBurst: 2_500, ratePerSecond: 1 });
    if (!limits.ok) throw new Error(limits.error.join());
    const { certs, coordinator, verifier, signer } = this;
    const server = await startTmServer({
      address: '127.0.0.1:0',
      tls: certs.tm,
      coordinator: coordinator.service,
      locks,
      tokens: verifier,
      signer,
      limits: limits.value,
      clock: systemClock,
      logger: silentLogger,
    });
    server.setServing(true);
    const address = `localhost:${server.port}`;
    return {
      server,
      raw: new Client(address, credentials.createSsl(certs.tm.ca)),
      address,
    };
  }

  /** Before each test: as if nothing had been asked. */
  forget(): void {
    this.coordinator.calls.length = 0;
    this.coordinator.answers.clear();
  }
}

/** @param token with a space in it: the whole header. */
export function rawCallOver(over: Client, path: string, bytes: Buffer, token: string | null, timeoutMs: number | null = CALL_TIMEOUT_MS): Promise<Outcome> {
  const metadata = new Metadata();
  if (token !== null) metadata.set('authorization', token.includes(' ') ? token : `Bearer ${token}`);
  return new Promise((resolve) => {
    over.makeUnaryRequest(path, identity, identity, bytes, metadata, timeoutMs === null ? {} : { deadline: Date.now() + timeoutMs }, (error, answer) =>
      resolve({ error, answer }),
    );
  });
}

export async function failed(outcome: Promise<Outcome>): Promise<object> {
  const { error } = await outcome;
  if (error === null) return { accepted: true };
  const { code, error: details } = fromServiceError(error);
  return { code, reason: details.reason, field: details.field };
}
