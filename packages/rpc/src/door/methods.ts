/**
 * What a service is to the door. A method begins with the headers alone: whoever it refuses has not had a byte of the
 * body read. What it returns does the rest.
 */
import type { Metadata, ServiceDefinition } from '@grpc/grpc-js';
import { invariant } from '@mas/values';
import type { CertificateNames } from '../auth/peer-role';

export interface CallStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata?: Metadata;
}

/** What is known of a call before anything of its body. */
export interface CallHead {
  /** Undefined when it is not there. */
  header(name: string): string | undefined;
  /** All of them, as nodes read them. */
  metadata(): Metadata;
  /** The header was sent more than once. */
  isRepeated(name: string): boolean;
  /** On the monotonic clock, or Infinity. */
  readonly deadlineMs: number;
  /** Of a peer that TLS has verified. */
  certificate(): CertificateNames | undefined;
}

export interface StreamListener {
  /** `release` gives back the memory of the message; the end of the call does so too. */
  message(bytes: Buffer, release: () => void): void;
  /** The caller has said all it will say. */
  end(): void;
  /** The call is over, whoever ended it. Exactly once. */
  closed(): void;
}

/** The server's side of a stream, in both directions. After the end everything on it does nothing. */
export interface ServerStream {
  listen(listener: StreamListener): void;
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;
  /** Without waiting for a first message. */
  sendHeaders(): void;
  /** `written` is called when the message has left for the peer; never for a call that ended before. */
  write(message: Buffer, written?: () => void): void;
  end(status?: CallStatus): void;
  /** Aborted with the end of the call, whoever ended it: nothing that is written reaches anybody any more. */
  ended(): AbortSignal;
}

/**
 * `answer`: what the headers of the answer say besides; `caller`: whom the call is counted for, where one caller may not take
 * all places.
 */
export type Begun<Rest> =
  | { readonly ok: true; readonly value: Rest; readonly answer?: Metadata; readonly caller?: string }
  | { readonly ok: false; readonly status: CallStatus };
export type UnaryAnswer = { readonly ok: true; readonly value: Buffer } | { readonly ok: false; readonly status: CallStatus };

export interface UnaryMethod {
  readonly kind: 'unary';
  begin(head: CallHead): Begun<(request: Buffer, ended: () => AbortSignal) => Promise<UnaryAnswer>>;
  readonly guests?: GuestLimits;
}

export interface StreamMethod {
  readonly kind: 'stream';
  begin(head: CallHead): Begun<(stream: ServerStream) => void>;
  readonly guests?: GuestLimits;
}

/** For a method that asks for no token: what all strangers together may have of it. */
export interface GuestLimits {
  readonly maxOpen: number;
  readonly maxOpenPerConnection: number;
  readonly maxMessageBytes: number;
  /** Then it ends, whatever it does. */
  readonly lifetimeMs: number;
}

export type Method = UnaryMethod | StreamMethod;
export type ServiceMethods = Readonly<Record<string, Method>>;

/** By path. Every method of the definition must be there. */
export function methodsOf(definition: ServiceDefinition, methods: ServiceMethods): ReadonlyMap<string, Method> {
  return new Map(
    Object.entries(definition).map(([name, { path }]) => {
      const method = methods[name];
      invariant(method !== undefined, 'a method of a service has no implementation', { path });
      return [path, method];
    }),
  );
}

/** For a method that lets in whoever can reach it. */
export const everybody = <Rest>(rest: Rest): Begun<Rest> => ({ ok: true, value: rest });
