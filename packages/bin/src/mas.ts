#!/usr/bin/env node
/** The server program: `mas tc`, `mas rm`, `mas gateway`, `mas restore`, `mas up`, `mas demo`, `mas console`, `mas certs`, `mas check`, `mas health`, `mas log`, `mas body`. Wrong input is one line per problem and exit code 2. */
import { CommanderError, type Command } from 'commander';
import { forgetEmptyVariables } from './config/environment';
import { EXIT_FATAL } from './exit-fatal';
import { requireModernTls } from './platform/tls-policy';
import { surviveLostOutput } from './platform/standard-streams';
import { serverProgram } from './program';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** Kinds of errors whose message says all that there is to say, by the exit code. */
const EXPECTED: Readonly<Record<string, number>> = {
  'usage-error': EXIT_USAGE,
  'store-misconfigured': EXIT_USAGE,
  'listen-failed': EXIT_USAGE,
  'membership-refused': EXIT_USAGE,
  // The database or the log is older than the other one: something is lost, as with an empty one.
  'replica-unusable': EXIT_USAGE,
  'store-unavailable': EXIT_FAILED,
  // What is on the disk or in the database contradicts itself: the same as when a process finds it while it runs.
  'log-damaged': EXIT_FATAL,
  'log-failed': EXIT_FATAL,
  'snapshot-damaged': EXIT_FATAL,
  'backup-damaged': EXIT_FATAL,
  'writer-fenced': EXIT_FATAL,
  'unknown-semantics': EXIT_FATAL,
  'invariant-violation': EXIT_FATAL,
};

// Logs, databases, keys and sockets are for the user who runs this: no file is made that others may read.
process.umask(0o077);
requireModernTls();
forgetEmptyVariables(process.env);
// A closed terminal must not cost anybody an orderly end.
surviveLostOutput();

const program = serverProgram();
for (const command of allCommands(program)) command.exitOverride().copyInheritedSettings(program);

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exit(error.exitCode === 0 || error.code === 'commander.help' ? 0 : EXIT_USAGE);
  }
  const expected = typeof error === 'object' && error !== null && 'kind' in error ? EXPECTED[String(error.kind)] : undefined;
  const message = error instanceof Error ? error.message : String(error);
  for (const line of (expected === undefined ? `unexpected: ${message}` : message).split('\n')) process.stderr.write(`mas: ${line}\n`);
  process.exit(expected ?? EXIT_FAILED);
});

function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((inner) => [inner, ...allCommands(inner)]);
}
