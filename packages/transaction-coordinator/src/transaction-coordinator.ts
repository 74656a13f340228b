/** Interim: the constructor's shape, so that wiring can be written; every method says that it is not there yet. */
import { invariant } from '@mas/values';
import { configProblems, type CoordinatorConfig } from './coordinator-config';
import { CoordinatorCounters } from './coordinator-counters';
import type { CoordinatorPorts } from './coordinator-ports';
import type { CoordinatorService, Reply } from './coordinator-service';
import { failure } from './reply';

export class TransactionCoordinator implements CoordinatorService {
  readonly counters = new CoordinatorCounters();

  constructor(
    readonly ports: CoordinatorPorts,
    readonly config: CoordinatorConfig,
  ) {
    invariant(configProblems(config).length === 0, 'the coordinator is configured', { problems: configProblems(config).map((problem) => problem.message) });
  }

  /** Begins recovery of what earlier runs left; payments are served at once. */
  start(): void {
    return undefined;
  }

  /** Refuses new requests, waits for those in flight (at most `graceMs`), writes what is queued for Redis. */
  stop(graceMs: number): Promise<void> {
    return Promise.resolve(void graceMs);
  }

  createAccount = unimplemented;
  getAccounts = unimplemented;
  listAccounts = unimplemented;
  changeAccount = unimplemented;
  createPayment = unimplemented;
  createPayments = (): Promise<readonly Reply<never>[]> => Promise.resolve([]);
  getPayment = unimplemented;
  listPayments = unimplemented;
  audit = unimplemented;
  undecided = unimplemented;
  resolve = unimplemented;
  clusterStatus = unimplemented;
}

function unimplemented(): Promise<Reply<never>> {
  return Promise.resolve(failure('unimplemented', 'UNIMPLEMENTED', 'This coordinator does not do this yet.'));
}
