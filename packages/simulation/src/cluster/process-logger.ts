/** A process's log lines, in the timeline only: stacks and paths must not reach the hash. */
import type { LogFacts, Logger } from '@mas/values';
import type { SimProcess } from '../world/sim-process';
import type { World } from '../world/world';

export function processLogger(world: World, process: SimProcess): Logger {
  const line =
    (level: string) =>
    (facts: LogFacts, message: string): void => {
      if (world.options.keepsDetails) world.trace.aside(`${process.name} ${level}: ${message} ${render(facts)}`);
    };
  const warn = line('warn');
  const error = line('error');
  return {
    debug: () => undefined,
    info: line('info'),
    warn: (facts, message) => {
      world.counters.add('warnings logged');
      warn(facts, message);
    },
    error: (facts, message) => {
      world.counters.add('errors logged');
      error(facts, message);
    },
  };
}

function render(facts: LogFacts): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${value instanceof Error ? value.message : String(value)}`)
    .join(' ');
}
