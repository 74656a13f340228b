/** Runs trace files, each in a fresh environment, and stops a file at its first difference. */
import { comparable } from './compare';
import { ConfChangeEnvironment } from './confchange-commands';
import { runGroupCommand } from './group-commands';
import { GroupEnvironment } from './group-environment';
import { runQuorumCommand } from './quorum-commands';
import { parseTrace, type TraceBlock } from './trace-file';

export type Suite = 'group' | 'confchange' | 'quorum';

export interface TraceSource {
  readonly suite: Suite;
  /** For people: path below the traces' folder. */
  readonly name: string;
  readonly text: string;
}

export interface Difference {
  readonly file: string;
  readonly line: number;
  readonly command: string;
  readonly seed: number;
  readonly expected: string;
  readonly actual: string;
}

export interface TraceReport {
  readonly files: number;
  /** Blocks compared and equal, over all seeds. */
  readonly equalBlocks: number;
  /** Blocks of the files, once. */
  readonly blocks: number;
  readonly differences: readonly Difference[];
}

/** Runs every file once per seed; equal seeds give equal runs. */
export function runTraces(sources: readonly TraceSource[], seeds: readonly number[]): TraceReport {
  const parsed = sources.map((source) => ({ source, blocks: parseTrace(source.text) }));
  const differences: Difference[] = [];
  let equalBlocks = 0;
  for (const seed of seeds) {
    for (const { source, blocks } of parsed) {
      const result = runFile(source, blocks, seed);
      equalBlocks += result.equal;
      if (result.difference !== undefined) differences.push(result.difference);
    }
  }
  return { files: sources.length, blocks: parsed.reduce((sum, { blocks }) => sum + blocks.length, 0), equalBlocks, differences };
}

export function describeDifference({ file, line, command, seed, expected, actual }: Difference): string {
  return `${file}:${line}: ${command} (seed ${seed})\n--- expected\n${expected}\n--- actual\n${actual}\n`;
}

function runFile(source: TraceSource, blocks: readonly TraceBlock[], seed: number): { readonly equal: number; readonly difference: Difference | undefined } {
  const run = runnerOf(source.suite, seed);
  let equal = 0;
  for (const block of blocks) {
    const expected = comparable(block.expected);
    const actual = comparable(run(block));
    if (actual !== expected) {
      const difference = { file: source.name, line: block.line, command: block.command, seed, expected, actual };
      return { equal, difference };
    }
    equal += 1;
  }
  return { equal, difference: undefined };
}

function runnerOf(suite: Suite, seed: number): (block: TraceBlock) => string {
  if (suite === 'quorum') return runQuorumCommand;
  if (suite === 'confchange') {
    const environment = new ConfChangeEnvironment();
    return (block) => environment.run(block);
  }
  const environment = new GroupEnvironment(seed);
  return (block) => runGroupCommand(environment, block);
}
