/**
 * ParticipantClient over gRPC: one connection and one Session stream per Resource Manager, opened when first needed and
 * again after a loss. It does not retry: who asks decides whether to ask again, and whom. Where one end has refused the other, nobody is
 * dialled for a while, however many ask.
 */
import type { Client, Metadata, ServiceError } from '@grpc/grpc-js';
import type { Instruction } from '@mas/ledger';
import type { NotSent, ParticipantClient, ParticipantReply, ParticipantRequest, Passage } from '@mas/two-phase-commit';
import type { Clock, Logger, RmId } from '@mas/values';
import type { TlsIdentity } from '../auth/tls-identity';
import { EncodedInstructions } from '../codec/ledger-codec';
import { SessionCodec } from '../codec/session-codec';
import { TransactionServiceService } from '../generated/mas/v1/transaction_service';
import type { NodeCaller } from '../membership/node-caller';
import { dialResourceManager, identity, SESSION_DIAL_TIMEOUT_MS } from './node-channel';
import { RefusedPeers } from './refused-peers';
import { SessionLink } from './session-link';

export interface ParticipantClientOptions {
  /** host:port of a Resource Manager, by the newest placement map; undefined when nobody knows it. */
  readonly addressOf: (rm: RmId) => string | undefined;
  /** Introduces this process and judges who answers. */
  readonly caller: NodeCaller;
  /** This process's certificate says which role it speaks in. */
  readonly tls: TlsIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of instructions whose payments are traced; null: this one's is not. Default: none is. */
  readonly traceparentOf?: (instruction: Instruction) => string | null;
  /** Default SESSION_DIAL_TIMEOUT_MS. */
  readonly dialTimeoutMs?: number;
}

interface Connection {
  readonly address: string;
  readonly client: Client;
  link: SessionLink | null;
}

/** Of the dials in a row that lead nowhere every third has twice the time. */
const PATIENT_EVERY = 3;

export class GrpcParticipantClient implements ParticipantClient {
  private readonly connections = new Map<RmId, Connection>();
  private readonly codec = new SessionCodec(new EncodedInstructions());
  /** Dials in a row that have led nowhere. */
  private readonly vain = new Map<RmId, number>();
  private readonly refused: RefusedPeers;
  private closed = false;

  constructor(private readonly options: ParticipantClientOptions) {
    this.refused = new RefusedPeers(options.clock);
  }

  send(rm: RmId, request: ParticipantRequest, timeoutMs: number, passage?: Passage): Promise<ParticipantReply | NotSent> {
    if (this.closed) return Promise.resolve({ kind: 'not-sent', reason: 'the client is closed' });
    const address = this.options.addressOf(rm);
    if (address === undefined) return Promise.resolve({ kind: 'not-sent', reason: `the address of resource manager ${rm} is not known` });
    const refusedFor = this.refused.reason(rm);
    if (refusedFor !== null) return Promise.resolve({ kind: 'not-sent', reason: refusedFor });
    const introduction = this.options.caller.introduction();
    if (introduction === null) return Promise.resolve({ kind: 'not-sent', reason: 'this process is not a member of the cluster yet' });
    return this.link(rm, address, introduction).send({ request: this.traced(request), passage: passage ?? null }, timeoutMs);
  }

  private traced(request: ParticipantRequest): ParticipantRequest {
    const { traceparentOf } = this.options;
    if (traceparentOf === undefined || request.kind !== 'instructions') return request;
    const items = request.items.map((item) => {
      const traceparent = traceparentOf(item.instruction);
      return traceparent === null ? item : { ...item, traceparent };
    });
    return { ...request, items };
  }

  /** Whether a session with it is open; one that nobody has needed is not. */
  isConnected(rm: RmId): boolean {
    return this.connections.get(rm)?.link?.isReady ?? false;
  }

  close(): void {
    this.closed = true;
    for (const rm of [...this.connections.keys()]) this.drop(rm);
  }

  private link(rm: RmId, address: string, introduction: Metadata): SessionLink {
    const connection = this.connection(rm, address);
    if (connection.link === null || connection.link.isBroken) connection.link = this.open(rm, connection, introduction);
    return connection.link;
  }

  /** A Resource Manager that has moved is dialled at its new address. */
  private connection(rm: RmId, address: string): Connection {
    const known = this.connections.get(rm);
    if (known !== undefined && known.address === address) return known;
    this.drop(rm);
    const connection: Connection = { address, client: dialResourceManager(rm, address, this.options.tls), link: null };
    this.connections.set(rm, connection);
    return connection;
  }

  private open(rm: RmId, { client, address }: Connection, introduction: Metadata): SessionLink {
    const stream = client.makeBidiStreamRequest<Buffer, Buffer>(TransactionServiceService.session.path, identity, identity, introduction);
    const ended = (reason: string, noConnection: boolean): void => {
      if (!this.closed) this.options.logger.debug({ rm, address, reason }, 'the session to a resource manager has ended');
      if (!noConnection) return;
      this.vain.set(rm, (this.vain.get(rm) ?? 0) + 1);
      if (this.connections.get(rm)?.client === client) this.drop(rm);
    };
    const { caller, clock, dialTimeoutMs } = this.options;
    const judge = (answered: Metadata): string | null => {
      this.vain.delete(rm);
      const judgement = caller.judge(rm, answered);
      if (judgement.ok) {
        this.refused.welcome(rm);
        return null;
      }
      if (judgement.dialsLater) this.refused.add(rm, judgement.reason);
      return judgement.reason;
    };
    const onFailed = (error: ServiceError): void => {
      if (caller.failed(rm, error)) this.refused.add(rm, error.details);
    };
    const isPatient = ((this.vain.get(rm) ?? 0) + 1) % PATIENT_EVERY === 0;
    const dialMs = (dialTimeoutMs ?? SESSION_DIAL_TIMEOUT_MS) * (isPatient ? 2 : 1);
    return new SessionLink(stream, this.codec, clock, { judge, onFailed, onBroken: ended }, dialMs);
  }

  private drop(rm: RmId): void {
    const connection = this.connections.get(rm);
    this.connections.delete(rm);
    connection?.link?.close();
    connection?.client.close();
  }
}
