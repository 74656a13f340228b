/** One press of Ctrl-C stops once, even where npm doubles it; a later one means now. */
import { EventEmitter } from 'node:events';
import { onStopSignals } from './stop-signals';

test.each<[string, readonly (readonly [number, string])[], readonly string[]]>([
  ['one signal', [[0, 'SIGTERM']], ['first SIGTERM']],
  ['a press that npm doubled', [[0, 'SIGINT'], [3, 'SIGINT']], ['first SIGINT']],
  ['two presses', [[0, 'SIGINT'], [900, 'SIGINT']], ['first SIGINT', 'again SIGINT']],
  ['an impatient supervisor', [[0, 'SIGINT'], [5_000, 'SIGTERM'], [5_001, 'SIGTERM']], ['first SIGINT', 'again SIGTERM', 'again SIGTERM']],
])('%s', (_, signals, expected) => {
  const source = new EventEmitter();
  const heard: string[] = [];
  let nowMs = 0;
  onStopSignals((signal) => heard.push(`first ${signal}`), (signal) => heard.push(`again ${signal}`), source, () => nowMs);
  for (const [atMs, signal] of signals) {
    nowMs = atMs;
    source.emit(signal);
  }
  expect(heard).toEqual(expected);
});
