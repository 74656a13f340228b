/** How an order of the cluster is answered: what it is, what moves by it, and, with --wait, how far that is until nothing is under way any more. */
import type { ClusterStatus, OrderedNodes } from '@mas/rpc';
import { countSlots, nameOf, type PlanStep } from '@mas/placement';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCallFailed } from '../call-failed';
import { CommandFailed, EXIT } from '../exit-codes';
import { ProgressLine } from '../progress-line';
import type { Session } from '../session';
import { SlotsProgress } from '../slots-progress';
import { rangeText, underWay } from '../under-way';

const LOOK_EVERY_MS = 500;
const MAX_WAIT_S = 86_400;
const WAIT_S = 600;
/** Of slots that are to move, so many lines are shown. */
const MAX_STEPS_SHOWN = 20;

export interface Waiting {
  readonly wait?: true;
  readonly waitSeconds: number;
}

export const NOT_WAITING: Waiting = { waitSeconds: 0 };

export function waiting(command: Command): Command {
  return command
    .option('--wait', 'until nothing is under way any more')
    .addOption(new Option('--wait-seconds <n>', 'how long at most').default(WAIT_S).argParser((text) => whole(text, 1, MAX_WAIT_S)));
}

/** Without --json what moves is shown before it is waited for. */
export async function told({ client, output }: Session, ordered: OrderedNodes, what: string, options: Waiting): Promise<void> {
  const plan = [what, ...ordered.steps.map(stepText), ...slotLines(ordered)].join('\n');
  if (options.wait !== true) return output.print({ ...ordered, waited: false, underWay: [] }, () => plan);
  if (!output.json) output.print(null, () => plan);
  const left = await waited(() => client.clusterStatus(), options.waitSeconds, new ProgressLine(process.stderr, output.json));
  output.print({ ...ordered, waited: true, underWay: left }, () => (left.length === 0 ? 'nothing is under way any more' : left.join('\n')));
  if (left.length > 0)
    throw new CommandFailed(EXIT.unavailable, `after ${options.waitSeconds} s this is still under way, and goes on: ${left.join('; ')}`, {
      reason: 'STILL_UNDER_WAY',
    });
}

/** Whoever does not answer for a while ends no waiting of hours. @returns what is still under way when the time is over. */
export async function waited(status: () => Promise<ClusterStatus>, forSeconds: number, line: ProgressLine): Promise<readonly string[]> {
  const endMs = Date.now() + forSeconds * 1000;
  const slots = new SlotsProgress();
  try {
    let left: readonly string[] = ['no transaction manager has said how far it is'];
    for (;;) {
      const now = await status().catch(unlessPassing);
      if (now !== null) left = underWay(now);
      if (left.length === 0 || Date.now() >= endMs) return left;
      const progress = now === null ? null : slots.looked(now.placement, Date.now());
      if (progress !== null) line.show({ ...progress, underWay: left }, () => slots.text(progress) ?? left.join('; '));
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    line.clear();
  }
}

function unlessPassing(error: unknown): null {
  if (!isCallFailed(error) || (error.error.kind !== 'unavailable' && error.error.kind !== 'deadline-exceeded')) throw error;
  return null;
}

export function stepText({ bucket, remove, add, why }: PlanStep): string {
  const name = nameOf({ bucket });
  if (add === null) return `${name}: rm-${remove ?? 0} goes (${why})`;
  return remove === null ? `${name}: rm-${add} comes (${why})` : `${name}: rm-${remove} \u2192 rm-${add} (${why})`;
}

/** Each, as far as they are few, how many slots that is, and what is in them. */
function slotLines({ slots: steps, estimate }: OrderedNodes): readonly string[] {
  if (steps.length === 0) return [];
  const more = steps.length > MAX_STEPS_SHOWN ? [`and ${steps.length - MAX_STEPS_SHOWN} moves more`] : [];
  const lines = steps.slice(0, MAX_STEPS_SHOWN).map(({ slots, from, to }) => `slots ${rangeText(slots)}: bucket ${from} \u2192 bucket ${to}`);
  const size = estimate === null ? '' : `: about ${estimate.accounts} accounts and ${estimate.rows} rows, ${Math.ceil(estimate.tookMs / 1_000)} s of copying`;
  return [...lines, ...more, `${countSlots(steps.map(({ slots }) => slots))} slots in ${steps.length} ${steps.length === 1 ? 'move' : 'moves'}${size}`];
}

export function whole(text: string, least: number, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most) throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
  return number;
}
