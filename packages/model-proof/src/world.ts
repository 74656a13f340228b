/**
 * The model's cluster in production's code: ledgers and coordinators, with every event of the model (docs/model/cluster.qnt) done to them. What
 * stands in for a host is here, and is as small as it can be: messages wait until an event delivers them, and nobody has a clock.
 */
import type { Instruction, LegRow, Outcome, OutcomeRow } from '@mas/ledger';
import { accountNumber, invariant, present } from '@mas/values';
import { fieldOf, mapOf, membersOf, numberOf, setOf, stringOf, variant, variantOf, type ModelValue } from './model-value';
import { bucketOfAccount, bucketOfSlot, BUCKETS, nameOf, paymentOf, slotOf } from './model-payments';
import { Network, type Message } from './network';
import { ORIGIN_US, ProductionBucket } from './production-bucket';
import { ProductionCoordinator } from './production-coordinator';
import { answerValue, recordValue } from './projection';

const ABANDONED = { name: 'ABANDONED', account: null, facts: {} } as const;

export class World {
  readonly buckets = new Map(BUCKETS.map((name) => [name as string, new ProductionBucket(name)]));
  readonly coordinators = new Map<number, ProductionCoordinator>();
  readonly network = new Network();
  private readonly heard: ModelValue[] = [];
  private readonly alarms: ModelValue[] = [];

  /** @throws InvariantViolation when production is not where the event could happen. */
  perform(event: ModelValue): void {
    const { tag, value } = variantOf(event);
    switch (tag) {
      case 'Begin':
        return this.begin(stringOf(value), 'begin');
      case 'Recover':
        return this.begin(stringOf(value), 'recover');
      case 'Die':
        this.coordinator(value).isDead = true;
        return;
      case 'Deliver':
        return this.deliver(this.network.message(value));
      case 'Hear':
        return this.hear(value);
      case 'Silence':
        return this.coordinator(fieldOf(value, 'machine')).hear(this.question(value).instruction, { kind: 'unreachable', reason: 'no reply in time' });
      case 'HomesAnswer':
        return this.homesAnswer(value);
      case 'AskAgain':
        return this.coordinator(fieldOf(value, 'machine')).askAgain(waiterName(fieldOf(value, 'waiter')));
      case 'Deadline':
        return this.coordinator(value).deadline();
      case 'AnswerBy':
        return this.coordinator(value).answerBy();
      case 'LegAsks':
        return this.network.send({ kind: 'leg-leader' }, resolutionOf(this.preparedLeg(value)));
      case 'LegHears':
        return this.legHears(value);
      case 'HomeTells':
        return this.homeTells(value);
      case 'HomeHears':
        return this.homeHears(value);
      case 'Checkpoint':
        return this.bucket(stringOf(value)).checkpoint();
      case 'Rejoin':
        return this.bucket(stringOf(value)).rejoin();
      default:
        invariant(false, 'the world knows the event', { tag });
    }
  }

  /** As the model's variable `state`. */
  value(): ModelValue {
    const coordinators = [...this.coordinators];
    return {
      buckets: mapOf([...this.buckets].map(([name, bucket]) => [name, bucket.value()])),
      machines: mapOf(coordinators.map(([number, each]) => [number, each.value()])),
      dead: setOf(coordinators.filter(([, { isDead }]) => isDead).map(([number]) => number)),
      net: this.network.value(),
      heard: setOf(this.heard),
      answers: setOf(coordinators.flatMap(([, each]) => each.answers.map((answer) => ({ txn: each.payment, answer: answerValue(answer) })))),
      alarms: setOf(this.alarms),
    };
  }

  bucket(name: string): ProductionBucket {
    return present(this.buckets.get(name), 'bucket of the model');
  }

  /** What the home has recorded under the payment's id, be it this one or another. */
  recordOf(payment: string): OutcomeRow | undefined {
    const { homeSlot, key } = paymentOf(payment);
    return this.bucket(bucketOfSlot(homeSlot)).rows.outcome(key);
  }

  private begin(payment: string, how: 'begin' | 'recover'): void {
    const number = this.coordinators.size + 1;
    const coordinator = ProductionCoordinator[how](paymentOf(payment), (instruction) => this.network.send({ kind: 'coordinator', number }, instruction));
    this.coordinators.set(number, coordinator);
  }

  private deliver(message: Message): void {
    const { instruction } = message;
    const outcome = this.bucket(placeOf(instruction)).apply(instruction, fieldOf(message.value, 'instruction'));
    this.network.answered(message, outcome);
    if (outcome.kind === 'decided') this.heard.push(recordValue(nameOf(outcome.outcome.txn), { ...outcome.outcome, untold: [] }, ORIGIN_US));
    if (outcome.kind === 'alarm') this.alarms.push(outcome.alarm.name);
  }

  private hear(value: ModelValue): void {
    const message = this.question(value);
    const outcome = this.network.outcome(message, fieldOf(value, 'outcome'));
    this.coordinator(fieldOf(value, 'machine')).hear(message.instruction, { kind: 'outcome', outcome }, fieldOf(value, 'isTired') === true);
  }

  private homesAnswer(value: ModelValue): void {
    const recorded = membersOf(fieldOf(value, 'recorded')).map(stringOf);
    this.coordinator(fieldOf(value, 'machine')).homesAnswer(waiterName(fieldOf(value, 'waiter')), ({ txn }) =>
      recorded.includes(nameOf(txn)) ? present(this.recordOf(nameOf(txn)), 'record that was heard of') : null,
    );
  }

  private legHears(value: ModelValue): void {
    const leg = this.preparedLeg(value);
    const question = this.network.from({ kind: 'leg-leader' }, variant('Resolve', fieldOf(value, 'txn')));
    const ending = endingOf(leg, this.network.outcome(question, fieldOf(value, 'outcome')));
    if (ending !== null) this.network.send({ kind: 'leg-leader' }, ending);
  }

  private homeTells(value: ModelValue): void {
    const account = stringOf(fieldOf(value, 'account'));
    const row = present(this.recordOf(stringOf(fieldOf(value, 'txn'))), 'record of a payment that is told');
    invariant(
      row.untold.some((each) => each.account === account),
      'a leg that is told was not told yet',
      { account },
    );
    this.network.send({ kind: 'home-leader' }, tellingOf(row, account));
  }

  private homeHears(value: ModelValue): void {
    const message = this.network.from({ kind: 'home-leader' }, fieldOf(value, 'question'));
    const outcome = this.network.outcome(message, fieldOf(value, 'outcome'));
    const { instruction } = message;
    if (outcome.kind !== 'leg-ended' || (instruction.kind !== 'commit' && instruction.kind !== 'rollback')) return;
    const { key } = paymentOf(nameOf(instruction.txn));
    this.network.send({ kind: 'home-leader' }, { kind: 'acknowledge', key, txn: instruction.txn, accounts: [instruction.account] });
  }

  private coordinator(number: ModelValue): ProductionCoordinator {
    const coordinator = present(this.coordinators.get(numberOf(number)), 'coordinator');
    invariant(!coordinator.isDead, 'the coordinator lives', { number: numberOf(number) });
    return coordinator;
  }

  /** @throws InvariantViolation unless the coordinator waits for its answer. */
  private question(value: ModelValue): Message {
    const number = numberOf(fieldOf(value, 'machine'));
    const message = this.network.from({ kind: 'coordinator', number }, fieldOf(value, 'question'));
    invariant(this.coordinator(number).awaitsAnswerTo(message.instruction), 'the coordinator waits for an answer', { number });
    return message;
  }

  private preparedLeg(value: ModelValue): LegRow {
    const account = accountNumber(stringOf(fieldOf(value, 'account')));
    const { txn } = paymentOf(stringOf(fieldOf(value, 'txn')));
    return present(this.bucket(bucketOfAccount(account)).ledger.pinnedLeg(account, txn), 'prepared leg');
  }
}

export function waiterName(waiter: ModelValue): string {
  const { tag, value } = variantOf(waiter);
  return tag === 'AtLeg' ? stringOf(value) : 'home';
}

function placeOf(instruction: Instruction): string {
  if ('homeSlot' in instruction && !('account' in instruction)) return bucketOfSlot(instruction.homeSlot);
  if (instruction.kind === 'acknowledge') return bucketOfSlot(paymentOf(nameOf(instruction.txn)).homeSlot);
  invariant('account' in instruction, 'an instruction goes to a home or to a leg', { kind: instruction.kind });
  return bucketOfSlot(slotOf(instruction.account));
}

/** As the leader of a leg asks (resource-manager/src/drivers/resolve.ts). */
function resolutionOf({ txn, key, homeSlot, body }: LegRow): Instruction {
  return { kind: 'resolve', txn, key, homeSlot, body: present(body, 'body of a prepared leg'), subject: { kind: 'system' }, askedAtMs: null };
}

function endingOf(leg: LegRow, outcome: Outcome): Instruction | null {
  const { txn, account, key, homeSlot, spec } = leg;
  if (outcome.kind === 'conflict') return { kind: 'rollback', txn, key, homeSlot, account, spec, reason: ABANDONED };
  return outcome.kind === 'decided' ? tellingOf(outcome.outcome, account) : null;
}

/** As the leader of a home tells (resource-manager/src/drivers/deliver.ts). */
function tellingOf({ txn, key, slot, body, decision }: OutcomeRow, of: string): Instruction {
  const spec = present(
    body.legs.find(({ account }) => account === of),
    'leg of an account that is told',
  );
  const { account } = spec;
  if (decision.kind === 'committed') return { kind: 'commit', txn, account, commitUs: decision.commitUs };
  return { kind: 'rollback', txn, key, homeSlot: slot, account, spec, reason: decision.reason };
}
