/** Seeds that failed once, and what they found. They stay for good; a change of the simulator may make them other histories. */
export interface RegressionSeed {
  readonly seed: number;
  readonly faults?: readonly string[];
  readonly was: string;
}

export const REGRESSION_SEEDS: readonly RegressionSeed[] = [
  { seed: 23, was: 'a group that had lost a voter to an unfinished change was never given one again' },
  { seed: 21, was: 'a coordinator whose wall clock was minutes behind put a lock back into the emptied lock table for minutes' },
  { seed: 106, faults: ['clock jumps'], was: 'locks outlived their time on a bucket whose clock stood still' },
];
