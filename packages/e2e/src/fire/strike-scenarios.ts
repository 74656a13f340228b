/**
 * Machines and links that are half broken, on hosts of their own (strikes/): whatever is broken, every payment ends, nothing that was
 * answered is lost, and a bucket whose majority can talk serves while it lasts. How fast is for the benchmark to say.
 */
import { halfBroken } from '../strikes/half-broken';
import { chained, constrainedElection, quorumLoss, singleLinks } from '../strikes/partial';
import type { Strike } from '../strikes/strike';
import type { Ground, Scenario } from './scenario';
import { NEEDS_COMPILER } from './world';

const BUCKET = 1;
/** Everything is away that a payment needs, or nobody may lead. */
const NOBODY_SERVES: ReadonlySet<Strike> = new Set([...halfBroken.filter(({ name }) => name.startsWith('sql')), constrainedElection]);
/**
 * Of the table in docs/performance.md: those that may cost no payment its life. A fifth of all packets lost is not among them: TCP's timers let some
 * connections stand still for longer than homes wait for a decision, and how many payments that costs is measured there.
 */
const NONE_ABANDONED: ReadonlySet<string> = new Set(['freeze', 'silent', 'disk']);

function struck(strike: Strike, ground: Ground): Scenario {
  const serves = !NOBODY_SERVES.has(strike);
  return {
    name: `${ground === 'five hosts' ? 'five RMs: ' : 'half broken: '}${strike.title}`,
    ground,
    holdMs: strike.holdMs,
    servesMeanwhile: serves,
    untimed: true,
    ...(serves ? { mustServe: BUCKET } : {}),
    noneAbandoned: NONE_ABANDONED.has(strike.name),
    leadersStay: strike.needs === 'servers',
    unavailable: (world) => (strike.needs === 'compiler' && world.shim === null ? NEEDS_COMPILER : null),
    inject: async ({ cluster, shim, observer }) => strike.inject({ cluster, shim, leader: await cluster.leaderOf(BUCKET, observer) }),
  };
}

export const strikeScenarios: readonly Scenario[] = [
  ...[...halfBroken, ...singleLinks, chained].map((strike) => struck(strike, 'hosts')),
  ...[...singleLinks, quorumLoss, chained, constrainedElection].map((strike) => struck(strike, 'five hosts')),
];
