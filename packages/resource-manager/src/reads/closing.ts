/** Closing a bucket at a moment: from then on whatever it applies lies behind that moment, under any leader (docs/adr/0021). */
import type { NoMoment, ParticipantFailure, ParticipantReply } from '@mas/two-phase-commit';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { Proposer } from '../propose/proposer';

/** A moment further ahead of the bucket's time is refused: it would carry every later payment there. */
const MAX_AHEAD_MS = 86_400_000;

export type NoMomentReply = Extract<ParticipantReply, { readonly kind: 'no-moment' }>;

export class Closing {
  constructor(
    private readonly applier: BucketApplier,
    private readonly proposer: Proposer,
  ) {}

  /** Null once it is closed there, at once where it is already; then any replica may answer. */
  async at(us: number): Promise<ParticipantFailure | NoMomentReply | null> {
    const { ledger } = this.applier.state();
    if (ledger.momentUs >= us) return null;
    if (this.isFarAhead(us)) return this.refused('ahead');
    const failure = await this.proposer.closeAt(us);
    if (failure !== null) return failure;
    // Closed, but by an entry of a bucket that has no moments yet.
    return this.applier.state().ledger.momentUs >= us ? null : this.refused('before');
  }

  /** No bucket is carried there by whoever asks. */
  isFarAhead(us: number): boolean {
    return us > (this.applier.stamps.now() + MAX_AHEAD_MS) * 1000;
  }

  refused(why: NoMoment): NoMomentReply {
    return { kind: 'no-moment', why, sinceUs: this.applier.state().ledger.momentsSinceUs };
  }
}
