/** The metrics as the table in docs/operate.md; a test holds that page against it. */
import type { Definition } from '../definition';
import { TRANSACTION_MANAGER_METRICS } from '../definitions/coordinator-metrics';
import { PROCESS_METRICS } from '../definitions/process-metrics';
import { RESOURCE_MANAGER_METRICS } from '../definitions/resource-manager-metrics';

type Shown = Pick<Definition<never>, 'name' | 'kind' | 'help' | 'labels'>;

const OF: readonly (readonly [string, readonly Shown[]])[] = [
  ['tc', TRANSACTION_MANAGER_METRICS],
  ['rm', RESOURCE_MANAGER_METRICS],
  ['both', PROCESS_METRICS],
];

export const ALL_METRICS: readonly Shown[] = OF.flatMap(([, metrics]) => metrics);

export function metricsTable(): string {
  const rows = OF.flatMap(([of, metrics]) =>
    metrics.map(({ name, kind, help, labels }) => `| \`${name}\` | ${kind} | ${of} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`),
  );
  return ['| metric | kind | of | labels | what it says |', '|---|---|---|---|---|', ...rows].join('\n');
}
