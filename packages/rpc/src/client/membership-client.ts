/** MembershipClient over gRPC: one question at a time per Resource Manager, with a deadline; no answer is null, and who asks asks again. */
import { status as Code, type Client, type ServiceError } from '@grpc/grpc-js';
import type { FoundingStatement, Incarnation } from '@mas/membership';
import type { MembershipClient, RejoinAnswer } from '@mas/resource-manager';
import type { Clock, Logger, RmId } from '@mas/values';
import type { TlsIdentity } from '../auth/tls-identity';
import { MembershipCodec } from '../codec/membership-codec';
import { MembershipServiceService } from '../generated/mas/v1/membership_service';
import { dialResourceManager, identity } from './node-channel';

export interface MembershipClientOptions {
  readonly self: RmId;
  readonly peers: ReadonlyMap<RmId, string>;
  readonly tls: TlsIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeoutMs: number;
}

export class GrpcMembershipClient implements MembershipClient {
  private readonly clients = new Map<RmId, Client>();
  private readonly codec = new MembershipCodec();

  constructor(private readonly options: MembershipClientOptions) {}

  async found(rm: RmId, statement: FoundingStatement): Promise<FoundingStatement | null> {
    const bytes = await this.ask(rm, MembershipServiceService.found.path, this.codec.encodeFound(statement));
    return bytes === null ? null : this.read(rm, () => this.codec.decodeFoundAnswer(bytes));
  }

  async rejoin(rm: RmId, incarnation: Incarnation): Promise<RejoinAnswer | null> {
    const bytes = await this.ask(rm, MembershipServiceService.rejoin.path, this.codec.encodeRejoin(this.options.self, incarnation));
    return bytes === null ? null : this.read(rm, () => this.codec.decodeRejoinAnswer(bytes));
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }

  private ask(rm: RmId, path: string, request: Buffer): Promise<Buffer | null> {
    const address = this.options.peers.get(rm);
    if (address === undefined) return Promise.resolve(null);
    const client = this.clients.get(rm) ?? dialResourceManager(rm, address, this.options.tls);
    this.clients.set(rm, client);
    const deadline = this.options.clock.wallMs() + this.options.timeoutMs;
    return new Promise((resolve) => {
      client.makeUnaryRequest(path, identity, identity, request, { deadline }, (error, answer) => {
        if (error !== null) this.failed(rm, error);
        resolve(error === null && answer !== undefined ? answer : null);
      });
    });
  }

  private failed(rm: RmId, error: ServiceError): void {
    // Nobody there, or not yet: that is what asking again is for. Anything else deserves a line.
    if (error.code === Code.UNAVAILABLE || error.code === Code.DEADLINE_EXCEEDED || error.code === Code.CANCELLED) return;
    this.options.logger.warn({ rm, reason: error.details }, 'a resource manager does not answer who it is');
  }

  private read<Answer>(rm: RmId, decode: () => Answer): Answer | null {
    try {
      return decode();
    } catch (error) {
      this.options.logger.warn({ rm, err: error }, 'an answer about membership cannot be read');
      return null;
    }
  }
}
