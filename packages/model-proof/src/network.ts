/** Messages that were sent, each with every answer that it has got. Nothing is ever taken out: what comes late, twice or never is a matter of what is delivered. */
import type { Instruction, Outcome } from '@mas/ledger';
import { present } from '@mas/values';
import { fieldOf, mapOf, setOf, textOf, variant, type ModelValue } from './model-value';
import { ORIGIN_US } from './production-bucket';
import { instructionValue, outcomeValue } from './projection';

export type Sender = { readonly kind: 'coordinator'; readonly number: number } | { readonly kind: 'leg-leader' } | { readonly kind: 'home-leader' };

export interface Message {
  readonly value: ModelValue;
  readonly sender: Sender;
  readonly instruction: Instruction;
  /** By their texts. */
  readonly outcomes: Map<string, { readonly value: ModelValue; readonly outcome: Outcome }>;
}

export class Network {
  private readonly messages = new Map<string, Message>();

  send(sender: Sender, instruction: Instruction): void {
    const value = { from: senderValue(sender), instruction: instructionValue(instruction, ORIGIN_US) };
    const text = textOf(value);
    if (!this.messages.has(text)) this.messages.set(text, { value, sender, instruction, outcomes: new Map() });
  }

  answered(message: Message, outcome: Outcome): ModelValue {
    const value = outcomeValue(outcome, ORIGIN_US);
    const text = textOf(value);
    // What is answered again is the same; the first is kept.
    if (!message.outcomes.has(text)) message.outcomes.set(text, { value, outcome });
    return value;
  }

  all(): readonly Message[] {
    return [...this.messages.values()];
  }

  /** @throws InvariantViolation when production has not sent it. */
  message(value: ModelValue): Message {
    return present(this.messages.get(textOf(value)), `message ${textOf(value)}`);
  }

  /** From a sender, as the model writes its instruction. */
  from(sender: Sender, instruction: ModelValue): Message {
    return this.message({ from: senderValue(sender), instruction });
  }

  outcome(message: Message, value: ModelValue): Outcome {
    return present(message.outcomes.get(textOf(value)), `answer ${textOf(value)} to ${textOf(fieldOf(message.value, 'instruction'))}`).outcome;
  }

  value(): ModelValue {
    return mapOf(this.all().map(({ value, outcomes }) => [value, setOf([...outcomes.values()].map((each) => each.value))]));
  }
}

function senderValue(sender: Sender): ModelValue {
  switch (sender.kind) {
    case 'coordinator':
      return variant('Coordinator', sender.number);
    case 'leg-leader':
      return variant('LegLeader');
    case 'home-leader':
      return variant('HomeLeader');
    default:
      return sender satisfies never;
  }
}
