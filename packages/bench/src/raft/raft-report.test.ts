/** What the report says about the aims: ratios are taken within a round and against etcd's better way, and a miss is called one. */
import { describe, expect, it } from '@jest/globals';
import { aimsOf } from './raft-report';
import { median, percentile } from './statistics';
import type { ThroughputReport, ThroughputRow } from './throughput';

describe('order statistics', () => {
  const cases: readonly (readonly [readonly number[], number, number])[] = [
    [[3, 1, 2], 50, 2],
    [[4, 1, 3, 2], 50, 2],
    [Array.from({ length: 30 }, (_, at) => at + 1), 99, 30],
    [Array.from({ length: 200 }, (_, at) => at + 1), 99, 198],
    [[7], 99, 7],
  ];
  it.each(cases)('of %j the percentile %d is %d', (values, percent, expected) => expect(percentile(values, percent)).toBe(expected));
  it('of nothing is no number', () => expect(median([])).toBeNaN());
});

describe('aims', () => {
  it('compares rounds, not medians of rounds that were differently loaded', () => {
    // The machine was ten times slower after the first round, for everybody: still ten times etcd in each.
    const report = throughput([
      row('Raft, 1 group', 1024, [
        [100_000, 5],
        [10_000, 50],
        [12_000, 40],
      ]),
      row('etcd, by its leader', 1024, [
        [10_000, 50],
        [1_000, 500],
        [1_200, 400],
      ]),
      row('etcd, by all members', 1024, [
        [9_000, 50],
        [900, 500],
        [1_100, 400],
      ]),
      row('Raft, 1 group', 1, [
        [500, 2],
        [50, 20],
        [50, 20],
      ]),
      row('etcd, by its leader', 1, [
        [1000, 1],
        [100, 10],
        [100, 10],
      ]),
      row('etcd, by all members', 1, [
        [900, 1.1],
        [90, 11],
        [90, 11],
      ]),
    ]);
    expect(aimsOf(report, null, null).map(({ name, measured, met }) => ({ name, measured, met }))).toEqual([
      { name: 'Raft, 1 group, 1024 proposers', measured: '10.0 times', met: true },
      { name: 'Raft, 1 group, 1 proposer, p50', measured: '2.00 times', met: false },
    ]);
  });

  it('says nothing about etcd where there is none', () => {
    expect(aimsOf(throughput([row('Raft, 1 group', 1024, [[1, 1]])]), null, null)).toEqual([]);
  });

  it('judges failover by the slowest group, and idle groups by all processes together', () => {
    const failover = { kills: 3, groups: 9, firstMs: [100, 100, 100], lastMs: [200, 1600, 300] };
    const idle = { groups: 1000, seconds: 20, cpuPercent: 4.9, samples: 1, activeP50Ms: 1, activeP99Ms: 1, quietP50Ms: 1, quietP99Ms: 1 };
    expect(aimsOf(null, failover, idle).map((one) => one.met)).toEqual([false, true]);
  });
});

function throughput(rows: readonly ThroughputRow[]): ThroughputReport {
  return { rows, fdatasyncPerSecond: [1000], etcdVersion: '3' };
}

function row(system: string, proposers: number, rounds: readonly (readonly [perSecond: number, p50Ms: number])[]): ThroughputRow {
  const measured = rounds.map(([perSecond, p50Ms]) => ({ perSecond, p50Ms, p99Ms: p50Ms, failed: 0, cores: 1 }));
  return { system, proposers, rounds: measured, perSecond: 0, p50Ms: 0, p99Ms: 0, lowestPerSecond: 0, highestPerSecond: 0, failed: 0, cores: 1 };
}
