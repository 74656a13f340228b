/**
 * A metric: its name, what it says, and how it is read from the numbers of a process. Nothing is pushed: numbers exist where they arise,
 * and a definition is asked for them when somebody scrapes. Names and units follow Prometheus's conventions.
 */
import type { Durations } from '@mas/values';

export type MetricKind = 'gauge' | 'counter' | 'histogram';

/** One series: the values of the labels in their order, and a number, or the durations of a histogram. */
export interface Reading {
  readonly labels: readonly (string | number)[];
  readonly value: number | Durations;
}

export interface Definition<Numbers> {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (numbers: Numbers) => readonly Reading[];
}

/** Constructors for the metrics of one kind of numbers. `null`: not known now. */
export interface Definitions<Numbers> {
  gauge(name: string, help: string, read: (numbers: Numbers) => number | null): Definition<Numbers>;
  counter(name: string, help: string, read: (numbers: Numbers) => number | null): Definition<Numbers>;
  histogram(name: string, help: string, read: (numbers: Numbers) => Durations): Definition<Numbers>;
  labelled(kind: MetricKind, name: string, labels: readonly string[], help: string, read: Definition<Numbers>['read']): Definition<Numbers>;
}

export function definitionsFor<Numbers>(): Definitions<Numbers> {
  const single =
    (kind: MetricKind) =>
    (name: string, help: string, read: (numbers: Numbers) => number | Durations | null): Definition<Numbers> => ({
      name,
      kind,
      help,
      labels: [],
      read: (numbers) => {
        const value = read(numbers);
        return value === null ? [] : [{ labels: [], value }];
      },
    });
  return {
    gauge: single('gauge'),
    counter: single('counter'),
    histogram: single('histogram'),
    labelled: (kind, name, labels, help, read) => ({ name, kind, help, labels, read }),
  };
}

/** 1 for yes. */
export function flag(holds: boolean): number {
  return holds ? 1 : 0;
}

export function seconds(ms: number): number {
  return ms / 1_000;
}
