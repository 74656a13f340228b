/** `mas up`: runs Procfiles until Ctrl-C, SIGTERM or a closed terminal, then stops every process, at once on a second Ctrl-C, and exits. */
import { readFileSync } from 'node:fs';
import { mergeProcfiles, parseProcfile, type ProcEntry } from './procfile';
import { PrefixedOutput } from './prefixed-output';
import { Runner } from './runner';
import { closeControl } from '../platform/control-socket';
import { serveControl } from './control';
import { onStopSignals, type StopSignal } from '../platform/stop-signals';
import { UsageError } from '../usage-error';

export const DEFAULT_SOCKET = '.mas/up.sock';

/** Resolves with the exit code. */
export async function up(options: { readonly files: readonly string[]; readonly names: readonly string[]; readonly socket: string }): Promise<number> {
  const entries = select(readEntries(options.files), options.names);
  const width = Math.max(...entries.map((entry) => entry.name.length));
  const output = new PrefixedOutput(process.stdout, width, process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '', () => new Date());
  let idle = (): void => undefined;
  const allEnded = new Promise<null>((resolve) => (idle = () => resolve(null)));
  // Its children write into pipes, and cannot see that a person reads them.
  const format = process.stdout.isTTY ? 'pretty' : 'json';
  const runner = new Runner(entries, output, { MAS_LOG_FORMAT: format, ...process.env }, idle);
  const control = await serveControl(options.socket, runner);
  const asked = new Promise<StopSignal>((resolve) => {
    onStopSignals(resolve, () => {
      process.stderr.write('mas: asked again while stopping: killing what is left\n');
      runner.killAll();
    });
  });
  runner.startAll();
  // As goreman: it goes on while one process runs, and ends with the last.
  const signal = await Promise.race([asked, allEnded]);
  // To many programs SIGHUP means something else: read your configuration again.
  if (signal !== null) await runner.stopAll(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  await closeControl(control);
  runner.close();
  const failed = runner.failed();
  if (signal !== null || failed.length === 0) return 0;
  process.stderr.write(`mas: all processes have ended, with a failure of ${failed.join(', ')}\n`);
  return 1;
}

function readEntries(files: readonly string[]): readonly ProcEntry[] {
  const parsed = files.map((fileName) => {
    let text: string;
    try {
      text = readFileSync(fileName, 'utf8');
    } catch {
      throw new UsageError(`cannot read ${fileName}: give Procfiles with -f, as in "mas up -f Procfile1 -f Procfile2"`);
    }
    const entries = parseProcfile(text, fileName);
    if (!entries.ok) throw new UsageError(entries.error);
    return { fileName, entries: entries.value };
  });
  const merged = mergeProcfiles(parsed);
  if (!merged.ok) throw new UsageError(merged.error);
  return merged.value;
}

function select(entries: readonly ProcEntry[], names: readonly string[]): readonly ProcEntry[] {
  const unknown = names.find((name) => !entries.some((entry) => entry.name === name));
  if (unknown !== undefined) throw new UsageError(`no process is named "${unknown}"; there are ${entries.map((entry) => entry.name).join(', ')}`);
  return names.length === 0 ? entries : entries.filter((entry) => names.includes(entry.name));
}
