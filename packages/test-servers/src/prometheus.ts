/** A private Prometheus that reads other processes' metrics and judges alert rules, and promtool, which checks them. Reachable from this machine only. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { requirePrograms, type Program } from './binaries';
import { tempFolder } from './temp-folder';
import { startServer, type TestServer } from './test-server';
import { giveTo, serverUser } from './unprivileged';

export interface PrometheusOptions {
  /** `host:port` of each process that serves /metrics; all of them in the job `mas`. */
  readonly targets: readonly string[];
  readonly ruleFiles: readonly string[];
}

const PROBE = { args: ['--version'], says: /version \d+\./ };
const SERVER: Program = { name: 'prometheus', probe: PROBE, debianPackage: 'prometheus' };
const TOOL: Program = { name: 'promtool', probe: PROBE, debianPackage: 'prometheus' };
const TOOL_TIMEOUT_MS = 60_000;

/** Scrapes and judges every second. @throws MissingServer naming the package to install when it is not here and cannot be installed */
export async function startPrometheus({ targets, ruleFiles }: PrometheusOptions): Promise<TestServer> {
  const [program = ''] = requirePrograms([SERVER]);
  const user = serverUser(['prometheus']);
  const folder = await tempFolder('mas-prometheus');
  mkdirSync(join(folder.path, 'data'));
  for (const file of ruleFiles) copyFileSync(file, join(folder.path, basename(file)));
  // JSON is YAML.
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles.map((file) => basename(file)),
    scrape_configs: [{ job_name: 'mas', static_configs: [{ targets }] }],
  };
  writeFileSync(join(folder.path, 'prometheus.yml'), JSON.stringify(config));
  giveTo(user, folder.path);
  return startServer({
    program,
    user,
    folder: folder.path,
    socket: '',
    url: (port) => `http://127.0.0.1:${port}`,
    args: (port) => [
      `--config.file=${join(folder.path, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder.path, 'data')}`,
      '--storage.tsdb.retention.size=256MB',
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    answers: (port) =>
      fetch(`http://127.0.0.1:${port}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
  });
}

/** What it says where all is well. @throws with what it says where it is not */
export function promtool(...args: readonly string[]): string {
  const [program = ''] = requirePrograms([TOOL]);
  return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe', timeout: TOOL_TIMEOUT_MS });
}
