/** One step of a task: its title, how far it is while it runs, and what it said if it failed. Nothing but Node is needed. */
import { spawn } from 'node:child_process';

const TICK_MS = 200;
/** Where no terminal shows a line that changes: a sign of life so often. */
const SAID_MS = 10_000;
/** What `tsc -b --verbose` tells beside errors. */
const BUILD_NOTES = /^\d{1,2}:\d\d:\d\d\s[AP]M - [^\n]*\n(?: {4}\* [^\n]*\n)*\n?/gm;

/** Null when it went well, else why not; what a quiet step said is shown only then. */
export function runStep(title, command, args, { cwd, env, quiet }) {
  const progress = quiet && title !== null ? new Progress(title) : null;
  if (progress === null && title !== null) process.stderr.write(`\u25b8 ${title}\u2026\n`);
  const said = [];
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit', env: { ...process.env, ...env } });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes) => {
        said.push(bytes);
        progress?.heard(bytes.toString());
      });
    }
    let failure = null;
    child.once('error', (error) => (failure = error.message));
    child.once('close', (code, signal) => {
      const problem = failure ?? (code === 0 ? null : signal === null ? `exit ${code}` : signal);
      progress?.end();
      if (problem !== null) process.stderr.write(Buffer.concat(said).toString().replaceAll(BUILD_NOTES, ''));
      resolve(problem);
    });
  });
}

/** On a terminal one line that changes; elsewhere the title, and from time to time how long it has been. */
class Progress {
  startedMs = Date.now();
  saidMs = Date.now();
  /** Of a build: packages begun, and all. */
  begun = 0;
  all = 0;

  constructor(title) {
    this.title = title;
    this.isTerminal = process.stderr.isTTY === true;
    process.stderr.write(`\u25b8 ${title}\u2026${this.isTerminal ? '' : '\n'}`);
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** What `tsc -b --verbose` tells: the list of all first, then each. */
  heard(text) {
    this.all += text.match(/^ {4}\* /gm)?.length ?? 0;
    this.begun += text.match(/Project '.*' is (?:up to date|out of date)/g)?.length ?? 0;
  }

  tick() {
    if (this.isTerminal) process.stderr.write(`\r\u25b8 ${this.title}\u2026 ${this.state()} `);
    else if (Date.now() - this.saidMs > SAID_MS) {
      this.saidMs = Date.now();
      process.stderr.write(`  \u2026 ${this.state()}\n`);
    }
  }

  end() {
    clearInterval(this.timer);
    const seconds = (Date.now() - this.startedMs) / 1000;
    if (this.isTerminal) process.stderr.write(`\r\u001b[K\u25b8 ${this.title}\u2026 ${seconds.toFixed(1)} s\n`);
    else if (seconds > 1) process.stderr.write(`  ${seconds.toFixed(1)} s\n`);
  }

  state() {
    return `${Math.floor((Date.now() - this.startedMs) / 1000)} s${this.all === 0 ? '' : `, package ${this.begun} of ${this.all}`}`;
  }
}
