/** What one listener may cost, whoever calls: every bound has a name here. docs/running.md has the table. */
export interface DoorLimits {
  /** Sockets that are open, whether or not they have shown anything. */
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly handshakeTimeoutMs: number;
  /** A connection on which nobody has been let in by then is closed. */
  readonly strangerTimeoutMs: number;
  readonly maxConnectionAgeMs: number;
  readonly maxConnectionAgeGraceMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly maxCallsPerConnection: number;
  readonly maxCalls: number;
  /** Of one token's subject, over all its connections. */
  readonly maxCallsPerCaller: number;
  readonly maxMessageBytes: number;
  /** HTTP/2 flow control: what a peer may send to one stream before it has been read. */
  readonly windowBytes: number;
  /** Messages that are kept, in and out, of one connection and of all. */
  readonly memoryPerConnectionBytes: number;
  readonly memoryBytes: number;
  /** A message that has begun has to arrive in this time. */
  readonly messageTimeoutMs: number;
  /** An answer has to be taken in this time. */
  readonly unreadAnswerMs: number;
  /** A stream on which nothing has moved for so long is ended. */
  readonly idleStreamMs: number;
}

const MIB = 1024 * 1024;

/** For listeners that everybody can reach. */
export const PUBLIC_DOOR: DoorLimits = {
  maxConnections: 1_000,
  maxConnectionsPerAddress: 250,
  handshakeTimeoutMs: 10_000,
  strangerTimeoutMs: 30_000,
  maxConnectionAgeMs: 3_600_000,
  maxConnectionAgeGraceMs: 60_000,
  keepaliveTimeMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  maxCallsPerConnection: 1_000,
  maxCalls: 5_000,
  maxCallsPerCaller: 2_500,
  maxMessageBytes: 4 * MIB,
  windowBytes: 65_535,
  memoryPerConnectionBytes: 32 * MIB,
  memoryBytes: 128 * MIB,
  messageTimeoutMs: 30_000,
  unreadAnswerMs: 30_000,
  idleStreamMs: 600_000,
};

/**
 * For listeners between nodes, which let in nobody without a certificate of the cluster's CA. Few connections, large
 * messages, streams that live as long as their processes, and a peer that is gone is noticed within seconds.
 */
export const NODE_DOOR: DoorLimits = {
  ...PUBLIC_DOOR,
  maxConnectionAgeMs: Number.MAX_SAFE_INTEGER,
  keepaliveTimeMs: 3_000,
  keepaliveTimeoutMs: 3_000,
  maxMessageBytes: 64 * MIB,
  windowBytes: 8 * MIB,
  memoryPerConnectionBytes: 256 * MIB,
  memoryBytes: 1024 * MIB,
  idleStreamMs: Number.MAX_SAFE_INTEGER,
};
