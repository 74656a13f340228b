/** A listener that runs: where, its health, and its end. */
import { type Server, type ServerCredentials } from '@grpc/grpc-js';
import type { Clock } from '@mas/values';
import type { HealthStatus } from './health';

export interface RunningServer {
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /** grpc.health.v1; NOT_SERVING until it is first set. */
  setServing(serving: boolean): void;
  /** NOT_SERVING, no new calls, waits for open ones at most so long, then ends them. */
  stop(graceMs: number): Promise<void>;
}

/** @throws ListenFailed */
export async function listen(server: Server, address: string, credentials: ServerCredentials, health: HealthStatus, clock: Clock): Promise<RunningServer> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => (error === null ? resolve(bound) : reject(new ListenFailed(address, error))));
  });
  return {
    port,
    setServing: (serving) => health.set(serving),
    stop: async (graceMs) => {
      health.set(false);
      await new Promise<void>((resolve) => {
        const timer = clock.schedule(graceMs, () => server.forceShutdown());
        server.tryShutdown(() => {
          timer.cancel();
          resolve();
        });
      });
    },
  };
}

export class ListenFailed extends Error {
  readonly kind = 'listen-failed';

  constructor(
    readonly address: string,
    cause: Error,
  ) {
    super(`cannot listen on ${address}: ${cause.message}`, { cause });
    this.name = 'ListenFailed';
  }
}
