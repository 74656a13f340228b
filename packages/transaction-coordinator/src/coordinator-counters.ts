/** What the coordinator counts, for whoever asks a process how it is doing (packages/metrics). Plain numbers: incremented on the hot path, read rarely. */
import { Durations } from '@mas/values';
import { StepDurations } from './payment/step-durations';
import { Tally } from './tally';

export class CoordinatorCounters {
  paymentsCommitted = 0;
  paymentsConflicting = 0;
  paymentsInFlight = 0;
  /** By the name of their reason. */
  readonly aborted = new Tally();
  /** By what the home lacked. */
  readonly unknown = new Tally();
  /** Refused before or instead of a record, by the reason that the caller hears. */
  readonly refused = new Tally();
  readonly steps = new StepDurations();
  /** Requests to Resource Managers that carried instructions, and the instructions in them, members of one for many counted one by one. */
  instructionRequests = 0;
  instructionsSent = 0;
  requestRetries = 0;
  /** Exchanges with Redis that were answered. */
  readonly redisBegins = new Durations();
  readonly redisRecords = new Durations();
  /** Payments that went on without Redis. */
  redisSilences = 0;
  recordsDropped = 0;
  /** Legs left to the home's leader. */
  tellsDropped = 0;
  /** Payments left to the journal's sweeps because too many wait for a home that does not answer. */
  unfinishedDropped = 0;
  lockWaits = 0;
  lockTimeouts = 0;
  recovered = 0;
  alarms = 0;
}
