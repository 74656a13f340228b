/**
 * The Transaction Coordinator: wires its parts over the ports and answers the service's questions. Any number of
 * coordinators run side by side; none keeps anything that another could not do without.
 */
import { delay, invariant, type AccountNumber, type TxnId } from '@mas/values';
import { Accounts } from './accounts/accounts';
import { configProblems, MAX_ACCOUNTS_PER_READ, type CoordinatorConfig } from './coordinator-config';
import { CoordinatorCounters } from './coordinator-counters';
import type { CoordinatorNumbers } from './coordinator-numbers';
import type { CoordinatorPorts } from './coordinator-ports';
import type {
  AccountView,
  AuditReport,
  AuditWatch,
  BackupWatch,
  Caller,
  CoordinatorService,
  CoordinatorStatus,
  CreateAccountRequest,
  ListPaymentsRequest,
  PaymentRequest,
  PaymentResult,
  Reply,
} from './coordinator-service';
import { Journal } from './journal/journal';
import { Audit } from './operations/audit';
import { Backup } from './operations/backup';
import { ClusterStatus } from './operations/cluster-status';
import { Doubts } from './operations/doubts';
import type { NodeOrder } from '@mas/placement';
import { NodeOrdering } from './operations/node-ordering';
import { NodeReplacement } from './operations/node-replacement';
import { Recovery } from './operations/recovery';
import { Unfinished } from './operations/unfinished';
import { AccountLocks } from './payment/account-locks';
import { LockWaiter } from './payment/lock-waiter';
import { Payments } from './payment/payments';
import type { RunServices } from './payment/run-services';
import { LedgerTime } from './ledger-time';
import { PlacementKeeper } from './placement-keeper';
import { AccountReads } from './reads/account-reads';
import { PastReads } from './reads/past-reads';
import { BalanceCache } from './reads/balance-cache';
import { LegFinder } from './reads/leg-finder';
import { Cursors } from './reads/cursor';
import { Followers } from './reads/followers';
import { Lists } from './reads/lists';
import { PaymentViews } from './reads/payment-views';
import { SLOT_MOVING } from './reply';
import { BucketLink } from './transport/bucket-link';
import { TimerWheel } from './transport/timer-wheel';
import { WorkLimit } from './work-limit';

const STOP_POLL_MS = 20;

export class TransactionCoordinator implements CoordinatorService {
  readonly counters = new CoordinatorCounters();
  private readonly startedAtMs: number;
  private readonly link: BucketLink;
  private readonly journal: Journal;
  private readonly placements: PlacementKeeper;
  private readonly payments: Payments;
  private readonly accounts: Accounts;
  private readonly reads: AccountReads;
  private readonly pastReads: PastReads;
  private readonly lists: Lists;
  private readonly views: PaymentViews;
  private readonly doubts: Doubts;
  private readonly auditor: Audit;
  private readonly backups: Backup;
  private readonly status: ClusterStatus;
  private readonly nodes: NodeReplacement;
  private readonly ordering: NodeOrdering;
  private readonly recovery: Recovery;
  private readonly unfinished: Unfinished;
  private readonly limits: Readonly<Record<'reads' | 'lists' | 'accounts' | 'audits' | 'backups' | 'operations', WorkLimit>>;

  private lastAudit: CoordinatorNumbers['lastAudit'] = null;

  constructor(
    private readonly ports: CoordinatorPorts,
    private readonly config: CoordinatorConfig,
  ) {
    const problems = configProblems(config);
    invariant(problems.length === 0, 'the coordinator is configured', { problems: problems.map((problem) => problem.message).join('; ') });
    const { dao, participants, directory, clock, random, logger, digest, failpoints } = ports;
    const { counters } = this;
    this.startedAtMs = clock.monotonicMs();
    const refreshPlacement = (): Promise<void> => this.placements.refresh();
    this.link = new BucketLink({ participants, directory, clock, random, logger, counters, config, refreshPlacement });
    const { link } = this;
    this.journal = new Journal(dao, clock, logger, counters, config);
    this.placements = new PlacementKeeper({ dao, participants, clock, logger }, directory, config.requestTimeoutMs);
    const lockWaiter = new LockWaiter(ports.lockStore, clock, counters, config);
    this.unfinished = new Unfinished(clock, config, counters, (transaction) => this.recovery.finishLeft(transaction));
    const run: RunServices = {
      config,
      clock,
      random,
      logger,
      counters,
      failpoints,
      journal: this.journal,
      link,
      wheel: new TimerWheel(clock),
      placements: this.placements,
      lockWaiter,
      unfinished: this.unfinished,
    };
    const cache = new BalanceCache(dao, clock, config.idleGatherMs);
    const legFinder = new LegFinder(link);
    const ledgerTime = new LedgerTime(link.follower, directory, clock);
    const followers = new Followers(link, directory, clock);
    this.pastReads = new PastReads(link, directory, ledgerTime, followers);
    this.payments = new Payments({
      ...run,
      digest,
      cache,
      legFinder,
      ledgerTime,
      accountLocks: new AccountLocks(ports.locks, ports.lockStore, link, clock, random, logger, config),
    });
    this.accounts = new Accounts({ link, directory, placements: this.placements, digest, clock, config });
    this.reads = new AccountReads(link, directory, cache);
    this.lists = new Lists(link, directory, new Cursors(ports.digest), followers);
    this.views = new PaymentViews(dao, link, legFinder, clock, this.unfinished, config.coordinatorId);
    this.doubts = new Doubts(run, legFinder, directory, dao);
    this.auditor = new Audit(link, directory, clock, random, config);
    this.backups = new Backup(link, directory, ledgerTime, clock, random);
    this.status = new ClusterStatus(link, directory, clock, () => this.ownStatus());
    this.nodes = new NodeReplacement(link, clock);
    this.ordering = new NodeOrdering(link, directory);
    this.recovery = new Recovery(run, dao);
    this.limits = {
      reads: new WorkLimit(config.maxAccountsInReads, 'TOO_MANY_READS', 'reads of accounts and payments'),
      lists: new WorkLimit(config.maxListsInFlight, 'TOO_MANY_LISTS', 'lists'),
      accounts: new WorkLimit(config.maxAccountOperationsInFlight, 'TOO_MANY_ACCOUNT_OPERATIONS', 'creations and changes of accounts'),
      backups: new WorkLimit(1, 'TOO_MANY_BACKUPS', 'backups'),
      audits: new WorkLimit(config.maxAuditsInFlight, 'TOO_MANY_AUDITS', 'audits'),
      operations: new WorkLimit(config.maxOperationsInFlight, 'TOO_MANY_OPERATIONS', "operators' questions and orders"),
    };
  }

  /** Publishes the placement if Redis has none, and begins to finish what earlier runs left; payments are served at once. */
  start(): void {
    void this.placements.republish();
    this.placements.keepUp();
    this.recovery.start();
  }

  /** Refuses new payments, waits for those under way and for what is queued for Redis; at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    const { clock } = this.ports;
    this.payments.refuseNew();
    this.recovery.stop();
    this.placements.stop();
    this.unfinished.stop();
    const untilMs = clock.monotonicMs() + graceMs;
    while (clock.monotonicMs() < untilMs && !(this.payments.idle && this.journal.idle)) await delay(clock, STOP_POLL_MS);
    if (!this.payments.idle)
      this.ports.logger.warn({ paymentsInFlight: this.counters.paymentsInFlight }, 'stopping with payments under way; their buckets will resolve them');
  }

  numbers(): CoordinatorNumbers {
    const { link, journal, unfinished, payments, counters, lastAudit } = this;
    const oldestMs = unfinished.oldestMs();
    return {
      counters,
      paymentsOpen: payments.open,
      unfinished: { count: unfinished.size, oldestAgeMs: oldestMs === null ? 0 : this.ports.clock.monotonicMs() - oldestMs },
      queuedInstructions: link.queued(),
      queuedEntries: journal.queued,
      redisIsHeard: journal.isHeard,
      lastAudit,
    };
  }

  createAccount(caller: Caller, request: CreateAccountRequest): Promise<Reply<{ readonly account: AccountView; readonly created: boolean }>> {
    return this.limits.accounts.run(1, () => this.accounts.create(caller, request));
  }

  changeAccount(
    caller: Caller,
    request: { readonly id: string; readonly number: AccountNumber; readonly change: 'freeze' | 'unfreeze' | 'close' },
  ): Promise<Reply<AccountView>> {
    return this.limits.accounts.run(1, () => this.accounts.change(caller, request));
  }

  getAccounts(
    caller: Caller,
    numbers: readonly AccountNumber[],
    level: 'committed' | 'uncommitted' | 'cached',
    atUs: number | null,
  ): Promise<Reply<readonly AccountView[]>> {
    // More than one read may ask for is refused there, whatever else is under way.
    return this.limits.reads.run(Math.min(numbers.length, MAX_ACCOUNTS_PER_READ), () =>
      this.followed(caller, () => (atUs === null ? this.reads.get(caller, numbers, level) : this.pastReads.get(caller, numbers, atUs))),
    );
  }

  listAccounts(caller: Caller, cursor: string | null, limit: number): ReturnType<CoordinatorService['listAccounts']> {
    return this.limits.lists.run(1, () => this.lists.accounts(caller, cursor, limit));
  }

  createPayment(caller: Caller, request: PaymentRequest): Promise<Reply<PaymentResult>> {
    return this.payments.create(caller, request);
  }

  createPayments(caller: Caller, requests: readonly PaymentRequest[]): Promise<readonly Reply<PaymentResult>[]> {
    return this.payments.createAll(caller, requests);
  }

  getPayment(caller: Caller, payment: Parameters<CoordinatorService['getPayment']>[1]): ReturnType<CoordinatorService['getPayment']> {
    return this.limits.reads.run(1, () => this.views.get(caller, payment));
  }

  listPayments(caller: Caller, request: ListPaymentsRequest): ReturnType<CoordinatorService['listPayments']> {
    return this.limits.lists.run(1, () => this.followed(caller, () => this.lists.payments(caller, request)));
  }

  /** A read changes nothing: one that met a slot on its way begins again with a newer map. */
  private async followed<Value>(caller: Caller, read: () => Promise<Reply<Value>>): Promise<Reply<Value>> {
    for (;;) {
      const reply = await read();
      if (reply.ok || reply.error.reason !== SLOT_MOVING || !(await this.link.placedAgain(caller.deadlineMs))) return reply;
    }
  }

  audit(caller: Caller, watch: AuditWatch): ReturnType<CoordinatorService['audit']> {
    return this.limits.audits.run(1, async () => {
      const report = await this.auditor.run(caller, watch);
      if (report.ok) this.noteAudit(report.value);
      return report;
    });
  }

  backup(caller: Caller, watch: BackupWatch): ReturnType<CoordinatorService['backup']> {
    return this.limits.backups.run(1, () => this.backups.run(caller, watch));
  }

  undecided(caller: Caller): ReturnType<CoordinatorService['undecided']> {
    return this.limits.operations.run(1, () => this.doubts.list(caller));
  }

  resolve(caller: Caller, txn: TxnId, account: AccountNumber): Promise<Reply<PaymentResult>> {
    return this.limits.operations.run(1, () => this.doubts.resolve(caller, txn, account));
  }

  replaceNode(caller: Caller, rm: number, ordinal: number | null): ReturnType<CoordinatorService['replaceNode']> {
    return this.limits.operations.run(1, () => this.nodes.replace(caller, rm, ordinal));
  }

  orderNodes(caller: Caller, order: NodeOrder): ReturnType<CoordinatorService['orderNodes']> {
    return this.limits.operations.run(1, () => this.ordering.order(caller, order));
  }

  clusterStatus(caller: Caller): ReturnType<CoordinatorService['clusterStatus']> {
    return this.limits.operations.run(1, () => this.status.get(caller));
  }

  private ownStatus(): CoordinatorStatus {
    const { counters, ports, config } = this;
    return {
      id: config.coordinatorId,
      uptimeMs: ports.clock.monotonicMs() - this.startedAtMs,
      paymentsInFlight: counters.paymentsInFlight,
      committed: counters.paymentsCommitted,
      unknown: counters.unknown.total,
      refused: counters.refused.total + counters.paymentsConflicting,
      aborted: [...counters.aborted.entries()].map(([reason, count]) => ({ reason, count })),
      latency: this.payments.answerTimes.report(),
      certificatesEndMs: ports.certificatesEndMs?.() ?? null,
    };
  }

  private noteAudit({ checks, incomplete }: AuditReport): void {
    const differences = checks.reduce((sum, check) => sum + check.differences.length, 0);
    this.lastAudit = { endedAtMs: this.ports.clock.wallMs(), differences, missed: incomplete.length };
  }
}
