/**
 * Accounts as of a moment that the caller names (docs/adr/0021). The same moment always gives the same balances, so any replica that has passed it may answer: those that
 * do not lead are asked first, each bucket's in turn, and the leader where they have not come so far, or are not there.
 */
import { slotOfAccount, type LeaderDirectory } from '@mas/placement';
import type { AccountReading, ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { present, type AccountNumber, type BucketId } from '@mas/values';
import { viewOfReading } from '../accounts/account-view';
import { MAX_ACCOUNTS_PER_READ } from '../coordinator-config';
import type { AccountView, Caller, Reply } from '../coordinator-service';
import type { LedgerTime } from '../ledger-time';
import { mayRead } from '../payment/identity';
import { failure, success, unanswered } from '../reply';
import type { BucketLink } from '../transport/bucket-link';
import type { Followers } from './followers';

/** A moment further ahead of the agreed time is none yet. Machines agree within this. */
const MAX_AHEAD_MS = 500;
/** A bucket reads long histories from its rows, and gives up before (resource-manager's account-reads). */
const LEADER_TIMEOUT_MS = 12_000;

type Accounts = Extract<ParticipantReply, { readonly kind: 'accounts' }>;

export class PastReads {
  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly ledgerTime: Pick<LedgerTime, 'nowMs'>,
    private readonly followers: Followers,
  ) {}

  async get(caller: Caller, numbers: readonly AccountNumber[], atUs: number): Promise<Reply<readonly AccountView[]>> {
    if (numbers.length > MAX_ACCOUNTS_PER_READ)
      return failure('invalid', 'TOO_MANY_ACCOUNTS', `One read takes at most ${MAX_ACCOUNTS_PER_READ} accounts.`, 'numbers');
    const foreign = numbers.findIndex((number) => !mayRead(caller.subject, number));
    if (foreign >= 0) return failure('permission-denied', 'NOT_AUTHORIZED', `The token may not read account ${numbers[foreign] ?? ''}.`, `numbers[${foreign}]`);
    const nowMs = await this.ledgerTime.nowMs();
    if (atUs > (nowMs + MAX_AHEAD_MS) * 1000)
      return failure('invalid', 'MOMENT_IN_THE_FUTURE', `${timeOf(atUs)} has not come yet: it is ${timeOf(nowMs * 1000)}.`, 'at_us');
    const groups = new Map<BucketId, number[]>();
    for (const [i, number] of numbers.entries()) {
      const bucket = this.link.bucketOf(slotOfAccount(number));
      groups.set(bucket, [...(groups.get(bucket) ?? []), i]);
    }
    const readings: (AccountReading | null)[] = numbers.map(() => null);
    const replies = await Promise.all(
      [...groups].map(async ([bucket, positions]) => ({
        positions,
        reply: await this.ofBucket(
          bucket,
          positions.map((i) => present(numbers[i], 'number')),
          atUs,
          caller,
        ),
      })),
    );
    for (const { positions, reply } of replies) {
      if (!reply.ok) return reply;
      for (const [j, i] of positions.entries()) readings[i] = reply.value.readings[j] ?? null;
    }
    return this.views(numbers, readings, atUs);
  }

  private async ofBucket(bucket: BucketId, numbers: readonly AccountNumber[], atUs: number, caller: Caller): Promise<Reply<Accounts>> {
    const request: ParticipantRequest = { kind: 'read-accounts', bucket, level: 'committed', numbers, token: caller.token, at: atUs };
    const early = await this.followers.ask(bucket, request, 'accounts', caller.deadlineMs);
    const reply = early ?? (await this.link.read(bucket, request, caller.deadlineMs, LEADER_TIMEOUT_MS));
    if (reply.kind === 'accounts') return success(reply);
    if (reply.kind !== 'no-moment')
      return unanswered(
        reply,
        `A bucket of these accounts did not answer (${reply.kind === 'unreachable' ? reply.reason : `unexpected ${reply.kind}`}); try again.`,
      );
    if (reply.why === 'ahead') return failure('invalid', 'MOMENT_IN_THE_FUTURE', `${timeOf(atUs)} has not come yet.`, 'at_us');
    return failure(
      'failed-precondition',
      'MOMENT_NOT_KEPT',
      `Balances of ${timeOf(atUs)} are not kept: those of bucket ${bucket} go back to ${timeOf(reply.sinceUs)}.`,
      'at_us',
      { bucket: String(bucket), since_us: String(reply.sinceUs) },
    );
  }

  private views(numbers: readonly AccountNumber[], readings: readonly (AccountReading | null)[], atUs: number): Reply<readonly AccountView[]> {
    const views: AccountView[] = [];
    for (const [i, number] of numbers.entries()) {
      const reading = readings[i] ?? null;
      if (reading === null)
        return failure('not-found', 'ACCOUNT_DID_NOT_EXIST', `Account ${number} did not exist at ${timeOf(atUs)}.`, `numbers[${i}]`, {
          account: number,
          at_us: String(atUs),
        });
      // What was held then is not known; status, owner and minimum are those of now.
      views.push({ ...viewOfReading(reading, 'committed', this.directory, atUs), holdsMinor: null });
    }
    return success(views);
  }
}

/** With its microseconds. */
function timeOf(us: number): string {
  return `${new Date(Math.floor(us / 1000)).toISOString().slice(0, -1)}${String(us % 1000).padStart(3, '0')}Z`;
}
