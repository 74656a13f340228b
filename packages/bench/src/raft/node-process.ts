/** The benchmark's end of one Raft process: its commands as calls. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { READY_ID, type NodeCommand, type NodeSettings, type ReplyLine, type ReplyTo } from './node-protocol';
import { OwnedProcess } from './owned-process';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class NodeProcess {
  private readonly process: OwnedProcess;
  private readonly pending = new Map<number, Pending>();
  private nextId = READY_ID;
  readonly ready: Promise<void>;

  /** @param profiles folder for a CPU profile of the process, written when it stops in order. */
  constructor(
    readonly settings: NodeSettings,
    folder: string,
    profiles: string | null,
  ) {
    const flags = ['--no-deprecation', ...(profiles === null ? [] : ['--cpu-prof', '--cpu-prof-dir', profiles])];
    this.process = new OwnedProcess({
      program: process.execPath,
      args: [...flags, join(__dirname, 'node.js'), JSON.stringify(settings)],
      folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { child } = this.process;
    child.stdin?.on('error', () => undefined);
    if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => this.receive(line));
    this.ready = this.expect(READY_TIMEOUT_MS).then(() => undefined);
    void this.process.ended.then((how) => this.failAll(new Error(`raft process ${settings.self} has ended: ${how}`)));
  }

  get pid(): number {
    return this.process.pid;
  }

  /** @param timeoutMs how long the answer may take */
  call<Kind extends NodeCommand['kind']>(command: Extract<NodeCommand, { readonly kind: Kind }>, timeoutMs = 10_000): Promise<ReplyTo<Kind>> {
    const id = this.nextId;
    const answer = this.expect(timeoutMs);
    this.process.child.stdin?.write(`${JSON.stringify({ id, command })}\n`);
    return answer as Promise<ReplyTo<Kind>>;
  }

  kill(): Promise<void> {
    return this.process.kill();
  }

  async stop(): Promise<void> {
    if (this.process.hasEnded) return;
    await this.call({ kind: 'stop' }, STOP_TIMEOUT_MS).catch(() => undefined);
    this.process.child.stdin?.end();
    const timer = setTimeout(() => void this.process.kill(), STOP_TIMEOUT_MS);
    await this.process.ended;
    clearTimeout(timer);
  }

  private expect(timeoutMs: number): Promise<unknown> {
    const id = this.nextId;
    this.nextId += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.settle(id)?.reject(new Error(`raft process ${this.settings.self} did not answer within ${timeoutMs} ms`)), timeoutMs);
      const settled =
        <Args extends readonly unknown[]>(then: (...args: Args) => void) =>
        (...args: Args): void => {
          clearTimeout(timer);
          then(...args);
        };
      this.pending.set(id, { resolve: settled(resolve), reject: settled(reject) });
    });
  }

  private receive(line: string): void {
    const reply = JSON.parse(line) as ReplyLine;
    const pending = this.settle(reply.id);
    if ('error' in reply) pending?.reject(new Error(`raft process ${this.settings.self}: ${reply.error}`));
    else pending?.resolve(reply.value);
  }

  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  private failAll(error: Error): void {
    for (const id of [...this.pending.keys()]) this.settle(id)?.reject(error);
  }
}
