/** A listener that runs: where, its health, and its end. */
import { Door, type DoorOptions } from '../door/door';
import type { HealthStatus } from './health';

export interface RunningServer {
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /** grpc.health.v1; NOT_SERVING until it is first set. */
  setServing(serving: boolean): void;
  /** NOT_SERVING, no new calls, waits for open ones at most so long, then cuts what is left. */
  stop(graceMs: number): Promise<void>;
}

/** @throws ListenFailed */
export async function listen(address: string, health: HealthStatus, options: Omit<DoorOptions, 'host' | 'port'>): Promise<RunningServer> {
  const { door, port } = await open(address, options);
  return {
    port,
    setServing: (serving) => health.set(serving),
    stop: async (graceMs) => {
      health.set(false);
      await door.stop(graceMs);
    },
  };
}

async function open(address: string, options: Omit<DoorOptions, 'host' | 'port'>): Promise<{ readonly door: Door; readonly port: number }> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  try {
    return await Door.open({ ...options, host, port: Number(address.slice(at + 1)) });
  } catch (error) {
    throw new ListenFailed(address, error instanceof Error ? error : new Error(String(error)));
  }
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
