/**
 * Audits of one replica, each under an id of its asker's. Whoever asks starts it or hears how far it has come, and in the end what it has found: so no request lasts
 * long, a lost one is asked again, and a process that has started anew begins anew. One that nobody asks about any more ends by itself.
 */
import type { ParticipantFailure, ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { SlotSet, within, type Clock, type Timer } from '@mas/values';
import { StoreUnavailable } from '../applied-store';
import { AuditEnded, type AuditQuestion, type RowsAudit } from './rows-audit';

/** An answer comes so soon, with what there is. */
const ANSWER_MS = 1_000;
/** Nobody has asked for so long: nobody will. */
const FORSAKEN_MS = 20_000;
/** Of one replica. */
const MAX_RUNS = 4;

export type AuditRequest = Extract<ParticipantRequest, { readonly kind: 'audit' }>;

interface Run {
  readonly audit: RowsAudit;
  /** Once it is over. */
  answer: ParticipantReply | null;
  readonly over: Promise<void>;
  forsaken: Timer;
}

export interface AuditRunPorts {
  readonly clock: Clock;
  start(): RowsAudit;
  /** Runs it; a leader sees to it that the barrier comes. */
  work(audit: RowsAudit, question: AuditQuestion): ReturnType<RowsAudit['run']>;
  storeRefusal(): ParticipantFailure;
}

export class AuditRuns {
  private readonly runs = new Map<string, Run>();

  constructor(private readonly ports: AuditRunPorts) {}

  async ask(request: AuditRequest): Promise<ParticipantReply> {
    const { id, isEnding } = request;
    if (isEnding) {
      this.end(id);
      return { kind: 'audit', rows: 0, permille: 0, findings: null };
    }
    const run = this.runs.get(id) ?? this.begin(request);
    if (run === null) return { kind: 'unavailable', reason: `${MAX_RUNS} other audits read this replica` };
    run.forsaken.cancel();
    run.forsaken = this.ports.clock.schedule(FORSAKEN_MS, () => this.end(id));
    if (run.answer === null) await this.overOrSoon(run);
    if (run.answer === null) return { kind: 'audit', ...run.audit.progress(), findings: null };
    // Asked again it begins anew.
    if (run.answer.kind !== 'audit') this.end(id);
    return run.answer;
  }

  endAll(): void {
    for (const id of [...this.runs.keys()]) this.end(id);
  }

  private end(id: string): void {
    const run = this.runs.get(id);
    run?.forsaken.cancel();
    run?.audit.end();
    this.runs.delete(id);
  }

  private begin({ id, momentUs, timesSinceUs, barrierUs, parts, from, slots }: AuditRequest): Run | null {
    if (this.runs.size >= MAX_RUNS) return null;
    const { clock } = this.ports;
    const audit = this.ports.start();
    const question = {
      barrierUs,
      moment: { us: momentUs, timesSinceUs, fromUs: from?.us ?? 0, parts: parts.length === 0 ? null : new Set(parts) },
      sinceMs: from?.laterMs ?? null,
      slots: slots === null ? null : SlotSet.of(slots),
    };
    const run: Run = {
      audit,
      answer: null,
      forsaken: clock.schedule(FORSAKEN_MS, () => this.end(id)),
      over: this.answerOf(audit, question).then((answer) => {
        run.answer = answer;
      }),
    };
    this.runs.set(id, run);
    return run;
  }

  private async answerOf(audit: RowsAudit, question: AuditQuestion): Promise<ParticipantReply> {
    try {
      const found = await this.ports.work(audit, question);
      return 'kind' in found ? found : { kind: 'audit', rows: audit.progress().rows, permille: 1_000, findings: found };
    } catch (error) {
      if (error instanceof AuditEnded) return { kind: 'unavailable', reason: 'the audit was ended' };
      if (error instanceof StoreUnavailable) return this.ports.storeRefusal();
      return { kind: 'unavailable', reason: `its rows cannot be read: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  private async overOrSoon({ over }: Run): Promise<void> {
    await within(this.ports.clock, ANSWER_MS, over, undefined);
  }
}
