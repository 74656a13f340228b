/**
 * Buckets that say yes to everything, for the coordinator alone: what it sends is kept, what it hears is made from the
 * instruction without a ledger. Its Redis is silent memory that keeps what would be written.
 */
import { SEMANTICS_VERSION, type LegRow, type Outcome, type OutcomeRow, type PaymentBody } from '@mas/ledger';
import { slotOfAccount, type PlacementMap } from '@mas/placement';
import type { InstructionItem, ParticipantClient, ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import type { TransactionEntry, TxnCoordinatorDAO } from '@mas/transaction-coordinator';
import { present, unreachable, type AccountNumber, type PaymentKey, type RmId, type Slot, type TxnId } from '@mas/values';

export type InstructionRequest = Extract<ParticipantRequest, { readonly kind: 'instructions' }>;

interface Payment {
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly body: PaymentBody;
}

export class AnsweringBuckets implements ParticipantClient {
  requests: InstructionRequest[] = [];
  acknowledged = 0;
  private readonly legs = new Map<TxnId, LegRow>();

  constructor(private readonly map: PlacementMap) {}

  send(_rm: RmId, request: ParticipantRequest): Promise<ParticipantReply> {
    switch (request.kind) {
      case 'instructions':
        this.requests.push(request);
        return Promise.resolve({
          kind: 'outcomes',
          semanticsVersion: SEMANTICS_VERSION,
          outcomes: request.items.map((item) => ({ kind: 'outcome', outcome: this.outcomeOf(item) })),
        });
      case 'placement':
        return Promise.resolve({ kind: 'placement', map: this.map, agreedMs: null });
      default:
        return Promise.resolve({ kind: 'unavailable', reason: 'not asked here' });
    }
  }

  forget(): void {
    this.requests = [];
    this.legs.clear();
  }

  private outcomeOf({ instruction }: InstructionItem): Outcome {
    switch (instruction.kind) {
      case 'prepare': {
        const leg = preparedLeg(instruction, instruction.account);
        this.legs.set(instruction.txn, leg);
        return { kind: 'prepared', leg };
      }
      case 'decide-commit':
        return { kind: 'decided', outcome: committed(instruction), fresh: true };
      case 'commit':
        return { kind: 'leg-ended', leg: present(this.legs.get(instruction.txn), 'prepared leg') };
      case 'commit-many':
        return { kind: 'done' };
      case 'acknowledge':
        this.acknowledged += 1;
        return { kind: 'done' };
      case 'acknowledge-many':
        this.acknowledged += instruction.told.length;
        return { kind: 'done' };
      default:
        return unreachable(instruction as never, 'instruction of a committed payment');
    }
  }
}

function preparedLeg({ txn, key, homeSlot, body }: Payment, account: AccountNumber): LegRow {
  return {
    slot: slotOfAccount(account),
    account,
    seq: 1,
    txn,
    key,
    homeSlot,
    subject: { kind: 'operator', name: 'mas|ops' },
    spec: present(
      body.legs.find((leg) => leg.account === account),
      'leg',
    ),
    body,
    state: 'prepared',
    reason: null,
    preparedAtMs: 1,
    preparedUs: 1_000,
    endedAtMs: null,
    commitUs: null,
    journal: null,
    reservation: null,
    mark: null,
    refundedMinor: 0n,
    refundReservedMinor: 0n,
  };
}

function committed({ txn, key, homeSlot, body }: Payment): OutcomeRow {
  const payer = present(
    body.legs.find((leg) => leg.effect === 'debit'),
    'paying leg',
  ).account;
  const untold = body.legs.filter(({ account }) => account !== payer).map(({ account }) => ({ account }));
  return {
    slot: homeSlot,
    key,
    txn,
    body,
    subject: { kind: 'operator', name: 'mas|ops' },
    decision: { kind: 'committed', atMs: 1, commitUs: 1_001 },
    balances: [{ account: payer, balanceMinor: 1n, rev: 2 }],
    untold,
    forced: [],
  };
}

/** Keeps the entries of the round. */
export class KeptJournal implements TxnCoordinatorDAO {
  begun: TransactionEntry[] = [];
  ended: TransactionEntry[] = [];

  begin(entries: readonly TransactionEntry[]): Promise<{ readonly exclusivelyLocked: readonly string[] }> {
    for (const entry of entries) this.begun.push(entry);
    return Promise.resolve({ exclusivelyLocked: [] });
  }

  record(entries: readonly TransactionEntry[]): Promise<void> {
    for (const entry of entries) this.ended.push(entry);
    return Promise.resolve();
  }

  readonly recordRepeated = (): Promise<void> => Promise.resolve();
  readonly forget = (): Promise<void> => Promise.resolve();
  readonly transactions = (): Promise<readonly null[]> => Promise.resolve([]);
  readonly pending = (): Promise<readonly TransactionEntry[]> => Promise.resolve([]);
  readonly placement = (): Promise<null> => Promise.resolve(null);
  readonly publishPlacement = (): Promise<void> => Promise.resolve();
  readonly peersList = (): Promise<ReadonlyMap<never, string>> => Promise.resolve(new Map<never, string>());
  readonly cacheNamespace = (): Promise<string> => Promise.resolve('stages');
  readonly cacheBalances = (): Promise<void> => Promise.resolve();
  readonly cachedBalances = (): Promise<readonly null[]> => Promise.resolve([]);
  readonly ping = (): Promise<void> => Promise.resolve();
}
