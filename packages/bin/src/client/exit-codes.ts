/** Exit codes of mas-client: one per kind of failure, stable, listed in the README and in `mas-client --help`. */
import type { RequestError } from '@mas/transaction-coordinator';
import { unreachable } from '@mas/values';

export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  denied: 3,
  notFound: 4,
  conflict: 5,
  refused: 6,
  unavailable: 7,
  unknownOutcome: 8,
  differences: 9,
  lockHeld: 10,
  degraded: 11,
  answerLost: 12,
  incomplete: 13,
  damaged: 14,
} as const;

export const EXIT_CODE_HELP = `Exit codes:
  0  done                                  6  refused or aborted, with its reason
  1  unexpected failure                    7  unavailable or out of time: try again
  2  wrong input                           8  outcome unknown: ask again with the same id
  3  not authenticated or not allowed      9  an audit found differences, a statement does not add up
  4  not found                            10  the lock is held by another owner
  5  conflict with what exists            11  the cluster serves, with replicas missing (cluster status, cluster health)
                                          12  done, but the answer cannot be written
                                          13  an audit found no differences, and could not compare everything
                                          14  a backup is damaged, or something of it is missing`;

export function exitCodeOf(kind: RequestError['kind']): number {
  switch (kind) {
    case 'invalid':
      return EXIT.usage;
    case 'unauthenticated':
    case 'permission-denied':
      return EXIT.denied;
    case 'not-found':
      return EXIT.notFound;
    case 'already-exists':
      return EXIT.conflict;
    case 'failed-precondition':
    case 'aborted':
      return EXIT.refused;
    case 'unavailable':
    case 'deadline-exceeded':
    case 'resource-exhausted':
      return EXIT.unavailable;
    case 'unimplemented':
    case 'internal':
      return EXIT.unexpected;
    default:
      return unreachable(kind, 'error kind');
  }
}

/** Ends a command with one line on stderr and this code. */
export class CommandFailed extends Error {
  readonly kind = 'command-failed';

  constructor(
    readonly exitCode: number,
    message: string,
    /** What --json prints in place of the line. */
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'CommandFailed';
  }
}
