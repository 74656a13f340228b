/** The text that Prometheus reads, made by prom-client when it is asked for. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DURATION_BOUNDS_MS, type Durations } from '@mas/values';
import { seconds, type Definition, type Reading } from './definition';

/** However often it is asked for, the text is made no more often; each asks every replica. */
const MADE_AGAIN_MS = 200;

export class MetricsPage {
  private readonly registry = new Registry();
  private made: { readonly text: Promise<string>; readonly atMs: number } | null = null;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  get contentType(): string {
    return this.registry.contentType;
  }

  /** @param take the numbers of now; null: there are none yet */
  add<Numbers>(definitions: readonly Definition<Numbers>[], take: () => Numbers | null): void {
    // All metrics of one text see the same numbers.
    let taken: { readonly numbers: Numbers | null; readonly of: unknown } = { numbers: null, of: null };
    const read = (definition: Definition<Numbers>): readonly Reading[] => {
      if (taken.of !== this.made || this.made === null) taken = { numbers: take(), of: this.made };
      return taken.numbers === null ? [] : definition.read(taken.numbers);
    };
    for (const definition of definitions) this.register(definition, () => read(definition));
  }

  /** @throws what a source of numbers threw */
  text(): Promise<string> {
    const atMs = this.nowMs();
    if (this.made === null || atMs - this.made.atMs >= MADE_AGAIN_MS) {
      this.made = { text: Promise.resolve().then(() => this.registry.metrics()), atMs };
    }
    return this.made.text;
  }

  private register<Numbers>({ name, kind, help, labels }: Definition<Numbers>, read: () => readonly Reading[]): void {
    const options = { name, help, labelNames: [...labels], registers: [this.registry] };
    const labelsOf = (reading: Reading): Record<string, string | number> => Object.fromEntries(labels.map((label, at) => [label, reading.labels[at] ?? '']));
    switch (kind) {
      case 'gauge':
        return void new Gauge({
          ...options,
          collect() {
            this.reset();
            // What is not known is no zero.
            if (labels.length === 0) this.remove();
            for (const reading of read()) this.set(labelsOf(reading), reading.value as number);
          },
        });
      case 'counter':
        return void new Counter({
          ...options,
          collect() {
            this.reset();
            if (labels.length === 0) this.remove();
            for (const reading of read()) this.inc(labelsOf(reading), reading.value as number);
          },
        });
      case 'histogram':
        this.registry.registerMetric(
          new CollectedHistogram(name, help, labels, () => read().map((reading) => ({ labels: labelsOf(reading), durations: reading.value as Durations }))),
        );
    }
  }
}

interface DurationsOf {
  readonly labels: Record<string, string | number>;
  readonly durations: Durations;
}

/** A histogram of prom-client whose counts are kept elsewhere: it measures nothing itself. */
class CollectedHistogram extends Histogram {
  constructor(
    private readonly title: string,
    private readonly explanation: string,
    labelNames: readonly string[],
    private readonly read: () => readonly DurationsOf[],
  ) {
    super({ name: title, help: explanation, labelNames: [...labelNames], registers: [] });
  }

  // prom-client's registry asks for the values so when it makes a text.
  getForPromString(): ReturnType<Histogram['get']> {
    return this.get();
  }

  override get(): ReturnType<Histogram['get']> {
    const { title, explanation } = this;
    const values = this.read().flatMap(({ labels, durations }) => {
      const counts = durations.cumulative();
      const all = counts[counts.length - 1] ?? 0;
      return [
        ...counts.map((value, at) => {
          const bound = DURATION_BOUNDS_MS[at];
          return { labels: { ...labels, le: bound === undefined ? '+Inf' : seconds(bound) }, value, metricName: `${title}_bucket` };
        }),
        { labels, value: seconds(durations.sumMs), metricName: `${title}_sum` },
        { labels, value: all, metricName: `${title}_count` },
      ];
    });
    return Promise.resolve({ name: title, help: explanation, type: 'histogram', values, aggregator: 'sum' } as unknown as Awaited<
      ReturnType<Histogram['get']>
    >);
  }
}
