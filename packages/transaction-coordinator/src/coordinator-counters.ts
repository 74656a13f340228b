/** What the coordinator counts, for status pages and tests. Plain numbers: incremented on the hot path, read rarely. */
export class CoordinatorCounters {
  paymentsStarted = 0;
  paymentsCommitted = 0;
  paymentsAborted = 0;
  paymentsUnknown = 0;
  paymentsConflicting = 0;
  paymentsRejected = 0;
  paymentsInFlight = 0;
  /** Requests to Resource Managers that carried instructions, and the instructions in them, members of one for many counted one by one. */
  instructionRequests = 0;
  instructionsSent = 0;
  requestRetries = 0;
  daoBegins = 0;
  daoRecords = 0;
  /** Payments that went on without Redis. */
  redisSilences = 0;
  recordsDropped = 0;
  /** Legs left to the home's leader. */
  tellsDropped = 0;
  /** Payments left to the journal's sweeps because too many wait for a home that does not answer. */
  unfinishedDropped = 0;
  lockWaits = 0;
  lockTimeouts = 0;
  placementRefreshes = 0;
  recovered = 0;
  alarms = 0;
}
