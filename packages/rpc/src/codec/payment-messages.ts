/** mas/v1/payment.proto: legs, subjects, reasons and decisions. One writer and one reader per message, in field order. */
import type { AbortReason, Decision, LegEffect, LegSpec, Refusal, Subject } from '@mas/ledger';
import { unreachable } from '@mas/values';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readReasonName, readRefusalName } from './reason-names';

export const LEG_EFFECTS = wireEnum<LegEffect>({ debit: 1, credit: 2, authorize: 3, capture: 4, void: 5, 'refund-debit': 6 });

export function writeLegSpec(writer: WireWriter, spec: LegSpec): void {
  writer.text(1, spec.account);
  writer.enumeration(2, LEG_EFFECTS, spec.effect);
  writer.int64(3, spec.amountMinor);
  writer.text(4, spec.currency);
}

export function readLegSpec(reader: WireReader): LegSpec {
  return {
    account: reader.account(1),
    effect: reader.enumeration(2, LEG_EFFECTS),
    amountMinor: reader.int64(3),
    currency: reader.currency(4),
  };
}

export function writeSubject(writer: WireWriter, subject: Subject): void {
  switch (subject.kind) {
    case 'account':
      return writer.optionalText(1, subject.account);
    case 'operator':
      return writer.optionalText(2, subject.name);
    case 'system':
      return writer.empty(3);
    default:
      return unreachable(subject, 'subject');
  }
}

export function readSubject(reader: WireReader): Subject {
  switch (reader.nextField()) {
    case 1:
      return { kind: 'account', account: reader.account(1) };
    case 2:
      return { kind: 'operator', name: reader.optionalText(2) ?? reader.fail('an operator without a name') };
    case 3:
      return reader.empty(3) ? { kind: 'system' } : reader.fail('not a subject');
    default:
      return reader.fail('not a subject');
  }
}

/** Refusals and reasons of an abort share one message: a name, the account it is about, and facts. */
export function writeReason(writer: WireWriter, reason: AbortReason | Refusal): void {
  writer.text(1, reason.name);
  writer.optionalText(2, reason.account);
  writer.messages(3, sortedFacts(reason.facts), writeFact);
}

export function readAbortReason(reader: WireReader): AbortReason {
  return { name: readReasonName(reader, reader.text(1)), account: reader.optionalAccount(2), facts: readFacts(reader, 3) };
}

export function readRefusal(reader: WireReader): Refusal {
  return { name: readRefusalName(reader, reader.text(1)), account: reader.optionalAccount(2), facts: readFacts(reader, 3) };
}

export function writeDecision(writer: WireWriter, decision: Decision): void {
  switch (decision.kind) {
    case 'committed':
      return writer.message(1, decision, (inner, { atMs, commitUs }) => {
        inner.uint(1, atMs);
        inner.optionalUint(2, commitUs);
      });
    case 'aborted':
      return writer.message(2, decision, (inner, { atMs, reason }) => {
        inner.uint(1, atMs);
        inner.message(2, reason, writeReason);
      });
    default:
      return unreachable(decision, 'decision');
  }
}

export function readDecision(reader: WireReader): Decision {
  switch (reader.nextField()) {
    case 1:
      return reader.message(1, (inner) => ({ kind: 'committed', atMs: inner.uint(1), commitUs: inner.optionalUint(2) }) as const);
    case 2:
      return reader.message(2, (inner) => ({ kind: 'aborted', atMs: inner.uint(1), reason: inner.message(2, readAbortReason) }) as const);
    default:
      return reader.fail('not a decision');
  }
}

type Fact = readonly [name: string, value: string];

/** Ascending by name, so that equal facts are equal bytes. */
function sortedFacts(facts: Readonly<Record<string, string>>): readonly Fact[] {
  const entries = Object.entries(facts);
  return entries.length < 2 ? entries : entries.sort(([left], [right]) => (left < right ? -1 : 1));
}

function writeFact(writer: WireWriter, [name, value]: Fact): void {
  writer.text(1, name);
  writer.text(2, value);
}

/** fromEntries defines properties rather than assigning them, so that a fact called __proto__ is only a fact. */
function readFacts(reader: WireReader, field: number): Readonly<Record<string, string>> {
  const facts = reader.messages(field, readFact);
  for (let i = 1; i < facts.length; i += 1) {
    if ((facts[i - 1]?.[0] ?? '') >= (facts[i]?.[0] ?? '')) reader.fail('facts are out of order');
  }
  return Object.fromEntries(facts);
}

function readFact(reader: WireReader): Fact {
  return [reader.text(1), reader.text(2)];
}
