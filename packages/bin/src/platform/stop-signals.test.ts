/** Several signals may be one stop: npm doubles Ctrl-C, a manager adds its own signal. Only a later Ctrl-C means now. */
import { EventEmitter } from 'node:events';
import { onStopSignals } from './stop-signals';

test.each<[string, readonly (readonly [number, string])[], readonly string[]]>([
  ['one signal', [[0, 'SIGTERM']], ['stop SIGTERM']],
  ['a terminal that is closed', [[0, 'SIGHUP']], ['stop SIGHUP']],
  [
    'a closed terminal, and the shell that passes it on',
    [
      [0, 'SIGHUP'],
      [2, 'SIGHUP'],
      [3_000, 'SIGHUP'],
    ],
    ['stop SIGHUP'],
  ],
  [
    'a press that npm doubled',
    [
      [0, 'SIGINT'],
      [3, 'SIGINT'],
    ],
    ['stop SIGINT'],
  ],
  [
    'Ctrl-C from the terminal, SIGTERM from the manager',
    [
      [0, 'SIGINT'],
      [900, 'SIGTERM'],
    ],
    ['stop SIGINT'],
  ],
  [
    'SIGTERM from the manager, Ctrl-C from the terminal',
    [
      [0, 'SIGTERM'],
      [900, 'SIGINT'],
    ],
    ['stop SIGTERM'],
  ],
  [
    'a manager that is slow, or asks twice',
    [
      [0, 'SIGINT'],
      [5_000, 'SIGTERM'],
      [9_000, 'SIGTERM'],
    ],
    ['stop SIGINT'],
  ],
  [
    'two presses',
    [
      [0, 'SIGINT'],
      [1_600, 'SIGINT'],
    ],
    ['stop SIGINT', 'force'],
  ],
  [
    'a press after a manager\u2019s stop, and more of them',
    [
      [0, 'SIGTERM'],
      [2_000, 'SIGINT'],
      [2_001, 'SIGINT'],
    ],
    ['stop SIGTERM', 'force', 'force'],
  ],
])('%s', (_, signals, expected) => {
  const source = new EventEmitter();
  const heard: string[] = [];
  let nowMs = 0;
  onStopSignals(
    (signal) => heard.push(`stop ${signal}`),
    () => heard.push('force'),
    source,
    () => nowMs,
  );
  for (const [atMs, signal] of signals) {
    nowMs = atMs;
    source.emit(signal);
  }
  expect(heard).toEqual(expected);
});
