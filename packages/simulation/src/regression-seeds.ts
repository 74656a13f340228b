/**
 * Seeds that failed once, and what they found. They stay for good, with the faults they drew, so that a new kind of fault
 * leaves them as they are; other changes of the simulator may make them other histories.
 */
export interface RegressionSeed {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly was: string;
}

export const REGRESSION_SEEDS: readonly RegressionSeed[] = [
  { seed: 23, faults: ['membership changes', 'delays'], was: 'a group that had lost a voter to an unfinished change was never given one again' },
  {
    seed: 21,
    faults: ['short reigns', 'clock jumps', 'crashes', 'rolling restarts'],
    was: 'a coordinator whose wall clock was minutes behind put a lock back into the emptied lock table for minutes',
  },
  { seed: 2089, faults: ['clock jumps', 'membership changes'], was: 'a replica was added to a process that was still opening its buckets, so twice' },
  {
    seed: 4100,
    faults: ['slow SQL', 'clock jumps', 'crashes', 'loss'],
    was: 'a dead process opened its bucket after its successor had: what SQL\u2019s row locks rule out, the simulated SQL did not',
  },
  // It was seed 6235, whose history became one without a change of members when clients began to share locks and to use ids twice.
  {
    seed: 6236,
    faults: ['short reigns', 'deaths of voters', 'peers cut off', 'membership changes'],
    was: 'a connection\u2019s end was heard after the next one\u2019s beginning, so that a peer counted as dead for good',
  },
  {
    seed: 40_058,
    faults: ['crashes', 'old copies', 'duplication'],
    was: 'who has no replica of the meta group let a new disk in only after its next look at the map, up to five seconds later',
  },
  {
    seed: 20_041,
    faults: ['strangers', 'lost disks', 'partitions', 'old copies'],
    was: 'the operator emptied a folder while it was admitted, and did not say the word again',
  },
  {
    seed: 100_097,
    faults: ['old copies', 'pauses', 'peers cut off', 'power cuts'],
    was: 'the end of a change of members was applied by all and written down as committed by nobody: after a power cut and the loss of one disk no group had a leader',
  },
  {
    seed: 200_233,
    faults: ['lost disks', 'short reigns', 'Redis'],
    was: 'an operator who named an incarnation that had been replaced meanwhile was told that its Resource Manager answers, for ever',
  },
  {
    seed: 100_653,
    faults: ['deaths at a step', 'short reigns', 'clock drift', 'loss'],
    was: 'a candidate whose votes were lost, and the leader whom it had deposed, waited for Raft\u2019s election timeout',
  },
  { seed: 200_455, faults: ['slow SQL', 'stalls'], was: 'a split vote was held again only after Raft\u2019s election timeout' },
  {
    seed: 500_025,
    faults: ['deaths of voters', 'membership changes', 'power cuts'],
    was: 'a leader that the map does not have at the bucket was asked no questions, so that it took three seconds until it was known to be out of reach',
  },
  {
    seed: 500_032,
    faults: ['SQL down', 'old copies', 'leadership transfers', 'SQL at COMMIT'],
    was: 'an entry that was refused while leadership was handed over was proposed again in the same moment, for ever',
  },
  {
    seed: 700_369,
    faults: ['old copies', 'rolling restarts', 'membership changes', 'loss'],
    was: 'a database that was set back knew nothing of a replica that had been moved to it: it was forgotten, where its log could have said what was missing',
  },
  {
    seed: 930_106,
    faults: ['SQL at COMMIT', 'deaths at a step', 'peers cut off', 'lost disks'],
    was: 'the operator’s word came while the answer that admitted it was on its way: it ran and counted as lost for good',
  },
  {
    seed: 1_100_018,
    faults: ['leadership transfers', 'delays', 'partitions'],
    was: 'a leader that had given up by Raft\u2019s own check told nobody, so that its followers waited for their timeouts',
  },
  {
    seed: 1_600_151,
    faults: ['clock jumps', 'single links', 'rolling restarts', 'lost disks'],
    was: 'a Resource Manager that was told to stop while it opened its groups ended by a broken invariant',
  },
  {
    seed: 2_300_229,
    faults: ['membership changes', 'partitions', 'rolling restarts', 'stalls'],
    was: 'a replica that had been replaced while it was cut off, and did not know, was judged as a member',
  },
  {
    seed: 2_300_516,
    faults: ['membership changes', 'lost disks', 'strangers', 'short reigns'],
    was: 'a leader that lost its group and had it again, and heard of nobody in between, carried out the hand-over that it had wished before',
  },
  {
    seed: 2_400_011,
    faults: ['crossed clusters', 'membership changes', 'duplication', 'SQL at COMMIT'],
    was: 'a home was asked about the past alone where a read of now needed what it had decided since: a new leader had not applied it yet',
  },
  {
    seed: 69,
    faults: ['buckets come and go', 'power cuts', 'clock jumps', 'crashes'],
    was: "a new bucket's first entry had the time of its founder's clock, which was wrong, while no time was agreed on",
  },
  {
    seed: 3_100_005,
    faults: ['partitions', 'homes out of reach', 'clock drift', 'SQL at COMMIT', 'slots move'],
    was: 'whoever still asked a retired bucket, whose last leader it knew, asked again in the same moment until its deadline',
  },
  { seed: 106, faults: ['clock jumps'], was: 'locks outlived their time on a bucket whose clock stood still' },
];
