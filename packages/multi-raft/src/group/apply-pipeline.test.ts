/** Entries reach the applier once, in order, one call at a time, each call with the configuration after its last entry. */
import { confChangeV1, EMPTY_CONF_STATE, encodeConfChange, logIndex, nodeId, NO_DATA, term, type ConfState, type Entry } from '@mas/raft';
import type { Applier } from '../applier';
import { VirtualClock } from '@mas/testkit/clock';
import { ApplyPipeline } from './apply-pipeline';

const at = (index: number) => ({ index: logIndex(index), term: term(1) });
const withVoters = (...voters: number[]): ConfState => ({ ...EMPTY_CONF_STATE, voters: voters.map(nodeId) });

function normal(index: number): Entry {
  return { ...at(index), type: 'normal', data: NO_DATA };
}

function adding(index: number, node: number): Entry {
  return { ...at(index), ...encodeConfChange(confChangeV1({ type: 'add-node', nodeId: nodeId(node) })) };
}

function setUp(start = 0, maxEntries = 100) {
  const calls: { readonly indexes: number[]; readonly voters: number[]; readonly finish: () => void; readonly fail: (cause: Error) => void }[] = [];
  const events: string[] = [];
  const inRaft: number[] = [];
  const applier = {
    apply: (entries: readonly Entry[], confState: ConfState) =>
      new Promise<readonly string[]>((resolve, reject) => {
        calls.push({
          indexes: entries.map((one) => one.index),
          voters: [...confState.voters],
          finish: () => resolve(entries.map((one) => `r${one.index}`)),
          fail: reject,
        });
      }),
  } as unknown as Applier<string>;
  const pipeline = new ApplyPipeline(applier, new VirtualClock(), maxEntries, at(start), EMPTY_CONF_STATE, {
    applyConfChange: (entry) => {
      inRaft.push(entry.index);
      return withVoters(...inRaft);
    },
    applied: (entries, results) => events.push(`${entries.length}:${results.join()}`),
    failed: (cause) => events.push(String(cause)),
  });
  const submit = (...entries: Entry[]): void =>
    pipeline.submit({ kind: 'storage-apply', from: nodeId(1), entries, responses: [{ kind: 'storage-apply-response', to: nodeId(1), entries }] });
  return { pipeline, calls, events, inRaft, submit };
}

/** Several turns of the microtask queue. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('apply pipeline', () => {
  test('what arrives during a call goes along with the next one', async () => {
    const { pipeline, calls, events, submit } = setUp();
    submit(normal(1));
    submit(normal(2));
    submit(normal(3));
    expect(calls.map((one) => one.indexes)).toEqual([[1]]);
    calls[0]!.finish();
    await settle();
    expect(calls.map((one) => one.indexes)).toEqual([[1], [2, 3]]);
    expect(pipeline.takeResponses()).toHaveLength(1);
    calls[1]!.finish();
    await settle();
    expect(pipeline.takeResponses()).toHaveLength(2);
    expect(events).toEqual(['1:r1', '2:r2,r3']);
    expect(pipeline.applied).toEqual(at(3));
    expect(pipeline.isIdle).toBe(true);
  });

  test('a call is bounded, and Raft hears of a batch once all of it is applied', async () => {
    const { pipeline, calls, submit } = setUp(0, 2);
    submit(normal(1), normal(2), normal(3));
    calls[0]!.finish();
    await settle();
    expect(pipeline.takeResponses()).toHaveLength(0);
    expect(calls.map((one) => one.indexes)).toEqual([[1, 2], [3]]);
    calls[1]!.finish();
    await settle();
    expect(pipeline.takeResponses()).toHaveLength(1);
  });

  test('a configuration entry ends its call, and later ones take effect in Raft when their turn comes', async () => {
    const { calls, inRaft, submit } = setUp();
    submit(normal(1), adding(2, 2), normal(3), adding(4, 3), normal(5));
    expect(inRaft).toEqual([2]);
    for (let call = 0; call < 3; call += 1) {
      calls[call]!.finish();
      await settle();
    }
    expect(calls.map(({ indexes, voters }) => ({ indexes, voters }))).toEqual([
      { indexes: [1, 2], voters: [2] },
      { indexes: [3, 4], voters: [2, 4] },
      { indexes: [5], voters: [2, 4] },
    ]);
  });

  test('what the applied state holds already is skipped, but its configuration changes reach Raft', async () => {
    const { pipeline, calls, inRaft, submit } = setUp();
    submit(normal(1));
    const paused = pipeline.pause();
    calls[0]!.finish();
    await paused;
    submit(normal(2), adding(3, 2), normal(4), normal(5));
    expect(calls).toHaveLength(1);
    pipeline.installed(at(4), withVoters(1, 2));
    pipeline.resume();
    expect(inRaft).toEqual([3]);
    expect(calls[1]).toMatchObject({ indexes: [5], voters: [1, 2] });
    calls[1]!.finish();
    await settle();
    expect(pipeline.takeResponses()).toHaveLength(2);
  });

  test('a rejection, and a wrong number of results, are failures of the replica', async () => {
    const { calls, events, submit } = setUp();
    submit(normal(1));
    calls[0]!.fail(new Error('disk full'));
    await settle();
    expect(events).toEqual(['Error: disk full']);
  });
});
