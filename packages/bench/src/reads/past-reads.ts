/** An account with a long history, read at moments of its past once its Resource Managers have nothing of that in memory: so from its rows. */
import { randomUUID } from 'node:crypto';
import type { MasClient, PaymentInput } from '@mas/client';
import { present, SeededRandom } from '@mas/values';
import { CALLERS, type Ground } from '../conditions/ground';
import { OPENING_MINOR } from '../load/accounts';
import { BATCH_SIZE } from '../load/payment-scenario';
import { wrongIn, type HotCircle } from './circle';
import { History, listedLegs } from './history';
import { Reads, type ReadFigures } from './read-flow';

export interface PastFigures {
  readonly legs: number;
  readonly madePerSecond: number;
  /** Of the hot account by itself: the first after the restart, and those after them, whose code is compiled. */
  readonly first: ReadFigures;
  readonly then: ReadFigures;
  /** Of it and all who have paid it, at one moment. */
  readonly circle: ReadFigures & { readonly accounts: number };
  /** Reads of the hot account whose value was compared with its listed legs. */
  readonly compared: number;
}

interface Seen {
  readonly atUs: number;
  readonly balanceMinor: bigint;
}

const FIRST_READS = 200;
const CIRCLE_READS = 50;
const MAX_AMOUNT_MINOR = 100;
const DIFFERENCES_KEPT = 5;

export async function pastReads(ground: Ground, payer: MasClient, { hot, senders }: HotCircle, legs: number): Promise<PastFigures> {
  const { progress, options, cluster } = ground;
  const random = new SeededRandom(options.seed);
  progress.phase(`paying one receiver ${legs} times`);
  const startedMs = performance.now();
  await payHot(payer, paymentsTo(hot, senders, random), legs, (paid) => progress.advance(paid / legs));
  const madePerSecond = (legs * 1000) / (performance.now() - startedMs);
  await ground.atRest(payer);
  progress.phase('starting the Resource Managers again');
  ground.notePeaks();
  await Promise.all(cluster.rms.map((one) => one.stop()));
  for (const one of cluster.rms) one.start();
  await Promise.all(cluster.rms.map((one) => one.ready()));
  const client = ground.client();
  await ground.caughtUp(client);
  const [fromUs, untilUs] = [await endOf(client, hot, 'oldest-first'), await endOf(client, hot, 'newest-first')];
  const moment = (): number => fromUs + Math.floor(random.unit() * (untilUs - fromUs));
  const seen: Seen[] = [];
  const read = async (): Promise<null> => {
    const atUs = moment();
    const [view] = await client.getAccounts([hot], 'committed', atUs);
    seen.push({ atUs, balanceMinor: present(view, 'account').balanceMinor });
    return null;
  };
  progress.phase('reading one account at moments of its past');
  const first = new Reads(read);
  for (let at = 0; at < FIRST_READS; at += 1) await first.once();
  const then = new Reads(read);
  const untilMs = performance.now() + options.durationMs;
  while (performance.now() < untilMs) await then.once();
  progress.phase('reading it at such moments together with all who have paid it');
  const circle = [hot, ...senders];
  const together = new Reads(async () => wrongIn(circle, await client.getAccounts(circle, 'committed', moment())));
  for (let at = 0; at < CIRCLE_READS; at += 1) await together.once();
  progress.phase('comparing with its listed legs');
  const history = History.of(OPENING_MINOR, await listedLegs(client, hot, (listed) => progress.advance(Math.min(1, listed / legs))));
  const wrong = differences(seen, history);
  return {
    legs: history.legs,
    madePerSecond,
    first: first.figures(),
    then: { ...then.figures(), wrong },
    circle: { ...together.figures(), accounts: circle.length },
    compared: seen.length,
  };
}

/** The first few. */
export function differences(seen: readonly Seen[], history: Pick<History, 'balanceAt'>): readonly string[] {
  const wrong = seen.filter(({ atUs, balanceMinor }) => balanceMinor !== history.balanceAt(atUs));
  const lines = wrong.map(({ atUs, balanceMinor }) => `at ${atUs} the account was read as ${balanceMinor}, and its legs make it ${history.balanceAt(atUs)}`);
  return lines.length <= DIFFERENCES_KEPT ? lines : [...lines.slice(0, DIFFERENCES_KEPT), `${lines.length - DIFFERENCES_KEPT} more`];
}

/** Ends when so many are committed. */
async function payHot(client: MasClient, next: () => PaymentInput, wanted: number, onPaid: (paid: number) => void): Promise<void> {
  let [committed, underWay] = [0, 0];
  const worker = async (): Promise<void> => {
    while (committed + underWay < wanted) {
      const size = Math.min(BATCH_SIZE, wanted - committed - underWay);
      underWay += size;
      const replies = await client.createPayments(Array.from({ length: size }, next));
      underWay -= size;
      const paid = replies.filter((reply) => reply.ok && reply.value.kind === 'committed').length;
      if (paid === 0) throw new Error('of a whole batch no payment was committed');
      onPaid((committed += paid));
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, worker));
}

/** Amounts differ, so that a balance tells the moments apart. */
function paymentsTo(hot: string, senders: readonly string[], random: SeededRandom): () => PaymentInput {
  const run = randomUUID().slice(0, 8);
  let made = 0;
  return () => {
    const from = present(senders[random.below(senders.length)], 'sender');
    made += 1;
    return { id: `{${from}}${run}-${made.toString(36)}`, from, to: hot, amount: { minor: BigInt(1 + random.below(MAX_AMOUNT_MINOR)) } };
  };
}

async function endOf(client: MasClient, account: string, direction: 'oldest-first' | 'newest-first'): Promise<number> {
  const { legs } = await client.listPayments({ account, direction, pageSize: 1, state: 'COMMITTED' });
  return present(legs[0]?.commitUs ?? undefined, 'commit time');
}
