/** The stages as a table, with the sums of what one process of a cluster of three does. */
import type { StageFigure } from './stage-meter';

export interface StagesReport {
  readonly rounds: number;
  readonly paymentsPerRound: number;
  readonly stages: readonly StageFigure[];
}

/** Parts of the coordinator's stage that are shown by themselves as well. */
const SHOWN_TWICE = ['TM: identity and draft', 'TM: hash'];
const NAME_WIDTH = 50;
const NUMBER_WIDTH = 9;

export function renderStages({ rounds, paymentsPerRound, stages }: StagesReport): string {
  const sums = sumsOf(stages);
  return [
    `One payment across two buckets, stage by stage, in one process; medians of ${rounds} rounds of ${paymentsPerRound} payments:`,
    '',
    `${'stage'.padEnd(NAME_WIDTH)} ${'µs'.padStart(NUMBER_WIDTH)} ${'bytes'.padStart(NUMBER_WIDTH)}`,
    ...stages.map(line),
    '',
    ...sums.map(line),
  ].join('\n');
}

/** A replica of three leads one bucket in three: it does a leader's stages for a third of the payments, and a follower's for two thirds. */
export function sumsOf(stages: readonly StageFigure[]): readonly StageFigure[] {
  const weighted = (name: string, weight: (stage: string) => number): StageFigure => ({
    name,
    microseconds: stages.reduce((sum, each) => sum + each.microseconds * weight(each.name), 0),
    bytes: stages.reduce((sum, each) => sum + each.bytes * weight(each.name), 0),
  });
  return [
    weighted('sum of the TM', (stage) => (stage.startsWith('TM: ') && !SHOWN_TWICE.includes(stage) ? 1 : 0)),
    weighted('sum of each RM (leader × ⅓, follower × ⅔)', (stage) =>
      stage.startsWith('RM: ') ? 1 : stage.startsWith('RM leader: ') ? 1 / 3 : stage.startsWith('RM follower: ') ? 2 / 3 : 0,
    ),
  ];
}

function line({ name, microseconds, bytes }: StageFigure): string {
  return `${name.padEnd(NAME_WIDTH)} ${microseconds.toFixed(2).padStart(NUMBER_WIDTH)} ${bytes.toFixed(0).padStart(NUMBER_WIDTH)}`;
}
