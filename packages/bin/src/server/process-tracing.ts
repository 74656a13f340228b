/** Traces of a server process, where OTEL_* variables ask for them. */
import { startTracing, type Tracing } from '@mas/tracing';
import type { Lifecycle } from '../platform/lifecycle';
import { UsageError } from '../usage-error';

/** Null: nobody has asked for them. @throws UsageError */
export async function openTracing(service: 'mas-tc' | 'mas-rm', id: string, lifecycle: Lifecycle): Promise<Tracing | null> {
  let tracing: Tracing | null;
  try {
    tracing = await startTracing(service, id, process.env);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (tracing !== null) lifecycle.onStop('traces', () => tracing.shutdown());
  return tracing;
}
