/** Where the trace files are: they belong to etcd-io/raft and are not part of this repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Suite, TraceSource } from './run-traces';

const SUITES: readonly { readonly suite: Suite; readonly folder: string }[] = [
  { suite: 'group', folder: 'testdata' },
  { suite: 'confchange', folder: 'confchange/testdata' },
  { suite: 'quorum', folder: 'quorum/testdata' },
];

export const HOW_TO_GET_TRACES =
  'The trace files are those of https://github.com/etcd-io/raft (testdata, confchange/testdata, quorum/testdata).\n' +
  'Clone it, then pass its folder with --traces DIR or in the environment variable MAS_RAFT_TRACES,\n' +
  'or put it next to this repository as ../raft.';

/** The given folder, or that of MAS_RAFT_TRACES, or a checkout beside the repository. */
export function findTraceFolder(repositoryRoot: string, given: string | undefined): string | undefined {
  const named = given ?? process.env['MAS_RAFT_TRACES'];
  const candidates =
    named === undefined || named === '' ? ['../shared/etcd-raft-traces', '../raft'].map((path) => resolve(repositoryRoot, path)) : [resolve(named)];
  return candidates.find((folder) => existsSync(join(folder, 'testdata')));
}

/** All trace files of a folder, by suite and name. */
export function readTraces(folder: string): readonly TraceSource[] {
  return SUITES.flatMap(({ suite, folder: below }) => {
    const path = join(folder, below);
    if (!existsSync(path)) return [];
    const files = readdirSync(path)
      .filter((file) => file.endsWith('.txt'))
      .sort();
    return files.map((file) => ({ suite, name: `${below}/${file}`, text: readFileSync(join(path, file), 'utf8') }));
  });
}
