/** One run of mas-client: global flags, the connection they lead to, and how failures end. */
import type { MasCallFailed, MasClient } from '@mas/client';
import type { Tracing } from '@mas/tracing';
import { Command } from 'commander';
import { UsageError } from '../usage-error';
import { isCallFailed } from './call-failed';
import type { ContextFlags } from './context';
import { CommandFailed, EXIT, exitCodeOf } from './exit-codes';
import { createOutput, toJson, type Output } from './output';
import { Printer } from './printer';
import { visible, withoutSecrets } from './visible';

export interface Session {
  readonly client: MasClient;
  readonly output: Output;
  /** As given by the caller; null: each call's own default. */
  readonly timeoutMs: number | null;
  /** What a failure comes to. */
  readonly described: (error: unknown) => CommandFailed;
}

/** mas-client's command line; with a session, all of its commands are that one's. */
export class ClientCommand extends Command {
  constructor(
    name: string,
    readonly shared: Session | null,
  ) {
    super(name);
  }
}

const OF_THE_CONNECTION = ['tc', 'cert', 'token', 'timeout', 'context'];
/** The cursor home, the screen and what was scrolled out of it empty. */
const CLEAR = '\u001b[H\u001b[2J\u001b[3J';

/** Wraps a command's action: connects, runs, closes; every failure becomes one line on stderr and its exit code. */
export function withSession<Args extends readonly unknown[]>(
  program: Command,
  action: (session: Session, ...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  return (...args) =>
    guarded(program, async (output, note) => {
      const shared = program instanceof ClientCommand ? program.shared : null;
      if (shared !== null) return action({ ...sharedOnly(program, shared), output }, ...args);
      const { readContext } = await import('./context.js');
      const context = readContext(program.opts<ContextFlags>(), process.env, note);
      const { MasClient, requireModernTls } = await import('./connection.js');
      requireModernTls();
      const tracing = await tracingOf(process.env, note);
      const client = new MasClient(context);
      const described = (error: unknown): CommandFailed => describe(error, context.addresses.join(', '));
      try {
        await action({ client, output, timeoutMs: context.timeoutGiven ? context.timeoutMs : null, described }, ...args);
      } catch (error) {
        throw described(error);
      } finally {
        client.close();
        await tracing?.shutdown();
      }
    });
}

function sharedOnly(program: Command, shared: Session): Session {
  const given = OF_THE_CONNECTION.filter((name) => program.opts<Readonly<Record<string, unknown>>>()[name] !== undefined);
  if (given.length > 0) throw new UsageError(`--${given[0]} belongs to the connection, which is there already`);
  return shared;
}

/** Nothing of OpenTelemetry is loaded where no variable speaks of it; where it cannot be set up, a command goes on without. */
async function tracingOf(environment: NodeJS.ProcessEnv, note: (text: string) => void): Promise<Tracing | null> {
  if (!Object.keys(environment).some((name) => name.startsWith('OTEL_'))) return null;
  try {
    return await (await import('@mas/tracing')).startTracing('mas-client', 'mas-client', environment);
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
    return null;
  }
}

/** The same for commands that need no connection. What an action notes is a line beside the answer; with --json it is said with a failure only. */
export async function guarded(program: Command, action: (output: Output, note: (text: string) => void) => Promise<void>): Promise<void> {
  const json = program.opts<{ readonly json?: boolean }>().json === true;
  const notes: string[] = [];
  const note = (text: string): void => {
    notes.push(text);
    if (!json) process.stderr.write(`mas-client: note: ${visible(text)}\n`);
  };
  const printer = new Printer(process.stdout);
  try {
    await action(
      createOutput(
        json,
        (text) => printer.write(text),
        () => cleared(printer),
      ),
      note,
    );
    await refuseLostAnswer(printer);
  } catch (error) {
    const { exitCode, message, facts } = describe(error, 'its address');
    process.stderr.write(json ? jsonFailure(message, { ...facts, ...(notes.length === 0 ? {} : { notes }) }) : failureLine(message));
    process.exitCode = exitCode;
  }
}

/** For what is shown again: the screen is empty, on a terminal. */
async function cleared(printer: Printer): Promise<boolean> {
  const lost = await printer.lost();
  printer.forget();
  if (process.stdout.isTTY) process.stdout.write(CLEAR);
  return lost === null;
}

/** Everything that goes wrong is one line that begins so. */
export function failureLine(message: string): string {
  return `mas-client: ${visible(withoutSecrets(oneLine(message)))}\n`;
}

/** The same with --json. */
export function jsonFailure(message: string, facts: Readonly<Record<string, unknown>>): string {
  return `${toJson({ error: { message: withoutSecrets(message), ...facts } })}\n`;
}

/** A reader that has gone (`| head`) wanted no more, and the exit code is the command's. Whatever else an answer is lost to is said, with the answer: it may be a payment's. */
async function refuseLostAnswer(printer: Printer): Promise<void> {
  const lost = await printer.lost();
  if (lost === null || lost.code === 'EPIPE') return;
  throw new CommandFailed(EXIT.answerLost, `done, but the answer cannot be written (${lost.code}): ${lost.text.trim()}`, {
    reason: 'ANSWER_LOST',
    answer: lost.text.trim(),
  });
}

function describe(error: unknown, addresses: string): CommandFailed {
  if (error instanceof CommandFailed) return error;
  if (error instanceof UsageError) return new CommandFailed(EXIT.usage, oneLine(error.message), { reason: 'USAGE' });
  if (isCallFailed(error)) return ofCall(error, addresses);
  return new CommandFailed(EXIT.unexpected, oneLine(error instanceof Error ? error.message : String(error)), { reason: 'UNEXPECTED' });
}

function ofCall({ code, error }: MasCallFailed, addresses: string): CommandFailed {
  const { reason, field, message, facts } = error;
  const id = facts['payment_id'];
  const again = id === undefined ? '' : `; ask again with --id '${id}'`;
  const idFact = id === undefined ? {} : { id };
  if (reason === 'GRPC_UNAVAILABLE')
    return new CommandFailed(
      EXIT.unavailable,
      `UNAVAILABLE: no Transaction Manager answers at ${addresses}: is it running, and is --tc right? (${connectionProblem(message)})${again}`,
      { reason: 'UNAVAILABLE', ...idFact },
    );
  if (reason === 'GRPC_DEADLINE_EXCEEDED')
    return new CommandFailed(
      EXIT.unavailable,
      `DEADLINE_EXCEEDED: no answer from ${addresses} in time; the outcome is unknown, ask again with the same id${id === undefined ? '' : `: --id '${id}'`}`,
      { reason: 'DEADLINE_EXCEEDED', ...idFact },
    );
  const exitCode =
    reason === 'LOCK_HELD' || reason === 'LOCK_TIMEOUT' ? EXIT.lockHeld : reason === 'OUTCOME_UNKNOWN' ? EXIT.unknownOutcome : exitCodeOf(error.kind);
  const where = field === null || field === '' ? '' : ` [${field}]`;
  return new CommandFailed(
    exitCode,
    `${reason}: ${oneLine(message)}${where}${exitCode === EXIT.unavailable || exitCode === EXIT.unknownOutcome ? again : ''}`,
    { reason, field, facts, code },
  );
}

/** grpc-js wraps what the operating system said in words about its own state. */
function connectionProblem(message: string): string {
  return oneLine(message)
    .replace(/^No connection established\. Last error: (?:Error: )?/, '')
    .replace(/\.? *Resolution note: *$/, '');
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, '; ');
}
