/**
 * One measured process: the multi-Raft host over the segmented log and the gRPC transport, as a Resource Manager runs them,
 * with counters as applied state. Takes commands on stdin, answers on stdout, and ends with its stdin.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock as clock } from '@mas/bin';
import { MultiRaftHost, multiRaftConfig, type HostFailure } from '@mas/multi-raft';
import { EMPTY_CONF_STATE, nodeId } from '@mas/raft';
import { NodeFileSystem, SegmentedLogStore } from '@mas/raft-log';
import { EncodedInstructions, GrpcPeerTransport, MemberDoor, startRmServer, type RunningServer } from '@mas/rpc';
import { madeUpCluster } from '@mas/testkit/membership';
import { bucketId, rmId, SeededRandom, silentLogger, unreachable, type BucketId } from '@mas/values';
import { CountingApplier } from './counting-applier';
import { READY_ID, type CommandLine, type NodeCommand, type NodeSettings, type NodeState, type ReplyLine } from './node-protocol';
import { commitWhenLeader, proposeInTurn, wakeOneByOne } from './proposers';

const SERVER_GRACE_MS = 100;

class MeasuredNode {
  private readonly host: MultiRaftHost<number>;
  private readonly transport: GrpcPeerTransport;
  private readonly door: MemberDoor;
  private readonly appliers = new Map<BucketId, CountingApplier>();
  private server: RunningServer | undefined;

  constructor(private readonly settings: NodeSettings) {
    const self = rmId(settings.self);
    const member = madeUpCluster(settings.ports.map((_, at) => rmId(at + 1))).local(self, () => log.position());
    const peers = new Map(settings.ports.map((port, at) => [rmId(at + 1), `127.0.0.1:${port}`]));
    this.door = new MemberDoor({ member: () => member, clock, logger: silentLogger, onRefused: (refusal) => die('refused', refusal.message) });
    this.transport = new GrpcPeerTransport({ self, door: this.door, peers, tls: this.tls(), clock, logger: silentLogger });
    const log = new SegmentedLogStore({
      directory: settings.log,
      fileSystem: new NodeFileSystem(),
      clock,
      onFatal: (error) => die('the log cannot be written', error),
    });
    const onFatal = (failure: HostFailure): void => die(failure.what, failure.cause);
    this.host = new MultiRaftHost<number>(
      {
        self: member.self,
        log,
        transport: this.transport,
        positions: member,
        processes: () => member.members.size,
        clock,
        random: new SeededRandom(settings.self),
        logger: silentLogger,
        onFatal,
      },
      multiRaftConfig(),
    );
  }

  async start(): Promise<void> {
    const { settings, host } = this;
    await host.start();
    this.server = await startRmServer({
      address: `127.0.0.1:${settings.ports[settings.self - 1] ?? 0}`,
      tls: this.tls(),
      participant: { handle: () => Promise.reject(new Error('only Raft is served here')) },
      membership: null,
      raft: this.transport,
      door: this.door,
      encoded: new EncodedInstructions(),
      clock,
      logger: silentLogger,
    });
  }

  async carryOut(command: NodeCommand): Promise<unknown> {
    switch (command.kind) {
      case 'found':
        return this.found();
      case 'state':
        return this.state();
      case 'load':
        return proposeInTurn(this.host, command);
      case 'commit-when-leader':
        return { committed: await commitWhenLeader(this.host, bucketId(command.group), command) };
      case 'wake-one-by-one':
        return wakeOneByOne(this.host, bucketId(command.active), command.quiet.map(bucketId));
      case 'stop':
        await this.host.stop();
        await this.server?.stop(SERVER_GRACE_MS);
        return null;
      default:
        return unreachable(command, 'command');
    }
  }

  private async found(): Promise<null> {
    const { settings, host } = this;
    const confState = { ...EMPTY_CONF_STATE, voters: settings.ports.map((_, at) => nodeId(at + 1)) };
    await Promise.all(
      Array.from({ length: settings.groups }, (_, at) => {
        const group = bucketId(at + 1);
        const applier = new CountingApplier(settings.keepsLog);
        this.appliers.set(group, applier);
        return host.addGroup(group, applier, { confState });
      }),
    );
    return null;
  }

  private state(): NodeState {
    const groups = this.host.status();
    const leading = groups.filter((one) => one.role === 'leader');
    return {
      leading: leading.map((one) => one.group),
      leaderless: groups.filter((one) => one.leader === null).length,
      quiet: groups.filter((one) => one.quiescent).length,
      applied: [...this.appliers.values()].reduce((sum, one) => sum + one.count, 0),
      lag: leading.reduce((sum, one) => sum + one.lag.reduce((most, { entries }) => Math.max(most, entries), 0), 0),
      fsyncP50Ms: groups[0]?.fsyncP50Ms ?? null,
    };
  }

  private tls() {
    const read = (name: string): Buffer => readFileSync(join(this.settings.certs, name));
    return { ca: read('ca.crt'), certificate: read(`rm-${this.settings.self}.crt`), key: read(`rm-${this.settings.self}.key`) };
  }
}

function die(what: string, cause: unknown): never {
  process.stderr.write(`raft process: ${what}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`);
  process.exit(1);
}

function answer(line: ReplyLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main(): Promise<void> {
  const node = new MeasuredNode(JSON.parse(process.argv[2] ?? '') as NodeSettings);
  // The parent's end is this process's end, however it came.
  const lines = createInterface({ input: process.stdin }).on('close', () => process.exit(0));
  await node.start();
  lines.on('line', (line) => {
    const { id, command } = JSON.parse(line) as CommandLine;
    node.carryOut(command).then(
      (value) => answer({ id, value }),
      (error: unknown) => answer({ id, error: String(error) }),
    );
  });
  answer({ id: READY_ID, value: null });
}

main().catch((error: unknown) => die('it did not start', error));
