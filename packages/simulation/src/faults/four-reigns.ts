/**
 * Figure 8 of the Raft paper, played on purpose. Leader A writes an entry that nobody else gets; B, elected without it, writes
 * another one at its place; A is back, elected again, and spreads its old entry, but nothing of its new term; B is back and
 * is elected over it. An entry of an older term that counts as committed because a majority holds it is overwritten then.
 *
 * @see Ongaro, Ousterhout: In Search of an Understandable Consensus Algorithm, section 5.4.2
 */
import type { BucketId, RmId } from '@mas/values';
import type { LeaderWord } from '../cluster/cluster';
import type { Fault, FaultSite } from './fault';
import { cutOff } from './network-faults';

/** A reign that does not come within this time will not come: from the beginning. */
const PATIENCE_MS = 4_000;
/** A is back so long after the fourth reign has begun. */
const AFTERMATH_MS = 500;

type Act = 'A writes alone' | 'B writes alone' | 'A spreads what is old' | 'B is back' | 'over';

class FourReigns {
  private act: Act = 'A writes alone';
  private acts = 0;
  private a: RmId | undefined;
  private b: RmId | undefined;
  /** Of the reign before; who leads in a later one is the next leader. */
  private term = 0;
  private hasSpread = false;
  private comeBack: (() => void) | null = null;

  constructor(
    private readonly site: FaultSite,
    private readonly bucket: BucketId,
  ) {}

  hear(word: LeaderWord): void {
    if (word.group !== this.bucket) return;
    if (this.act === 'A writes alone') this.first(word);
    else if (this.act === 'B writes alone') this.second(word);
    else if (this.act === 'A spreads what is old') this.third(word);
    else if (this.act === 'B is back') this.fourth(word);
  }

  fromTheBeginning(): void {
    this.comeBack?.();
    this.comeBack = null;
    this.acts += 1;
    this.act = 'A writes alone';
  }

  /** An entry of A's reaches nobody. */
  private first({ rm, term, entryTerms }: LeaderWord): void {
    if (entryTerms.length === 0) return;
    this.a = rm;
    this.next('B writes alone', rm, term);
  }

  /** The first word of B's reign reaches nobody. */
  private second({ rm, term }: LeaderWord): void {
    if (term <= this.term || rm === this.a) return;
    this.b = rm;
    this.hasSpread = false;
    this.next('A spreads what is old', rm, term);
  }

  /** One message with old entries only arrives and is answered; the one after it does not arrive. */
  private third({ rm, to, term, entryTerms }: LeaderWord): void {
    if (term <= this.term || to === this.b || entryTerms.length === 0) return;
    if (rm !== this.a) {
      this.fromTheBeginning();
      return;
    }
    const isOld = entryTerms.every((entryTerm) => entryTerm < term);
    if (this.hasSpread) this.next('B is back', rm, term);
    else if (isOld) this.hasSpread = true;
  }

  private fourth({ rm, term }: LeaderWord): void {
    if (term <= this.term) return;
    if (rm === this.b) this.site.count('figure 8 played to its end');
    this.act = 'over';
    this.waitFor(AFTERMATH_MS);
  }

  /** One is away at a time: the last one is back when the next one goes. */
  private next(act: Act, leader: RmId, term: number): void {
    this.act = act;
    this.term = term;
    this.comeBack?.();
    this.comeBack = cutOff(this.site, leader);
    this.site.count('reigns cut short');
    this.waitFor(PATIENCE_MS);
  }

  private waitFor(patienceMs: number): void {
    this.acts += 1;
    const { acts } = this;
    this.site.cluster.world.time.at(patienceMs, () => {
      if (this.acts === acts) this.fromTheBeginning();
    });
  }
}

export const fourReigns: Fault = {
  name: 'four reigns',
  bites: ['reigns cut short'],
  everyMs: [100, 400],
  lastsMs: [8_000, 13_000],
  strike: (site) => {
    const { cluster } = site;
    const bucket = site.pick(cluster.buckets);
    site.note(`leaders of bucket ${bucket} take turns as in figure 8`);
    const reigns = new FourReigns(site, bucket);
    const hear = (word: LeaderWord): void => reigns.hear(word);
    cluster.onLeaderWord.add(hear);
    return () => {
      cluster.onLeaderWord.delete(hear);
      reigns.fromTheBeginning();
    };
  },
};
