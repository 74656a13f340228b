/**
 * grpc.health.v1: the process ("") and its services share one status, which the process sets. Without a token, so within
 * limits that all strangers share; who watches is told of changes until its time is over, and then asks again.
 */
import { status as Code } from '@grpc/grpc-js';
import { everybody, type GuestLimits, type ServerStream, type ServiceMethods } from '../door/methods';
import { HealthCheckRequest, HealthCheckResponse, HealthCheckResponse_ServingStatus as Status } from '../generated/grpc/health/v1/health';

const CHECKS: GuestLimits = { maxOpen: 500, maxOpenPerConnection: 10, maxMessageBytes: 1024, lifetimeMs: 10_000 };
const WATCHES: GuestLimits = { maxOpen: 100, maxOpenPerConnection: 3, maxMessageBytes: 1024, lifetimeMs: 20_000 };

export class HealthStatus {
  private status = Status.NOT_SERVING;
  private readonly names: ReadonlySet<string>;
  private readonly watchers = new Set<(status: Status) => void>();

  constructor(services: readonly string[]) {
    this.names = new Set(['', ...services]);
  }

  set(serving: boolean): void {
    const status = serving ? Status.SERVING : Status.NOT_SERVING;
    if (status === this.status) return;
    this.status = status;
    for (const tell of this.watchers) tell(status);
  }

  methods(): ServiceMethods {
    return {
      check: {
        kind: 'unary',
        guests: CHECKS,
        begin: () =>
          everybody((bytes) => {
            const service = serviceOf(bytes);
            if (service === undefined) return Promise.resolve({ ok: false, status: MALFORMED });
            if (!this.names.has(service))
              return Promise.resolve({ ok: false, status: { code: Code.NOT_FOUND, details: 'The service is not one of this process.' } });
            return Promise.resolve({ ok: true, value: encode(this.status) });
          }),
      },
      watch: { kind: 'stream', guests: WATCHES, begin: () => everybody((stream) => this.watch(stream)) },
    };
  }

  private watch(stream: ServerStream): void {
    let tell: ((status: Status) => void) | null = null;
    stream.listen({
      message: (bytes) => {
        const service = serviceOf(bytes);
        if (service === undefined || tell !== null) return stream.end(MALFORMED);
        tell = (status) => stream.write(encode(status));
        if (this.names.has(service)) this.watchers.add(tell);
        tell(this.names.has(service) ? this.status : Status.SERVICE_UNKNOWN);
      },
      end: () => undefined,
      closed: () => {
        if (tell !== null) this.watchers.delete(tell);
      },
    });
  }
}

const MALFORMED = { code: Code.INVALID_ARGUMENT, details: 'The request is not one HealthCheckRequest.' } as const;

function serviceOf(bytes: Buffer): string | undefined {
  try {
    return HealthCheckRequest.decode(bytes).service;
  } catch {
    return undefined;
  }
}

function encode(status: Status): Buffer {
  return Buffer.from(HealthCheckResponse.encode({ status }).finish());
}
