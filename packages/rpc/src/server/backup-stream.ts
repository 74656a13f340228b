/**
 * NodeService/Backup: one request, then how far the reading has come, and the bytes of all buckets, as fast as the caller takes them: the next piece is asked for once the last one
 * has left. No deadline is asked for, and none but the caller's own ends it.
 */
import type { BackupWatch, Caller, CoordinatorService, RequestError } from '@mas/transaction-coordinator';
import type { ServerStream, StreamMethod } from '../door/methods';
import { invalid, refused } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';
import { writeBackupEvent, type BackupEvent } from '../public/backup-messages';
import { requireOperator, subjectName, type ClientEdge } from './client-edge';

export function backupStream(edge: ClientEdge, coordinator: CoordinatorService): StreamMethod {
  return {
    kind: 'stream',
    begin: (head) => {
      const subject = edge.authenticate(head);
      if (!subject.ok) return { ok: false, status: toStatus(subject.error) };
      const operator = requireOperator(subject.value.subject);
      if (!operator.ok) return { ok: false, status: toStatus(operator.error) };
      if (head.deadlineMs <= edge.ports.clock.monotonicMs())
        return { ok: false, status: toStatus(refused('deadline-exceeded', 'DEADLINE_EXCEEDED', 'The deadline had passed when the request arrived.').error) };
      const caller = { ...subject.value, deadlineMs: head.deadlineMs };
      return { ok: true, caller: subjectName(caller.subject), value: (stream) => new BackupCall(edge, coordinator, caller, stream).start() };
    },
  };
}

class BackupCall {
  private hasBegun = false;
  /** Of what was written last, by a caller that is slower than the reading. */
  private isUnread = false;

  constructor(
    private readonly edge: ClientEdge,
    private readonly coordinator: CoordinatorService,
    private readonly caller: Caller,
    private readonly stream: ServerStream,
  ) {}

  start(): void {
    this.stream.listen({
      message: (_bytes, release) => {
        release();
        this.asked();
      },
      end: () => {
        if (!this.hasBegun) this.fail(ONE_REQUEST);
      },
      closed: () => undefined,
    });
  }

  private asked(): void {
    if (this.hasBegun) return this.fail(ONE_REQUEST);
    this.hasBegun = true;
    const charged = this.edge.charge(this.caller.subject, 1);
    if (!charged.ok) return this.fail(charged.error);
    this.run().catch((error: unknown) => this.fail(this.edge.surprise(error)));
  }

  private async run(): Promise<void> {
    const watch: BackupWatch = {
      signal: this.stream.ended(),
      onProgress: (progress) => {
        if (!this.isUnread) void this.write({ kind: 'progress', progress });
      },
      onBegin: (taken) => this.write({ kind: 'begun', taken }),
      onPiece: (bucket, bytes) => this.write({ kind: 'piece', bucket, bytes }),
    };
    const reply = await this.coordinator.backup(this.caller, watch);
    if (!reply.ok) return this.fail(reply.error);
    await this.write({ kind: 'whole' });
    this.stream.end();
  }

  /** Resolves once it has left, or the call is over. */
  private write(event: BackupEvent): Promise<void> {
    this.isUnread = true;
    const signal = this.stream.ended();
    return new Promise((resolve) => {
      const done = (): void => {
        this.isUnread = false;
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted) return done();
      signal.addEventListener('abort', done);
      this.stream.write(this.edge.encode(event, writeBackupEvent), done);
    });
  }

  private fail(error: RequestError): void {
    this.stream.end(toStatus(error));
  }
}

const ONE_REQUEST = invalid('REQUEST_MALFORMED', '', 'The call takes one request.').error;
