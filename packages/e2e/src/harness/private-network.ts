/**
 * A network of its own for a cluster: a host for each process (a network namespace), and a switch between them on which single
 * packets are lost. What is struck here is what a real network does: no connection is closed, no sender is told, TCP sends again
 * at its own pace. The test process stands on the switch too, as a host of its own.
 *
 * Everything belongs to holder processes that end with the test, whatever becomes of it, and the kernel takes it down with
 * them. Needs Linux, root, iproute2 and nftables; what is missing is said in one line, and is never a reason to skip.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { requirePrograms, waitUntil } from '@mas/test-servers';

/** Packets from one host to another that get lost; of all of them unless a share is given. */
export interface Loss {
  readonly from: string;
  readonly to: string;
  /** 1 … 100. */
  readonly percent?: number;
}

interface Host {
  readonly holder: ChildProcess;
  readonly address: string;
}

const OWN_ADDRESS = 254;
/** The middle of 10.0.0.0/8: 10.64.0.0 … 10.127.255.0, each network a /24. */
const [FIRST_SECOND_OCTET, SECOND_OCTETS, THIRD_OCTETS] = [64, 64, 256];
const PROGRAMS = [
  { name: 'ip', probe: { args: ['-V'], says: /iproute2/ }, debianPackage: 'iproute2' },
  { name: 'nft', probe: { args: ['--version'], says: /nftables/ }, debianPackage: 'nftables' },
  { name: 'nsenter', probe: { args: ['--version'], says: /util-linux/ }, debianPackage: 'util-linux' },
  { name: 'unshare', probe: { args: ['--version'], says: /util-linux/ }, debianPackage: 'util-linux' },
] as const;

export class PrivateNetwork {
  private readonly hosts = new Map<string, Host>();
  private readonly holders: ChildProcess[] = [];

  private constructor(private readonly prefix: string) {}

  /** @throws with one line that says what is missing */
  static async start(names: readonly string[]): Promise<PrivateNetwork> {
    const reason = PrivateNetwork.whyNot();
    if (reason !== null) throw new Error(reason);
    requirePrograms(PROGRAMS);
    const network = new PrivateNetwork(freePrefix());
    try {
      await network.build(names);
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** Null: it can be had here, or what lacks can be installed. */
  static whyNot(): string | null {
    if (process.platform === 'linux' && process.getuid?.() === 0) return null;
    return 'a network of its own for each process needs root on Linux (network namespaces, nftables): run it as root';
  }

  /** Of the test process, for what it listens on. */
  get ownAddress(): string {
    return `${this.prefix}.${OWN_ADDRESS}`;
  }

  addressOf(name: string): string {
    return this.host(name).address;
  }

  /** What has to stand before a command so that it runs on a host. The process keeps its id: nsenter becomes it. */
  on(name: string): readonly string[] {
    return ['nsenter', netOf(this.host(name).holder), '--'];
  }

  /** From now on exactly these packets are lost, and nobody is told. */
  lose(losses: readonly Loss[]): void {
    const rules = losses.map(({ from, to, percent = 100 }) => {
      const chance = percent >= 100 ? '' : `numgen random mod 100 < ${percent} `;
      return `ip saddr ${this.addressOf(from)} ip daddr ${this.addressOf(to)} ${chance}drop`;
    });
    const table = `add table bridge faults\ndelete table bridge faults\ntable bridge faults {\n chain forward {\n  type filter hook forward priority 0; policy accept;\n  ${rules.join('\n  ')}\n }\n}\n`;
    execFileSync('nsenter', [netOf(this.theSwitch()), 'nft', '-f', '-'], { input: table, stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** All packets arrive again. What was lost meanwhile TCP sends again, when its timers say so. */
  heal(): void {
    this.lose([]);
  }

  /** Processes on its hosts must have ended. */
  async close(): Promise<void> {
    await Promise.all(
      this.holders.splice(0).map(
        (holder) =>
          new Promise<void>((resolve) => {
            if (holder.exitCode !== null || holder.signalCode !== null) return resolve();
            holder.once('exit', () => resolve());
            holder.stdin?.end();
          }),
      ),
    );
  }

  private async build(names: readonly string[]): Promise<void> {
    const { prefix } = this;
    const all = await Promise.all([...names, ''].map(() => holder(this.holders)));
    const middle = this.theSwitch();
    ip(middle, ['link set lo up', 'link add switch type bridge', 'link set switch up']);
    for (const [at, name] of names.entries()) {
      const own = all[at + 1];
      if (own === undefined) throw new Error('unreachable');
      this.hosts.set(name, { holder: own, address: `${prefix}.${at + 1}` });
      plug(middle, `port${at + 1}`, own.pid ?? 0, 'eth0');
      ip(own, ['link set lo up', `address add ${prefix}.${at + 1}/24 dev eth0`, 'link set eth0 up']);
    }
    const device = `mas${prefix.split('.').slice(1).join('x')}`;
    plug(middle, 'own', process.pid, device);
    ip(null, [`address add ${prefix}.${OWN_ADDRESS}/24 dev ${device}`, `link set ${device} up`]);
    this.heal();
  }

  private theSwitch(): ChildProcess {
    const [middle] = this.holders;
    if (middle === undefined) throw new Error('the network is closed');
    return middle;
  }

  private host(name: string): Host {
    const found = this.hosts.get(name);
    if (found === undefined) throw new Error(`no host ${name}; there are ${[...this.hosts.keys()].join(', ')}`);
    return found;
  }
}

/** A cable; one segment a packet, as on a wire, so that one lost packet is not sixty. */
function plug(middle: ChildProcess, port: string, pid: number, device: string): void {
  ip(middle, [
    `link add ${port} gso_max_segs 1 type veth peer name ${device} gso_max_segs 1 netns ${pid}`,
    `link set ${port} master switch`,
    `link set ${port} up`,
  ]);
}

function ip(where: ChildProcess | null, commands: readonly string[]): void {
  const [program, ...args] = [...(where === null ? [] : ['nsenter', netOf(where)]), 'ip', '-batch', '-'];
  execFileSync(program ?? 'ip', args, { input: `${commands.join('\n')}\n`, stdio: ['pipe', 'pipe', 'pipe'] });
}

function netOf(holder: ChildProcess): string {
  return `--net=/proc/${holder.pid ?? 0}/ns/net`;
}

/** Holds a namespace until its standard input ends: when it is told to, or when this process is gone. */
async function holder(holders: ChildProcess[]): Promise<ChildProcess> {
  const child = spawn('unshare', ['--net', 'cat'], { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  child.unref();
  holders.push(child);
  const own = readlinkSync('/proc/self/ns/net');
  await waitUntil('a network namespace is there', () => {
    if (child.exitCode !== null) throw new Error('unshare --net is not allowed here');
    return readlinkSync(`/proc/${child.pid ?? 0}/ns/net`) !== own;
  });
  return child;
}

/** Of no interface of this machine; two runs at once find different ones, or the second fails at the first command. */
function freePrefix(): string {
  const taken = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address.split('.').slice(0, 3).join('.'))));
  for (;;) {
    const chosen = `10.${FIRST_SECOND_OCTET + Math.floor(Math.random() * SECOND_OCTETS)}.${Math.floor(Math.random() * THIRD_OCTETS)}`;
    if (!taken.has(chosen)) return chosen;
  }
}
