/** A Resource Manager's part of a round: what a leader does, what a follower does, and what every replica does. */
import {
  emptyBucket,
  Ledger,
  rowsTouched,
  SEMANTICS_VERSION,
  type CreateAccount,
  type Instruction,
  type InstructionKind,
  type LedgerEntry,
  type Outcome,
} from '@mas/ledger';
import { homeSlotOfKey, slotOfAccount, txnVersionOf, type PlacementIndex } from '@mas/placement';
import { AdmissionControl, noPins, platformDigest, resourceManagerConfig, RowTable, type Pins, type TokenVerifier } from '@mas/resource-manager';
import { EncodedInstructions, ProtoLedgerCodec, SessionCodec } from '@mas/rpc';
import { ACCOUNT_TEXT, bySlot, loadRows, OUTCOME_TEXT, PAYMENT_TEXT, type RowInSlot, type TableText } from '@mas/sql-store';
import type { InstructionItem, ParticipantRequest } from '@mas/two-phase-commit';
import { currency, ok, paymentKey, present, SeededRandom, txnId, type AccountNumber, type BucketId } from '@mas/values';
import type { StageMeter } from './stage-meter';

const OPERATOR = { kind: 'operator', name: 'mas|ops' } as const;
const OPENING_MINOR = 1_000_000_000n;
/** In the order in which a payment's come. */
const SHOWN: readonly (readonly [name: string, ...kinds: readonly InstructionKind[]])[] = [
  ['PREPARE', 'prepare'],
  ['DECIDE', 'decide-commit'],
  ['COMMIT', 'commit', 'commit-many'],
  ['ACKNOWLEDGE', 'acknowledge', 'acknowledge-many'],
];

interface Replica {
  readonly ledger: Ledger;
  readonly table: RowTable;
  index: number;
}

export class ReplicaStages {
  private readonly encoded = new EncodedInstructions();
  private readonly session = new SessionCodec(this.encoded);
  private readonly leaderCodec = new ProtoLedgerCodec(this.encoded);
  private readonly followerCodec = new ProtoLedgerCodec();
  private readonly admission: AdmissionControl;
  private readonly replicas = new Map<BucketId, Replica>();

  constructor(
    private readonly meter: StageMeter,
    placement: PlacementIndex,
  ) {
    const tokens = new Map<string, ReturnType<TokenVerifier['verify']>>();
    // As the real one does with a token that it knows.
    const verify: TokenVerifier['verify'] = (token) => {
      const known = tokens.get(token) ?? ok(OPERATOR);
      tokens.set(token, known);
      return known;
    };
    this.admission = new AdmissionControl({ verify }, platformDigest, () => txnVersionOf(placement.map));
    for (const { bucket, slots } of placement.map.buckets) this.found(bucket, slots);
  }

  open(accounts: readonly AccountNumber[], placement: PlacementIndex): void {
    for (const [bucket, replica] of this.replicas) {
      const own = accounts.filter((number) => placement.bucketOf(slotOfAccount(number)) === bucket);
      for (let from = 0; from < own.length; from += 500)
        this.apply(replica, { stampMs: 1, behindUs: null, instructions: own.slice(from, from + 500).map(creation) });
      replica.table.gather();
      replica.table.written();
    }
  }

  /** @returns the replies as bytes. */
  run(requests: readonly Uint8Array[], units: number): readonly Buffer[] {
    const { meter } = this;
    const decoded = meter.take('RM leader: decode requests', units, () => requests.map((frame) => this.session.decodeRequests(frame)));
    const instructed = decoded.flat().map((received) => {
      if ('unreadable' in received) throw received.unreadable;
      return instructionsOf(received.request);
    });
    const admitted = meter.take('RM leader: admission', units, () =>
      instructed.map(({ bucket, items }) => ({ bucket, instructions: items.map((item) => this.admit(item)) })),
    );
    const entries = meter.take('RM leader: encode entries', units, () =>
      admitted.map(({ instructions }) =>
        this.leaderCodec.encodeEntry(
          2,
          null,
          instructions.map((each) => this.leaderCodec.encodeInstruction(each)),
        ),
      ),
    );
    const followed = meter.take('RM follower: decode entries', units, () => entries.map((bytes) => this.followerCodec.decodeEntry(bytes)));
    const outcomes: (readonly Outcome[])[] = [];
    for (const [name, ...kinds] of SHOWN) {
      const parts = followed.flatMap((entry, at) =>
        kinds.some((kind) => entry.instructions[0]?.kind === kind) ? [{ entry, replica: this.replicaOf(present(admitted[at], 'request').bucket), at }] : [],
      );
      const pins = meter.take(`RM: pin ${name}`, units, () => parts.map(({ entry, replica }) => pinAll(replica, entry.instructions)));
      const results = meter.take(`RM: apply ${name}`, units, () =>
        parts.map(({ entry, replica }) => replica.ledger.apply(entry, replica.table, (replica.index += 1))),
      );
      meter.take('RM: unpin', units, () => parts.forEach(({ replica }, at) => replica.table.unpin(present(pins[at], 'pins'))));
      results.forEach((each, i) => (outcomes[present(parts[i], 'part').at] = each));
    }
    const replies = meter.take('RM leader: encode replies', units, () =>
      outcomes.map((each, correlationId) =>
        this.session.encodeCorrelatedReply({
          correlationId,
          reply: { kind: 'outcomes', semanticsVersion: SEMANTICS_VERSION, outcomes: each.map((outcome) => ({ kind: 'outcome', outcome })) },
        }),
      ),
    );
    this.checkpoint(units);
    return replies;
  }

  private checkpoint(units: number): void {
    const { meter } = this;
    const all = [...this.replicas.values()];
    const changed = meter.take('RM: gather', units, () => all.map(({ table }) => table.gather()));
    meter.take('RM: lines of accounts', units, () => changed.map(({ accounts }) => linesOf(ACCOUNT_TEXT, accounts)));
    meter.take('RM: lines of legs', units, () => changed.map(({ legs }) => linesOf(PAYMENT_TEXT, legs)));
    meter.take('RM: lines of outcomes', units, () => changed.map(({ outcomes }) => linesOf(OUTCOME_TEXT, outcomes)));
    meter.take('RM: written', units, () => all.forEach(({ table }) => table.written()));
  }

  private admit(item: InstructionItem): Instruction {
    const admission = this.admission.admit(item, 'tm');
    if (admission.kind !== 'admitted') throw new Error(`refused: ${admission.reason}`);
    return admission.instruction;
  }

  private found(bucket: BucketId, slots: Extract<Instruction, { kind: 'genesis' }>['slots']): void {
    const config = resourceManagerConfig({});
    if (!config.ok) throw new Error('the Resource Manager is configured wrongly');
    const ledger = new Ledger(emptyBucket(bucket), { prepared: [], openAuthorizations: [], undelivered: [], locks: [] }, slotOfAccount, homeSlotOfKey);
    const replica: Replica = { ledger, table: new RowTable(config.value, new SeededRandom(bucket), ledger), index: 0 };
    this.replicas.set(bucket, replica);
    this.apply(replica, {
      stampMs: 1,
      behindUs: null,
      instructions: [{ kind: 'genesis', slots, epoch: 1, policy: config.value.policy, semanticsVersion: SEMANTICS_VERSION }],
    });
  }

  private apply(replica: Replica, entry: LedgerEntry): void {
    const pins = pinAll(replica, entry.instructions);
    replica.index += 1;
    replica.ledger.apply(entry, replica.table, replica.index);
    replica.table.unpin(pins);
  }

  private replicaOf(bucket: BucketId): Replica {
    return present(this.replicas.get(bucket), 'replica');
  }
}

/** There is no SQL: what memory does not know does not exist. */
function pinAll({ ledger, table }: Replica, instructions: readonly Instruction[]): Pins {
  const pins = noPins();
  for (const instruction of instructions) table.pin(rowsTouched(instruction, ledger), pins);
  for (const cell of pins.accounts) cell.row ??= null;
  for (const cell of pins.legs) cell.row ??= null;
  for (const cell of pins.outcomes) cell.row ??= null;
  return pins;
}

function linesOf<Row extends RowInSlot>(text: TableText<Row>, rows: readonly Row[]): number {
  const writer = loadRows({ table: text.table, leading: { bucket: 1, generation: 1 }, keyColumns: ['slot', ...text.keyColumns], columns: text.columns });
  let statements = 0;
  for (const row of bySlot(rows)) {
    writer.startRow();
    text.write(row, writer);
    writer.endRow();
    if (!writer.isFull) continue;
    writer.take();
    statements += 1;
  }
  return statements;
}

function instructionsOf(request: ParticipantRequest): Extract<ParticipantRequest, { readonly kind: 'instructions' }> {
  if (request.kind !== 'instructions') throw new Error('a round carries instructions only');
  return request;
}

function creation(number: AccountNumber): CreateAccount {
  const key = paymentKey('mas|ops', `open-${number}`);
  return {
    kind: 'create-account',
    key,
    txn: txnId(platformDigest.sha256Hex(key)),
    number,
    currency: currency('USD'),
    openingBalanceMinor: OPENING_MINOR,
    minimumMinor: null,
    owner: 'stages',
    subject: OPERATOR,
    checkOnly: false,
  };
}
