/** What is being measured right now, on stderr: a bar on a terminal, a line per phase elsewhere. */
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  phase(name: string): void;
  /** 0 … 1 of the phase. */
  advance(fraction: number): void;
  done(): void;
}

const STEPS = 1000;

export function createProgress(terminal: boolean): Progress {
  if (!terminal) return { phase: (name) => void process.stderr.write(`\u25b8 ${name}\n`), advance: () => undefined, done: () => undefined };
  const bar = new SingleBar({ format: '{bar} {percentage}% {phase}', clearOnComplete: true, hideCursor: true, stream: process.stderr }, Presets.shades_classic);
  let running = false;
  return {
    phase: (name) => {
      if (running) bar.stop();
      running = true;
      bar.start(STEPS, 0, { phase: name });
    },
    advance: (fraction) => bar.update(Math.round(fraction * STEPS)),
    done: () => bar.stop(),
  };
}
