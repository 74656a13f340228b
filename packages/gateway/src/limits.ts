/** What callers may cost, whoever they are. */
export const LIMITS = {
  /** One more is closed at once. */
  connections: 500,
  /** Requests that are worked on at the same time; beyond it 503, GATEWAY_BUSY. */
  requests: 1_000,
  /** Statements that are made at the same time; beyond it 503, GATEWAY_BUSY. */
  statements: 8,
  /** Of one statement, which is kept whole until it is sent; beyond it a shorter period is wanted. */
  statementMovements: 20_000,
  streamsPerConnection: 100,
  bodyBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  /** Of one value in a path. */
  parameterCharacters: 512,
  /** Until TLS is agreed, and until the first request is there. */
  handshakeMs: 10_000,
  /** From a request's head to the end of its body. */
  bodyMs: 10_000,
  /** Of a connection on which nothing happens. */
  idleMs: 75_000,
  defaultWaitMs: 15_000,
  maxWaitMs: 60_000,
  /** Between two questions about a payment whose outcome is not known. */
  unknownRetryMs: 100,
} as const;
