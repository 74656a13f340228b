/**
 * What nodes of a later version say (docs/adr/0030): fields that are unknown here change nothing of what is known, wherever they stand; in what is kept
 * they are refused; and what cannot be read at all costs its own request, not those beside it.
 */
import * as fc from 'fast-check';
import { EMPTY_BATCH, type PeerBatch } from '@mas/multi-raft';
import type { ParticipantReply } from '@mas/two-phase-commit';
import { bucketId } from '@mas/values';
import { instruction } from '../testing/arbitrary-ledger';
import { envelope, peerBatch, placementMap, reply } from '../testing/arbitrary-protocol';
import { KEPT, messageNamed, ofLaterVersion } from '../testing/later-version';
import { MalformedBytes } from '../wire/malformed-bytes';
import { EncodedInstructions } from './ledger-codec';
import { PeerBatchCodec } from './peer-batch-codec';
import { decodePlacementMap, encodePlacementMap } from './placement-messages';
import { SessionCodec } from './session-codec';

const codec = new SessionCodec(new EncodedInstructions());
const batches = new PeerBatchCodec();

function passesNewFieldsBy<Value>(values: fc.Arbitrary<Value>, encode: (value: Value) => Buffer, decode: (bytes: Uint8Array) => Value, message: string): void {
  fc.assert(
    fc.property(values, (value) => {
      expect(decode(ofLaterVersion(encode(value), messageNamed(message)))).toEqual(value);
    }),
    { numRuns: 800 },
  );
}

describe('in every message that nobody keeps, new fields are passed by', () => {
  test('of requests', () => passesNewFieldsBy(envelope, codec.encodeRequest.bind(codec), codec.decodeRequest.bind(codec), 'ProcessPhase1Request'));
  test('of replies', () => passesNewFieldsBy(reply, codec.encodeReply.bind(codec), codec.decodeReply.bind(codec), 'ProcessPhase1Response'));
  test('between Resource Managers', () => passesNewFieldsBy(peerBatch, batches.encode.bind(batches), batches.decode.bind(batches), 'ReplicateRequest'));
});

test('the same in frames of many', () => {
  fc.assert(
    fc.property(fc.array(envelope, { minLength: 1, maxLength: 3 }), fc.array(reply, { minLength: 1, maxLength: 3 }), (requests, replies) => {
      const asked = requests.map((each, at) => ({ correlationId: at + 1, ...each }));
      const answered = replies.map((each, at) => ({ correlationId: at + 1, reply: each }));
      const requestFrame = Buffer.concat(asked.map((item) => codec.encodeCorrelatedRequest(item)));
      const replyFrame = Buffer.concat(answered.map((item) => codec.encodeCorrelatedReply(item)));
      // The frame's own new fields stand behind its items.
      expect(codec.decodeRequests(ofLaterVersion(requestFrame, messageNamed('SessionRequest')))).toEqual(asked);
      expect(codec.decodeReplies(ofLaterVersion(replyFrame, messageNamed('SessionResponse')))).toEqual(answered);
    }),
    { numRuns: 200 },
  );
});

test('an instruction is refused that says more than is known here: it would go into the log', () => {
  fc.assert(
    fc.property(instruction, (one) => {
      const bytes = codec.encodeRequest({
        request: { kind: 'instructions', bucket: bucketId(1), phase: 'phase-1', items: [{ instruction: one, token: null }] },
        passage: null,
      });
      const later = ofLaterVersion(bytes, messageNamed('ProcessPhase1Request'), (name) => name === 'mas.v1.Instruction');
      expect(() => codec.decodeRequest(later)).toThrow(MalformedBytes);
    }),
  );
});

test.each(['RaftEntry', 'RaftProposedEntry', 'ConfState'])('a message of Raft is refused in which a %s says more', (name) => {
  let met = 0;
  fc.assert(
    fc.property(peerBatch, (batch) => {
      const bytes = batches.encode(batch);
      const later = ofLaterVersion(bytes, messageNamed('ReplicateRequest'), (each) => each === `mas.v1.${name}`);
      if (later.equals(bytes)) return;
      met += 1;
      expect(() => batches.decode(later)).toThrow(MalformedBytes);
    }),
    { numRuns: 500 },
  );
  expect(met).toBeGreaterThan(0);
});

test('a placement map is refused that says more, by itself and in a reply', () => {
  const saysMore = (name: string): boolean => KEPT.has(name);
  fc.assert(
    fc.property(placementMap, (map) => {
      expect(() => decodePlacementMap(ofLaterVersion(encodePlacementMap(map), messageNamed('PlacementMap'), saysMore))).toThrow(MalformedBytes);
      const told = codec.encodeReply({ kind: 'placement', map, agreedMs: null });
      expect(() => codec.decodeReply(ofLaterVersion(told, messageNamed('ProcessPhase1Response'), saysMore))).toThrow(MalformedBytes);
    }),
  );
});

test('what is known is held to its form: out of order, twice, of another type', () => {
  const heartbeat = (fields: readonly (readonly number[])[]): Buffer => {
    const content = fields.flat();
    return Buffer.from([0x12, content.length, ...content]);
  };
  const [group, term, unknown] = [
    [0x08, 1],
    [0x10, 2],
    [0x78, 9],
  ] as const;
  expect(batches.decode(heartbeat([group, term, unknown, unknown])).heartbeats).toMatchObject([{ group: 1, term: 2 }]);
  for (const wrong of [[term, group], [group, group, term], [group, unknown, term], [[0x0d, 1, 0, 0, 0]], [group, [0x10, 0]]])
    expect(() => batches.decode(heartbeat(wrong))).toThrow(MalformedBytes);
});

test('an ailment that is unknown here is none that anybody here acts on', () => {
  const condition = (...codes: readonly number[]): Buffer => Buffer.from([0x2a, 4 + codes.length, 0x08, 3, 0x12, codes.length, ...codes]);
  const told = (bytes: Buffer): PeerBatch['condition'] => batches.decode(bytes).condition;
  expect(told(condition(1, 100))).toEqual(told(condition(1)));
  expect(told(condition(100))).toEqual({ kind: 'well' });
  expect(() => told(condition(2, 1))).toThrow(MalformedBytes);
  expect(batches.decode(batches.encode(EMPTY_BATCH)).condition).toBeNull();
});

test('a request or a reply of a kind that is unknown here costs its own item', () => {
  const ofNewKind = (correlationId: number): Buffer => Buffer.from([0x0a, 7, 0x08, correlationId, 0x12, 3, 0xc2, 0x3e, 0]);
  const known: ParticipantReply = { kind: 'no-replica' };
  const asked = { correlationId: 1, request: { kind: 'status' }, passage: null } as const;
  const requests = codec.decodeRequests(Buffer.concat([codec.encodeCorrelatedRequest(asked), ofNewKind(2), codec.encodeCorrelatedRequest(asked)]));
  expect(requests).toEqual([asked, { correlationId: 2, unreadable: expect.any(MalformedBytes) as unknown }, asked]);
  const answered = { correlationId: 1, reply: known };
  const replies = codec.decodeReplies(Buffer.concat([codec.encodeCorrelatedReply(answered), ofNewKind(2), codec.encodeCorrelatedReply(answered)]));
  expect(replies).toEqual([answered, { correlationId: 2, reply: { kind: 'unknown', reason: expect.stringContaining('unknown reply') as unknown } }, answered]);
});
