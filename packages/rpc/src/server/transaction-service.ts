/** mas.v1.TransactionService: a Resource Manager's ParticipantServer behind single calls and Session streams. Roles tm and rm. */
import type { Metadata, handleUnaryCall, ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { ParticipantReply, ParticipantRequest, ParticipantServer } from '@mas/two-phase-commit';
import type { Clock, Logger } from '@mas/values';
import type { PeerIdentity } from '../auth/peer-role';
import type { EncodedInstructions } from '../codec/ledger-codec';
import { SessionCodec } from '../codec/session-codec';
import type { MemberDoor } from '../membership/member-door';
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

export function transactionService(ports: TransactionServicePorts): UntypedServiceImplementation {
  const codec = new SessionCodec(ports.encoded);
  const single = exchange(ports, codec);
  return {
    processPhase1: single,
    processPhase2Commit: single,
    processPhase2Rollback: single,
    exchange: single,
    session: (stream: ServerDuplexStream<Buffer, Buffer>) => {
      const entrance = ports.door.admit(stream, ['tm', 'rm']);
      if (entrance.ok) new ServerSession(ports, codec, stream, entrance.role).start(entrance.answer);
      else stream.emit('error', entrance.status);
    },
  };
}

function exchange(ports: TransactionServicePorts, codec: SessionCodec): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    const entrance = ports.door.admit(call, ['tm', 'rm']);
    if (!entrance.ok) {
      callback(entrance.status);
      return;
    }
    call.sendMetadata(entrance.answer);
    let request: ParticipantRequest;
    try {
      request = codec.decodeRequest(call.request);
    } catch {
      callback(INVALID_FRAME);
      return;
    }
    void handle(ports, request, entrance.role).then((reply) => callback(null, encoded(ports, reply, (each) => codec.encodeReply(each))));
  };
}

class ServerSession {
  private open = 0;
  private replies: Buffer[] = [];
  private flushing = false;
  private closed = false;

  constructor(
    private readonly ports: TransactionServicePorts,
    private readonly codec: SessionCodec,
    private readonly stream: ServerDuplexStream<Buffer, Buffer>,
    private readonly role: PeerIdentity['role'],
  ) {}

  start(answer: Metadata): void {
    const { stream } = this;
    stream.sendMetadata(answer);
    stream.on('data', (frame: Buffer) => this.receive(frame));
    stream.on('end', () => this.close());
    stream.on('error', () => this.close());
    stream.on('cancelled', () => this.close());
  }

  private receive(frame: Buffer): void {
    let requests: ReturnType<SessionCodec['decodeRequests']>;
    try {
      requests = this.codec.decodeRequests(frame);
    } catch (error) {
      this.ports.logger.error({ err: error }, 'a node sent a frame that cannot be read; its session is closed');
      this.stream.emit('error', INVALID_FRAME);
      return;
    }
    this.open += requests.length;
    if (this.open >= MAX_OPEN_REQUESTS) this.stream.pause();
    for (const { correlationId, request } of requests) {
      void handle(this.ports, request, this.role).then((reply) => this.reply(correlationId, reply));
    }
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
    if (!this.closed && this.open < MAX_OPEN_REQUESTS && this.stream.isPaused()) this.stream.resume();
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    this.stream.end();
  }
}

/** Never rejects: what the participant throws may have been proposed, so its fate is unknown. */
async function handle(ports: TransactionServicePorts, request: ParticipantRequest, role: PeerIdentity['role']): Promise<ParticipantReply> {
  try {
    return await ports.participant.handle(request, role);
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
