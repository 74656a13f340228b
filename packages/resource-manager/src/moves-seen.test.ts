/**
 * What audits and backups are told by real replicas while a carrier moves slots between their buckets, and payments on these go on (docs/adr/0033): whenever all slots have somebody
 * to speak for them, the ledger is there once.
 */
import { addedSums, differingParts, NO_HOLDINGS, SlotCover, type MomentReport } from '@mas/ledger';
import type { BucketTotals, ParticipantReply, ParticipantRequest, ReplicaFindings } from '@mas/two-phase-commit';
import { present, SlotSet, type AmountMinor, type BucketId, type RmId } from '@mas/values';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, RM_3 } from './testing/cluster';
import { ADAM, ALICE, ANNA, BOB, CAROL, Ground, OPENING, stepOf } from './testing/moving-ground';
import { authorization, createAccount, decideCommit, payment, prepare } from './testing/payments';

const BUCKETS = [BUCKET_1, BUCKET_2] as const;
const RMS = [RM_1, RM_2, RM_3] as const;
const LEAD_US = 100_000;

/** A moment, and who speaks for what then; or why there is none. */
type Chosen = { readonly us: number; readonly cover: SlotCover } | 'overtaken' | 'counted by nobody' | 'counted twice';

class Auditor {
  private audits = 0;

  constructor(private readonly ground: Ground) {}

  /** As a coordinator does, once. What is said is checked. */
  async audit(accounts: number): Promise<string> {
    const chosen = await this.choose(accounts);
    return typeof chosen === 'string' ? chosen : `counted once, ${await this.read(chosen, accounts)} gone`;
  }

  async choose(accounts: number): Promise<Chosen> {
    const latest = await this.totals(null);
    const us = Math.max(...(latest ?? []).map(({ momentUs }) => momentUs ?? 0));
    const totals = await this.totals(us);
    if (totals === null) return 'overtaken';
    const cover = coverOf(totals);
    if (cover.missing().size > 0) return 'counted by nobody';
    if (cover.countedTwice().size > 0) return 'counted twice';
    const opened = OPENING * BigInt(accounts);
    expect(totals.reduce((sum, { accountCount }) => sum + accountCount, 0)).toBe(accounts);
    expect([sumOf(totals.map(({ issued }) => issued)), sumOf(totals.map(({ balances }) => balances))]).toEqual([opened, opened]);
    return { us, cover };
  }

  /** @returns how many slots had gone when rows were read */
  async read({ us, cover }: Exclude<Chosen, string>, accounts: number): Promise<number> {
    const opened = OPENING * BigInt(accounts);
    const read = await Promise.all(BUCKETS.map((bucket) => this.share(bucket, cover.of(bucket), us)));
    const gone = read.reduce((sum, { lacking }) => sum.with(lacking), SlotSet.NONE);
    const now = coverOf(present(await this.totals(null), 'sums of now'));
    const followed = await Promise.all(BUCKETS.map((bucket) => this.share(bucket, gone.common(now.of(bucket)), us)));
    const reports = [...read, ...followed].map(({ report }) => report);
    expect(reports.reduce((sum, report) => sum + report.accounts, 0)).toBe(accounts);
    expect([sumOf(reports.map(({ issued }) => issued)), sumOf(reports.map(({ balances }) => balances))]).toEqual([opened, opened]);
    expect(differingParts(addedSums(reports.map(({ legSums }) => legSums)), addedSums(reports.map(({ decidedSums }) => decidedSums)))).toEqual([]);
    return gone.size;
  }

  /** All replicas say the same of the slots that all of them have, and no bucket differs in itself. */
  private async share(bucket: BucketId, slots: SlotSet, us: number): Promise<{ readonly report: MomentReport; readonly lacking: SlotSet }> {
    let asked = slots;
    for (;;) {
      const all = await Promise.all(RMS.map((rm) => this.findings(rm, bucket, asked, us)));
      expect(all.flatMap(({ checksum }) => checksum.differences)).toEqual([]);
      const lacking = SlotSet.of(all.flatMap((findings) => findings.lacking));
      if (lacking.size > 0) {
        asked = asked.without(lacking);
        continue;
      }
      const [report, ...others] = all.map(({ moment }) => ({ ...present(moment, 'report'), laterMs: 0 }));
      for (const other of others) expect(other).toEqual(report);
      return { report: present(report, 'report'), lacking: slots.without(asked) };
    }
  }

  private async findings(rm: RmId, bucket: BucketId, slots: SlotSet, us: number): Promise<ReplicaFindings> {
    this.audits += 1;
    const { clock } = this.ground.cluster;
    const of = { kind: 'audit', bucket, id: `a${this.audits}`, momentUs: us, timesSinceUs: 0, from: null, parts: [], slots: slots.ranges() } as const;
    const barrierUs = Math.max(us, clock.wallMs() * 1_000) + LEAD_US;
    for (let tries = 0; tries < 100; tries += 1) {
      const reply = await this.ground.cluster.manager(rm).handle({ ...of, barrierUs, isEnding: false }, 'tm');
      if (reply.kind !== 'audit' || reply.findings === null) continue;
      await this.ground.cluster.manager(rm).handle({ ...of, barrierUs, isEnding: true }, 'tm');
      return reply.findings;
    }
    throw new Error(`bucket ${bucket} on RM ${rm} was not read`);
  }

  private async totals(atUs: number | null): Promise<readonly BucketTotals[] | null> {
    const { cluster } = this.ground;
    const replies: ParticipantReply[] = [];
    for (const bucket of BUCKETS) {
      const leader = present(cluster.raft.group(bucket).leader, 'leader');
      let reply = await cluster.manager(leader).handle({ kind: 'totals', bucket, atUs }, 'tm');
      // A home that is just moving.
      for (let tries = 0; tries < 200 && reply.kind === 'unavailable'; tries += 1)
        reply = await cluster.manager(leader).handle({ kind: 'totals', bucket, atUs }, 'tm');
      replies.push(reply);
    }
    if (replies.some(({ kind }) => kind === 'no-moment')) return null;
    return replies.map((reply) => {
      if (reply.kind !== 'totals') throw new Error(JSON.stringify(reply));
      return reply.totals;
    });
  }
}

function coverOf(totals: readonly BucketTotals[]): SlotCover {
  return new SlotCover(totals.map(({ bucket, holdings }) => ({ bucket, holdings: holdings ?? NO_HOLDINGS })));
}

function sumOf(all: readonly ReadonlyMap<string, AmountMinor>[]): AmountMinor {
  return all.flatMap((sums) => [...sums.values()]).reduce((sum, one) => sum + one, 0n);
}

const ONCE = 'counted once, 0 gone';

test('an audit at any time of a move: each slot is counted once, or another moment is chosen', async () => {
  const ground = await Ground.start({ moveRowsPerSecond: 4, deliverAfterMs: 2_000, resolveAfterMs: 600_000 });
  const { cluster } = ground;
  const auditor = new Auditor(ground);
  await cluster.one(BUCKET_1, decideCommit(authorization('held', ANNA, 40n, cluster.clock.wallMs() + 600_000), []));
  // Promised before the move, and decided when it is over.
  const late = payment('late', BOB, ALICE, 9n);
  await cluster.one(BUCKET_1, prepare(late, ALICE));
  expect(await cluster.clock.await(auditor.audit(4))).toBe(ONCE);
  ground.order();
  await cluster.instruct(BUCKET_1, [createAccount(ADAM, OPENING)]);
  const seen: string[] = [];
  for (let i = 0; ground.ownerOf(ALICE) !== BUCKET_2; i += 1) {
    seen.push(await cluster.clock.await(auditor.audit(5)));
    await ground.pay(i % 2 === 0 ? BOB : CAROL, i % 3 === 0 ? ADAM : ALICE);
  }
  expect(seen.filter((each) => each === ONCE).length).toBeGreaterThan(2);
  expect(await ground.over()).toEqual(['adopted']);
  await cluster.one(BUCKET_2, prepare(late, ALICE));
  await cluster.one(BUCKET_2, decideCommit(late, []));
  expect(await cluster.clock.await(auditor.audit(5))).toBe(ONCE);
  await ground.isWhole([ALICE, ANNA, ADAM, CAROL, BOB], OPENING * 5n);
});

test.each([
  ['begin-import', ONCE, ONCE],
  ['import-rows', ONCE, ONCE],
  ['adopt-slots', ONCE, 'counted twice'],
] as const)('it is asked while %s is on its way, and again when it was taken', async (step, before, behind) => {
  const ground = await Ground.start({ moveBlockedMs: 600_000 });
  const { cluster } = ground;
  const auditor = new Auditor(ground);
  const seen: string[] = [];
  cluster.tap = (to: RmId, request: ParticipantRequest) => {
    if (stepOf(request) !== step) return undefined;
    cluster.tap = () => undefined;
    return (async (): Promise<ParticipantReply> => {
      seen.push(await auditor.audit(4));
      const reply = await cluster.manager(to).handle(request, 'rm');
      seen.push(await auditor.audit(4));
      return reply;
    })();
  };
  ground.order();
  await cluster.clock.until('both audits', () => seen.length === 2, 60_000);
  expect(await ground.over()).toEqual(['adopted']);
  expect(seen).toEqual([before, behind]);
  expect(await cluster.clock.await(auditor.audit(4))).toBe(ONCE);
  await ground.isWhole();
});

test('the whole move lies between the moment and the reading: what has gone is read where it is', async () => {
  const ground = await Ground.start();
  const { cluster } = ground;
  const auditor = new Auditor(ground);
  const chosen = await cluster.clock.await(auditor.choose(4));
  if (typeof chosen === 'string') throw new Error(chosen);
  ground.order();
  expect(await ground.over()).toEqual(['adopted']);
  await ground.pay(ALICE, BOB, 3n);
  expect(await cluster.clock.await(auditor.read(chosen, 4))).toBe(256);
  await ground.isWhole();
});
