/** Procfile syntax: `name: command` per line, `#` starts a comment line. Names are unique over all files given. */
import { err, ok, type Result } from '@mas/values';

export interface ProcEntry {
  readonly name: string;
  readonly command: string;
}

const LINE = /^([A-Za-z0-9][A-Za-z0-9_-]*):\s*(.+)$/;

/** Refusals are sentences with file and line. */
export function parseProcfile(text: string, fileName: string): Result<readonly ProcEntry[], string> {
  const entries: ProcEntry[] = [];
  const lines = text.split(/\r?\n/);
  for (const [at, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = LINE.exec(line);
    if (match === null) return err(`${fileName}:${at + 1}: expected "name: command", found "${line}"`);
    const [, name = '', command = ''] = match;
    if (entries.some((entry) => entry.name === name)) return err(`${fileName}:${at + 1}: the name "${name}" is used twice`);
    entries.push({ name, command });
  }
  return entries.length === 0 ? err(`${fileName}: no process is defined`) : ok(entries);
}

/** Joins several files; a name that two of them use is refused. */
export function mergeProcfiles(files: readonly { readonly fileName: string; readonly entries: readonly ProcEntry[] }[]): Result<readonly ProcEntry[], string> {
  const owner = new Map<string, string>();
  const merged: ProcEntry[] = [];
  for (const { fileName, entries } of files) {
    for (const entry of entries) {
      const other = owner.get(entry.name);
      if (other !== undefined) return err(`${fileName}: the name "${entry.name}" is already used in ${other}`);
      owner.set(entry.name, fileName);
      merged.push(entry);
    }
  }
  return ok(merged);
}
