/** Participant requests and replies of every kind, single and in frames. */
import * as fc from 'fast-check';
import type { Outcome } from '@mas/ledger';
import type { ItemOutcome, ParticipantReply } from '@mas/two-phase-commit';
import * as generated from '../generated/mas/v1/transaction_service';
import { instruction, legRow, outcomeRow, safeUint } from '../testing/arbitrary-ledger';
import { envelope, reply } from '../testing/arbitrary-protocol';
import { agreesWithProto, roundTrips, survivesDamage, type ExactCodec } from '../testing/codec-laws';
import { EncodedInstructions, ProtoLedgerCodec } from './ledger-codec';
import { MalformedBytes } from '../wire/malformed-bytes';
import { SessionCodec, type CorrelatedReply, type CorrelatedRequest } from './session-codec';

const encoded = new EncodedInstructions();
const codec = new SessionCodec(encoded);
const requests = { encode: codec.encodeRequest.bind(codec), decode: codec.decodeRequest.bind(codec) };
const replies = { encode: codec.encodeReply.bind(codec), decode: codec.decodeReply.bind(codec) };
const requestFrames: ExactCodec<readonly CorrelatedRequest[]> = {
  encode: (items) => Buffer.concat(items.map((item) => codec.encodeCorrelatedRequest(item))),
  decode: (bytes) => codec.decodeRequests(bytes).filter((received) => 'request' in received),
};
const replyFrames: ExactCodec<readonly CorrelatedReply[]> = {
  encode: (items) => Buffer.concat(items.map((item) => codec.encodeCorrelatedReply(item))),
  decode: (bytes) => codec.decodeReplies(bytes),
};

test('every request survives the round trip', () => roundTrips(envelope, requests, 800));
test('every reply survives the round trip', () => roundTrips(reply, replies, 800));
test('the generated code reads and writes the same requests', () => agreesWithProto(envelope, requests, generated.ProcessPhase1Request));
test('the generated code reads and writes the same replies', () => agreesWithProto(reply, replies, generated.ProcessPhase1Response));
test('damaged requests are malformed, or say what they seem to', () => void survivesDamage(envelope, requests, 1000, 'open'));
test('damaged replies are malformed, or say what they seem to', () => void survivesDamage(reply, replies, 1000, 'open'));

/** A request of commits, whose tokens are at `places` of a table of `tokens`. */
function withTokens(tokens: readonly string[], places: readonly number[]): Uint8Array {
  const items = places.map((token) => ({
    instruction: { kind: { $case: 'commit' as const, value: { txn: Buffer.alloc(32), account: 'a' } } },
    token,
    traceparent: '',
  }));
  return generated.ProcessPhase1Request.encode({
    request: { kind: { $case: 'instructions', value: { bucket: 1, phase: 1, tokens: [...tokens], items } }, passage: undefined },
  }).finish();
}

test('a token travels once for all items that have it', () => {
  const { request } = codec.decodeRequest(withTokens(['mine', 'yours'], [1, 0, 2, 1]));
  expect(request).toMatchObject({ items: [{ token: 'mine' }, { token: null }, { token: 'yours' }, { token: 'mine' }] });
  expect(Buffer.from(codec.encodeRequest({ request, passage: null })).equals(withTokens(['mine', 'yours'], [1, 0, 2, 1]))).toBe(true);
});

test.each<[string, readonly string[], readonly number[]]>([
  ['a place without a token', ['mine'], [1, 2]],
  ['a token that no item has', ['mine', 'yours'], [1, 1]],
  ['tokens in another order than that of their use', ['mine', 'yours'], [2, 1]],
  ['a token twice', ['mine', 'mine'], [1, 2]],
])('another rendering of a table of tokens is refused: %s', (_what, tokens, places) => {
  expect(() => codec.decodeRequest(withTokens(tokens, places))).toThrow(MalformedBytes);
});

test('of a row that an outcome holds only what its sender reads travels', () => {
  const outcomes = (outcome: ItemOutcome): ParticipantReply => ({ kind: 'outcomes', outcomes: [{ kind: 'outcome', outcome }], semanticsVersion: 7 });
  fc.assert(
    fc.property(legRow, outcomeRow, (leg, row) => {
      const { decision, balances, untold } = row;
      const rows: readonly Outcome[] = [
        { kind: 'prepared', leg },
        { kind: 'leg-ended', leg },
        { kind: 'decided', outcome: row, fresh: true },
      ];
      const read: readonly ItemOutcome[] = [
        { kind: 'prepared', leg: { preparedUs: leg.preparedUs } },
        { kind: 'leg-ended', leg: { state: leg.state, reason: leg.reason } },
        { kind: 'decided', outcome: { decision, balances, untold }, fresh: true },
      ];
      expect(rows.map((outcome) => codec.decodeReply(codec.encodeReply(outcomes(outcome))))).toEqual(read.map(outcomes));
    }),
  );
});

test('frames carry many items with their correlation ids', () => {
  roundTrips(
    fc.array(
      fc.tuple(safeUint, envelope).map(([correlationId, each]) => ({ correlationId, ...each })),
      { maxLength: 4 },
    ),
    requestFrames,
    100,
  );
  roundTrips(fc.array(fc.record({ correlationId: safeUint, reply }), { maxLength: 4 }), replyFrames, 100);
});

test('a received instruction is proposed with the very bytes it came in', () => {
  const ledger = new ProtoLedgerCodec(encoded);
  fc.assert(
    fc.property(instruction, (sent) => {
      const frame = codec.encodeRequest({
        request: { kind: 'instructions', bucket: 1 as never, phase: 'phase-1', items: [{ instruction: sent, token: 'token' }] },
        passage: null,
      });
      const { request: received } = codec.decodeRequest(frame);
      if (received.kind !== 'instructions') throw new Error('not instructions');
      const item = received.items[0]!;
      const bytes = ledger.encodeInstruction(item.instruction);
      expect(bytes.buffer).toBe(frame.buffer);
      expect(ledger.decodeInstruction(bytes)).toEqual(sent);
    }),
  );
});
