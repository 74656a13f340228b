/** Two accounts of a cluster whose disks are lost, copied or confused, and what must be true of them whatever becomes of a replica. */
import { waitUntil } from '@mas/test-servers';
import { Cluster, type ClusterOptions } from '../harness/cluster';
import { Disk } from '../harness/disk';
import type { MasProcess } from '../harness/mas-process';
import { numbersIn } from '../harness/names';
import { Operator } from '../harness/operator';
import { Bank, OPENING_MINOR } from './bank';

const LONG_MS = 240_000;

export class PayingPair {
  readonly bank: Bank;
  readonly operator: Operator;
  private readonly from: string;
  private readonly to: string;
  private paid = 0n;

  private constructor(readonly cluster: Cluster) {
    this.bank = new Bank(cluster);
    this.operator = new Operator(cluster);
    [this.from = '', this.to = ''] = [...numbersIn(cluster.placement, 1, 'from', 1), ...numbersIn(cluster.placement, 2, 'to', 1)];
  }

  static async open(options: ClusterOptions): Promise<PayingPair> {
    const pair = new PayingPair(await Cluster.start(options));
    try {
      await pair.bank.open([pair.from, pair.to]);
      return pair;
    } catch (error) {
      await pair.cluster.stop();
      throw error;
    }
  }

  disk(rm: MasProcess): Disk {
    return new Disk(this.cluster, rm);
  }

  /** Each is answered COMMITTED. */
  async pay(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const id = this.bank.mint(this.from);
      // An UNKNOWN while a leader changes is asked again under its id.
      await waitUntil('the payment is COMMITTED', async () => (await this.bank.pay(this.from, this.to, 1n, { id }).catch(() => null))?.kind === 'committed', {
        timeoutMs: LONG_MS,
        diagnostics: () => this.cluster.diagnostics(),
      });
      this.paid += 1n;
    }
  }

  async holdsWhatWasAnswered(): Promise<void> {
    let seen: readonly bigint[] = [];
    await waitUntil(
      'both accounts are read',
      async () => {
        seen = await this.bank.balances([this.from, this.to]).catch(() => []);
        return seen.length === 2;
      },
      { timeoutMs: LONG_MS, diagnostics: () => this.cluster.diagnostics() },
    );
    expect(seen).toEqual([OPENING_MINOR - this.paid, OPENING_MINOR + this.paid]);
  }

  /** Nothing is held or in doubt, and the cluster's own audit agrees. */
  async isAudited(): Promise<void> {
    await this.bank.settled([this.from, this.to], LONG_MS);
    expect(await this.bank.audited()).toBeGreaterThan(0);
  }

  /** It has applied what the leaders have: so it has acknowledged that, and others have heard how far its log is. */
  async hasCaughtUp(rm: number): Promise<void> {
    let seen: unknown;
    await waitUntil(
      `rm-${rm} has applied what the leaders have`,
      async () => {
        const { replicas } = await this.cluster.client().clusterStatus();
        const behind = replicas.filter(
          (one) =>
            one.rm === rm && one.appliedIndex < Math.max(...replicas.filter(({ bucket }) => bucket === one.bucket).map(({ appliedIndex }) => appliedIndex)),
        );
        seen = behind;
        return behind.length === 0 && replicas.some((one) => one.rm === rm);
      },
      { timeoutMs: LONG_MS, diagnostics: () => `${JSON.stringify(seen)}\n${this.cluster.diagnostics()}` },
    );
  }

  /** Every group has this incarnation of the RM as a voter, and no older one in any role. */
  async isWhole(rm: number, ordinal: number): Promise<void> {
    let seen: unknown;
    await waitUntil(
      `rm-${rm} is whole again`,
      async () => {
        const { replicas } = await this.cluster.client().clusterStatus();
        const leaders = replicas.filter((one) => one.role === 'leader');
        seen = leaders.map(({ bucket, voters, learners }) => ({ bucket, voters, learners }));
        const renewed = leaders.filter(
          ({ voters, learners }) =>
            voters.some((one) => one.rm === rm && one.ordinal === ordinal) && [...voters, ...learners].every((one) => one.rm !== rm || one.ordinal === ordinal),
        );
        return new Set(renewed.map(({ bucket }) => bucket)).size === this.cluster.placement.map.buckets.length + 1;
      },
      { timeoutMs: LONG_MS, diagnostics: () => `${JSON.stringify(seen)}\n${this.cluster.diagnostics()}` },
    );
  }
}
