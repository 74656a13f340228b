/**
 * From production to the model: a random schedule over production's code alone. What may happen next is read from what coordinators and buckets
 * have sent, answered and stored, not from the model.
 */
import { present, type SeededRandom } from '@mas/values';
import { setOf, variant, type ModelValue } from './model-value';
import { BUCKETS, nameOf, PAYMENTS } from './model-payments';
import type { Message } from './network';
import type { ProductionCoordinator } from './production-coordinator';
import type { Step } from './replay';
import { World } from './world';

const MAX_COORDINATORS = 5;

/** What may happen, how often it is tried, and all ways in which it may. */
type Kind = readonly [weight: number, ways: (world: World, random: SeededRandom) => readonly ModelValue[]];

const KINDS: readonly Kind[] = [
  [2, (world) => (world.coordinators.size < MAX_COORDINATORS ? [...PAYMENTS.keys()].map((name) => variant('Begin', name)) : [])],
  [1, (world) => (world.coordinators.size < MAX_COORDINATORS ? [...PAYMENTS.keys()].map((name) => variant('Recover', name)) : [])],
  [1, (world) => living(world).flatMap(([number, { isOver }]) => (isOver ? [] : [variant('Die', number)]))],
  [6, (world) => unanswered(world).map(({ value }) => variant('Deliver', value))],
  [2, (world) => world.network.all().map(({ value }) => variant('Deliver', value))],
  [6, hearings],
  [1, (world) => awaited(world).map(([number, { value }]) => variant('Silence', { machine: number, question: instructionOf(value) }))],
  [1, homesAnswers],
  [1, (world) => living(world).flatMap(([number, each]) => each.heldUp.map((waiter) => variant('AskAgain', { machine: number, waiter: waiterValue(waiter) })))],
  [1, (world) => living(world).flatMap(([number, { canBeLate }]) => (canBeLate ? [variant('Deadline', number)] : []))],
  [1, (world) => living(world).flatMap(([number, { isOver, answers }]) => (isOver || answers.length > 0 ? [] : [variant('AnswerBy', number)]))],
  [1, (world) => preparedLegs(world).map((leg) => variant('LegAsks', leg))],
  [2, legHearings],
  [1, (world) => untold(world).map((leg) => variant('HomeTells', leg))],
  [1, homeHearings],
  [1, () => BUCKETS.map((name) => variant('Checkpoint', name))],
  [1, () => BUCKETS.map((name) => variant('Rejoin', name))],
];

/** The states on the way, the initial one first. */
export function randomHistory(random: SeededRandom, steps: number): readonly Step[] {
  const world = new World();
  const history: Step[] = [{ event: variant('Start'), state: world.value() }];
  while (history.length <= steps) {
    const event = drawn(world, random);
    world.perform(event);
    history.push({ event, state: world.value() });
  }
  return history;
}

function drawn(world: World, random: SeededRandom): ModelValue {
  const lots = KINDS.flatMap(([weight, ways]) => Array<Kind[1]>(weight).fill(ways));
  for (;;) {
    const ways = present(lots[random.below(lots.length)], 'kind of event')(world, random).filter((event) => changesLog(world, event));
    if (ways.length > 0) return present(ways[random.below(ways.length)], 'way');
  }
}

/** A checkpoint of nothing new, and coming back to where it already is, are no events. */
function changesLog(world: World, event: ModelValue): boolean {
  const { tag, value } = event as { readonly tag: string; readonly value: ModelValue };
  return (tag !== 'Checkpoint' && tag !== 'Rejoin') || world.bucket(value as string).hasLog;
}

function living({ coordinators }: World): readonly (readonly [number, ProductionCoordinator])[] {
  return [...coordinators].filter(([, { isDead }]) => !isDead);
}

function unanswered({ network }: World): readonly Message[] {
  return network.all().filter(({ outcomes }) => outcomes.size === 0);
}

const instructionOf = (message: ModelValue): ModelValue => (message as { readonly instruction: ModelValue }).instruction;
const waiterValue = (waiter: string): ModelValue => (waiter === 'home' ? variant('AtTheHome') : variant('AtLeg', waiter));

/** Questions of coordinators to which an answer is awaited. */
function awaited(world: World): readonly (readonly [number, Message])[] {
  return living(world).flatMap(([number, coordinator]) =>
    world.network
      .all()
      .filter(({ sender, instruction }) => sender.kind === 'coordinator' && sender.number === number && coordinator.awaitsAnswerTo(instruction))
      .map((message) => [number, message] as const),
  );
}

function hearings(world: World, random: SeededRandom): readonly ModelValue[] {
  return awaited(world).flatMap(([number, { value, outcomes }]) =>
    [...outcomes.values()].map(({ value: outcome, outcome: { kind } }) => {
      const isTired = kind === 'wait' && present(world.coordinators.get(number), 'coordinator').wasHeldUp && random.below(2) === 0;
      return variant('Hear', { machine: number, question: instructionOf(value), outcome, isTired });
    }),
  );
}

/** Of what is recorded each may have been heard of or not. */
function homesAnswers(world: World, random: SeededRandom): readonly ModelValue[] {
  return living(world).flatMap(([number, { awaited: homes, heldUp }]) =>
    [...homes].flatMap(([waiter, legs]) => {
      if (!heldUp.includes(waiter)) return [];
      const recorded = legs.filter(({ txn }) => world.recordOf(nameOf(txn))?.txn === txn && random.below(4) > 0);
      return [variant('HomesAnswer', { machine: number, waiter: waiterValue(waiter), recorded: setOf(recorded.map(({ txn }) => nameOf(txn))) })];
    }),
  );
}

function preparedLegs({ buckets }: World): readonly ModelValue[] {
  return [...buckets.values()].flatMap(({ ledger }) => [...ledger.preparedLegs()].map(({ txn, account }) => ({ txn: nameOf(txn), account })));
}

function untold({ buckets }: World): readonly ModelValue[] {
  return [...buckets.values()].flatMap(({ ledger }) =>
    [...ledger.undelivered()].flatMap(({ txn, untold: legs }) => legs.map(({ account }) => ({ txn: nameOf(txn), account }))),
  );
}

function legHearings({ buckets, network }: World): readonly ModelValue[] {
  const asked = network.all().filter(({ sender, instruction }) => sender.kind === 'leg-leader' && instruction.kind === 'resolve');
  return [...buckets.values()].flatMap(({ ledger }) =>
    [...ledger.preparedLegs()].flatMap(({ txn, account }) =>
      asked
        .filter(({ instruction }) => instruction.kind === 'resolve' && instruction.txn === txn)
        .flatMap(({ outcomes }) => [...outcomes.values()].map(({ value: outcome }) => variant('LegHears', { txn: nameOf(txn), account, outcome }))),
    ),
  );
}

function homeHearings({ network }: World): readonly ModelValue[] {
  return network
    .all()
    .filter(({ sender }) => sender.kind === 'home-leader')
    .flatMap(({ value, outcomes }) =>
      [...outcomes.values()]
        .filter(({ outcome: { kind } }) => kind === 'leg-ended')
        .map(({ value: outcome }) => variant('HomeHears', { question: instructionOf(value), outcome })),
    );
}
