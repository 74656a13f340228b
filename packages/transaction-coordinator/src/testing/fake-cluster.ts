/**
 * Resource Managers for tests: buckets with real ledgers behind the participant exchange, leaders that can move, and
 * a tap through which a test delays, loses or answers single requests.
 */
import { isMany, membersOf, MovedSumming, SEMANTICS_VERSION, type Instruction, type MoveStage, type Outcome, type OutcomeRow } from '@mas/ledger';
import { genesisPlacement, PlacementIndex, slotOfAccount, type PlacementMap } from '@mas/placement';
import type { NotSent, ParticipantClient, ParticipantReply, ParticipantRequest, Passage } from '@mas/two-phase-commit';
import { bucketId, delay, isIn, present, rmId, SlotSet, type BucketId, type Clock, type PaymentKey, type RmId, type Slot } from '@mas/values';
import { FakeBucket } from './fake-bucket';

export type Tap = (rm: RmId, request: ParticipantRequest) => ParticipantReply | NotSent | 'lose-request' | 'lose-reply' | 'pass';

export const RMS = [rmId(1), rmId(2), rmId(3)];
const RTT_MS = 1;
/** A replica hears its leader's process so often, and misses it after so long. */
const SIGN_OF_LIFE_MS = 40;
const SILENCE_MS = 300;

export class FakeCluster implements ParticipantClient {
  map: PlacementMap;
  placement: PlacementIndex;
  readonly buckets = new Map<BucketId, FakeBucket>();
  readonly leaders = new Map<BucketId, RmId>();
  private readonly terms = new Map<BucketId, number>();
  /** Those that stand still, since when: what they are asked is never answered, nor does anybody hear them. */
  readonly frozen = new Map<RmId, number>();
  /** Those that this sender does not reach, and that everybody else does. */
  readonly cut = new Set<RmId>();
  /** In the order in which they left; questions who leads are counted apart. */
  readonly requests: ParticipantRequest[] = [];
  readonly sent: { readonly to: RmId; readonly request: ParticipantRequest; readonly passage: Passage | undefined; readonly atMs: number }[] = [];
  questions = 0;
  tap: Tap = () => 'pass';
  /** Time on the way to the bucket, beyond the usual. */
  lagMs: (request: ParticipantRequest) => number = () => 0;
  /** The sender is cut off: nothing it sends arrives, nothing comes back. */
  dead = false;
  /** What its buckets say of theirs; null: they are of a program that says nothing. */
  semanticsVersion: number | null = SEMANTICS_VERSION;
  /** Buckets without a majority. */
  readonly silent = new Set<BucketId>();
  /** The time on which most of its Resource Managers agree. */
  agreedMs: () => number | null = () => this.clock.wallMs();

  constructor(
    private readonly clock: Clock,
    bucketCount = 3,
  ) {
    this.map = genesisPlacement(
      RMS.map((rm) => ({ rm, address: `rm${rm}:1` })),
      bucketCount,
      3,
    );
    this.placement = new PlacementIndex(this.map);
    for (const { bucket, slots, replicas } of this.map.buckets) {
      this.buckets.set(bucket, new FakeBucket(bucket, slots, clock, (key, homeSlot, closedAtUs) => this.recorded(key, homeSlot, closedAtUs)));
      this.leaders.set(bucket, present(replicas[0], 'replica'));
    }
  }

  bucket(id: number): FakeBucket {
    return present(this.buckets.get(bucketId(id)), `bucket ${id}`);
  }

  /** Its owner gives the slot away; until arrive() nobody has it, and until what that gives is called its owner of before has not heard of it. */
  departing(slot: Slot, to: number, move: number): () => () => void {
    const [from, target, slots] = [this.at(slot), this.bucket(to), { from: slot, to: slot }];
    const tell = (bucket: FakeBucket, instruction: Instruction): MoveStage => {
      const [outcome] = bucket.apply([instruction]);
      if (outcome?.kind !== 'move' || outcome.stage.kind === 'refused') throw new Error(`${instruction.kind}: ${outcome?.kind ?? 'nothing'}`);
      return outcome.stage;
    };
    tell(target, { kind: 'begin-import', move, slots, from: from.id, attempt: 1 });
    const released = tell(from, { kind: 'release-slots', move, slots, to: target.id });
    return () => {
      const rows = from.rows.inSlots(slots);
      const summing = new MovedSumming();
      summing.rows(rows);
      const sums = summing.sums();
      tell(target, { kind: 'import-rows', move, slots, attempt: 1, part: 0, rows });
      if (released.kind === 'released') tell(target, { kind: 'adopt-slots', move, slots, attempt: 1, parts: 1, sums, handover: released.handover });
      return () => {
        tell(from, { kind: 'confirm-release', move, slots, sums });
        const owned = (bucket: BucketId): PlacementMap['buckets'][number]['slots'] => present(this.buckets.get(bucket), 'bucket').ledger.slots;
        this.map = { ...this.map, version: this.map.version + 1, buckets: this.map.buckets.map((placed) => ({ ...placed, slots: owned(placed.bucket) })) };
        this.placement = new PlacementIndex(this.map);
      };
    };
  }

  /** Until what this gives is called nobody has the slot. */
  depart(slot: Slot, to: number, move: number): () => void {
    const arrive = this.departing(slot, to, move);
    return () => arrive()();
  }

  /** In a later term. */
  elect(bucket: BucketId, rm: RmId): void {
    this.leaders.set(bucket, rm);
    this.terms.set(bucket, this.termOf(bucket) + 1);
  }

  freeze(rm: RmId): void {
    this.frozen.set(rm, this.clock.monotonicMs());
  }

  at(slot: Slot): FakeBucket {
    return this.bucket(this.placement.bucketOf(slot));
  }

  run(slot: Slot, instruction: Instruction): Outcome {
    return present(this.at(slot).apply([instruction])[0], 'outcome');
  }

  /** Everything that participants do by themselves, until nothing is left to do. */
  resolveAll(): void {
    for (const bucket of this.buckets.values()) bucket.resolve((slot, instruction) => this.run(slot, instruction));
  }

  /** Those among many as well. */
  instructionsOf(kind: Instruction['kind']): readonly Instruction[] {
    return this.requests.flatMap((request) =>
      request.kind === 'instructions'
        ? request.items.flatMap((item) => instructionsIn(item.instruction)).filter((instruction) => instruction.kind === kind)
        : [],
    );
  }

  async send(rm: RmId, request: ParticipantRequest, timeoutMs: number, passage?: Passage): Promise<ParticipantReply | NotSent> {
    if (this.dead) return forever();
    const isQuestion = request.kind === 'who-leads';
    if (isQuestion) this.questions += 1;
    else {
      this.requests.push(request);
      this.sent.push({ to: rm, request, passage, atMs: this.clock.monotonicMs() });
    }
    const sentMs = this.clock.monotonicMs();
    await delay(this.clock, RTT_MS / 2 + (isQuestion ? 0 : this.lagMs(request)));
    const tapped = this.tap(rm, request);
    if (typeof tapped !== 'string') return tapped;
    const isLost = (): boolean =>
      tapped !== 'pass' || this.cut.has(rm) || this.frozen.has(rm) || ('bucket' in request && !isQuestion && this.silent.has(request.bucket));
    const reply = tapped === 'lose-request' || (tapped !== 'lose-reply' && isLost()) ? null : await this.passed(rm, request, passage);
    if (isLost() || reply === null) {
      await delay(this.clock, Math.max(0, sentMs + timeoutMs - this.clock.monotonicMs()));
      return { kind: 'unknown', reason: 'no reply in time' };
    }
    await delay(this.clock, RTT_MS / 2);
    return this.dead ? forever() : reply;
  }

  private async passed(rm: RmId, request: ParticipantRequest, passage: Passage | undefined): Promise<ParticipantReply> {
    const leader = 'bucket' in request ? this.leaders.get(request.bucket) : undefined;
    if (passage?.kind !== 'relay' || leader === undefined || leader === rm) return this.answer(rm, request);
    if (!this.frozen.has(leader)) return this.answer(leader, request);
    await delay(this.clock, passage.forMs);
    return { kind: 'unknown', reason: 'no reply in time' };
  }

  private termOf(bucket: BucketId): number {
    return this.terms.get(bucket) ?? 1;
  }

  /** As `rm` sees it. */
  private leadership(rm: RmId, bucket: BucketId): ParticipantReply {
    const leader = this.leaders.get(bucket) ?? null;
    const term = this.termOf(bucket);
    if (leader === null || leader === rm) return { kind: 'leadership', leader, term, heardAgoMs: leader === null ? null : 0 };
    const frozenMs = this.frozen.get(leader);
    const heardAgoMs = frozenMs === undefined ? SIGN_OF_LIFE_MS / 2 : this.clock.monotonicMs() - frozenMs;
    return { kind: 'leadership', leader, term, heardAgoMs: heardAgoMs > SILENCE_MS ? null : heardAgoMs };
  }

  private async answer(rm: RmId, request: ParticipantRequest): Promise<ParticipantReply> {
    if (request.kind === 'placement') return { kind: 'placement', map: this.map, agreedMs: this.agreedMs() };
    if (request.kind === 'replace-node') return { kind: 'placement', map: this.map, agreedMs: this.agreedMs() };
    if (request.kind === 'node-order') return { kind: 'ordered', map: this.map, steps: [], slots: [], estimate: null };
    if (request.kind === 'take-in' || request.kind === 'end-move' || request.kind === 'members')
      return { kind: 'permission-denied', reason: 'RESOURCE_MANAGERS_ONLY' };
    if (request.kind === 'status') return { kind: 'status', replicas: [], condition: null, certificatesEndMs: null };
    const { bucket: id } = request;
    if (request.kind === 'who-leads') return this.leadership(rm, id);
    const bucket = this.buckets.get(id);
    const leader = this.leaders.get(id) ?? null;
    if (bucket === undefined) return { kind: 'no-replica' };
    const foreign = slotsOf(request).find((slot) => !bucket.ledger.ownsSlot(slot));
    if (foreign !== undefined) return { kind: 'wrong-bucket', slot: foreign };
    if (request.kind === 'checksum') return { kind: 'checksum', checksum: bucket.checksum(rm) };
    if (request.kind === 'audit') {
      const findings = request.isEnding ? null : bucket.findings(rm, request);
      return { kind: 'audit', rows: findings?.checksum.legs ?? 0, permille: 1_000, findings };
    }
    if (request.kind === 'backup' && request.step !== 'announce') return this.backup(rm, request);
    if (request.kind === 'list-legs' && request.sinceUs !== null)
      return bucket.ledger.momentUs >= request.sinceUs ? { kind: 'legs', ...bucket.legs(request.query) } : { kind: 'unavailable', reason: 'not there yet' };
    if (leader !== rm) return { kind: 'not-leader', leader };
    switch (request.kind) {
      case 'instructions':
        return this.instruct(bucket, request.items);
      case 'query':
        return { kind: 'queried', outcomes: request.keys.map(({ key }) => bucket.rows.outcome(key) ?? null) };
      case 'read-accounts': {
        const answer = bucket.read(request.numbers, request.level, request.at);
        return answer === null ? { kind: 'unavailable', reason: 'a home does not answer' } : { kind: 'accounts', ...answer };
      }
      case 'list-legs':
        return { kind: 'legs', ...bucket.legs(request.query) };
      case 'leg':
        return { kind: 'leg', leg: bucket.rows.leg(request.account, request.txn) ?? null };
      case 'list-accounts':
        return listAccounts(bucket, request);
      case 'totals': {
        if (request.atUs !== null) bucket.closeAt(request.atUs);
        if (request.atUs !== null && bucket.ledger.movesBehind(request.atUs) === null)
          return { kind: 'no-moment', why: 'forgotten', sinceUs: bucket.ledger.momentUs };
        const balances = request.atUs === null ? bucket.ledger.meta().totals : bucket.totalsAt(request.atUs);
        if (balances === null) return { kind: 'unavailable', reason: 'a home does not answer' };
        const meta = bucket.ledger.meta();
        const undecidedLegs = bucket.ledger.preparedCount + [...bucket.ledger.undelivered()].reduce((sum, row) => sum + row.untold.length, 0);
        return {
          kind: 'totals',
          totals: {
            bucket: id,
            momentUs: request.atUs ?? meta.momentUs,
            accountCount: meta.accountCount,
            issued: meta.issued,
            balances,
            undecidedLegs,
            momentsSinceUs: meta.momentsSinceUs,
            holdings: { slots: meta.slots, moves: meta.moves },
          },
        };
      }
      case 'backup':
        this.announced.push(request.cutUs);
        return backupReply('announced', '');
      case 'undecided':
        return {
          kind: 'undecided',
          transactions: [...bucket.ledger.preparedLegs()].map((leg) => ({
            txn: leg.txn,
            key: leg.key,
            homeSlot: leg.homeSlot,
            leg,
            ageMs: this.clock.wallMs() - leg.preparedAtMs,
          })),
        };
      case 'locks':
        return { kind: 'locks', locks: [...bucket.ledger.locks()], stampMs: this.clock.wallMs() };
      default:
        return request satisfies never;
    }
  }

  /** Of so many replicas that are asked first none has the moment. */
  missedCuts = 0;
  readonly announced: number[] = [];

  /** Its rows are its name, two letters at a time. */
  private backup(rm: RmId, { bucket, step, offset }: Extract<ParticipantRequest, { kind: 'backup' }>): ParticipantReply {
    if (step === 'end') return backupReply('ended', '');
    if (this.missedCuts > 0) {
      this.missedCuts -= 1;
      return { ...backupReply('missed', ''), reason: 'an entry lies on both sides of the moment' };
    }
    const text = `bucket ${bucket} on rm-${rm}`;
    const { slots, moves } = this.bucket(bucket).ledger.meta();
    return { ...backupReply('ready', text.slice(offset, offset + 2)), rows: 3, bytes: text.length, holdings: { slots, moves } };
  }

  private instruct(bucket: FakeBucket, items: Extract<ParticipantRequest, { kind: 'instructions' }>['items']): ParticipantReply {
    const allowed = items.filter((item) => item.token !== 'expired');
    const outcomes = bucket.apply(allowed.map((item) => item.instruction));
    let next = 0;
    return {
      kind: 'outcomes',
      semanticsVersion: this.semanticsVersion,
      outcomes: items.map((item) =>
        item.token === 'expired'
          ? { kind: 'unauthenticated', reason: 'the token has expired' }
          : { kind: 'outcome', outcome: present(outcomes[next++], 'outcome') },
      ),
    };
  }

  private recorded(key: PaymentKey, homeSlot: Slot, closedAtUs: number | null): OutcomeRow | null | 'unreachable' {
    const home = this.placement.bucketOf(homeSlot);
    if (closedAtUs !== null && !this.silent.has(home)) this.buckets.get(home)?.closeAt(closedAtUs);
    return this.silent.has(home) || this.buckets.get(home)?.ledger.ownsSlot(homeSlot) !== true
      ? 'unreachable'
      : (this.buckets.get(home)?.rows.outcome(key) ?? null);
  }
}

/** Which have to be the bucket's own for an answer. */
function slotsOf(request: ParticipantRequest): readonly Slot[] {
  switch (request.kind) {
    case 'query':
      return request.keys.map(({ homeSlot }) => homeSlot);
    case 'read-accounts':
      return typeof request.at === 'object' && 'ofHomes' in request.at ? request.at.ofHomes : request.numbers.map(slotOfAccount);
    case 'list-legs':
      return [slotOfAccount(request.query.account)];
    case 'leg':
      return [slotOfAccount(request.account)];
    default:
      return [];
  }
}

/** An instruction, or what it names. */
export function instructionsIn(instruction: Instruction): readonly Instruction[] {
  return isMany(instruction) ? membersOf(instruction) : [instruction];
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}

function listAccounts(bucket: FakeBucket, { after, limit, slots }: Extract<ParticipantRequest, { kind: 'list-accounts' }>): ParticipantReply {
  const foreign = slots === null ? undefined : SlotSet.of([slots]).without(SlotSet.of(bucket.ledger.slots)).ranges()[0];
  if (foreign !== undefined) return { kind: 'wrong-bucket', slot: foreign.from };
  const rows = bucket.rows
    .sortedAccounts()
    .filter(
      ({ slot, number }) => (slots === null || isIn(slots, slot)) && (after === null || slot > after.slot || (slot === after.slot && number > after.number)),
    );
  const page = rows.slice(0, limit);
  const last = page[page.length - 1];
  return {
    kind: 'account-list',
    accounts: page.map((row) => present(bucket.reading(row.number), 'account')),
    next: last !== undefined && rows.length > limit ? { slot: last.slot, number: last.number } : null,
  };
}

function backupReply(stage: 'announced' | 'ready' | 'missed' | 'ended', text: string): Extract<ParticipantReply, { kind: 'backup' }> {
  return { kind: 'backup', stage, rows: 0, bytes: 0, piece: Buffer.from(text), reason: '', holdings: null };
}
