/**
 * The context file: where a cluster is, its certificate and a token. What it says decides to which server the caller's token
 * goes, so a file that merely lies in the working directory is not believed: somebody else may have put it there, in a shared
 * folder or in a source archive. It counts when
 *   - it was named, by --context or MAS_CONTEXT; or
 *   - it is the caller's own `~/.config/mas/context.json`; or
 *   - it is `.mas/context.json` and its writer still runs: a process of the same user, by its pid and the moment of its start.
 * The latter two and their folder must belong to the caller, and nobody else may write to them. Whatever names a process that
 * has ended leads to a cluster that is gone, and is not used either.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { isRunningAsMine, type ProcessIdentity } from '../platform/running-process';
import { UsageError } from '../usage-error';
import { CommandFailed, EXIT } from './exit-codes';

export interface ContextFile {
  readonly path: string;
  readonly values: { readonly tc?: string | undefined; readonly cert?: string | undefined; readonly token?: string | undefined };
}

const content = z.strictObject({
  tc: z.optional(z.string()),
  cert: z.optional(z.string()),
  token: z.optional(z.string()),
  /** Of the cluster that wrote it. */
  process: z.optional(z.strictObject({ pid: z.int().check(z.positive()), started: z.string() })),
});
const LOCAL = '.mas/context.json';
const OTHERS_MAY_WRITE = 0o022;
const NOTHING: ContextFile = { path: '', values: {} };

/** @throws UsageError for one that is not there or not readable, CommandFailed for one whose cluster has ended. */
export function readNamedContext(path: string, from: string): ContextFile {
  if (!existsSync(path)) throw new UsageError(`there is no context file ${path} (${from})`);
  const { process: writer, ...values } = parse(path);
  if (writer !== undefined && !isRunningAsMine(writer))
    throw new CommandFailed(
      EXIT.unavailable,
      `UNAVAILABLE: the cluster of the context file ${path} (${from}) has ended (process ${writer.pid}): start it again`,
      { reason: 'CONTEXT_ENDED' },
    );
  return { path, values };
}

/** The first that may be believed. @param note hears why one was not */
export function findContext(note: (text: string) => void, home: string = homedir()): ContextFile {
  for (const [path, needsWriter] of [
    [LOCAL, true],
    [join(home, '.config/mas/context.json'), false],
  ] as const) {
    if (!existsSync(path)) continue;
    const real = realpathSync(path);
    const why = distrust(real);
    if (why !== null) {
      note(`the context file ${path} is not used: ${why}; name it with --context or MAS_CONTEXT to use it all the same`);
      continue;
    }
    const { process: writer, ...values } = parse(real);
    const ended = endedWriter(writer, needsWriter);
    if (ended === null) return { path: real, values };
    note(`the context file ${path} is not used: ${ended}`);
  }
  return NOTHING;
}

function endedWriter(writer: ProcessIdentity | undefined, needsWriter: boolean): string | null {
  if (writer === undefined)
    return needsWriter ? 'it does not say which running cluster of yours wrote it; name it with --context or MAS_CONTEXT to use it all the same' : null;
  return isRunningAsMine(writer) ? null : `the cluster that wrote it (process ${writer.pid}) has ended`;
}

/** Null for a file and a folder of the caller's own that nobody else may write to. */
function distrust(real: string): string | null {
  for (const [what, target] of [
    ['it', real],
    ['its folder', dirname(real)],
  ] as const) {
    const { uid, mode } = statSync(target);
    const own = process.geteuid?.() ?? uid;
    if (uid !== own) return `${what} belongs to another user`;
    if ((mode & OTHERS_MAY_WRITE) !== 0) return `others may write to ${what}`;
  }
  return null;
}

function parse(path: string): z.infer<typeof content> {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError(`the context file ${path} cannot be read as JSON`);
  }
  const parsed = content.safeParse(raw);
  if (!parsed.success) throw new UsageError(`the context file ${path} may hold tc, cert and token, as texts, and nothing else`);
  return parsed.data;
}
