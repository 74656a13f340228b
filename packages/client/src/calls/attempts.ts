/** What the attempts of one call have met so far, and whether another one makes sense. */
import type { RequestError } from '@mas/transaction-coordinator';
import { isNoConnection, lastingProblem, type ConnectionProblem } from './connection-problem';

/** Statuses that come about without a server's word. */
const SILENCE: ReadonlySet<string> = new Set(['UNAVAILABLE', 'UNKNOWN', 'CANCELLED', 'INTERNAL', 'DEADLINE_EXCEEDED'].map((code) => `GRPC_${code}`));
/** No log has it (docs/protocol.md, rule 8). */
const NOT_DONE: ReadonlySet<string> = new Set(['NO_QUORUM', 'NO_STORE']);

export class Attempts {
  /** Since when nobody has answered. */
  private silentSinceMs: number | null = null;
  private readonly lasting = new Map<number, ConnectionProblem>();
  private readonly withoutQuorum = new Set<number>();
  /** An earlier attempt may have been carried out. */
  private perhapsDone: RequestError | null = null;
  private happened = false;

  constructor(
    private readonly endpoints: number,
    private readonly patienceMs: number,
  ) {}

  /** For whoever has to tell "not done" from "not known". */
  get mayHaveHappened(): boolean {
    return this.happened;
  }

  /** Every failure, also one that ends the call. */
  met({ kind, reason, message }: RequestError): void {
    const isSilence = SILENCE.has(reason) && !isNoConnection(message);
    const isTrouble = (kind === 'unavailable' || kind === 'internal') && !reason.startsWith('GRPC_') && !NOT_DONE.has(reason);
    if (isSilence || isTrouble) this.happened = true;
  }

  /** What the call ends with; null: it should be repeated. */
  failed(at: number, address: string, error: RequestError, nowMs: number): RequestError | null {
    if (error.reason.startsWith('GRPC_')) return this.unanswered(at, address, error, nowMs);
    this.silentSinceMs = null;
    if (error.reason === 'OUTCOME_UNKNOWN') this.perhapsDone = error;
    if (error.reason !== 'NO_QUORUM' && error.reason !== 'NO_STORE') return null;
    // The Transaction Manager has looked for a leader as long as makes sense; another one may reach replicas that this one does not, or hear of a later leader.
    this.withoutQuorum.add(at);
    if (this.withoutQuorum.size < this.endpoints) return null;
    if (this.perhapsDone === null) return error;
    return {
      ...this.perhapsDone,
      facts: error.facts,
      message: `${error.message.replace(/;.*$/, '')}; an earlier attempt of this call may have been carried out: ask again with the same id.`,
    };
  }

  private unanswered(at: number, address: string, error: RequestError, nowMs: number): RequestError | null {
    if (!isNoConnection(error.message)) this.perhapsDone = { ...error, reason: 'OUTCOME_UNKNOWN' };
    const problem = lastingProblem(error.message);
    if (problem !== null) this.lasting.set(at, problem);
    if (problem !== null && this.lasting.size >= this.endpoints)
      return { kind: problem.kind, reason: problem.reason, field: null, message: `${address} ${problem.text}`, facts: { address } };
    this.silentSinceMs ??= nowMs;
    return nowMs - this.silentSinceMs >= this.patienceMs ? error : null;
  }
}
