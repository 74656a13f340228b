/** The processes of the local cluster: started together, ready together, stopped together; one that dies is reported. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

interface Member {
  readonly name: string;
  readonly child: ChildProcess;
  ready: boolean;
  ended: boolean;
  lastLines: string[];
}

const STOP_GRACE_MS = 4_500;
const POLL_MS = 20;
const KEPT_LINES = 12;

export class ChildProcessGroup {
  private readonly members: Member[] = [];
  private stopping = false;

  constructor(private readonly onOutput: (name: string, line: string) => void) {}

  start(name: string, program: string, args: readonly string[]): void {
    // A group of its own: Ctrl-C reaches the parent alone, which stops the others in order.
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const member: Member = { name, child, ready: false, ended: false, lastLines: [] };
    this.members.push(member);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.heard(member, line));
    }
    child.once('close', (code, signal) => {
      member.ended = true;
      if (!this.stopping) this.onOutput(name, `ended unexpectedly (${signal ?? `exit ${code ?? '?'}`})`);
    });
  }

  /** @throws Error with the last lines of whoever ended or took too long. */
  async ready(timeoutMs: number): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (!this.members.every((member) => member.ready)) {
      const late = this.members.find((member) => member.ended) ?? (performance.now() > untilMs ? this.members.find((member) => !member.ready) : undefined);
      if (late !== undefined) throw new Error(`${late.name} ${late.ended ? 'ended' : 'was not ready in time'}:\n${late.lastLines.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  pids(): ReadonlyMap<string, number> {
    return new Map(this.members.flatMap((member) => (member.child.pid === undefined || member.ended ? [] : [[member.name, member.child.pid] as const])));
  }

  anyEnded(): string | null {
    return this.members.find((member) => member.ended)?.name ?? null;
  }

  /** SIGTERM to all, SIGKILL to who is still there after the grace period. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const member of this.members) if (!member.ended) member.child.kill('SIGTERM');
    const untilMs = performance.now() + STOP_GRACE_MS;
    while (this.members.some((member) => !member.ended)) {
      if (performance.now() > untilMs) for (const member of this.members) if (!member.ended) member.child.kill('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Without waiting: for the moment before this process dies. */
  killNow(): void {
    for (const member of this.members) if (!member.ended) member.child.kill('SIGKILL');
  }

  private heard(member: Member, line: string): void {
    member.lastLines = [...member.lastLines.slice(-(KEPT_LINES - 1)), line];
    if (line.includes('"msg":"ready"')) member.ready = true;
    this.onOutput(member.name, line);
  }
}
