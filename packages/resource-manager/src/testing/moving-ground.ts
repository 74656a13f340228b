/** Two buckets, of which one carries slots to the other (docs/adr/0029), and whoever pays on them meanwhile. */
import type { Instruction } from '@mas/ledger';
import type { SlotsMove } from '@mas/placement';
import type { InstructionItem, ItemOutcome, ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { present, slot, type AccountNumber, type BucketId, type RmId } from '@mas/values';
import type { ResourceManagerConfigInput } from '../config';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, RM_3, TestCluster } from './cluster';
import { accountsIn, createAccount, decideCommit, payment, prepare } from './payments';

export const SLOTS = { from: slot(0), to: slot(255) };
export const [ALICE, ANNA, ADAM] = accountsIn(0, 255, 3) as [AccountNumber, AccountNumber, AccountNumber];
export const [CAROL] = accountsIn(256, 2047, 1) as [AccountNumber];
export const [BOB] = accountsIn(2048, 4095, 1) as [AccountNumber];
export const OPENING = 1_000n;
export const MOVE: SlotsMove = { number: 1, slots: SLOTS, from: BUCKET_1, to: BUCKET_2, calledOff: false };
export const STEPS = ['begin-import', 'import-rows', 'adopt-slots'] as const;

export type Step = (typeof STEPS)[number];

/** Bucket 1 is led by RM 1, bucket 2 by RM 2; RM 3 may take either's place. */
export class Ground {
  paid = 0;

  constructor(readonly cluster: TestCluster) {}

  static async start(config: ResourceManagerConfigInput = {}): Promise<Ground> {
    // Nothing is cached, so that what is sent comes from the tables as well.
    const cluster = await new TestCluster({
      rms: 3,
      buckets: 2,
      replication: 3,
      config: { cachedAccounts: 1, cachedLegs: 1, cachedOutcomes: 1, ...config },
    }).start();
    const ground = new Ground(cluster);
    await cluster.instruct(
      BUCKET_1,
      [ALICE, ANNA, CAROL].map((number) => createAccount(number, OPENING)),
    );
    await cluster.instruct(BUCKET_2, [createAccount(BOB, OPENING)]);
    for (const [from, to] of [
      [ALICE, CAROL],
      [CAROL, ANNA],
      [BOB, ALICE],
    ] as const)
      await ground.pay(from, to);
    return ground;
  }

  /** Null: nobody owns it now. */
  ownerOf(account: AccountNumber): BucketId | null {
    return [BUCKET_1, BUCKET_2].find((bucket) => this.ledgerOf(bucket)?.isLocal(account) === true) ?? null;
  }

  ledgerOf(bucket: BucketId) {
    const { leader } = this.cluster.raft.group(bucket);
    if (leader === null || !this.cluster.isUp(leader)) return undefined;
    return this.cluster.manager(leader)['replicas'].get(bucket)?.applier.state().ledger;
  }

  /** As a coordinator that looks at the map again whenever it hears WRONG_BUCKET. */
  async pay(from: AccountNumber, to: AccountNumber, amountMinor = 1n): Promise<void> {
    this.paid += 1;
    const p = payment(`p${this.paid}`, from, to, amountMinor);
    for (let tries = 0; tries < 1_000; tries += 1) {
      const [home, remote] = [this.ownerOf(from), this.ownerOf(to)];
      if (home !== null && remote !== null) {
        const promise = home === remote ? null : await this.tell(remote, prepare(p, to));
        const isPromised = home === remote || promise?.kind === 'prepared' || promise?.kind === 'leg-ended';
        const outcome = isPromised ? await this.tell(home, decideCommit(p, home === remote ? [] : [to])) : null;
        const decision = outcome?.kind === 'decided' ? outcome.outcome.decision : null;
        if (decision?.kind === 'aborted') throw new Error(JSON.stringify(decision));
        // The home tells the other leg itself.
        if (decision !== null) return;
      }
      await this.cluster.clock.advance(20);
    }
    throw new Error('the payment found no owner');
  }

  /** Null: nobody leads the bucket just now. */
  private tell(bucket: BucketId, item: InstructionItem): Promise<ItemOutcome | null> {
    return this.cluster.one(bucket, item).catch(() => null);
  }

  order(move: SlotsMove = MOVE): void {
    this.cluster.moves.order(move);
  }

  async over(withinMs = 30_000): Promise<readonly string[]> {
    await this.cluster.clock.until(
      'the move to be over',
      () => this.cluster.moves.open === 0,
      withinMs,
      () => [this.ledgerOf(BUCKET_1)?.moves, this.ledgerOf(BUCKET_2)?.moves, this.cluster.fatal.map(String)],
    );
    return [...new Set(this.cluster.moves.endings.map(({ end }) => end))];
  }

  /** Once all is told: each account's balance, read where its owner is, adds up; so do the rows of all replicas, which are alike. */
  async isWhole(accounts: readonly AccountNumber[] = [ALICE, ANNA, CAROL, BOB], openedMinor = OPENING * 4n): Promise<void> {
    const { cluster } = this;
    await cluster.clock.advance(8_000);
    let sum = 0n;
    for (const account of accounts) {
      const bucket = present(this.ownerOf(account), 'owner');
      const reply = await cluster.ask(bucket, { kind: 'read-accounts', bucket, level: 'committed', numbers: [account], token: null, at: 'now' });
      if (reply.kind !== 'accounts') throw new Error(JSON.stringify(reply));
      const reading = present(reply.readings[0], account);
      expect([reading.pendingCreditsMinor, reading.preparedTxns]).toEqual([0n, []]);
      sum += reading.balanceMinor;
    }
    expect(sum).toBe(openedMinor);
    let issued = 0n;
    for (const bucket of [BUCKET_1, BUCKET_2]) {
      const meta = present(this.ledgerOf(bucket), 'ledger').meta();
      expect([meta.moves.departing, meta.moves.arriving]).toEqual([[], []]);
      for (const amountMinor of meta.issued.values()) issued += amountMinor;
      const sums = [];
      for (const rm of [RM_1, RM_2, RM_3]) sums.push(await cluster.checksum(rm, bucket));
      expect(sums.map(({ differences }) => differences)).toEqual([[], [], []]);
      expect(new Set(sums.map(({ sha256 }) => sha256)).size).toBe(1);
    }
    expect(issued).toBe(openedMinor);
    expect(cluster.fatal).toEqual([]);
  }

  /** Another replica takes a dead one's place, which comes back later. */
  async succeed(dead: RmId): Promise<void> {
    for (const bucket of [BUCKET_1, BUCKET_2]) if (this.cluster.raft.group(bucket).leader === null) this.cluster.raft.elect(bucket, RM_3);
    await this.cluster.clock.advance(1_000);
    await this.cluster.restart(dead);
  }

  /** Does something once, when the carrier says a step to bucket 2, before or behind its being taken there; the exchange is lost. */
  at(step: Step, when: 'before' | 'behind', act: () => void): Promise<void> {
    const { cluster } = this;
    return new Promise((resolve) => {
      const lose = (): ParticipantReply => {
        act();
        resolve();
        return { kind: 'unknown', reason: 'the exchange was lost' };
      };
      cluster.tap = (to, request) => {
        if (stepOf(request) !== step) return undefined;
        cluster.tap = () => undefined;
        return when === 'before' ? lose() : cluster.manager(to).handle(request, 'rm').then(lose);
      };
    });
  }
}

export function stepOf(request: ParticipantRequest): Instruction['kind'] | null {
  return request.kind === 'instructions' && request.bucket === BUCKET_2 ? (request.items[0]?.instruction.kind ?? null) : null;
}
