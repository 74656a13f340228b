/** MembershipClient over gRPC: one question at a time per Resource Manager, with a deadline; no answer is null, and who asks asks again. */
import { status as Code, Metadata, type Client, type ServiceError } from '@grpc/grpc-js';
import type { FoundingStatement, Incarnation, PeerName } from '@mas/membership';
import type { Introduction, MembershipClient, RejoinAnswer } from '@mas/resource-manager';
import type { Clock, Logger, RmId } from '@mas/values';
import type { TlsIdentity } from '../auth/tls-identity';
import { MembershipCodec } from '../codec/membership-codec';
import { MembershipServiceService } from '../generated/mas/v1/membership_service';
import { sayMember } from '../membership/node-names';
import { refusalOf } from '../membership/refusal-status';
import { dialAnyResourceManager, dialResourceManager, identity } from './node-channel';

/**
 * For questions that are asked once and whose answer matters: who is not there says so at once, who is busy has time. While none of the others
 * answers there is nothing to do for a process anyway.
 */
const PATIENT_MS = 10_000;
/** Whoever is asked asks the leader of the meta group in turn. */
const JOIN_MS = 3_000;

type Answer = { readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly error: ServiceError };

export interface MembershipClientOptions {
  readonly self: RmId;
  readonly peers: ReadonlyMap<RmId, string>;
  /** Where a node that comes later asks to be taken in; whoever answers there. */
  readonly seeds?: readonly string[];
  readonly tls: TlsIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of questions that are asked again and again. */
  readonly timeoutMs: number;
}

export class GrpcMembershipClient implements MembershipClient {
  private readonly clients = new Map<RmId, Client>();
  private readonly seeds = new Map<string, Client>();
  private readonly codec = new MembershipCodec();

  constructor(private readonly options: MembershipClientOptions) {}

  async found(rm: RmId, statement: FoundingStatement, isQuestion: boolean): Promise<FoundingStatement | null> {
    const bytes = await this.answerOf(
      rm,
      MembershipServiceService.found.path,
      this.codec.encodeFound(statement, isQuestion),
      isQuestion ? PATIENT_MS : this.options.timeoutMs,
    );
    return bytes === null ? null : this.read(rm, () => this.codec.decodeFoundAnswer(bytes));
  }

  async rejoin(rm: RmId, incarnation: Incarnation): Promise<RejoinAnswer | null> {
    const bytes = await this.answerOf(
      rm,
      MembershipServiceService.rejoin.path,
      this.codec.encodeRejoin(this.options.self, incarnation),
      this.options.timeoutMs,
    );
    return bytes === null ? null : this.read(rm, () => this.codec.decodeRejoinAnswer(bytes));
  }

  async join(incarnation: Incarnation): Promise<readonly RejoinAnswer[]> {
    const request = this.codec.encodeJoin(this.options.self, incarnation);
    const answers = await Promise.all((this.options.seeds ?? []).map((address) => this.joinAt(address, request)));
    return answers.filter((answer) => answer !== null);
  }

  private async joinAt(address: string, request: Buffer): Promise<RejoinAnswer | null> {
    const client = this.seeds.get(address) ?? dialAnyResourceManager(address, this.options.tls);
    this.seeds.set(address, client);
    const answer = await this.call(client, MembershipServiceService.join.path, request, JOIN_MS, new Metadata());
    if (answer.ok) return this.read(address, () => this.codec.decodeRejoinAnswer(answer.bytes));
    this.failed(address, answer.error);
    return null;
  }

  async introduce(rm: RmId, name: PeerName): Promise<Introduction | null> {
    const answer = await this.ask(rm, MembershipServiceService.introduce.path, Buffer.alloc(0), PATIENT_MS, sayMember(name));
    if (answer === null || answer.ok) return answer === null ? null : { kind: 'welcome' };
    const refusal = refusalOf(answer.error);
    if (refusal === null) this.failed(rm, answer.error);
    return refusal === null ? null : { kind: 'turned-away', refusal };
  }

  close(): void {
    for (const client of [...this.clients.values(), ...this.seeds.values()]) client.close();
    this.clients.clear();
    this.seeds.clear();
  }

  private async answerOf(rm: RmId, path: string, request: Buffer, timeoutMs: number): Promise<Buffer | null> {
    const answer = await this.ask(rm, path, request, timeoutMs);
    if (answer?.ok === false) this.failed(rm, answer.error);
    return answer?.ok === true ? answer.bytes : null;
  }

  /** Null: it has no address. */
  private ask(rm: RmId, path: string, request: Buffer, timeoutMs: number, metadata = new Metadata()): Promise<Answer | null> {
    const address = this.options.peers.get(rm);
    if (address === undefined) return Promise.resolve(null);
    const client = this.clients.get(rm) ?? dialResourceManager(rm, address, this.options.tls);
    this.clients.set(rm, client);
    return this.call(client, path, request, timeoutMs, metadata);
  }

  private call(client: Client, path: string, request: Buffer, timeoutMs: number, metadata: Metadata): Promise<Answer> {
    const deadline = this.options.clock.wallMs() + timeoutMs;
    return new Promise((resolve) => {
      client.makeUnaryRequest(path, identity, identity, request, metadata, { deadline }, (error, bytes) => {
        resolve(error === null ? { ok: true, bytes: bytes ?? Buffer.alloc(0) } : { ok: false, error });
      });
    });
  }

  private failed(rm: RmId | string, error: ServiceError): void {
    // Nobody there, or not yet: that is what asking again is for. Anything else deserves a line.
    if (error.code === Code.UNAVAILABLE || error.code === Code.DEADLINE_EXCEEDED || error.code === Code.CANCELLED) return;
    this.options.logger.warn({ rm, reason: error.details }, 'a resource manager does not answer who it is');
  }

  private read<Answer>(rm: RmId | string, decode: () => Answer): Answer | null {
    try {
      return decode();
    } catch (error) {
      this.options.logger.warn({ rm, err: error }, 'an answer about membership cannot be read');
      return null;
    }
  }
}
