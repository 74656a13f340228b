/**
 * From a token to a viewer: the cluster is asked a question that only whom the token says he is may ask. Nothing is taken from the token itself
 * but what to ask.
 */
import { MasCallFailed, MasClient } from '@mas/client';
import type { Clock, Logger } from '@mas/values';
import { Refused } from '../api/refused';
import type { Judge } from '../live/judge';
import { claimsOf } from './claims';
import { Viewer } from './viewer';

export interface Cluster {
  /** host:port of the Transaction Managers. */
  readonly addresses: readonly string[];
  /** As it is when somebody signs in. */
  readonly ca: Buffer;
}

/** Each costs the cluster a call. */
const MAX_SIGNING_IN = 8;
const CALL_TIMEOUT_MS = 10_000;
const SIGN_IN_TIMEOUT_MS = 5_000;
const SAMPLE_TIMEOUT_MS = 2_500;
/** Who is not there is shown as not there; the next sample asks again. */
const SAMPLE_PATIENCE_MS = 250;

export class SignIn {
  private underWay = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly judge: Judge,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** @throws Refused, MasCallFailed */
  async with(token: string): Promise<Viewer> {
    const claims = claimsOf(token);
    if (claims === null) throw new Refused(401, 'TOKEN_REFUSED', 'This is not a token: three parts separated by dots, as certs/operator.jwt holds one.');
    if (!claims.isOperator && claims.account === null)
      throw new Refused(401, 'TOKEN_REFUSED', 'The token names no role: it is an operator\u2019s or an account\u2019s.');
    if (this.underWay >= MAX_SIGNING_IN) throw new Refused(503, 'TOO_MANY_SIGN_INS', 'Others are signing in at this moment; try again.');
    this.underWay += 1;
    const { addresses, ca } = this.cluster;
    const client = new MasClient({ addresses, ca, token, timeoutMs: CALL_TIMEOUT_MS });
    try {
      const asked = new MasClient({ addresses, ca, token, timeoutMs: SIGN_IN_TIMEOUT_MS });
      try {
        if (claims.account === null) await asked.clusterStatus();
        else await asked.getAccount(claims.account);
      } finally {
        asked.close();
      }
      const managers = addresses.map((address) => ({
        address,
        client: new MasClient({ addresses: [address], ca, token, timeoutMs: SAMPLE_TIMEOUT_MS, connectPatienceMs: SAMPLE_PATIENCE_MS }),
      }));
      return new Viewer({ claims, client, managers, judge: this.judge, clock: this.clock, logger: this.logger });
    } catch (error) {
      client.close();
      if (error instanceof MasCallFailed && (error.error.kind === 'unauthenticated' || error.error.kind === 'permission-denied'))
        throw new Refused(401, 'TOKEN_REFUSED', `The cluster refuses this token: ${error.message}`);
      throw error;
    } finally {
      this.underWay -= 1;
    }
  }
}
