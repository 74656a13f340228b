/**
 * The processes of the local cluster: started together, ready together, stopped together; one that dies is reported, unless it was
 * killed on purpose. Such a one can be started again.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { lifelineEnvironment } from '../platform/lifeline';

interface Member {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Of its present or last life. */
  child: ChildProcess;
  ready: boolean;
  wasKilled: boolean;
  /** How it ended; null while it runs. */
  ended: string | null;
  lastLines: string[];
}

const STOP_GRACE_MS = 4_500;
const POLL_MS = 20;
const KEPT_LINES = 12;
const IN_ORDER = 'exit 0';
/** As in the Procfiles: what a payment keeps outlives several collections of the default young generation (16 MB). */
const NODE_FLAGS = ['--max-semi-space-size=32'];

export class ChildProcessGroup {
  private readonly members: Member[] = [];
  private stopping = false;

  constructor(private readonly onOutput: (name: string, line: string) => void) {}

  start(name: string, program: string, args: readonly string[]): void {
    const child = spawned(program, args);
    const member: Member = { name, program, args, child, ready: false, wasKilled: false, ended: null, lastLines: [] };
    this.members.push(member);
    this.follow(member, child);
  }

  /** SIGKILL. False: there is no such process, or it does not run. */
  kill(name: string): boolean {
    const member = this.members.find((one) => one.name === name);
    if (member === undefined || member.ended !== null || this.stopping) return false;
    member.wasKilled = true;
    return member.child.kill('SIGKILL');
  }

  /** With the same arguments. False: there is no such process, or it runs. */
  startAgain(name: string): boolean {
    const member = this.members.find((one) => one.name === name);
    if (member === undefined || member.ended === null || this.stopping) return false;
    const child = spawned(member.program, member.args);
    Object.assign(member, { child, ready: false, wasKilled: false, ended: null });
    this.follow(member, child);
    return true;
  }

  list(): readonly { readonly name: string; readonly isRunning: boolean; readonly pid: number | null }[] {
    return this.members.map(({ name, ended, child }) => ({ name, isRunning: ended === null, pid: ended === null ? (child.pid ?? null) : null }));
  }

  /** @throws Error with the last lines of whoever ended or took too long. */
  async ready(timeoutMs: number): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (!this.members.every((member) => member.ready)) {
      if (this.stopping) return;
      const late =
        this.members.find((member) => member.ended !== null) ?? (performance.now() > untilMs ? this.members.find((member) => !member.ready) : undefined);
      if (late !== undefined)
        throw new Error(`${late.name} ${late.ended === null ? 'was not ready in time' : `ended (${late.ended})`}:\n${late.lastLines.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** SIGTERM to all, SIGKILL to who is still there after the grace period. Returns who did not end in order, or before. */
  async stop(): Promise<readonly string[]> {
    this.stopping = true;
    for (const member of this.members) if (member.ended === null) member.child.kill('SIGTERM');
    const untilMs = performance.now() + STOP_GRACE_MS;
    while (this.members.some((member) => member.ended === null)) {
      if (performance.now() > untilMs) this.killNow();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return this.members.filter((member) => member.ended !== IN_ORDER && !member.wasKilled).map((member) => `${member.name} (${member.ended ?? '?'})`);
  }

  /** Without waiting: for the moment before this process dies, and for people in a hurry. */
  killNow(): void {
    for (const member of this.members) if (member.ended === null) member.child.kill('SIGKILL');
  }

  private follow(member: Member, child: ChildProcess): void {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.heard(member, line));
    }
    child.once('error', (error) => {
      if (member.child === child) member.ended = error.message;
    });
    child.once('close', (code, signal) => {
      // One that could not be started may be told of twice, and another may run by now.
      if (member.child !== child) return;
      const how = signal ?? `exit ${code ?? '?'}`;
      const isAsked = this.stopping || member.wasKilled;
      member.ended = isAsked ? how : `${how}, unasked`;
      if (!isAsked) this.onOutput(member.name, `ended unexpectedly (${how})`);
    });
  }

  private heard(member: Member, line: string): void {
    member.lastLines = [...member.lastLines.slice(-(KEPT_LINES - 1)), line];
    if (line.includes('"msg":"ready"')) member.ready = true;
    this.onOutput(member.name, line);
  }
}

/** In a group of its own: Ctrl-C reaches the parent alone, which stops the others in order. Should the parent be killed, its end of the lifeline goes with it. */
function spawned(program: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...NODE_FLAGS, program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...lifelineEnvironment },
  });
}
