/** mas.v1.TransactionService: a Resource Manager's ParticipantServer behind single calls and Session streams. Roles tm and rm. */
import type { ParticipantReply, ParticipantServer } from '@mas/two-phase-commit';
import type { Clock, Logger } from '@mas/values';
import type { PeerIdentity } from '../auth/peer-role';
import type { EncodedInstructions } from '../codec/ledger-codec';
import type { Envelope } from '../codec/participant-request-messages';
import { SessionCodec } from '../codec/session-codec';
import type { ServerStream, ServiceMethods, UnaryAnswer, UnaryMethod } from '../door/methods';
import type { MemberDoor } from '../membership/member-door';
import type { MalformedBytes } from '../wire/malformed-bytes';
import { INVALID_FRAME } from './node-identity';

/** Requests of one session that are worked on or whose replies are not yet written; beyond it nothing more is read. */
const MAX_OPEN_REQUESTS = 4096;
const MAX_FRAME_BYTES = 1024 * 1024;

export interface TransactionServicePorts {
  readonly participant: ParticipantServer;
  /** Says who may come in. */
  readonly door: MemberDoor;
  readonly encoded: EncodedInstructions;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function transactionService(ports: TransactionServicePorts): ServiceMethods {
  const codec = new SessionCodec(ports.encoded);
  const single = exchange(ports, codec);
  return {
    processPhase1: single,
    processPhase2Commit: single,
    processPhase2Rollback: single,
    exchange: single,
    session: {
      kind: 'stream',
      begin: (head) => {
        const entrance = ports.door.admit(head, ['tm', 'rm']);
        return entrance.ok
          ? { ok: true, answer: entrance.answer, value: (stream) => new ServerSession(ports, codec, stream, entrance.role).start() }
          : entrance;
      },
    },
  };
}

function exchange(ports: TransactionServicePorts, codec: SessionCodec): UnaryMethod {
  return {
    kind: 'unary',
    begin: (head) => {
      const entrance = ports.door.admit(head, ['tm', 'rm']);
      return entrance.ok ? { ok: true, answer: entrance.answer, value: (bytes) => answer(ports, codec, bytes, entrance.role) } : entrance;
    },
  };
}

async function answer(ports: TransactionServicePorts, codec: SessionCodec, bytes: Buffer, role: PeerIdentity['role']): Promise<UnaryAnswer> {
  let envelope: Envelope;
  try {
    envelope = codec.decodeRequest(bytes);
  } catch {
    return { ok: false, status: INVALID_FRAME };
  }
  return { ok: true, value: encoded(ports, await handle(ports, envelope, role), (each) => codec.encodeReply(each)) };
}

class ServerSession {
  private open = 0;
  private replies: Buffer[] = [];
  private flushing = false;
  private closed = false;

  constructor(
    private readonly ports: TransactionServicePorts,
    private readonly codec: SessionCodec,
    private readonly stream: ServerStream,
    private readonly role: PeerIdentity['role'],
  ) {}

  start(): void {
    this.stream.sendHeaders();
    this.stream.listen({
      message: (frame, release) => this.receive(frame, release),
      end: () => this.close(),
      closed: () => this.close(),
    });
  }

  private receive(frame: Buffer, release: () => void): void {
    let requests: ReturnType<SessionCodec['decodeRequests']>;
    try {
      requests = this.codec.decodeRequests(frame);
    } catch (error) {
      this.ports.logger.error({ err: error }, 'a node sent a frame that cannot be read; its session is closed');
      this.stream.end(INVALID_FRAME);
      return;
    }
    this.open += requests.length;
    if (this.open >= MAX_OPEN_REQUESTS) this.stream.pause();
    let unanswered = requests.length;
    for (const request of requests) {
      const replied = (reply: ParticipantReply): void => {
        unanswered -= 1;
        if (unanswered === 0) release();
        this.reply(request.correlationId, reply);
      };
      if ('unreadable' in request) replied(this.unreadable(request.unreadable));
      else void handle(this.ports, request, this.role).then(replied);
    }
  }

  private unreadable(error: MalformedBytes): ParticipantReply {
    this.ports.logger.error({ err: error }, 'a node sent a request that cannot be read');
    return { kind: 'unavailable', reason: 'the resource manager cannot read the request; it may be of an older version' };
  }

  private reply(correlationId: number, reply: ParticipantReply): void {
    if (this.closed) return;
    this.replies.push(encoded(this.ports, reply, (each) => this.codec.encodeCorrelatedReply({ correlationId, reply: each })));
    if (this.flushing) return;
    this.flushing = true;
    this.ports.clock.defer(() => this.flush());
  }

  private flush(): void {
    this.flushing = false;
    if (this.closed) return;
    const replies = this.replies;
    this.replies = [];
    for (let from = 0; from < replies.length; ) {
      let size = 0;
      let to = from;
      while (to < replies.length && (to === from || size + (replies[to]?.length ?? 0) <= MAX_FRAME_BYTES)) {
        size += replies[to]?.length ?? 0;
        to += 1;
      }
      const count = to - from;
      this.stream.write(Buffer.concat(replies.slice(from, to), size), () => this.written(count));
      from = to;
    }
  }

  private written(count: number): void {
    this.open -= count;
    if (!this.closed && this.open < MAX_OPEN_REQUESTS && this.stream.isPaused) this.stream.resume();
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    this.stream.end();
  }
}

/** Never rejects: what the participant throws may have been proposed, so its fate is unknown. */
async function handle(ports: TransactionServicePorts, { request, passage }: Envelope, role: PeerIdentity['role']): Promise<ParticipantReply> {
  try {
    return await (passage === null ? ports.participant.handle(request, role) : ports.participant.handle(request, role, passage));
  } catch (error) {
    ports.logger.error({ err: error, request: request.kind }, 'a request failed unexpectedly');
    return FAILED;
  }
}

const FAILED: ParticipantReply = { kind: 'unknown', reason: 'the resource manager failed; its log says why' };

/** An answer that cannot be put into bytes fails its request alone. */
function encoded(ports: TransactionServicePorts, reply: ParticipantReply, encode: (reply: ParticipantReply) => Buffer): Buffer {
  try {
    return encode(reply);
  } catch (error) {
    ports.logger.error({ err: error, reply: reply.kind }, 'a reply cannot be encoded');
    return encode(FAILED);
  }
}
