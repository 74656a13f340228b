/**
 * mas/v1/participant.proto: the request that carries instructions. A caller's token has some 300 bytes and most items of a request are
 * of one caller, so each token is there once and items name its place; the table is in the order of first use, which makes
 * it the only one for its items.
 */
import type { InstructionItem, InstructionPhase, ParticipantRequest } from '@mas/two-phase-commit';
import { exactly } from '../wire/field-reader';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readInstruction, writeInstruction } from './instruction-messages';
import type { EncodedInstructions } from './ledger-codec';

const PHASES = wireEnum<InstructionPhase>({ 'phase-1': 1, 'phase-2-commit': 2, 'phase-2-rollback': 3 });

/** It becomes a log entry, with the bytes that it came in. */
const readExactInstruction = exactly(readInstruction);

const NOT_TRACED = {};

export type InstructionsRequest = Extract<ParticipantRequest, { readonly kind: 'instructions' }>;

export function writeInstructions(writer: WireWriter, { bucket, phase, items }: InstructionsRequest): void {
  writer.uint(1, bucket);
  writer.enumeration(2, PHASES, phase);
  const table = new TokenTable();
  for (const { token } of items) if (token !== null) table.place(token);
  writer.texts(4, table.tokens);
  writer.messages(5, items, (inner, { instruction, token, traceparent }) => {
    inner.message(1, instruction, writeInstruction);
    if (token !== null) inner.uint(2, table.place(token));
    if (traceparent !== undefined) inner.text(3, traceparent);
  });
}

/** @param encoded remembers the bytes of instructions, so that proposing them costs no second encoding. */
export function instructionsReader(encoded: EncodedInstructions): (reader: WireReader) => InstructionsRequest {
  return (reader) => {
    const bucket = reader.bucket(1);
    const phase = reader.enumeration(2, PHASES);
    const tokens = reader.texts(4);
    if (new Set(tokens).size !== tokens.length) reader.fail('a token is there twice');
    let used = 0;
    const readItem = (inner: WireReader): InstructionItem => {
      const bytes = inner.nestedBytes();
      const instruction = inner.message(1, readExactInstruction);
      encoded.remember(instruction, bytes);
      const place = inner.uint(2);
      const traceparent = inner.text(3);
      const traced = traceparent === '' ? NOT_TRACED : { traceparent };
      if (place === 0) return { instruction, token: null, ...traced };
      if (place > used + 1) inner.fail('tokens are in the order of their use');
      used = Math.max(used, place);
      return { instruction, token: tokens[place - 1] ?? inner.fail('there is no such token'), ...traced };
    };
    const items = reader.messages(5, readItem);
    if (used !== tokens.length) reader.fail('a token is not used');
    return { kind: 'instructions', bucket, phase, items };
  };
}

/** The tokens of one request, each with its place, from 1. */
class TokenTable {
  readonly tokens: string[] = [];
  private readonly places = new Map<string, number>();
  /** Most items have the token of the one before. */
  private last: string | null = null;
  private lastPlace = 0;

  place(token: string): number {
    if (token === this.last) return this.lastPlace;
    let place = this.places.get(token);
    if (place === undefined) {
      this.tokens.push(token);
      place = this.tokens.length;
      this.places.set(token, place);
    }
    this.last = token;
    this.lastPlace = place;
    return place;
  }
}
