/** Participant requests and replies of every kind, single and in frames. */
import * as fc from 'fast-check';
import * as generated from '../generated/mas/v1/transaction_service';
import { instruction, safeUint } from '../testing/arbitrary-ledger';
import { envelope, reply } from '../testing/arbitrary-protocol';
import { agreesWithProto, roundTrips, survivesDamage, type ExactCodec } from '../testing/codec-laws';
import { EncodedInstructions, ProtoLedgerCodec } from './ledger-codec';
import { SessionCodec, type CorrelatedReply, type CorrelatedRequest } from './session-codec';

const encoded = new EncodedInstructions();
const codec = new SessionCodec(encoded);
const requests = { encode: codec.encodeRequest.bind(codec), decode: codec.decodeRequest.bind(codec) };
const replies = { encode: codec.encodeReply.bind(codec), decode: codec.decodeReply.bind(codec) };
const requestFrames: ExactCodec<readonly CorrelatedRequest[]> = { encode: (items) => Buffer.concat(items.map((item) => codec.encodeCorrelatedRequest(item))), decode: (bytes) => codec.decodeRequests(bytes) };
const replyFrames: ExactCodec<readonly CorrelatedReply[]> = { encode: (items) => Buffer.concat(items.map((item) => codec.encodeCorrelatedReply(item))), decode: (bytes) => codec.decodeReplies(bytes) };

test('every request survives the round trip', () => roundTrips(envelope, requests, 800));
test('every reply survives the round trip', () => roundTrips(reply, replies, 800));
test('the generated code reads and writes the same requests', () => agreesWithProto(envelope, requests, generated.ProcessPhase1Request));
test('the generated code reads and writes the same replies', () => agreesWithProto(reply, replies, generated.ProcessPhase1Response));
test('damaged requests are malformed, or canonical', () => void survivesDamage(envelope, requests, 1000));
test('damaged replies are malformed, or canonical', () => void survivesDamage(reply, replies, 1000));

test('frames carry many items with their correlation ids', () => {
  roundTrips(fc.array(fc.tuple(safeUint, envelope).map(([correlationId, each]) => ({ correlationId, ...each })), { maxLength: 4 }), requestFrames, 100);
  roundTrips(fc.array(fc.record({ correlationId: safeUint, reply }), { maxLength: 4 }), replyFrames, 100);
});

test('a received instruction is proposed with the very bytes it came in', () => {
  const ledger = new ProtoLedgerCodec(encoded);
  fc.assert(fc.property(instruction, (sent) => {
    const frame = codec.encodeRequest({ request: { kind: 'instructions', bucket: 1 as never, phase: 'phase-1', items: [{ instruction: sent, token: 'token' }] }, passage: null });
    const { request: received } = codec.decodeRequest(frame);
    if (received.kind !== 'instructions') throw new Error('not instructions');
    const item = received.items[0]!;
    const bytes = ledger.encodeInstruction(item.instruction);
    expect(bytes.buffer).toBe(frame.buffer);
    expect(ledger.decodeInstruction(bytes)).toEqual(sent);
  }));
});
