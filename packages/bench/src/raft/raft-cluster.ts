/** Three Raft processes with certificates of their own, on the disk that the yardsticks use. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { spreadEvenly } from '@mas/multi-raft';
import { tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { bucketId, rmId } from '@mas/values';
import { distinctPorts, makeCerts, PROCESSES } from './cluster-means';
import type { NodeState } from './node-protocol';
import { NodeProcess } from './node-process';

export interface RaftClusterOptions {
  readonly groups: number;
  readonly keepsLog: boolean;
  readonly profiles: string | null;
}

const FOUND_TIMEOUT_MS = 60_000;
/** The balancer moves a few groups every few seconds. */
const SETTLE_TIMEOUT_MS = 240_000;

export class RaftCluster {
  private constructor(
    private readonly folder: TempFolder,
    private readonly options: RaftClusterOptions,
    private readonly members: NodeProcess[],
  ) {}

  /** Resolves once every group is led by the process that should lead it. */
  static async start(options: RaftClusterOptions): Promise<RaftCluster> {
    const folder = await tempFolder('mas-bench-raft');
    makeCerts(join(folder.path, 'certs'));
    const ports = await distinctPorts(PROCESSES);
    const cluster = new RaftCluster(folder, options, []);
    try {
      for (let self = 1; self <= PROCESSES; self += 1) cluster.members.push(cluster.launch(self, ports));
      await Promise.all(cluster.members.map((one) => one.ready));
      // All at about the same time: then most groups are led where they should be without a transfer.
      await Promise.all(cluster.members.map((one) => one.call({ kind: 'found' }, FOUND_TIMEOUT_MS)));
      await cluster.settled(true);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get nodes(): readonly NodeProcess[] {
    return this.members;
  }

  states(): Promise<NodeState[]> {
    return Promise.all(this.members.map((one) => one.call({ kind: 'state' })));
  }

  /** Every group has a leader and followers that have all it has. @param placed …and the leader is the one that the balancer wants. */
  async settled(placed: boolean): Promise<readonly NodeState[]> {
    let states: readonly NodeState[] = [];
    const isSettled = async (): Promise<boolean> => {
      states = await this.states();
      const led = states.flatMap((one) => one.leading);
      return led.length === this.options.groups && states.every((one) => one.leaderless === 0 && one.lag === 0) && (!placed || this.isPlaced(states));
    };
    await waitUntil('every group is led and caught up', isSettled, {
      timeoutMs: SETTLE_TIMEOUT_MS,
      intervalMs: 50,
      diagnostics: () => JSON.stringify(states.map((one) => ({ ...one, leading: one.leading.length }))),
    });
    return states;
  }

  /** Starts a killed process again with the log it left. */
  async restart(self: number): Promise<void> {
    const old = this.members[self - 1];
    if (old === undefined) throw new RangeError(`there is no process ${self}`);
    const next = this.launch(self, old.settings.ports);
    this.members[self - 1] = next;
    await next.ready;
    await next.call({ kind: 'found' }, FOUND_TIMEOUT_MS);
  }

  async stop(): Promise<void> {
    // One after the other would hand leaderships round; nobody needs them any more.
    await Promise.all(this.members.map((one) => one.stop()));
    await this.folder.remove();
  }

  private isPlaced(states: readonly NodeState[]): boolean {
    const voters = states.map((_, at) => rmId(at + 1));
    return states.every((state, at) => state.leading.every((group) => spreadEvenly(bucketId(group), voters)[0] === at + 1));
  }

  private launch(self: number, ports: readonly number[]): NodeProcess {
    const { groups, keepsLog, profiles } = this.options;
    const log = join(this.folder.path, `rm-${self}`);
    mkdirSync(log, { recursive: true });
    return new NodeProcess({ self, ports, certs: join(this.folder.path, 'certs'), log, groups, keepsLog }, this.folder.path, profiles);
  }
}
