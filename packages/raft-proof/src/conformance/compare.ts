/** What counts as equal: everything except log lines, whose wording is each implementation's own. */

const LOG_LINE = /^\s*(DEBUG|INFO|WARN|ERROR|FATAL) /;

/** A block without its log lines; nothing left reads `ok`, as a command without output does. */
export function comparable(output: string): string {
  const lines = output.replace(/\n+$/, '').split('\n');
  const kept = lines.filter((line) => !LOG_LINE.test(line)).join('\n');
  return kept === '' ? 'ok' : kept;
}
