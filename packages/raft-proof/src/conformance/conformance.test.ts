/**
 * The core against etcd's own traces: every block of every file, for 100 random seeds. The files are not part
 * of this repository; where they are missing this suite says so and is skipped, it does not pass.
 */
import { resolve } from 'node:path';
import { comparable } from './compare';
import { describeDifference, runTraces, type TraceSource } from './run-traces';
import { findTraceFolder, HOW_TO_GET_TRACES, readTraces } from './trace-folder';
import { parseTrace } from './trace-file';

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);
const folder = findTraceFolder(resolve(__dirname, '../../../..'), undefined);

if (folder === undefined) {
  console.warn(`raft conformance: NOT RUN.\n${HOW_TO_GET_TRACES}`);
  test.skip('NOT RUN: conformance with the traces of etcd-io/raft (no trace files found, see MAS_RAFT_TRACES)', () => undefined);
} else {
  test(`every block of every trace is equal, for ${SEEDS.length} seeds`, () => {
    const report = runTraces(readTraces(folder), SEEDS);
    expect(report.differences.map(describeDifference).slice(0, 3)).toEqual([]);
    expect(report.blocks).toBeGreaterThan(0);
    expect(report.equalBlocks).toBe(report.blocks * SEEDS.length);
  });
}

describe('the harness itself', () => {
  const group = (text: string): TraceSource => ({ suite: 'group', name: 'sample', text });
  const sample = 'add-nodes 1 voters=(1) index=3\n----\nok\n\nraft-state\n----\n1: StateFollower (Voter) Term:0 Lead:0\n';

  test('equal blocks are counted', () => {
    expect(runTraces([group(sample)], [1, 2])).toEqual({ files: 1, blocks: 2, equalBlocks: 4, differences: [] });
  });

  test('a file stops at its first difference, which names file, line and both outputs', () => {
    const wrong = sample.replace('Term:0', 'Term:1').concat('\nraft-state\n----\nnonsense\n');
    const { differences, equalBlocks } = runTraces([group(wrong)], [7]);
    expect(equalBlocks).toBe(1);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatchObject({ file: 'sample', line: 5, seed: 7 });
  });

  test('only log lines are left out, and nothing left reads ok', () => {
    expect(comparable('INFO 1 became leader\n  DEBUG x\n')).toBe('ok');
    expect(comparable('raft proposal dropped\nINFO x\n')).toBe('raft proposal dropped');
    expect(comparable('> INFO no log line')).toBe('> INFO no log line');
  });

  test('arguments, input and outputs with empty lines are read', () => {
    const text = '# why\ncmd 1 key=(2, 3) flag=true\nline one\n----\n----\na\n\nb\n----\n----\n\nnext\n----\nok\n';
    const [first, second] = parseTrace(text);
    expect(first).toMatchObject({
      command: 'cmd',
      args: [
        { key: '1', values: [] },
        { key: 'key', values: ['2', '3'] },
        { key: 'flag', values: ['true'] },
      ],
      input: 'line one',
      expected: 'a\n\nb',
      line: 2,
    });
    expect(second).toMatchObject({ command: 'next', expected: 'ok' });
  });
});
